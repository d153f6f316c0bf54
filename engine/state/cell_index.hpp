#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/huge_pages.hpp"

namespace lockstep {

/// Dense number of a cell, stable as long as the cell is present. Never reaches any output.
using CellId = std::uint32_t;
inline constexpr CellId kNoCell = std::numeric_limits<CellId>::max();

/// From hashes of keys to numbers of cells: open addressing, linear probing, without tombstones.
///
/// Role:    the index of StateStore. Which of the cells under a hash is the one of a key is told by
///          the caller, who has the cells: `matches(cell)`.
/// Threads: between blocks one thread uses it. Within a block all workers may find and claim.
/// Cost:    about 2.5 entries of 8 bytes for each cell; mostly one line is looked at.
class CellIndex {
  public:
    CellIndex() : entries_(kInitialSize) {}

    /// The cell that matches, kNoCell when there is none.
    template <class Matches>
    [[nodiscard]] CellId find(std::uint64_t hash, Matches&& matches) const noexcept {
        const std::uint32_t tag = tag_of(hash);
        const std::size_t mask = entries_.size() - 1;
        for (std::size_t at = home_of(tag, mask), last = at + mask; at <= last; ++at) {
            const Entry entry = load(entries_[at & mask]);
            if (entry.cell == kNoCell) {
                break;
            }
            if (entry.tag == tag && matches(entry.cell)) {
                return entry.cell;
            }
        }
        return kNoCell;
    }
    /// The cell that `find` would look at first, without a look at it; kNoCell when there is none.
    [[nodiscard]] [[gnu::always_inline]] CellId candidate(std::uint64_t hash) const noexcept {
        const std::uint32_t tag = tag_of(hash);
        const std::size_t mask = entries_.size() - 1;
        const std::size_t at = home_of(tag, mask);
        // Which of the first two it is depends on chance: chosen without a branch.
        const Entry home = load(entries_[at]);
        const Entry other = load(entries_[(at + 1) & mask]);
        const std::uint32_t take_home = 0U - static_cast<std::uint32_t>(home.tag == tag);
        const Entry likely{(home.tag & take_home) | (other.tag & ~take_home),
                           (home.cell & take_home) | (other.cell & ~take_home)};
        if (likely.tag == tag) [[likely]] {
            return likely.cell;
        }
        if (home.cell == kNoCell || other.cell == kNoCell) {
            return kNoCell;
        }
        for (std::size_t i = 2; i <= mask; ++i) {
            const Entry entry = load(entries_[(at + i) & mask]);
            if (entry.cell == kNoCell || entry.tag == tag) {
                return entry.cell;
            }
        }
        return kNoCell;
    }
    /// Starts fetching where the cells under a hash are found.
    void prefetch(std::uint64_t hash) const noexcept {
        prefetch_lines<Prefetch::kToRead>(&entries_[home_of(tag_of(hash), entries_.size() - 1)], 1);
    }
    /// Within a block: the cell that matches, or the one that `make()` gives, put near its home. If
    /// another worker was faster, that worker's cell. kNoCell when there is no room: it then stays
    /// so until the end of the block.
    template <class Matches, class Make>
    [[nodiscard]] CellId claim(std::uint64_t hash, Matches&& matches, Make&& make) {
        const std::uint32_t tag = tag_of(hash);
        const std::size_t mask = entries_.size() - 1;
        CellId made = kNoCell;
        for (std::size_t i = 0; i < kWindow; ++i) {
            Word& at = entries_[(home_of(tag, mask) + i) & mask];
            Entry seen = load(at);
            if (seen.cell == kNoCell) {
                made = made != kNoCell ? made : make();
                std::uint64_t word = kNoWord;
                // release: publishes the cell's key to load. acquire: another worker's.
                if (at.word.compare_exchange_strong(word, pack({tag, made}),
                                                    std::memory_order_release,
                                                    std::memory_order_acquire)) {
                    return made;
                }
                seen = unpack(word);
            }
            if (seen.tag == tag && matches(seen.cell)) {
                return seen.cell;
            }
        }
        return kNoCell;
    }
    /// Between blocks: adds a cell that is not there. REQUIRES: make_room for as many cells.
    void insert(std::uint64_t hash, CellId cell) { insert(Entry{tag_of(hash), cell}); }
    /// Between blocks: whether the cell was there, and is no longer.
    bool erase(std::uint64_t hash, CellId cell);
    /// Between blocks: doubles the index until at most two in five entries are taken by `cells`.
    void make_room(std::size_t cells);
    [[nodiscard]] std::size_t bytes() const noexcept { return entries_.size() * sizeof(Word); }
    /// Calls `visit(cell)` for all, in no order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const Word& word : entries_) {
            if (const Entry entry = load(word); entry.cell != kNoCell) {
                visit(entry.cell);
            }
        }
    }

  private:
    struct Entry {
        std::uint32_t tag = 0;
        CellId cell = kNoCell;
    };
    static constexpr std::uint64_t kNoWord = kNoCell;  ///< tag 0, no cell
    /// An Entry in one word. Within a block words only turn from empty to taken.
    struct Word {
        // word: see pack.   writers: claim (CAS), one thread between blocks   readers: find
        //   publish: the release CAS -> load's acquire: key of the cell.
        //   weaker?  no: find compares the key without a lock.
        //   layout:  eight to a line. Not of a Sync policy: interning is one step for schedules.
        std::atomic<std::uint64_t> word{kNoWord};
    };
    static constexpr std::size_t kInitialSize = 64;
    static constexpr std::size_t kWindow = 32;  ///< entries from its home on where a new key may go

    [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }
    /// Follows from the tag, so that the index grows without a look at the cells.
    [[nodiscard]] static std::size_t home_of(std::uint32_t tag, std::size_t mask) noexcept {
        return tag & mask;
    }
    [[nodiscard]] static Entry load(const Word& at) noexcept {
        // acquire: pairs with claim.
        return unpack(at.word.load(std::memory_order_acquire));
    }
    static void store(Word& at, const Entry& entry) noexcept {
        // relaxed: one thread, between blocks.
        at.word.store(pack(entry), std::memory_order_relaxed);
    }
    [[nodiscard]] static Entry unpack(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word >> 32), static_cast<CellId>(word)};
    }
    [[nodiscard]] static std::uint64_t pack(const Entry& entry) noexcept {
        return std::uint64_t{entry.tag} << 32 | entry.cell;
    }
    void insert(const Entry& entry);

    std::vector<Word, HugePageAllocator<Word>> entries_;  ///< a power of two
};

}  // namespace lockstep
