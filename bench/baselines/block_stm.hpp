#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/baselines/block_frame.hpp"
#include "bench/baselines/block_stm_memory.hpp"
#include "bench/baselines/block_stm_scheduler.hpp"

namespace lockstep::bench {

/// Block-STM as published: optimistic execution over multi-version memory on a concurrent hash map,
/// estimates where an aborted incarnation wrote, validation by version in waves.
///
/// The paper has no additions: an addition reads and writes its cell, a predicate reads it. A block
/// with a weight limit is executed to its end and cut afterwards. A hash map has no ranges: a block
/// in which somebody scans is given up and run serially (ExecutionMetrics::fallbacks).
template <Machine M>
class BlockStm {
  public:
    explicit BlockStm(BlockFrame<M>& frame) : frame_(frame), memory_(frame) {
        for (std::uint32_t i = 0; i < frame.pool.workers(); ++i) {
            workers_.push_back(std::make_unique<Worker>(frame, memory_));
        }
    }

    std::uint32_t run() {
        memory_.begin_block();
        scheduler_.reset(frame_.size());
        given_up_.store(false, std::memory_order_relaxed);  // relaxed: no worker runs
        frame_.on_all_workers([this](std::uint32_t worker) { work(worker); });
        if (frame_.halted()) {
            memory_.drop();
            return 0;
        }
        if (abandoned_plans()) {
            memory_.drop();
            return run_serially();
        }
        WeightMeter meter(frame_.header.weight_limit);
        std::uint32_t committed = 0;
        while (committed < frame_.size() && meter.admit(frame_.outputs[committed].receipt.weight)) {
            ++committed;
        }
        settled_.store(0, std::memory_order_relaxed);  // relaxed: no worker runs
        frame_.on_all_workers([&](std::uint32_t worker) { settle(worker, committed); });
        return committed;
    }

  private:
    static constexpr std::uint32_t kAhead = 8;         ///< transactions to prefetch ahead
    static constexpr std::uint32_t kSettleChunk = 64;  ///< transactions per claim

    using Task = BlockStmScheduler::Task;

    class Source {
      public:
        static constexpr bool kScannable = false;

        Source(const StateStore<M>& store, BlockStmMemory<M>& memory)
            : store_(store), memory_(memory) {}
        void refuse_scan() noexcept { scans = true; }
        [[nodiscard]] const StateStore<M>& store() const noexcept { return store_; }
        bool fetch(LoggedCell<M>& cell) {
            const auto found = memory_.read(cell.key, txn);
            if (found.estimate) {
                blocked_on = found.writer;
                return false;
            }
            cell.version = found.version;
            cell.below_present = found.present;
            cell.below = found.value;
            return true;
        }
        std::uint32_t txn = 0;
        std::uint32_t blocked_on = 0;
        bool scans = false;

      private:
        const StateStore<M>& store_;
        BlockStmMemory<M>& memory_;
    };
    struct Worker {
        Worker(BlockFrame<M>& frame, BlockStmMemory<M>& memory)
            : runner(frame, frame.store, memory), alone(frame, frame.store) {}
        TxnRunner<M, Source> runner;
        TxnRunner<M, PlainSource<M>> alone;
        AccessLog<M> log;
        typename BlockStmMemory<M>::Scratch sets;
    };

    void work(std::uint32_t worker) {
        Task task;
        Backoff backoff;
        while (!scheduler_.done() && !frame_.halted() && !abandoned_plans()) {
            switch (task.kind) {
                case Task::Kind::kExecute:
                    task = execute(worker, task);
                    break;
                case Task::Kind::kValidate:
                    task = validate(worker, task);
                    break;
                case Task::Kind::kNone:
                    task = scheduler_.next();
                    if (task.kind == Task::Kind::kNone) {
                        backoff.wait();
                    } else {
                        backoff.reset();
                    }
                    break;
            }
        }
    }
    Task execute(std::uint32_t worker, Task task) {
        Worker& own = *workers_[worker];
        auto& metrics = frame_.workers[worker].metrics;
        if (task.incarnation == 0 && task.txn + kAhead < frame_.size()) {
            frame_.prefetch_declared(worker, task.txn + kAhead, task.txn + kAhead + 1);
        }
        own.runner.source.txn = task.txn;
        own.runner.source.scans = false;
        while (!own.runner.run(task.txn, own.log)) {
            if (own.runner.source.scans) {
                given_up_.store(true, std::memory_order_relaxed);  // relaxed: see given_up_
                return {};
            }
            if (scheduler_.add_dependency(task.txn, own.runner.source.blocked_on)) {
                ++metrics.waits;
                return {};
            }
        }
        ++metrics.executions;
        frame_.put_out(task.txn, own.log);
        const bool wrote_new = memory_.record(task.txn, task.incarnation, own.log, own.sets);
        return scheduler_.finish_execution(task, wrote_new);
    }
    Task validate(std::uint32_t worker, Task task) {
        auto& metrics = frame_.workers[worker].metrics;
        ++metrics.validations;
        const bool aborted = !memory_.validate(task.txn) && scheduler_.try_abort(task);
        if (aborted) {
            ++metrics.aborts;
            memory_.estimate(task.txn);
        }
        return scheduler_.finish_validation(task, aborted);
    }
    [[nodiscard]] bool abandoned_plans() const noexcept {
        return given_up_.load(std::memory_order_relaxed);  // relaxed: see given_up_
    }
    std::uint32_t run_serially() {
        Worker& own = *workers_[0];
        auto& metrics = frame_.workers[0].metrics;
        ++metrics.fallbacks;
        WeightMeter meter(frame_.header.weight_limit);
        std::uint32_t txn = 0;
        for (; txn < frame_.size() && !frame_.halted(); ++txn) {
            own.alone.run(txn, own.log);
            ++metrics.executions;
            if (!meter.admit(own.log.receipt.weight)) {
                break;
            }
            own.log.for_each([&](LoggedCell<M>& cell) {
                if (cell.changes()) {
                    frame_.apply(0, cell);
                }
            });
            frame_.put_out(txn, own.log);
        }
        return txn;
    }
    void settle(std::uint32_t worker, std::uint32_t committed) {
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::uint32_t first = settled_.fetch_add(kSettleChunk, std::memory_order_relaxed);
            if (first >= frame_.size()) {
                return;
            }
            const std::uint32_t last = std::min(first + kSettleChunk, frame_.size());
            for (std::uint32_t txn = first; txn < last; ++txn) {
                memory_.settle(worker, txn, committed);
            }
        }
    }

    BlockFrame<M>& frame_;
    BlockStmMemory<M> memory_;
    BlockStmScheduler scheduler_;
    std::vector<std::unique_ptr<Worker>> workers_;
    // given_up_: somebody scans.   writers: workers   readers: same
    //   publish: nothing beyond itself.
    std::atomic<bool> given_up_{false};
    // settled_: next transaction whose writes to settle.   writers: workers   readers: same
    //   publish: nothing.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> settled_{0};
};

}  // namespace lockstep::bench
