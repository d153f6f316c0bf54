#include "engine/parallel/worker_pool.hpp"

#include "engine/base/check.hpp"
#include "scheduler/sync.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kOpen = std::uint64_t{1} << 31;
constexpr std::uint64_t kInsideMask = kOpen - 1;
constexpr int kSpinsBeforeSleep = 2'000;

std::uint64_t generation_of(std::uint64_t state) {
    return state >> 32;
}

}  // namespace

WorkerPool::WorkerPool(std::uint32_t workers, std::uint32_t resident) : workers_(workers) {
    LOCKSTEP_CHECK(workers >= 1 && resident < workers);
    for (std::uint32_t i = 1; i <= resident; ++i) {
        threads_.emplace_back([this, i](const std::stop_token& stop) { serve(i, stop); });
    }
}

WorkerPool::~WorkerPool() {
    // release: with the new job number below it wakes every server for the last time.
    stopping_.store(true, std::memory_order_release);
    state_.fetch_add(std::uint64_t{1} << 32, std::memory_order_release);
    state_.notify_all();
}

void WorkerPool::run(const std::function<void(std::uint32_t)>& job) {
    job_ = &job;
    // relaxed: only run changes the job number.
    const std::uint64_t generation = generation_of(state_.load(std::memory_order_relaxed)) + 1;
    // release: publishes job_ to try_join.
    state_.store((generation << 32) | kOpen, std::memory_order_release);
    if (workers_ > 1) {
        state_.notify_all();
    }
    job(0);
    // acq_rel: no thread joins from here on; acquires what those that left did.
    std::uint64_t state = state_.fetch_and(~kOpen, std::memory_order_acq_rel);
    for (int spins = 0; (state & kInsideMask) != 0; ++spins) {
        if (spins < kSpinsBeforeSleep) {
            StdSync::relax();
        } else {
            StdSync::yield();
        }
        state = state_.load(std::memory_order_acquire);  // acquire: pairs with leave
    }
    job_ = nullptr;
}

bool WorkerPool::try_join(std::uint64_t& seen_generation) noexcept {
    // acquire: job_.
    std::uint64_t state = state_.load(std::memory_order_acquire);
    while ((state & kOpen) != 0 && generation_of(state) != seen_generation) {
        if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) {
            seen_generation = generation_of(state);
            return true;
        }
    }
    return false;
}

void WorkerPool::leave() noexcept {
    // release: the job's effects become visible to run.
    state_.fetch_sub(1, std::memory_order_release);
}

void WorkerPool::serve(std::uint32_t worker, const std::stop_token& stop) {
    LOCKSTEP_CHECK(worker >= 1 && worker < workers_);
    const std::stop_callback wake(stop, [this] {
        // release: a new number ends every wait; a job that is open may be joined once more by a
        // thread that has left it, which finds nothing left to do.
        state_.fetch_add(std::uint64_t{1} << 32, std::memory_order_release);
        state_.notify_all();
    });
    std::uint64_t seen_generation = 0;
    int spins = 0;
    // acquire: pairs with the destructor.
    while (!stopping_.load(std::memory_order_acquire) && !stop.stop_requested()) {
        if (try_join(seen_generation)) {
            (*job_)(worker);
            leave();
            spins = 0;
        } else if (++spins < kSpinsBeforeSleep) {
            StdSync::relax();
        } else {
            // acquire: as in try_join.
            const std::uint64_t state = state_.load(std::memory_order_acquire);
            const bool joinable = (state & kOpen) != 0 && generation_of(state) != seen_generation;
            if (!joinable && !stopping_.load(std::memory_order_acquire) && !stop.stop_requested()) {
                state_.wait(state, std::memory_order_acquire);
            }
        }
    }
}

}  // namespace lockstep
