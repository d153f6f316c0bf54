#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "accounts/cell.hpp"
#include "accounts/state_key.hpp"
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
    FeedStateRecord state{};  ///< index, priced, valid; the rest is not kept here

    [[nodiscard]] static RestingFeed load(const std::byte* at) noexcept;
    void store(std::byte* at) const noexcept;
};

/// What a block needs of a market that rests: its index, book and parameters are those of the block
/// before, no transaction names it, and the clock brings nothing.
struct RestingMarket {
    static constexpr std::size_t kSize = 80;

    std::int64_t until_ms = Rest::kAwake;
    FeedId feed{};
    bool samples = false;  ///< each block adds the same premium for its time
    MarginRow row{};       ///< a whole one

    [[nodiscard]] static RestingMarket load(const std::byte* at) noexcept;
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

    [[nodiscard]] Item find(std::uint32_t id) {
        turn_to(id / kPerPage);
        return cell_ == nullptr ? Item{} : Item::load(cell_->bytes().data() + offset(id));
    }
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
