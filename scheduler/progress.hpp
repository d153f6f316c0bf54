#pragma once

#include <cstdint>

#include "engine/base/cache_line.hpp"
#include "scheduler/sync.hpp"

namespace lockstep {

/// Lets workers without work sleep until there is some.
///
/// Threads: any.
/// Invariants
///   [PR1] no lost wake-up: work made before advance() is seen by a worker that goes to sleep, or
///         the worker is woken.
///
///     sleeper                              waker
///     sleepers_ += 1        (seq_cst)      make work
///     seen = count_         (seq_cst)      count_ += 1        (seq_cst)
///     look for work                        sleepers_ == 0 ?   (seq_cst)
///     count_.wait(seen)                    else notify_all
///
///   Forbidden outcome: the sleeper finds no work and sleeps while the waker sees no sleeper. In
///   the total order of the four seq_cst operations either sleepers_ += 1 precedes the waker's
///   look (then it notifies), or count_ += 1 precedes the sleeper's load (then it finds the work).
template <class Sync = StdSync>
class Progress {
  public:
    /// Announces work. Cheap when no worker sleeps.
    void advance() noexcept {
        count_.fetch_add(1, std::memory_order_seq_cst);        // seq_cst: see the table above
        if (sleepers_.load(std::memory_order_seq_cst) != 0) {  // seq_cst: see the table above
            count_.notify_all();
        }
    }
    /// Sleeps until advance() unless `has_work()`; spins and yields for a while before that.
    template <class HasWork>
    void wait(std::uint32_t& idle_rounds, HasWork&& has_work) noexcept {
        ++idle_rounds;
        if (idle_rounds <= kSpinRounds) {
            Sync::relax();
            return;
        }
        if (idle_rounds <= kSpinRounds + kYieldRounds) {
            Sync::yield();
            return;
        }
        sleepers_.fetch_add(1, std::memory_order_seq_cst);  // seq_cst: see the table above
        const std::uint32_t seen =
            count_.load(std::memory_order_seq_cst);  // seq_cst: see the table above
        if (!has_work()) {
            count_.wait(seen, std::memory_order_acquire);  // acquire: pairs with advance
        }
        sleepers_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: too high only wakes in vain
    }

  private:
    static constexpr std::uint32_t kSpinRounds = Sync::kIdleSpinRounds;
    static constexpr std::uint32_t kYieldRounds = Sync::kIdleYieldRounds;

    // count_: grows with every announcement.  writers: advance  readers: wait
    //   publish: the work made before advance. Order argued in the table above.
    //   layout:  own line, written by every waker.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> count_{0};
    // sleepers_: workers inside or entering the sleep.   writers: wait   readers: advance
    //   layout:  own line, so that advance reads a quiet line.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> sleepers_{0};
};

}  // namespace lockstep
