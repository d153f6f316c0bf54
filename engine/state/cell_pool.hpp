#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/base/huge_pages.hpp"
#include "engine/state/cell_index.hpp"

namespace lockstep {

/// Memory of cells by their dense numbers.
///
/// Role:    cells never move, and small states stay small: segment s holds the cells whose numbers
///          have s as highest bit.
/// Threads: `at` by any, of cells that were taken before; the others by one at a time.
template <class Cell>
class CellPool {
  public:
    [[nodiscard]] Cell& at(CellId id) const noexcept {
        const CellId number = id + kFirstNumber;
        const std::uint32_t segment = segment_of(number);
        return starts_[segment][number ^ CellId{1} << segment];
    }
    /// Cells ever taken; those given back are among them.
    [[nodiscard]] CellId size() const noexcept { return next_; }
    /// A cell that nobody has, as its last owner left it.
    [[nodiscard]] CellId take() {
        if (!free_.empty()) {
            const CellId id = free_.back();
            free_.pop_back();
            return id;
        }
        const std::uint32_t segment = segment_of(next_ + kFirstNumber);
        if (segments_[segment].empty()) {
            segments_[segment] = Cells(std::size_t{1} << segment);
            starts_[segment] = segments_[segment].data();
        }
        return next_++;
    }
    void give_back(CellId id) { free_.push_back(id); }

  private:
    using Cells = std::vector<Cell, HugePageAllocator<Cell>>;

    static constexpr std::size_t kSegments = std::numeric_limits<CellId>::digits;
    /// A cell's number is its id and this, a power of two.
    static constexpr CellId kFirstNumber = 64;

    [[nodiscard]] static std::uint32_t segment_of(CellId number) noexcept {
        // Every number has a bit from kFirstNumber on; said here it saves a branch for 0.
        return 31U ^ static_cast<std::uint32_t>(std::countl_zero(number | kFirstNumber));
    }

    CellId next_ = 0;
    std::vector<CellId> free_;
    std::array<Cells, kSegments> segments_;
    std::array<Cell*, kSegments> starts_{};  ///< of segments_
};

}  // namespace lockstep
