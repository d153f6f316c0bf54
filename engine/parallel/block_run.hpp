#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/base/arena.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/chunk_pool.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/in_place/in_place_commit.hpp"
#include "engine/in_place/in_place_view.hpp"
#include "engine/parallel/access_notes.hpp"
#include "engine/planned/declared_keys.hpp"
#include "engine/planned/planned_cells.hpp"
#include "engine/planned/planned_record.hpp"
#include "engine/speculative/access_record.hpp"
#include "engine/speculative/scan_notes.hpp"
#include "engine/speculative/speculative_view.hpp"
#include "engine/state/state_store.hpp"
#include "engine/state/state_sums.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// What the parts of the parallel executor share while a block runs.
///
/// Threads: plain members are written by the leader between stages, or by the holder of the
///          frontier where it says so; a worker's own struct belongs to that worker.
template <Machine M, class Sync>
struct BlockRun {
    using Transaction = typename M::Transaction;
    using Context = typename M::Context;
    using Value = typename M::Value;
    using Store = StateStore<M, Sync>;
    using View = SpeculativeView<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Entry = AccessEntry<M, Sync>;
    using Node = Version<Value, Sync>;
    using Cell = typename Store::Cell;

    /// A key that a transaction of a planned block declared.
    struct PlannedKey {
        typename M::Key key{};
        std::uint64_t hash = 0;
        Access access = Access::kRead;
    };

    struct alignas(kCacheLineSize) Worker {
        Worker(BlockRun& run, std::uint32_t index, const TxnLimits& limits)
            : arena(run.memory, index),
              view(run.store, run.undeclared, arena, limits),
              cells(run.store, run.plan, arena, commit, added),
              in_place(cells, limits),
              commit(run.store, arena) {}

        Arena arena;
        View view;
        WorkerQueue queue;
        EffectDigest<M> effects;
        ByteWriter scratch;
        /// Cells that got their first version from this worker, and those that got their additions
        /// from it; a cell is listed once for each.
        AppendList<CellId> touched;
        AppendList<std::uint64_t> hashes;  ///< of the keys of the chunk being resolved
        std::vector<CellId> emptied;       ///< cells that became absent
        std::vector<Entry> superseded;     ///< published entries of the incarnation being replaced
        AppendList<const Entry*> effective;  ///< entries with effects, of the incarnation at hand
        std::vector<CellAccess<typename M::Key>> accesses;  ///< of the transaction being noted
        // Of planned blocks:
        AppendList<Cell*> added;  ///< cells whose sums this worker has made
        PlannedCells<M, Sync> cells;
        InPlaceView<M, Sync, PlannedCells<M, Sync>> in_place;
        InPlaceCommit<M, Sync, PlannedCells<M, Sync>> commit;
        AppendList<PlannedKey> planned_keys;     ///< of the chunk being resolved
        DeclaredKeys<PlannedKey> declared_keys;  ///< those of one transaction
        std::uint64_t waits_for_readers = 0;  ///< of writers, as far as they were the first reason
        StateSums<M> sums;  ///< this worker's share of the change of the state digest
        std::int64_t present_change = 0;
        ExecutionMetrics metrics;
    };

    BlockRun(const M& machine_in, Store& store_in, const TxnLimits& limits_in,
             std::uint32_t worker_count)
        : machine(machine_in),
          store(store_in),
          limits(limits_in),
          memory(worker_count + 1),
          phase_arena(memory, worker_count) {
        for (std::uint32_t i = 0; i < worker_count; ++i) {
            workers.push_back(std::make_unique<Worker>(*this, i, limits));
        }
    }

    [[nodiscard]] TxnIndex size() const noexcept {
        return static_cast<TxnIndex>(transactions.size());
    }
    /// The additions to the cell of an entry. Who makes them lists the cell as touched.
    Additions<Value, Sync>& additions_of(Worker& worker, const Entry& entry) {
        const Additions<Value, Sync>* made = nullptr;
        auto& additions = entry.cell->slot.additions_or_make([&] {
            auto* fresh = worker.arena.template make<Additions<Value, Sync>>();
            made = fresh;
            return fresh;
        });
        if (&additions == made) {
            worker.touched.append(entry.id);
        }
        return additions;
    }
    /// The events of a transaction, as far as they are known.
    [[nodiscard]] std::span<const std::byte> events_of(TxnIndex txn) const noexcept {
        if (planned) {
            const auto* const extras = plan.txns[txn].extras;
            return extras != nullptr ? extras->events : std::span<const std::byte>();
        }
        return {records[txn].events, records[txn].event_bytes};
    }
    /// What an incarnation put out, as data that lives until the end of the block.
    [[nodiscard]] std::span<const std::byte> keep_events(Worker& worker,
                                                         std::span<const std::byte> events) {
        if (events.empty()) {
            return {};
        }
        // relaxed, both: see emitted; a line that all read is written once.
        if (!emitted.load(std::memory_order_relaxed)) {
            emitted.store(true, std::memory_order_relaxed);
        }
        std::byte* const kept = worker.arena.template make_array<std::byte>(events.size());
        std::copy(events.begin(), events.end(), kept);
        return {kept, events.size()};
    }
    /// A turn at the frontier: commits what is ready, then gives the frontier up.
    /// `commit_group()`: whether it has committed the group at the frontier;
    /// `commit_one(candidate)`: whether it has committed that one.
    template <class Group, class One>
    void commit_prefix(Group&& commit_group, One&& commit_one) {
        WorkSpan<Sync> span(Work::kCommit);
        for (;;) {
            if (commit_group()) {
                span.done(scheduler.group_size());
                continue;
            }
            const auto candidate = scheduler.begin_commit();
            if (candidate.txn == kNoTxn || !commit_one(candidate)) {
                break;
            }
            span.done(1);
        }
        scheduler.leave_frontier();
    }
    /// The group at the frontier is committed. By the frontier's holder.
    void finish_group() {
        const TxnIndex end = committed + scheduler.group_size();
        while (committed < end) {
            report_commit(committed++);
        }
        scheduler.finish_group();
    }
    /// Tells the host that a transaction is final, unless it knows. By the frontier's holder.
    void report_commit(TxnIndex txn) {
        if (options->on_commit && txn >= reported) {
            reported = txn + 1;
            options->on_commit(txn, result.receipts[txn], events_of(txn));
        }
    }
    /// Whether the version that was `seen` (null: the base value) is still `now`, or equal to it:
    /// equal rewrites stop a cascade.
    [[nodiscard]] static bool same_value(const Cell& cell, const Node* seen, const Node* now) {
        if (seen == now) {
            return true;
        }
        const auto* base = cell.get();
        const auto* seen_value = seen != nullptr ? seen->get() : base;
        const auto* now_value = now != nullptr ? now->get() : base;
        if (seen_value == nullptr || now_value == nullptr) {
            return seen_value == now_value;
        }
        return *seen_value == *now_value;
    }

    /// Runs `body`. When it throws, the block fails, and `clean_up` runs.
    template <class Body, class CleanUp>
    void guarded(Body&& body, CleanUp&& clean_up) noexcept {
        try {
            body();
        } catch (...) {
            note_failure();
            scheduler.cancel();
            clean_up();
        }
    }
    template <class Body>
    void guarded(Body&& body) noexcept {
        guarded(body, [] {});
    }
    void note_failure() noexcept {
        const std::lock_guard lock(failure_mutex);
        if (failure == nullptr) {
            failure = std::current_exception();
        }
    }
    std::string failure_text() const {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& broken) {
            return broken.what();
        } catch (...) {
            return "unknown failure";
        }
    }

    const M& machine;
    Store& store;
    const TxnLimits limits;
    ChunkPool memory;  ///< of the workers, and of the phases
    Arena phase_arena;
    std::vector<std::unique_ptr<Worker>> workers;
    Scheduler<Sync> scheduler;

    std::span<const Transaction> transactions;
    const ExecuteOptions* options = nullptr;
    std::optional<Context> context;
    BlockResult result;
    std::vector<Record> records;
    PlannedBlock<M, Sync> plan;  ///< in place of records where `planned`
    bool planned = false;
    /// Of machines that scan, per transaction; in its own slot by the holder of each.
    std::vector<std::span<const ScanRecord<typename M::Key>>> scans;
    AccessNotes<M, Sync> accesses;  ///< in its own slot by the holder of each transaction
    UndeclaredEffects<Sync> undeclared;
    BlockAccessMode mode;
    std::uint32_t block_number = 0;
    /// Committed prefix. Of the frontier's holder, on a line of its own: it is written per commit.
    alignas(kCacheLineSize) TxnIndex committed = 0;
    TxnIndex reported = 0;  ///< to the host; ahead of committed while a block runs once more
    // emitted: some incarnation has put out events.   writers: workers   readers: all
    //   publish: nothing; the transaction's commit orders it.
    //   layout:  with what hardly changes; every incarnation with events looks at it.
    alignas(kCacheLineSize) typename Sync::template Atomic<bool> emitted{false};
    bool keep = false;                   ///< settlement applies values, or only empties slots
    typename Sync::Mutex failure_mutex;  // guards failure while workers run
    std::exception_ptr failure;
};

}  // namespace lockstep
