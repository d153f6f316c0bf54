#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "bench/baselines/block_frame.hpp"
#include "bench/baselines/cell_table.hpp"
#include "bench/baselines/chunk_overlay.hpp"
#include "engine/base/cache_line.hpp"

namespace lockstep::bench {

/// Chunk restart, as in FISCO-BCOS: chunks of consecutive transactions run in parallel, each
/// serially over a private overlay; in block order each chunk's reads are compared with the writes
/// of the chunks before it; the first overlap ends the pass, and the next one starts from that
/// chunk.
///
/// Kept from there: all chunks of a pass see the state at its start; overlap is one of cells, not
/// of values, and additions are reads and writes. Ours: the length of a pass follows its success,
/// so that little is thrown away.
template <Machine M>
class ChunkRestart {
  public:
    explicit ChunkRestart(BlockFrame<M>& frame) : frame_(frame) {
        for (std::uint32_t i = 0; i < frame.pool.workers(); ++i) {
            workers_.push_back(std::make_unique<Worker>(frame));
        }
        for (std::uint32_t i = 0; i < kChunksMax; ++i) {
            chunks_.push_back(std::make_unique<Chunk>());
        }
    }

    std::uint32_t run() {
        end_ = frame_.size();
        meter_ = WeightMeter(frame_.header.weight_limit);
        std::uint32_t length = chunks_min();
        for (std::uint32_t from = 0; from < end_ && !frame_.halted();) {
            ++pass_;
            count_ = std::min(length, (end_ - from + kChunk - 1) / kChunk);
            for (std::uint32_t i = 0; i < count_; ++i) {
                chunks_[i]->begin(from + i * kChunk, std::min(from + (i + 1) * kChunk, end_));
            }
            // relaxed: no worker runs.
            claimed_.store(0, std::memory_order_relaxed);
            applied_.store(0, std::memory_order_relaxed);
            stop_at_.store(count_, std::memory_order_relaxed);
            checked_ = 0;
            written_.clear();
            frame_.on_all_workers([this](std::uint32_t worker) { execute(worker); });
            if (frame_.halted()) {
                break;
            }
            if (checked_ > 0) {
                frame_.on_all_workers([this](std::uint32_t worker) { apply(worker); });
                from = chunks_[checked_ - 1]->last;
            }
            length = checked_ == count_ ? std::min(length * 2, kChunksMax)
                                        : std::max(checked_, chunks_min());
        }
        return end_;
    }

  private:
    static constexpr std::uint32_t kChunk = 32;       ///< transactions
    static constexpr std::uint32_t kChunksMax = 128;  ///< of a pass

    using Key = typename M::Key;

    struct alignas(kCacheLineSize) Chunk {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        ChunkOverlay<M> overlay;
        std::vector<CellId> reads;  ///< of the state at the start of the pass
        std::vector<KeyRange<Key>> scans;
        // done: executed.   writers: its executor   readers: the checker
        //   publish: everything above.
        std::atomic<bool> done{false};

        void begin(std::uint32_t first_in, std::uint32_t last_in) {
            first = first_in;
            last = last_in;
            overlay.clear();
            reads.clear();
            scans.clear();
            done.store(false, std::memory_order_relaxed);  // relaxed: no worker runs
        }
    };
    /// The last chunk of the last pass that wrote a cell. The checker's; then read by all.
    struct Mark {
        std::uint32_t pass = 0;
        std::uint32_t chunk = 0;
    };
    class Source {
      public:
        static constexpr bool kScannable = true;

        explicit Source(StateStore<M>& store) : store_(store) {}
        [[nodiscard]] const StateStore<M>& store() const noexcept { return store_; }
        bool fetch(LoggedCell<M>& cell) {
            cell.cell = store_.intern(cell.key);
            if (const auto* own = chunk->overlay.find(cell.cell)) {
                cell.below_present = own->present;
                cell.below = own->value;
                return true;
            }
            chunk->reads.push_back(cell.cell);
            const auto& at = store_.cell(cell.cell);
            cell.below_present = at.present;
            if (at.present) {
                cell.below = at.value;
            }
            return true;
        }
        Chunk* chunk = nullptr;

      private:
        StateStore<M>& store_;
    };
    struct Worker {
        explicit Worker(BlockFrame<M>& frame) : runner(frame, frame.store) {}
        TxnRunner<M, Source> runner;
        AccessLog<M> log;
    };

    [[nodiscard]] std::uint32_t chunks_min() const noexcept {
        return std::min(frame_.pool.workers(), kChunksMax);
    }
    void execute(std::uint32_t worker) {
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::uint32_t index = claimed_.fetch_add(1, std::memory_order_relaxed);
            if (index >= count_ || !execute_chunk(worker, index)) {
                return;
            }
            chunks_[index]->done.store(true, std::memory_order_release);  // release: to check
            check(worker);
        }
    }
    /// False when the pass ends before this chunk.
    bool execute_chunk(std::uint32_t worker, std::uint32_t index) {
        Worker& own = *workers_[worker];
        Chunk& chunk = *chunks_[index];
        own.runner.source.chunk = &chunk;
        frame_.prefetch_declared(worker, chunk.first, chunk.last);
        for (std::uint32_t txn = chunk.first; txn < chunk.last; ++txn) {
            // relaxed: only saves work.
            if (frame_.halted() || stop_at_.load(std::memory_order_relaxed) <= index) {
                return false;
            }
            own.runner.run(txn, own.log);
            ++frame_.workers[worker].metrics.executions;
            own.log.for_each([&](LoggedCell<M>& cell) {
                if (cell.changes()) {
                    chunk.overlay.put(frame_.id_of(cell), cell.change != Change::kErase, cell.own);
                }
            });
            chunk.scans.insert(chunk.scans.end(), own.log.scans.begin(), own.log.scans.end());
            frame_.put_out(txn, own.log);
        }
        return true;
    }
    /// Checks the chunks that are done, in block order, until one is not.
    void check(std::uint32_t worker) {
        const std::lock_guard lock(checking_);
        // acquire: pairs with the release in execute. relaxed: changed under the lock.
        while (checked_ < stop_at_.load(std::memory_order_relaxed) &&
               chunks_[checked_]->done.load(std::memory_order_acquire)) {
            Chunk& chunk = *chunks_[checked_];
            auto& metrics = frame_.workers[worker].metrics;
            metrics.validations += chunk.last - chunk.first;
            const bool overlaps = overlaps_before(chunk);
            if (overlaps || !weigh(chunk)) {
                metrics.aborts += overlaps ? chunk.last - chunk.first : 0;
                stop_at_.store(checked_, std::memory_order_relaxed);  // relaxed: only saves work
                return;
            }
            for (const auto& change : chunk.overlay.entries()) {
                marks_[change.cell] = {pass_, checked_};
                if constexpr (kScans<M>) {
                    written_.insert(frame_.store.cell(change.cell).key);
                }
            }
            ++checked_;
        }
    }
    /// Whether a chunk read what an earlier one of the pass wrote.
    [[nodiscard]] bool overlaps_before(const Chunk& chunk) {
        return std::any_of(chunk.reads.begin(), chunk.reads.end(),
                           [this](CellId id) { return marks_[id].pass == pass_; }) ||
               std::any_of(chunk.scans.begin(), chunk.scans.end(),
                           [this](const KeyRange<Key>& scan) {
                               const auto key = written_.lower_bound(scan.from);
                               return key != written_.end() && !scan.ends_before(*key);
                           });
    }
    /// False when the block ends within the chunk: `end_` then says where, and the chunk runs again
    /// up to there.
    bool weigh(const Chunk& chunk) {
        WeightMeter meter = meter_;
        for (std::uint32_t txn = chunk.first; txn < chunk.last; ++txn) {
            if (!meter.admit(frame_.outputs[txn].receipt.weight)) {
                end_ = txn;
                return false;
            }
        }
        meter_ = meter;
        return true;
    }
    void apply(std::uint32_t worker) {
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::uint32_t index = applied_.fetch_add(1, std::memory_order_relaxed);
            if (index >= checked_) {
                return;
            }
            for (const auto& change : chunks_[index]->overlay.entries()) {
                if (marks_[change.cell].chunk == index) {
                    frame_.changes.put(worker, change.cell,
                                       change.present ? &change.value : nullptr);
                }
            }
        }
    }

    BlockFrame<M>& frame_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::unique_ptr<Chunk>> chunks_;
    CellTable<Mark> marks_;
    std::set<Key> written_;  ///< keys that the pass has marked; only of machines that scan
    std::mutex checking_;    // guards checked_, meter_, end_, marks_, written_ while chunks execute
    std::uint32_t pass_ = 0;
    std::uint32_t count_ = 0;    ///< chunks of this pass
    std::uint32_t checked_ = 0;  ///< of them found good
    std::uint32_t end_ = 0;      ///< of the block; lowered when it is full
    WeightMeter meter_{0};

    // claimed_, applied_: next chunk to execute, to apply.   writers: workers   readers: same
    //   publish: nothing.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> claimed_{0};
    alignas(kCacheLineSize) std::atomic<std::uint32_t> applied_{0};
    // stop_at_: first chunk that this pass will not reach.   writers: checker   readers: workers
    //   publish: nothing beyond itself.
    std::atomic<std::uint32_t> stop_at_{0};
};

}  // namespace lockstep::bench
