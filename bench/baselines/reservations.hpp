#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/baselines/block_frame.hpp"
#include "bench/baselines/cell_table.hpp"
#include "engine/base/cache_line.hpp"

namespace lockstep::bench {

/// Deterministic batches with reservations, as in Aria, in block order.
///
/// A batch of transactions executes on one state; each reserves the cells that it writes, the
/// lowest index wins; a transaction conflicts when a lower one has reserved a cell that it read or
/// wrote. Aria commits whoever is free of conflicts and carries the others over, which changes the
/// order. Here the batch commits up to the first conflict. What lies behind stays in the batch and
/// keeps its result as long as no cell that it read has been committed over; else it runs again in
/// the next round. The first transaction of a batch never conflicts, so every round commits
/// something. Ours: the batch follows the length of what commits; small batches run without other
/// workers.
template <Machine M>
class Reservations {
  public:
    explicit Reservations(BlockFrame<M>& frame) : frame_(frame) {
        for (std::uint32_t i = 0; i < frame.pool.workers(); ++i) {
            workers_.push_back(std::make_unique<Runner>(frame, frame.store));
        }
        for (std::uint32_t i = 0; i < kBatchMax; ++i) {
            slots_.push_back(std::make_unique<Slot>());
        }
    }

    std::uint32_t run() {
        end_ = frame_.size();
        WeightMeter meter(frame_.header.weight_limit);
        for (const auto& slot : slots_) {
            slot->good_in = 0;
        }
        std::uint32_t batch = kBatchStart;
        from_ = 0;
        while (from_ < end_ && !frame_.halted()) {
            ++round_;
            to_ = std::min(from_ + batch, end_);
            // relaxed: stages are ordered by the pool, or by this thread.
            conflict_.store(to_, std::memory_order_relaxed);
            on_each(from_, to_, [this](std::uint32_t worker, std::uint32_t txn) {
                execute_and_reserve(worker, txn);
            });
            on_each(from_ + 1, to_, [this](std::uint32_t worker, std::uint32_t txn) {
                look_for_conflict(worker, txn);
            });
            if (frame_.halted()) {
                break;
            }
            std::uint32_t prefix = from_;
            // relaxed: as above.
            while (prefix < conflict_.load(std::memory_order_relaxed)) {
                if (!meter.admit(slot(prefix).log.receipt.weight)) {
                    end_ = prefix;
                    break;
                }
                ++prefix;
            }
            on_each(from_, prefix,
                    [this](std::uint32_t worker, std::uint32_t txn) { commit(worker, txn); });
            batch = std::clamp((prefix - from_) * 2, kBatchMin, kBatchMax);
            from_ = prefix;
        }
        return end_;
    }

  private:
    static constexpr std::uint32_t kBatchMin = 8;
    static constexpr std::uint32_t kBatchStart = 64;
    static constexpr std::uint32_t kBatchMax = 1024;
    static constexpr std::uint32_t kChunk = 16;       ///< transactions per claim
    static constexpr std::uint32_t kAloneBelow = 32;  ///< transactions that one worker does alone

    using Runner = TxnRunner<M, PlainSource<M>>;

    struct alignas(kCacheLineSize) Slot {
        AccessLog<M> log;
        std::uint32_t good_in = 0;  ///< round whose state the result is good for; 0: no result
    };
    struct Reservation {
        // lowest_writer: round in the upper half; in the lower the complement of the lowest index
        // that writes the cell in this round, so that the greatest word wins.
        //   writers: execute_and_reserve   readers: look_for_conflict
        //   publish: nothing; stages are ordered by the pool.
        std::atomic<std::uint64_t> lowest_writer{0};
        std::uint32_t committed_in = 0;  ///< last round that changed the cell; its one writer's
    };

    [[nodiscard]] Slot& slot(std::uint32_t txn) { return *slots_[txn % kBatchMax]; }

    /// Calls `visit(worker, txn)` for [first, last), by all workers when that is worth it.
    template <class Visit>
    void on_each(std::uint32_t first, std::uint32_t last, Visit&& visit) {
        if (first >= last) {
            return;
        }
        claimed_.store(first, std::memory_order_relaxed);  // relaxed: no worker runs
        const auto stage = [&](std::uint32_t worker) {
            for (;;) {
                // relaxed: the counter publishes nothing.
                const std::uint32_t begin = claimed_.fetch_add(kChunk, std::memory_order_relaxed);
                const std::uint32_t end = std::min(begin + kChunk, last);
                for (std::uint32_t txn = begin; txn < end; ++txn) {
                    visit(worker, txn);
                }
                if (end == last || begin >= last) {
                    return;
                }
            }
        };
        if (last - first < kAloneBelow) {
            stage(0);
        } else {
            frame_.on_all_workers(stage);
        }
    }
    void execute_and_reserve(std::uint32_t worker, std::uint32_t txn) {
        if (frame_.halted()) {
            return;
        }
        Slot& own = slot(txn);
        bool good = own.good_in != 0 && own.log.scans.empty();
        if (good) {
            own.log.for_each([&](const LoggedCell<M>& cell) {
                good = good && !(cell.fetched && table_[cell.cell].committed_in >= own.good_in);
            });
        }
        if (!good) {
            frame_.workers[worker].metrics.aborts += own.good_in != 0 ? 1 : 0;
            workers_[worker]->run(txn, own.log);
            ++frame_.workers[worker].metrics.executions;
        }
        own.good_in = round_;
        own.log.for_each([&](LoggedCell<M>& cell) {
            if (cell.changes()) {
                reserve(table_[frame_.id_of(cell)], txn);
            }
        });
    }
    void reserve(Reservation& reservation, std::uint32_t txn) {
        const std::uint64_t word = std::uint64_t{round_} << 32 | (~txn & 0xffff'ffffU);
        // relaxed: see Reservation.
        std::uint64_t now = reservation.lowest_writer.load(std::memory_order_relaxed);
        while (now < word && !reservation.lowest_writer.compare_exchange_weak(
                                 now, word, std::memory_order_relaxed)) {
        }
    }
    void look_for_conflict(std::uint32_t worker, std::uint32_t txn) {
        // relaxed: see conflict_.
        if (txn > conflict_.load(std::memory_order_relaxed)) {
            return;
        }
        ++frame_.workers[worker].metrics.validations;
        bool conflicts = false;
        slot(txn).log.for_each([&](LoggedCell<M>& cell) {
            if (cell.fetched || cell.changes()) {
                // relaxed: see Reservation.
                const std::uint64_t word =
                    table_[cell.cell].lowest_writer.load(std::memory_order_relaxed);
                conflicts =
                    conflicts || (word >> 32 == round_ && ~static_cast<std::uint32_t>(word) < txn);
            }
        });
        if (conflicts || scans_over_lower_write(txn)) {
            // relaxed: see conflict_.
            std::uint32_t now = conflict_.load(std::memory_order_relaxed);
            while (txn < now &&
                   !conflict_.compare_exchange_weak(now, txn, std::memory_order_relaxed)) {
            }
        }
    }
    [[nodiscard]] bool scans_over_lower_write(std::uint32_t txn) {
        AccessLog<M>& log = slot(txn).log;
        bool found = false;
        for (std::uint32_t lower = from_; !log.scans.empty() && lower < txn; ++lower) {
            slot(lower).log.for_each([&](const LoggedCell<M>& cell) {
                found = found || (cell.changes() && log.covers(cell.key));
            });
        }
        return found;
    }
    /// No two transactions that commit in one round write the same cell.
    void commit(std::uint32_t worker, std::uint32_t txn) {
        Slot& own = slot(txn);
        own.log.for_each([&](LoggedCell<M>& cell) {
            if (cell.changes()) {
                frame_.apply(worker, cell);
                table_[cell.cell].committed_in = round_;
            }
        });
        frame_.put_out(txn, own.log);
        own.good_in = 0;  // the slot is free for another transaction
    }

    BlockFrame<M>& frame_;
    std::vector<std::unique_ptr<Runner>> workers_;
    std::vector<std::unique_ptr<Slot>> slots_;
    CellTable<Reservation> table_;
    std::uint32_t round_ = 0;
    std::uint32_t from_ = 0;  ///< committed prefix
    std::uint32_t to_ = 0;    ///< end of the batch
    std::uint32_t end_ = 0;   ///< of the block; lowered when it is full

    // claimed_: next transaction of the running stage.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per chunk.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> claimed_{0};
    // conflict_: first transaction of the batch that conflicts.   writers: workers   readers: same
    //   publish: nothing; stages are ordered by the pool.
    std::atomic<std::uint32_t> conflict_{0};
};

}  // namespace lockstep::bench
