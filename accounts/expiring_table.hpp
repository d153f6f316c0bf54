#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "accounts/cell.hpp"
#include "accounts/ids.hpp"
#include "accounts/state_key.hpp"

namespace lockstep {

/// A number that is kept until its time is over.
struct TableEntry {
    std::uint64_t key = 0;      ///< spread over all bits
    std::uint64_t value = 0;    ///< not 0
    std::int64_t until_ms = 0;  ///< last block time at which somebody may ask for it

    friend bool operator==(const TableEntry&, const TableEntry&) = default;
};

/// One page of a table: when the first of its entries ends (i64), then 24 bytes for each entry in
/// the order in which they came; or one byte once it has overflowed into two pages.
struct TablePage {
    static constexpr std::size_t kHeader = 8;
    static constexpr std::size_t kEntrySize = 24;
    static constexpr std::size_t kEntries = 28;
    static_assert(kHeader + kEntries * kEntrySize <= Cell::kCapacity);

    [[nodiscard]] static Cell empty() noexcept;
    [[nodiscard]] static Cell split() noexcept;
    [[nodiscard]] static bool is_split(const Cell& page) noexcept { return page.size() < kHeader; }
    [[nodiscard]] static std::size_t size(const Cell& page) noexcept {
        return page.size() <= kHeader ? 0 : (page.size() - kHeader) / kEntrySize;
    }
    [[nodiscard]] static TableEntry entry(const Cell& page, std::size_t i) noexcept {
        const std::size_t at = kHeader + i * kEntrySize;
        return {.key = page.load<std::uint64_t>(at),
                .value = page.load<std::uint64_t>(at + 8),
                .until_ms = page.load<std::int64_t>(at + 16)};
    }
    /// Index of the entry of a key, size() when there is none.
    [[nodiscard]] static std::size_t find(const Cell& page, std::uint64_t key) noexcept {
        const std::size_t count = size(page);
        const std::byte* at = page.bytes().data() + kHeader;
        std::size_t i = 0;
        while (i < count && load_value<std::uint64_t>(at) != key) {
            at += kEntrySize;
            ++i;
        }
        return i;
    }
    /// Writes entry i, or appends it where i is size(). REQUIRES: i < kEntries.
    static void put(Cell& page, std::size_t i, const TableEntry& entry) noexcept;
    /// Whether the entry of a key is at a place in the page, or absent and the place its end.
    [[nodiscard]] static bool is_at(const Cell& page, std::size_t i, std::uint64_t key) noexcept {
        const std::size_t count = size(page);
        return i == count ||
               (i < count && page.load<std::uint64_t>(kHeader + i * kEntrySize) == key);
    }
    /// Drops the entries whose time is over. Most times there is none, which takes one look. False
    /// when everything has stayed where it was.
    static bool prune(Cell& page, std::int64_t now_ms) noexcept;
};

/// The page of a table where the entry of a key is or belongs.
struct TablePlace {
    std::uint32_t page = 1;
    std::uint32_t level = 0;
    const Cell* cell = nullptr;  ///< null: there is no such page yet
    std::size_t index = 0;       ///< of the entry; the size of the page when there is none
};

/// A table of entries that expire: order fills of an account, spent nonces of a signer.
///
/// Role:    pages form a binary tree by the bits of keys: page 1 is the root, pages 2n and 2n + 1
/// are
///          below page n. An entry past its time is dropped when its page is next changed, so the
///          table is as large as what lives, however much there has been. A page with few entries
///          left goes back into the one above, with its sibling.
/// Threads: as the view.
/// Cost:    one page read for each level; a change writes one page, three where one overflows or
///          two become one.
class ExpiringTable {
  public:
    /// Levels of the tree; page numbers fill the 24 bits of a key's chunk.
    static constexpr std::uint32_t kLevels = 23;

    constexpr ExpiringTable(CellKind kind, std::uint64_t owner, std::uint32_t item = 0) noexcept
        : kind_(kind), owner_(owner), item_(item) {}

    [[nodiscard]] constexpr StateKey page_key(std::uint32_t page) const noexcept {
        return {kind_, owner_, item_, page};
    }
    [[nodiscard]] constexpr StateKey root() const noexcept { return page_key(1); }

    /// Valid until the transaction next changes the table.
    template <class View>
    [[nodiscard]] TablePlace find(View& view, std::uint64_t key) const {
        TablePlace place;
        place.cell = view.read(root());
        while (place.cell != nullptr && TablePage::is_split(*place.cell) &&
               place.level + 1 < kLevels) {
            step_down(place, key);
            place.cell = view.read(page_key(place.page));
        }
        place.index = place.cell != nullptr ? TablePage::find(*place.cell, key) : 0;
        return place;
    }
    /// The value found there, if its time is not over; else 0.
    [[nodiscard]] static std::uint64_t value(const TablePlace& place,
                                             std::int64_t now_ms) noexcept {
        if (place.cell == nullptr || place.index == TablePage::size(*place.cell)) {
            return 0;
        }
        const TableEntry found = TablePage::entry(*place.cell, place.index);
        return found.until_ms >= now_ms ? found.value : 0;
    }
    /// Keeps an entry at the place that find gave for its key, for as long as one of that key was
    /// to be kept, and drops what is over on the page. False when the tree cannot grow.
    template <class View>
    [[nodiscard]] bool store(View& view, TablePlace place, const TableEntry& entry,
                             std::int64_t now_ms) const {
        for (;; step_down(place, entry.key)) {
            Cell* page = view.change(page_key(place.page));
            if (page == nullptr) {
                Cell fresh = TablePage::empty();
                TablePage::put(fresh, 0, entry);
                view.write(page_key(place.page), fresh);
                return true;
            }
            bool moved = TablePage::prune(*page, now_ms);
            if (place.level != 0 && TablePage::size(*page) < kFew && merge(view, place, *page)) {
                page = view.change(page_key(place.page));
                if (page == nullptr) {
                    return false;
                }
                moved = true;
            }
            const bool stays = !moved && TablePage::is_at(*page, place.index, entry.key);
            const std::size_t at = stays ? place.index : TablePage::find(*page, entry.key);
            if (at < TablePage::size(*page)) {
                const std::int64_t known = TablePage::entry(*page, at).until_ms;
                TablePage::put(*page, at,
                               {entry.key, entry.value, std::max(known, entry.until_ms)});
                return true;
            }
            if (at < TablePage::kEntries) {
                TablePage::put(*page, at, entry);
                return true;
            }
            if (place.level + 1 == kLevels) {
                return false;
            }
            const Cell full = *page;
            *page = TablePage::split();
            write_children(view, place, full);
            place.index = TablePage::kEntries;  // nowhere in the page below
        }
    }

  private:
    static void step_down(TablePlace& place, std::uint64_t key) noexcept {
        place.page = place.page * 2 + static_cast<std::uint32_t>(key >> place.level & 1U);
        ++place.level;
    }
    /// Puts a page and its sibling back into the page above, where they find room; `place` is then
    /// there.
    template <class View>
    [[nodiscard]] bool merge(View& view, TablePlace& place, const Cell& page) const {
        const StateKey beside = page_key(place.page ^ 1U);
        const Cell* const sibling = view.read(beside);
        if (sibling != nullptr &&
            (TablePage::is_split(*sibling) || TablePage::size(*sibling) > 2 * kFew)) {
            return false;
        }
        Cell merged = page;
        if (sibling != nullptr) {
            for (std::size_t i = 0; i < TablePage::size(*sibling); ++i) {
                TablePage::put(merged, TablePage::size(merged), TablePage::entry(*sibling, i));
            }
            view.erase(beside);
        }
        view.erase(page_key(place.page));
        place.page /= 2;
        --place.level;
        view.write(page_key(place.page), merged);
        return true;
    }
    template <class View>
    void write_children(View& view, const TablePlace& place, const Cell& full) const {
        Cell sides[2] = {TablePage::empty(), TablePage::empty()};
        for (std::size_t i = 0; i < TablePage::size(full); ++i) {
            const TableEntry entry = TablePage::entry(full, i);
            Cell& side = sides[entry.key >> place.level & 1U];
            TablePage::put(side, TablePage::size(side), entry);
        }
        for (std::uint32_t side = 0; side < 2; ++side) {
            if (TablePage::size(sides[side]) != 0) {
                view.write(page_key(place.page * 2 + side), sides[side]);
            }
        }
    }

    static constexpr std::size_t kFew = TablePage::kEntries / 4;

    CellKind kind_;
    std::uint64_t owner_;
    std::uint32_t item_;
};

/// What has been filled of an account's orders: lots, by order, until good-til.
[[nodiscard]] constexpr ExpiringTable order_table(AccountId account) noexcept {
    return {CellKind::kOrders, raw(account)};
}

}  // namespace lockstep
