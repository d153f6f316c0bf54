#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/cache_line.hpp"

namespace lockstep {

/// The cells that committed transactions changed without having declared it, and those whose
/// published versions they took back; in commit order.
///
/// Role:    what a commit has to look at. As long as each transaction changes only what it
/// declared, every
///          read has its exact version. A transaction that began when `count()` was n is stale only
///          by an entry from n on.
/// Cells:   by number. Planned blocks have no such effects.
/// Threads: prepare between blocks; add and contains_since by the holder of the frontier, or by
///          the worker that executes the transaction at the frontier; the rest by any.
/// Invariants
///   [UE1] a worker that sees count() == n finds the versions behind the first n entries in their
///   chains,
///         and may_contain() true for their cells.
/// Cost:    a filter of 8 KiB, so that a read is cleared without touching its cell.
template <class Sync>
class UndeclaredEffects {
  public:
    void prepare() noexcept {
        for (const std::uint64_t cell : cells_) {
            word_of(cell).store(0, std::memory_order_relaxed);  // relaxed: between blocks
        }
        cells_.clear();
        count_.store(0, std::memory_order_relaxed);  // relaxed: between blocks
    }
    /// Notes `cell`. REQUIRES: the effect is in the cell's slot.
    void add(std::uint64_t cell) {
        cells_.push_back(cell);
        auto& word = word_of(cell);
        // relaxed: only the holder of the frontier writes; count_ publishes.
        word.store(word.load(std::memory_order_relaxed) | bit_of(cell), std::memory_order_relaxed);
        // release: publishes the filter and the versions, see [UE1].
        count_.store(static_cast<std::uint32_t>(cells_.size()), std::memory_order_release);
    }
    [[nodiscard]] std::uint32_t count() const noexcept {
        return count_.load(std::memory_order_acquire);  // acquire: pairs with add
    }
    /// False only when no entry names `cell`.
    [[nodiscard]] bool may_contain(std::uint64_t cell) const noexcept {
        // relaxed: count() has been read before; newer entries are left to the frontier.
        return (word_of(cell).load(std::memory_order_relaxed) & bit_of(cell)) != 0;
    }
    /// Whether an entry from `first` on names `cell`.
    [[nodiscard]] bool contains_since(std::uint32_t first, std::uint64_t cell) const noexcept {
        return may_contain(cell) &&
               std::find(cells_.begin() + first, cells_.end(), cell) != cells_.end();
    }

  private:
    static constexpr std::size_t kWords = 1024;
    using Word = typename Sync::template Atomic<std::uint64_t>;

    /// Cells are numbered densely, so their low bits spread well.
    [[nodiscard]] Word& word_of(std::uint64_t cell) noexcept { return filter_[cell / 64 % kWords]; }
    [[nodiscard]] const Word& word_of(std::uint64_t cell) const noexcept {
        return filter_[cell / 64 % kWords];
    }
    [[nodiscard]] static std::uint64_t bit_of(std::uint64_t cell) noexcept {
        return std::uint64_t{1} << (cell % 64);
    }

    std::vector<std::uint64_t> cells_;  ///< of the holder of the frontier
    // filter_: one bit for each cell number modulo its size.   writers: frontier   readers: all
    //   publish: count_'s release -> count()'s acquire.
    //   layout:  read-mostly where keys are declared.
    std::array<Word, kWords> filter_{};
    // count_: entries so far.   writers: frontier   readers: views, frontier
    //   publish: filter bits and the versions behind them.   weaker?  no: see [UE1].
    //   layout:  own line, read by every incarnation.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> count_{0};
};

}  // namespace lockstep
