#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <mutex>

#include "engine/state/state_store.hpp"

namespace lockstep::bench {

/// One `T` for each cell of a store, made when first asked for; never moves.
///
/// Threads: operator[] from any.
template <class T>
class CellTable {
  public:
    CellTable() = default;
    CellTable(const CellTable&) = delete;
    CellTable& operator=(const CellTable&) = delete;

    [[nodiscard]] T& operator[](CellId id) {
        const CellId shifted = id + kFirst;
        const auto segment = static_cast<std::size_t>(std::bit_width(shifted)) - kFirstWidth;
        // acquire: pairs with make.
        T* base = bases_[segment].load(std::memory_order_acquire);
        if (base == nullptr) {
            base = make(segment);
        }
        return base[shifted - (kFirst << segment)];
    }

  private:
    static constexpr CellId kFirst = 1024;  ///< segment s holds 1024 * 2^s
    static constexpr std::size_t kFirstWidth = 11;
    static constexpr std::size_t kSegments = 22;

    T* make(std::size_t segment) {
        const std::lock_guard lock(mutex_);
        if (segments_[segment] == nullptr) {
            segments_[segment] = std::make_unique<T[]>(std::size_t{kFirst} << segment);
            // release: publishes the segment's elements to operator[].
            bases_[segment].store(segments_[segment].get(), std::memory_order_release);
        }
        return segments_[segment].get();
    }

    std::mutex mutex_;  // guards segments_
    std::array<std::unique_ptr<T[]>, kSegments> segments_;
    // bases_: start of each segment, null until made.   writers: make   readers: operator[]
    //   publish: make's release -> operator[]'s acquire: the elements.
    std::array<std::atomic<T*>, kSegments> bases_{};
};

}  // namespace lockstep::bench
