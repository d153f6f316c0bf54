#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "accounts/id_list.hpp"
#include "instruments/context.hpp"
#include "instruments/records.hpp"

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
/// signer, sequence, time ahead, time old, price sign, confidence.
[[nodiscard]] Status apply_oracle_update(FeedWork& feed, const OracleUpdate& update,
                                         AccountId signer, std::int64_t now_ms) noexcept;

/// Computes the index from the sources that are fresh at `now_ms`. `ticked`: the feed received an
/// update in this block, which may confirm a jump.
void update_index(FeedWork& feed, bool ticked, std::int64_t now_ms);

/// Result of the oracle phase, sorted by feed.
class FeedTable {
  public:
    void add(FeedId feed, const FeedStateRecord& state) { feeds_.emplace_back(feed, state); }
    [[nodiscard]] const FeedStateRecord* find(FeedId feed) const noexcept {
        const auto found =
            std::lower_bound(feeds_.begin(), feeds_.end(), feed,
                             [](const auto& entry, FeedId wanted) { return entry.first < wanted; });
        return found != feeds_.end() && found->first == feed ? &found->second : nullptr;
    }

  private:
    std::vector<std::pair<FeedId, FeedStateRecord>> feeds_;
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

/// Picks the unexpired price updates out of the block's transactions.
inline void collect_updates(std::span<const Transaction> transactions, VenueContext& context) {
    for (const Transaction& transaction : transactions) {
        context.governs = context.governs || is_governance(transaction.payload);
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

/// Oracle updates of the block, by (feed, source, sequence), then the index of every feed.
template <class View>
[[nodiscard]] FeedTable run_price_phase(View& view, VenueContext& context) {
    FeedTable table;
    auto next = context.oracle.begin();
    const FeedList list = FeedList::load(view, CellKind::kFeedList, 0);
    for (const std::uint32_t number : list.ids()) {
        const FeedId id{number};
        FeedWork feed = load_feed(view, id);
        const FeedWork before = feed;
        bool ticked = false;
        for (; next != context.oracle.end() && next->update.feed <= id; ++next) {
            if (next->update.feed < id) {
                next->status = Status::kFeedUnknown;
                continue;
            }
            next->status = apply_oracle_update(feed, next->update, next->signer, context.time_ms);
            ticked = ticked || next->status == Status::kApplied;
        }
        update_index(feed, ticked, context.time_ms);
        for (std::size_t i = 0; i < feed.sources.size(); ++i) {
            if (feed.sources[i] != before.sources[i]) {
                view.write(feed_key(CellKind::kFeedSource, id, static_cast<std::uint32_t>(i)),
                           feed.sources[i].encode());
            }
        }
        if (feed.state != before.state) {
            view.write(feed_key(CellKind::kFeedState, id), feed.state.encode());
        }
        table.add(id, feed.state);
    }
    for (; next != context.oracle.end(); ++next) {
        next->status = Status::kFeedUnknown;
    }
    return table;
}

}  // namespace lockstep
