#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "engine/base/cache_line.hpp"

namespace lockstep {

/// Threads that stay alive between blocks: the caller, resident ones, and threads the host donates.
///
/// Role:    runs one job at a time on all threads that join while it is open. No thread waits for
///          a worker that has not joined, so a thread without a core delays nothing it has not
///          started.
/// Threads: run from one thread at a time; serve from any thread of the host.
/// Invariants
///   [WP1] run returns only when every worker that joined the job has left it.
///   [WP2] no two threads are in one job under the same worker number.
class WorkerPool {
  public:
    /// Places for `workers` threads including the caller of run; `resident` of them are made here,
    /// the others are for the host to donate through serve.
    /// REQUIRES: workers >= 1, resident < workers.
    WorkerPool(std::uint32_t workers, std::uint32_t resident);
    /// One caller and workers - 1 resident threads.
    explicit WorkerPool(std::uint32_t workers) : WorkerPool(workers, workers - 1) {}
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool();

    [[nodiscard]] std::uint32_t workers() const noexcept { return workers_; }

    /// Runs `job(worker)` on the caller as worker 0 and on all who join; job must not throw.
    void run(const std::function<void(std::uint32_t worker)>& job);

    /// Lends the calling thread until `stop` is requested or the pool ends. `worker` is a number in
    /// [1, workers) that no other thread uses.
    void serve(std::uint32_t worker, const std::stop_token& stop);

  private:
    [[nodiscard]] bool try_join(std::uint64_t& seen_generation) noexcept;
    void leave() noexcept;

    const std::uint32_t workers_;
    const std::function<void(std::uint32_t)>* job_ = nullptr;

    // state_: bits 0-30 workers inside the job, bit 31 open, bits 32-63 job number.
    //   writers: run, try_join, leave   readers: same
    //   publish: run's release -> try_join's acquire: job_. leave's release -> run's acquire: the
    //            job's effects.
    //   weaker?  no: job_ and the block are plain data.
    //   layout:  own line, written twice per worker and job.
    alignas(kCacheLineSize) std::atomic<std::uint64_t> state_{0};
    // stopping_: the pool ends.   writers: destructor   readers: serve
    //   publish: nothing beyond itself.
    std::atomic<bool> stopping_{false};

    std::vector<std::jthread> threads_;
};

}  // namespace lockstep
