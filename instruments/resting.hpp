#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "accounts/cell.hpp"
#include "accounts/state_key.hpp"
#include "engine/base/bytes.hpp"
#include "instruments/margin_row.hpp"
#include "instruments/records.hpp"

namespace lockstep {

struct MarketContext;
struct MarketSetup;
struct MarketState;

/// When what rests has to be visited again, unless something else wakes it before: the first block
/// time at which the clock alone changes it.
struct Rest {
    static constexpr std::int64_t kAwake = 0;
    static constexpr std::int64_t kWoken = 1;  ///< has rested up to the block before
};

/// What a block needs of a feed that rests: no update for it, and no source grows too old.
struct RestingFeed {
    static constexpr std::size_t kSize = 24;

    std::int64_t until_ms = Rest::kAwake;
    FeedStateRecord state{};  ///< index, priced, valid, has_pending; no more

    [[nodiscard]] static std::int64_t until(const std::byte* at) noexcept {
        return load_value<std::int64_t>(at);
    }
    [[nodiscard]] static RestingFeed load(const std::byte* at) noexcept {
        RestingFeed feed{.until_ms = until(at)};
        feed.state.index = load_value<std::int64_t>(at + 8);
        feed.state.priced = load_value<bool>(at + 16);
        feed.state.valid = load_value<bool>(at + 17);
        feed.state.has_pending = load_value<bool>(at + 18);
        return feed;
    }
    void store(std::byte* at) const noexcept;
};

/// What a block needs of a market that rests: its index, book and parameters are those of the block
/// before, no transaction names it, and the clock brings nothing.
struct RestingMarket {
    static constexpr std::size_t kSize = 80;

    std::int64_t until_ms = Rest::kAwake;
    FeedId feed{};
    bool clocked = false;  ///< each block lets time pass for its funding
    MarginRow row{};       ///< a whole one

    [[nodiscard]] static std::int64_t until(const std::byte* at) noexcept {
        return load_value<std::int64_t>(at);
    }
    [[nodiscard]] static FeedId feed_of(const std::byte* at) noexcept {
        return load_value<FeedId>(at + 8);
    }
    [[nodiscard]] static MarginRow row_of(const std::byte* at) noexcept {
        MarginRow row{.index = {.funding = load_value<Int128>(at + 16),
                                .social = load_value<Int128>(at + 32)},
                      .value_per_lot = load_value<std::int64_t>(at + 48),
                      .maintenance = load_value<std::uint64_t>(at + 56),
                      .initial = load_value<std::uint64_t>(at + 64),
                      .asset = load_value<std::uint8_t>(at + 13),
                      .lots_end = load_value<std::uint64_t>(at + 72) & MarginRow::kLotsMask};
        row.shorts_only = load_value<bool>(at + 14) ? 1 : 0;
        row.whole = 1;
        return row;
    }
    [[nodiscard]] static RestingMarket load(const std::byte* at) noexcept {
        return {.until_ms = until(at),
                .feed = feed_of(at),
                .clocked = load_value<bool>(at + 12),
                .row = row_of(at)};
    }
    void store(std::byte* at) const noexcept;
    /// Whether a market may rest from this block on, and until when.
    [[nodiscard]] static RestingMarket make(const MarketSetup& setup, const MarketState& state,
                                            const MarginRow& row, std::int64_t now_ms) noexcept;
};

/// The resting feeds or markets of a state, many to a cell, by id; what is awake has no entry.
///
/// Role:    the start of a block walks them by ascending ids and writes the cells that changed.
/// Threads: as the view.
template <class View, class Item>
class RestingPages {
  public:
    static constexpr std::uint32_t kPerPage = Cell::kCapacity / Item::kSize;

    RestingPages(View& view, CellKind kind) : view_(view), kind_(kind) {}

    /// The bytes of an entry, valid until the next call; zeros, which mean awake, where there are
    /// none.
    [[nodiscard]] const std::byte* entry(std::uint32_t id) {
        static constexpr std::array<std::byte, Item::kSize> kNone{};
        turn_to(id / kPerPage);
        return cell_ == nullptr ? kNone.data() : cell_->bytes().data() + offset(id);
    }
    [[nodiscard]] Item find(std::uint32_t id) { return Item::load(entry(id)); }
    void put(std::uint32_t id, const Item& item) {
        std::array<std::byte, Item::kSize> bytes{};
        if (item.until_ms != Rest::kAwake) {
            item.store(bytes.data());
        }
        turn_to(id / kPerPage);
        const bool known = cell_ != nullptr && std::equal(bytes.begin(), bytes.end(),
                                                          cell_->bytes().data() + offset(id));
        if (known || (cell_ == nullptr && item.until_ms == Rest::kAwake)) {
            return;
        }
        if (cell_ != &changed_) {
            changed_ = cell_ != nullptr ? *cell_ : Cell{};
            changed_.resize(kPerPage * Item::kSize);
            cell_ = &changed_;
        }
        std::copy(bytes.begin(), bytes.end(), changed_.bytes().data() + offset(id));
    }
    /// Writes what is left. REQUIRED at the end.
    void finish() {
        if (cell_ == &changed_) {
            view_.write(key_of(kind_, page_), changed_);
        }
        cell_ = nullptr;
        page_ = kNoPage;
    }
    /// What an entry says no longer holds; the next block visits it.
    static void wake(View& view, CellKind kind, std::uint32_t id) {
        Cell* const page = view.change(key_of(kind, id / kPerPage));
        if (page != nullptr && page->template load<std::int64_t>(offset(id)) != Rest::kAwake) {
            page->store(offset(id), Rest::kWoken);
        }
    }

    /// There is nothing any more that could rest.
    static void forget(View& view, CellKind kind, std::uint32_t id) {
        if (Cell* const page = view.change(key_of(kind, id / kPerPage))) {
            for (std::size_t i = 0; i < Item::kSize; ++i) {
                page->store(offset(id) + i, std::uint8_t{0});
            }
        }
    }

  private:
    static constexpr std::uint32_t kNoPage = ~std::uint32_t{0};

    [[nodiscard]] static constexpr std::size_t offset(std::uint32_t id) noexcept {
        return id % kPerPage * Item::kSize;
    }
    [[nodiscard]] static constexpr StateKey key_of(CellKind kind, std::uint32_t page) noexcept {
        return {kind, 0, page};
    }
    void turn_to(std::uint32_t page) {
        if (page == page_) {
            return;
        }
        finish();
        page_ = page;
        cell_ = view_.read(key_of(kind_, page));
        if (cell_ != nullptr && cell_->size() != kPerPage * Item::kSize) {
            cell_ = nullptr;  // of a mix of versions only
        }
    }

    View& view_;
    const CellKind kind_;
    std::uint32_t page_ = kNoPage;
    const Cell* cell_ = nullptr;  ///< of that page, or changed_
    Cell changed_;
};

template <class View>
using RestingFeeds = RestingPages<View, RestingFeed>;
template <class View>
using RestingMarkets = RestingPages<View, RestingMarket>;

/// A market whose parameters or status have changed is visited by the next block.
template <class View>
void wake_market(View& view, MarketId market) {
    RestingMarkets<View>::wake(view, CellKind::kRestingMarkets, raw(market));
}

}  // namespace lockstep
