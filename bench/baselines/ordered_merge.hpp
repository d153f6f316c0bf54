#pragma once

#include <tbb/spin_rw_mutex.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "bench/baselines/block_frame.hpp"
#include "engine/base/cache_line.hpp"

namespace lockstep::bench {

/// Ordered merge with one retry, as in Monad: execute speculatively on the committed prefix; merge
/// in block order; what no longer holds, by value, runs once more at its merge, on final state.
///
/// Kept from there: one block state that merges change in place; validation by value; predicates on
/// balances and additions merge when the answers hold, even where the number has moved.
/// Ours: threads instead of fibers. Nobody waits for a predecessor: whoever has executed something
/// and finds the merge free merges all that is finished.
template <Machine M>
class OrderedMerge {
  public:
    explicit OrderedMerge(BlockFrame<M>& frame) : frame_(frame) {
        for (std::uint32_t i = 0; i < frame.pool.workers(); ++i) {
            workers_.push_back(std::make_unique<Worker>(frame, *this));
        }
    }

    std::uint32_t run() {
        const std::uint32_t size = frame_.size();
        if (logs_.size() < size) {
            logs_ = std::vector<AccessLog<M>>(size);
            done_ = std::make_unique<std::atomic<bool>[]>(size);
        }
        for (std::uint32_t i = 0; i < size; ++i) {
            // relaxed: no worker runs yet.
            done_[i].store(false, std::memory_order_relaxed);
        }
        // relaxed: as above.
        claimed_.store(0, std::memory_order_relaxed);
        merged_.store(0, std::memory_order_relaxed);
        end_.store(size, std::memory_order_relaxed);
        meter_ = WeightMeter(frame_.header.weight_limit);
        frame_.on_all_workers([this](std::uint32_t worker) { work(worker); });
        // relaxed: the pool has published everything.
        return end_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr std::uint32_t kClaim = 8;
    static constexpr std::uint32_t kWindow = 256;  ///< executed ahead of the merge, at most
    static constexpr std::size_t kStripes = 1024;

    /// Reads the block state while a merge may be changing it.
    class SharedSource {
      public:
        static constexpr bool kScannable = true;

        explicit SharedSource(OrderedMerge& owner) : owner_(owner) {}
        [[nodiscard]] const StateStore<M>& store() const noexcept { return owner_.frame_.store; }
        bool fetch(LoggedCell<M>& cell) {
            auto& store = owner_.frame_.store;
            cell.cell = store.intern(cell.key);
            const auto& at = store.cell(cell.cell);
            const typename tbb::spin_rw_mutex::scoped_lock lock(owner_.stripe(cell.cell), false);
            cell.below_present = at.present;
            if (at.present) {
                cell.below = at.value;
            }
            return true;
        }

      private:
        OrderedMerge& owner_;
    };
    struct Worker {
        Worker(BlockFrame<M>& frame, OrderedMerge& owner)
            : ahead(frame, owner), at_merge(frame, frame.store) {}
        TxnRunner<M, SharedSource> ahead;
        TxnRunner<M, PlainSource<M>> at_merge;
    };

    [[nodiscard]] tbb::spin_rw_mutex& stripe(CellId id) noexcept { return stripes_[id % kStripes]; }

    void work(std::uint32_t worker) {
        Backoff backoff;
        // acquire: pairs with the merger's release.
        while (!frame_.halted() &&
               merged_.load(std::memory_order_acquire) != end_.load(std::memory_order_relaxed)) {
            const bool executed = execute_some(worker);
            if (merge_some(worker) || executed) {
                backoff.reset();
            } else {
                backoff.wait();
            }
        }
    }
    bool execute_some(std::uint32_t worker) {
        const std::uint32_t end = end_.load(std::memory_order_relaxed);  // relaxed: a bound only
        // relaxed: both numbers only bound how far execution runs ahead.
        const std::uint32_t seen = claimed_.load(std::memory_order_relaxed);
        if (seen >= end || seen >= merged_.load(std::memory_order_relaxed) + kWindow) {
            return false;
        }
        // relaxed: the counter publishes nothing.
        const std::uint32_t first = claimed_.fetch_add(kClaim, std::memory_order_relaxed);
        const std::uint32_t last = std::min(first + kClaim, frame_.size());
        frame_.prefetch_declared(worker, std::min(first, last), last);
        for (std::uint32_t txn = first; txn < last; ++txn) {
            workers_[worker]->ahead.run(txn, logs_[txn]);
            ++frame_.workers[worker].metrics.executions;
            // release: publishes the log to the merger.
            done_[txn].store(true, std::memory_order_release);
        }
        return true;
    }
    /// Merges what is finished, unless somebody else does.
    bool merge_some(std::uint32_t worker) {
        const std::unique_lock lock(merging_, std::try_to_lock);
        if (!lock.owns_lock()) {
            return false;
        }
        // relaxed: the mutex orders mergers.
        std::uint32_t txn = merged_.load(std::memory_order_relaxed);
        const std::uint32_t first = txn;
        // acquire: pairs with the release in execute_some. relaxed: only mergers change end_.
        while (txn < end_.load(std::memory_order_relaxed) &&
               done_[txn].load(std::memory_order_acquire) && !frame_.halted()) {
            if (!merge(worker, txn)) {
                end_.store(txn, std::memory_order_relaxed);  // relaxed: workers poll it
                break;
            }
            ++txn;
            // release: pairs with the acquire in work.
            merged_.store(txn, std::memory_order_release);
        }
        return txn != first;
    }
    /// False when the block is full.
    bool merge(std::uint32_t worker, std::uint32_t txn) {
        AccessLog<M>& log = logs_[txn];
        auto& metrics = frame_.workers[worker].metrics;
        ++metrics.validations;
        bool holds = !meets_phantom(log);
        log.for_each([&](const LoggedCell<M>& cell) {
            holds = holds && (!cell.fetched || cell.holds(frame_.store.cell(cell.cell).get()));
        });
        if (!holds) {
            ++metrics.aborts;
            ++metrics.executions;
            workers_[worker]->at_merge.run(txn, log);
        }
        if (!meter_.admit(log.receipt.weight)) {
            return false;
        }
        log.for_each([&](LoggedCell<M>& cell) {
            if (cell.changes()) {
                const typename tbb::spin_rw_mutex::scoped_lock lock(stripe(frame_.id_of(cell)),
                                                                    true);
                frame_.apply(worker, cell);
            }
        });
        frame_.put_out(txn, log);
        return true;
    }

    /// Whether a range that was scanned now holds a cell that the scan did not pass.
    [[nodiscard]] bool meets_phantom(AccessLog<M>& log) const {
        if constexpr (kScans<M>) {
            for (const auto& scan : log.scans) {
                typename KeyOrder<typename M::Key>::Walk walk(frame_.store.keys(), scan.from);
                for (auto place = walk.next(); place && !scan.ends_before(place->key);
                     place = walk.next()) {
                    const LoggedCell<M>* passed = log.find(place->key);
                    if (frame_.store.cell(place->cell).present &&
                        (passed == nullptr || !passed->scanned)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    BlockFrame<M>& frame_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<AccessLog<M>> logs_;
    std::array<tbb::spin_rw_mutex, kStripes> stripes_;
    std::mutex merging_;  // held by the merger
    WeightMeter meter_{0};

    // done_: a transaction has executed.   writers: its executor   readers: merger
    //   publish: its log.
    std::unique_ptr<std::atomic<bool>[]> done_;
    // claimed_: next transaction to execute.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per claim.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> claimed_{0};
    // merged_: length of the merged prefix.   writers: merger   readers: workers
    //   publish: merge_some's release -> work's acquire.   layout: own line.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> merged_{0};
    // end_: where the block ends; lowered when it is full.   writers: merger   readers: workers
    //   publish: nothing beyond itself.
    std::atomic<std::uint32_t> end_{0};
};

}  // namespace lockstep::bench
