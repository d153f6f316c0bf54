#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "engine/base/cache_line.hpp"

namespace lockstep {

/// Items of one kind of work, numbered through, that the workers of a block share out.
///
/// Threads: prepare and open by the leader, the former while no worker runs; the rest by all.
template <class Sync>
class SharedWork {
  public:
    void prepare() noexcept {
        // relaxed, all: workers start after prepare, by the pool's publication.
        total_.store(kClosed, std::memory_order_relaxed);
        claimed_.store(0, std::memory_order_relaxed);
        finished_.store(0, std::memory_order_relaxed);
    }
    /// There are `total` items, and all that is needed to do them is in place.
    void open(std::size_t total) noexcept {
        total_.store(total, std::memory_order_release);  // release: publishes what is in place
    }
    [[nodiscard]] bool is_open() const noexcept {
        return total_.load(std::memory_order_acquire) != kClosed;  // acquire: pairs with open
    }
    /// Calls `body(first, last)` for chunks of items until none is left to claim.
    /// REQUIRES: is_open().
    template <class Body>
    void take_part(std::size_t chunk, Body&& body) {
        // relaxed: the caller has seen that it is open.
        const std::size_t total = total_.load(std::memory_order_relaxed);
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::size_t first = claimed_.fetch_add(chunk, std::memory_order_relaxed);
            if (first >= total) {
                return;
            }
            const std::size_t last = std::min(first + chunk, total);
            body(first, last);
            // release: publishes what was done to is_finished.
            finished_.fetch_add(last - first, std::memory_order_release);
        }
    }
    /// REQUIRES: is_open().
    [[nodiscard]] bool is_finished() const noexcept {
        // acquire: pairs with take_part. relaxed: as there.
        return finished_.load(std::memory_order_acquire) == total_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr std::size_t kClosed = ~std::size_t{0};

    // total_: number of items, kClosed before they are known.   writers: leader   readers: workers
    //   publish: open's release -> is_open's acquire: whatever the items need.
    typename Sync::template Atomic<std::size_t> total_{kClosed};
    // claimed_: next item.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per chunk.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> claimed_{0};
    // finished_: items done.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: what was done.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> finished_{0};
};

}  // namespace lockstep
