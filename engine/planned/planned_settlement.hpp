#pragma once

#include <atomic>
#include <cstddef>

#include "engine/base/cache_line.hpp"
#include "engine/contract/execution.hpp"
#include "engine/parallel/block_run.hpp"

namespace lockstep {

/// Settles what a planned block has done to the cells: they keep it, or get their old values back.
///
/// Role:    last stage of a planned block.
/// Threads: prepare, close and finish by the leader, settle_some by all workers.
/// Invariants
///   [PL1] whatever changes a cell, its value from before the block is in some worker's list.
template <Machine M, class Sync>
class PlannedSettlement {
  public:
    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Cell = typename Run::Cell;

    explicit PlannedSettlement(Run& run) : run_(run) {}

    void prepare() noexcept {
        // relaxed: workers start after prepare, by the pool's publication.
        closed_.store(false, std::memory_order_relaxed);
        claimed_.store(0, std::memory_order_relaxed);
        settled_.store(0, std::memory_order_relaxed);
    }
    /// After the last worker has left execution. `complete`: nobody cancelled the block, nothing
    /// failed, and its plan was not abandoned.
    void close(bool complete) {
        WorkSpan<Sync> span(Work::kList);
        run_.keep = complete && run_.committed == run_.size();
        std::size_t cells = 0;
        for (const auto& worker : run_.workers) {
            if (!run_.keep) {
                worker->in_place.rollback({});  // of a transaction that something has thrown out of
            }
            worker->in_place.reset();
            cells += worker->added.size();
            for (Cell* const cell : worker->added.items()) {
                if (run_.keep) {
                    run_.workers.front()->cells.fold_sum(*cell);
                }
                // relaxed: no worker executes any more.
                cell->slot.additions.store(nullptr, std::memory_order_relaxed);
            }
        }
        span.done(cells);
        closed_.store(true, std::memory_order_release);  // release: publishes keep and the cells
    }
    [[nodiscard]] bool closed() const noexcept {
        return closed_.load(std::memory_order_acquire);  // acquire: pairs with close
    }
    /// Adds up, or takes back, what workers changed, one worker's list after the other.
    /// REQUIRES: closed().
    void settle_some(Worker& worker) {
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::size_t claimed = claimed_.fetch_add(1, std::memory_order_relaxed);
            if (claimed >= run_.workers.size()) {
                return;
            }
            WorkSpan<Sync> span(Work::kSettle);
            auto& commit = run_.workers[claimed]->commit;
            span.done(commit.changed());
            if (run_.keep) {
                commit.sum_up(worker.sums, worker.present_change);
            } else {
                commit.restore_cells();
            }
            // release: publishes sums and cells to the leader.
            settled_.fetch_add(1, std::memory_order_release);
        }
    }
    [[nodiscard]] bool settled() const noexcept {
        // acquire: pairs with settle_some.
        return settled_.load(std::memory_order_acquire) == run_.workers.size();
    }
    /// Folds the workers' shares into the store. After the last worker has left settlement.
    void finish(ExecutionMetrics& metrics, bool abandoned) {
        if (run_.keep) {
            run_.store.adopt_interned();
        }
        ExecutionMetrics block_metrics;
        for (const auto& worker : run_.workers) {
            if (run_.keep) {
                worker->commit.forget_emptied();
                run_.store.fold(worker->sums, worker->present_change);
            }
            block_metrics += worker->metrics;
            block_metrics.memory_bytes += worker->arena.bytes_used();
        }
        if (run_.keep) {
            block_metrics.transactions = run_.transactions.size();
            block_metrics.planned = 1;
        } else {
            block_metrics.given_up = abandoned ? 1U : 0U;
        }
        if (block_metrics.planned + block_metrics.given_up != 0) {
            metrics += block_metrics;
        }
    }

  private:
    Run& run_;

    // closed_: lists can be settled.   writers: leader   readers: workers
    //   publish: close's release -> closed's acquire: keep, cells with sums.
    typename Sync::template Atomic<bool> closed_{false};
    // claimed_: next worker whose list is settled.   writers: workers   readers: same
    //   publish: nothing.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> claimed_{0};
    // settled_: lists settled.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: sums, cells.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> settled_{0};
};

}  // namespace lockstep
