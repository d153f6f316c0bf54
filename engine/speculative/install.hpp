#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/parallel/block_run.hpp"

namespace lockstep {

/// Gives every touched cell its final value, once, and empties its slot.
///
/// Role:    last stage of a block; also cleans up after a cancelled one (`keep` false).
/// Threads: settle_some by all workers; the others by the leader.
template <Machine M, class Sync>
class Settlement {
  public:
    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;
    using Cell = typename Run::Cell;

    explicit Settlement(Run& run) : run_(run) {}

    void prepare() noexcept {
        // relaxed: workers start after prepare, by the pool's publication.
        claimed_.store(0, std::memory_order_relaxed);
        finished_.store(0, std::memory_order_relaxed);
    }
    /// Collects the cells that the block touched. After the last worker has left execution.
    void list(bool keep) {
        WorkSpan<Sync> span(Work::kList);
        touched_.clear();
        for (const auto& worker : run_.workers) {
            const auto touched = worker->touched.items();
            touched_.insert(touched_.end(), touched.begin(), touched.end());
        }
        run_.keep = keep;
        span.done(touched_.size());
        // release: publishes the list to settle_some.
        total_.store(touched_.size(), std::memory_order_release);
    }
    [[nodiscard]] bool closed() const noexcept {
        // acquire: pairs with list.
        return total_.load(std::memory_order_acquire) != kNotListed;
    }
    [[nodiscard]] bool settled() const noexcept {
        // acquire: pairs with the release in settle_some.
        return finished_.load(std::memory_order_acquire) == touched_.size();
    }
    /// Settles chunks of cells until none is left to claim. REQUIRES: closed().
    void settle_some(Worker& worker) {
        const std::size_t total = touched_.size();
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::size_t first = claimed_.fetch_add(kChunk, std::memory_order_relaxed);
            if (first >= total) {
                return;
            }
            const std::size_t last = std::min(first + kChunk, total);
            WorkSpan<Sync> span(Work::kSettle);
            for (std::size_t i = first; i < last; ++i) {
                if (i + 2 * kAhead < last) {
                    run_.store.prefetch_cell(touched_[i + 2 * kAhead]);
                }
                if (i + kAhead < last) {
                    prefetch_version(touched_[i + kAhead]);
                }
                settle(worker, touched_[i]);
            }
            span.done(last - first);
            // release: publishes the values to the leader.
            finished_.fetch_add(last - first, std::memory_order_release);
        }
    }

    /// Folds the workers' shares into the store. After the last worker has left settlement.
    void finish(ExecutionMetrics& metrics) {
        // relaxed: between blocks.
        total_.store(kNotListed, std::memory_order_relaxed);
        run_.store.adopt_interned();
        ExecutionMetrics block_metrics;
        for (const auto& worker : run_.workers) {
            for (const CellId id : worker->emptied) {
                run_.store.forget(id);
            }
            run_.store.fold(worker->sums, worker->present_change);
            block_metrics += worker->metrics;
            block_metrics.memory_bytes += worker->arena.bytes_used();
        }
        if (run_.keep) {
            block_metrics.transactions = run_.transactions.size();
            metrics += block_metrics;
        }
    }

  private:
    static constexpr std::size_t kChunk = 256;
    static constexpr std::size_t kAhead = 8;
    static constexpr std::size_t kNotListed = ~std::size_t{0};

    /// Starts fetching the newest version of a cell, mostly written by another worker.
    void prefetch_version(CellId id) const noexcept {
        // relaxed: no worker executes any more.
        const Node* newest = run_.store.cell(id).slot.newest.load(std::memory_order_relaxed);
        if (newest != nullptr) {
            prefetch_lines<Prefetch::kToRead>(newest, sizeof(Node));
        }
    }
    /// Gives a cell its final value and empties its slot.
    void settle(Worker& worker, CellId id) {
        auto& cell = run_.store.cell(id);
        auto& slot = cell.slot;
        // acquire: pairs with the release below.
        const auto* additions = slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr && !cell.claim_settlement(run_.block_number)) {
            return;  // listed twice: for its versions and for its additions
        }
        if (run_.keep) {
            // relaxed: no worker executes any more.
            const Node* last = VersionSlot<typename M::Value, Sync>::first_standing(
                slot.newest.load(std::memory_order_relaxed), run_.committed);
            const bool added = additions != nullptr && additions->applies_to(last);
            if (last != nullptr || added) {
                settle_value(worker, cell, id, last, added ? additions->sum : 0, added);
            }
        }
        slot.committed = nullptr;
        // relaxed: the pool publishes the empty slot.
        slot.newest.store(nullptr, std::memory_order_relaxed);
        if (additions != nullptr) {
            // release: whoever finds the cell listed again finds the rest of the slot empty as
            // well.
            slot.additions.store(nullptr, std::memory_order_release);
        }
    }
    void settle_value(Worker& worker, Cell& cell, CellId id, const Node* last, Int128 sum,
                      bool added) {
        const bool was_present = cell.present;
        if (!added && was_present && !last->erased && last->value == cell.value) {
            return;
        }
        if (was_present) {
            worker.sums.remove(cell.key, cell.term(worker.scratch));
        }
        if (last != nullptr) {
            cell.present = !last->erased;
            cell.value = last->value;
            cell.digested = false;
        }
        if (added) {
            cell.add(sum);
        }
        if (cell.present) {
            worker.sums.add(cell.key, cell.term(worker.scratch));
        } else {
            cell.value = typename M::Value{};
            if (was_present) {
                worker.emptied.push_back(id);
            }
        }
        worker.present_change += (cell.present ? 1 : 0) - (was_present ? 1 : 0);
    }

    Run& run_;
    std::vector<CellId> touched_;

    // total_: number of cells to settle, kNotListed before.   writers: leader   readers: workers
    //   publish: list's release -> closed's acquire: touched_, keep.
    typename Sync::template Atomic<std::size_t> total_{kNotListed};
    // claimed_: next cell.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per chunk.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> claimed_{0};
    // finished_: settled cells.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: values.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> finished_{0};
};

}  // namespace lockstep
