#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "bindings/c/host_machine.hpp"
#include "bindings/c/lockstep.h"
#include "engine/parallel/worker_pool.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/forks.hpp"

namespace lockstep::c {

/// A pool whose threads know their numbers.
class NumberedPool {
  public:
    NumberedPool(std::uint32_t workers, std::uint32_t resident) : pool_(workers, resident) {}
    [[nodiscard]] std::uint32_t workers() const noexcept { return pool_.workers(); }
    void run(const std::function<void(std::uint32_t)>& job) {
        pool_.run([&job](std::uint32_t worker) {
            const std::uint32_t before = std::exchange(current_worker(), worker);
            job(worker);
            current_worker() = before;
        });
    }
    void serve(std::uint32_t worker, const std::stop_token& stop) { pool_.serve(worker, stop); }

  private:
    WorkerPool pool_;
};

/// Threads of the host that serve a pool, and the numbers that they have.
class LentThreads {
  public:
    /// Numbers from `first` on.
    LentThreads(std::uint32_t first, std::uint32_t count) : first_(first), taken_(count) {}
    /// Serves until dismissed; false when no number is free.
    bool serve(NumberedPool& pool);
    /// Lets all go, those too that come later.
    void dismiss() { stop_.request_stop(); }
    /// Lets all go, and waits until they have gone.
    void dismiss_and_wait();

  private:
    const std::uint32_t first_;
    std::stop_source stop_;
    std::mutex mutex_;  // guards all below
    std::condition_variable left_;
    std::vector<bool> taken_;
    std::uint32_t serving_ = 0;
};

}  // namespace lockstep::c

/// A state, a machine, and what executes blocks.
struct ls_chain {
  public:
    using Machine = lockstep::c::HostMachine;
    using Parallel =
        lockstep::ParallelExecutor<Machine, lockstep::StdSync, lockstep::c::NumberedPool>;
    using Serial = lockstep::SerialExecutor<Machine>;

    ls_chain(const ls_options& options, const ls_machine& host);

    /// Keeps others out for a call; throws Misuse when someone is in.
    class Use {
      public:
        explicit Use(ls_chain* chain);
        ~Use();
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

      private:
        ls_chain& chain_;
    };

    /// `keep`, `diff`: as ExecuteOptions::keep; null: not wanted.
    lockstep::Result<lockstep::BlockResult, lockstep::Error> execute(
        const ls_block& block, bool keep, lockstep::BlockDiff<Machine>* diff);
    void cancel();
    [[nodiscard]] const lockstep::Digest& last_block() const;
    void continue_from(const lockstep::Digest& digest);

    lockstep::StateStore<Machine> store;
    std::optional<lockstep::Forks<Machine>> forks;  ///< from the first block that was added
    lockstep::c::NumberedPool pool;
    lockstep::c::LentThreads lent;
    std::uint64_t blocks = 0;
    lockstep::ExecutionMetrics metrics;

  private:
    Machine machine_;
    std::optional<Parallel> parallel_;
    std::optional<Serial> serial_;
    lockstep::Block<lockstep::c::HostTransaction> block_;  ///< keeps its memory

    // busy_: a call is in.   writers: all callers   readers: same
    //   publish: the release of who leaves -> the exchange's acquire: the chain.
    std::atomic<bool> busy_{false};
    std::mutex cancel_mutex_;  // guards cancel_
    std::stop_source cancel_;
};

/// What a block put out.
struct ls_result {
    lockstep::BlockResult result;
    std::optional<lockstep::BlockDiff<ls_chain::Machine>> diff;
};
