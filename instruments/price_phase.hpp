#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "accounts/id_list.hpp"
#include "instruments/context.hpp"
#include "instruments/records.hpp"
#include "instruments/resting.hpp"

namespace lockstep {

inline constexpr std::size_t kMaxListedFeeds = 1024;
using FeedList = IdList<kMaxListedFeeds>;

/// A feed with all its cells, while the start of a block works on it.
struct FeedWork {
    FeedParams params{};
    FeedStateRecord state{};
    std::vector<FeedSourceRecord> sources;
};

/// Checks one update against its source and, when it passes, takes it over. Check order: source,
/// signer, sequence old, sequence jump, time ahead, time old, price sign, confidence.
[[nodiscard]] Status apply_oracle_update(FeedWork& feed, const OracleUpdate& update,
                                         AccountId signer, std::int64_t now_ms) noexcept;

/// Computes the index from the sources that are fresh at `now_ms`. `ticked`: the feed received an
/// update in this block, which may confirm a jump.
void update_index(FeedWork& feed, bool ticked, std::int64_t now_ms);

/// Whether markets see a difference between two states of a feed.
[[nodiscard]] inline bool differs(const FeedStateRecord& a, const FeedStateRecord& b) noexcept {
    return a.index != b.index || a.priced != b.priced || a.valid != b.valid ||
           a.fresh() != b.fresh();
}

/// What markets and assets see of a feed.
struct FeedPrice {
    FeedId feed{};
    std::int64_t index = 0;
    bool priced = false;
    bool valid = false;
    bool fresh = false;

    [[nodiscard]] static FeedPrice of(FeedId feed, const FeedStateRecord& state) noexcept {
        return {.feed = feed,
                .index = state.index,
                .priced = state.priced,
                .valid = state.valid,
                .fresh = state.fresh()};
    }
};

/// The asset as margin sees it; `feed` is null where there is none.
[[nodiscard]] AssetContext asset_context(const CreateAsset& asset, const FeedPrice* feed) noexcept;

/// Result of the oracle phase, sorted by feed.
class FeedTable {
  public:
    void reserve(std::size_t feeds) { feeds_.reserve(feeds); }
    void add(FeedId feed, const FeedStateRecord& state, bool changed) {
        feeds_.push_back(FeedPrice::of(feed, state));
        if (changed) {
            changed_.push_back(feed);
        }
    }
    [[nodiscard]] const FeedPrice* find(FeedId feed) const noexcept {
        const auto found = std::lower_bound(
            feeds_.begin(), feeds_.end(), feed,
            [](const FeedPrice& entry, FeedId wanted) { return entry.feed < wanted; });
        return found != feeds_.end() && found->feed == feed ? &*found : nullptr;
    }
    /// Whether this block has changed a feed.
    [[nodiscard]] bool changed(FeedId feed) const noexcept {
        return !changed_.empty() && std::binary_search(changed_.begin(), changed_.end(), feed);
    }

  private:
    std::vector<FeedPrice> feeds_;
    std::vector<FeedId> changed_;
};

/// Sorts updates and drops repetitions.
template <class Decision>
void put_in_order(std::vector<Decision>& decisions) {
    const auto before = [](const Decision& a, const Decision& b) { return applies_before(a, b); };
    std::sort(decisions.begin(), decisions.end(), before);
    const auto same = [&](const Decision& a, const Decision& b) {
        return !before(a, b) && !before(b, a);
    };
    decisions.erase(std::unique(decisions.begin(), decisions.end(), same), decisions.end());
}

/// Names the markets whose context a transaction asks for.
struct MarketNames {
    VenueContext& context;

    void operator()(const Trade& trade) const { context.name(trade.buyer.market); }
    void operator()(const Batch& batch) const {
        for (const Trade& fill : batch.fills) {
            (*this)(fill);
        }
    }
    template <class Other>
    void operator()(const Other& other) const {
        if constexpr (requires { MarketId{other.market}; }) {
            context.name(other.market);
        }
    }
};

/// Picks the unexpired price updates out of the block's transactions.
inline void collect_updates(std::span<const Transaction> transactions, VenueContext& context) {
    for (const Transaction& transaction : transactions) {
        std::visit(MarketNames{context}, transaction.payload);
        context.governs = context.governs || is_governance(transaction.payload);
        context.liquidates =
            context.liquidates || std::holds_alternative<Liquidate>(transaction.payload);
        const Envelope& envelope = transaction.envelope;
        if (envelope.valid_until_ms < context.time_ms) {
            continue;
        }
        if (const auto* oracle = std::get_if<OracleUpdate>(&transaction.payload)) {
            context.oracle.push_back({.update = *oracle, .signer = envelope.signer});
        } else if (const auto* book = std::get_if<BookUpdate>(&transaction.payload)) {
            context.books.push_back({.update = *book, .signer = envelope.signer});
        }
    }
    put_in_order(context.oracle);
    put_in_order(context.books);
}

template <class View>
[[nodiscard]] FeedWork load_feed(View& view, FeedId id) {
    FeedWork feed;
    std::uint32_t sources = 0;
    if (const Cell* cell = view.read(feed_key(CellKind::kFeed, id))) {
        feed.params = decode_feed(*cell, sources);
    }
    if (const Cell* cell = view.read(feed_key(CellKind::kFeedState, id))) {
        feed.state = FeedStateRecord::decode(*cell);
    }
    for (std::uint32_t i = 0; i < sources; ++i) {
        const Cell* cell = view.read(feed_key(CellKind::kFeedSource, id, i));
        feed.sources.push_back(cell == nullptr ? FeedSourceRecord{}
                                               : FeedSourceRecord::decode(*cell));
    }
    return feed;
}

/// Until when a feed rests, if no update comes.
[[nodiscard]] RestingFeed resting_feed(const FeedWork& feed, std::int64_t now_ms) noexcept;

/// The updates of one feed from `next` on, then its index, and the cells that changed.
template <class View, class Iterator>
[[nodiscard]] FeedWork advance_feed(View& view, FeedId id, Iterator& next, Iterator end,
                                    std::int64_t now_ms) {
    FeedWork feed = load_feed(view, id);
    const FeedWork before = feed;
    bool ticked = false;
    for (; next != end && next->update.feed == id; ++next) {
        next->status = apply_oracle_update(feed, next->update, next->signer, now_ms);
        ticked = ticked || next->status == Status::kApplied;
    }
    update_index(feed, ticked, now_ms);
    for (std::size_t i = 0; i < feed.sources.size(); ++i) {
        if (feed.sources[i] != before.sources[i]) {
            view.write(feed_key(CellKind::kFeedSource, id, static_cast<std::uint32_t>(i)),
                       feed.sources[i].encode());
        }
    }
    if (feed.state != before.state) {
        view.write(feed_key(CellKind::kFeedState, id), feed.state.encode());
    }
    return feed;
}

/// Oracle updates of the block, by (feed, source, sequence), then the index of every feed.
template <class View>
[[nodiscard]] FeedTable run_price_phase(View& view, VenueContext& context) {
    FeedTable table;
    auto next = context.oracle.begin();
    const auto end = context.oracle.end();
    const FeedList list = FeedList::load(view, CellKind::kFeedList, 0);
    table.reserve(list.ids().size());
    RestingFeeds<View> resting(view, CellKind::kRestingFeeds);
    for (const std::uint32_t number : list.ids()) {
        const FeedId id{number};
        for (; next != end && next->update.feed < id; ++next) {
            next->status = Status::kFeedUnknown;
        }
        const RestingFeed before = resting.find(number);
        const bool updated = next != end && next->update.feed == id;
        if (!updated && context.may_rest(before.until_ms)) {
            table.add(id, before.state, false);
            continue;
        }
        const FeedWork feed = advance_feed(view, id, next, end, context.time_ms);
        const bool rested = before.until_ms != Rest::kAwake;
        table.add(id, feed.state, !rested || differs(feed.state, before.state));
        resting.put(number, resting_feed(feed, context.time_ms));
    }
    resting.finish();
    for (; next != end; ++next) {
        next->status = Status::kFeedUnknown;
    }
    return table;
}

}  // namespace lockstep
