#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

namespace lockstep {

/// The seam between the concurrent code and the machine it runs on.
///
/// Every concurrent class takes a `Sync` policy. This one is the real thing and costs nothing; a
/// test may pass another whose atomics and locks are scheduling points of a seeded explorer.
struct StdSync {
    template <class T>
    using Atomic = std::atomic<T>;

    using Mutex = std::mutex;

    /// How often a worker without work looks again, spinning and then yielding, before it sleeps.
    static constexpr std::uint32_t kIdleSpinRounds = 200;
    static constexpr std::uint32_t kIdleYieldRounds = 50;

    /// Fault injection: whether validation takes a valid transaction for stale. Results must
    /// not depend on it.
    static constexpr bool suspects() noexcept { return false; }
    /// A hint inside a short spin.
    static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }
    /// Gives the core away, for spins that may be waiting for a descheduled thread.
    static void yield() noexcept {
        std::this_thread::yield();
    }
};

/// Waits for another worker that is at work: spins, then yields.
template <class Sync, class Condition>
void await(Condition&& condition) {
    constexpr int kSpinsBeforeYield = 1'000;
    for (int spins = 0; !condition(); ++spins) {
        if (spins < kSpinsBeforeYield) {
            Sync::relax();
        } else {
            Sync::yield();
        }
    }
}

}  // namespace lockstep
