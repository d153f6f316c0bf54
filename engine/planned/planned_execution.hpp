#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/cache_line.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine_call.hpp"
#include "engine/parallel/block_run.hpp"
#include "engine/planned/planned_record.hpp"
#include "scheduler/commit_hint.hpp"

namespace lockstep {

/// Why a transaction of a planned block does not run, or not to its end.
enum class PlanStop : std::uint8_t {
    kNone,
    kWait,        ///< a transaction below has to finish first
    kFrontier,    ///< all transactions below have to be committed first
    kUndeclared,  ///< it does what the plan does not cover, so the block cannot go on as planned
};

/// Executes the transactions of a block in place, in the order of what they declared.
///
/// Role:    second stage of a planned block, and its end. A transaction runs once everybody below
///          has finished whom it declared a conflict with, so it sees what it would see in a serial
///          run and changes cells where they are: no versions, nothing to validate but what it
///          assumed of sums. Where that fails, where a transaction does what it did not declare, or
///          where the weight limit cuts the block, the plan is abandoned: the block is taken back,
///          to be run speculatively.
/// Threads: execute by the worker that holds the transaction; commit_prefix by the holder of the
///          frontier; close and finish by the leader; settle_some by all workers.
/// Invariants
///   [PL1] whatever changes a cell, its value from before the block is in some worker's list.
template <Machine M, class Sync>
class PlannedExecution {
  public:
    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Entry = PlannedAccess<M, Sync>;
    using Cell = typename Run::Cell;

    explicit PlannedExecution(Run& run) : run_(run) {}

    void prepare() {
        run_.plan.prepare(run_.size(), run_.block_number);
        for (const auto& worker : run_.workers) {
            worker->added.clear();
            worker->waits_for_readers = 0;
            worker->cells.prepare();
            worker->commit.begin(run_.block_number);
        }
        weight_taken_ = 0;
        // relaxed: workers start after prepare, by the pool's publication.
        abandoned_.store(false, std::memory_order_relaxed);
        closed_.store(false, std::memory_order_relaxed);
        claimed_.store(0, std::memory_order_relaxed);
        settled_.store(0, std::memory_order_relaxed);
    }

    /// Runs a transaction, unless it has to wait for others.
    void execute(Worker& worker, TxnIndex txn) {
        run_.scheduler.start(txn);
        fetch_ahead(worker.queue, txn);
        for (;;) {
            const TxnIndex frontier = run_.scheduler.frontier();
            Wait wait = wait_of(worker, txn, frontier);
            if (wait.why == PlanStop::kNone) {
                wait.why = attempt(worker, txn);
                if (wait.why == PlanStop::kNone) {
                    run_.scheduler.finish_execution(txn, worker.queue, note_for(txn));
                    return;
                }
            }
            if (wait.why == PlanStop::kWait) {
                ++worker.metrics.waits;
                if (run_.scheduler.block_on(txn, wait.blocker)) {
                    return;
                }
                continue;
            }
            if (wait.why == PlanStop::kFrontier) {
                run_.scheduler.finish_deferred(txn);
            } else {
                abandon_plan();
            }
            return;
        }
    }
    /// Commits what is ready, then gives the frontier up.
    void commit_prefix(Worker& worker) {
        run_.commit_prefix([&] { return commit_group(); },
                           [&](const auto& candidate) { return commit_one(worker, candidate); });
    }

    /// After the last worker has left execution: decides whether the block stands as it is.
    /// `complete`: nobody cancelled it, and nothing failed.
    void close(bool complete) {
        WorkSpan<Sync> span(Work::kList);
        run_.keep = complete && run_.committed == run_.size() && !abandoned();
        std::size_t cells = 0;
        for (const auto& worker : run_.workers) {
            if (!run_.keep) {
                worker->in_place.rollback({});  // of a transaction that something has thrown out of
            }
            worker->in_place.reset();
            cells += worker->added.size();
            for (Cell* const cell : worker->added.items()) {
                if (run_.keep) {
                    fold_sum(*run_.workers.front(), *cell);
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
    void finish(ExecutionMetrics& metrics) {
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
            block_metrics.given_up = abandoned() ? 1U : 0U;
        }
        if (block_metrics.planned + block_metrics.given_up != 0) {
            metrics += block_metrics;
        }
    }
    /// Whether the block could not go on as planned.
    [[nodiscard]] bool abandoned() const noexcept {
        return abandoned_.load(std::memory_order_relaxed);  // relaxed: read after execution
    }
    /// How often a writer waited for readers.
    [[nodiscard]] std::uint64_t stalls() const noexcept {
        std::uint64_t sum = 0;
        for (const auto& worker : run_.workers) {
            sum += worker->waits_for_readers;
        }
        return sum;
    }

  private:
    using Note = CommitHint<Sync>;
    using Sum = SharedSum<M, Sync>;

    struct Wait {
        PlanStop why = PlanStop::kNone;
        TxnIndex blocker = kNoTxn;
    };
    static constexpr TxnIndex kAhead = 2;
    static constexpr TxnIndex kCommitAhead = 8;

    /// Starts fetching what the coming transactions of the worker's chunk will look at first.
    void fetch_ahead(const WorkerQueue& queue, TxnIndex txn) const noexcept {
        if (txn + 1 != queue.next || txn + 2 * kAhead >= queue.end) {
            return;
        }
        const auto far = run_.plan.txns[txn + 2 * kAhead].accesses();
        prefetch_lines<Prefetch::kToRead>(far.data(), far.size_bytes());
        for (const Entry& entry : run_.plan.txns[txn + kAhead].accesses()) {
            prefetch_lines<Prefetch::kToWrite>(entry.cell, sizeof(Cell));
        }
    }
    /// Whom a transaction waits for, as declared.
    [[nodiscard]] Wait wait_of(Worker& worker, TxnIndex txn, TxnIndex frontier) const {
        for (const Entry& entry : run_.plan.txns[txn].accesses()) {
            if (entry.below == kNoAccess || run_.plan.txn_of(entry.below) < frontier) [[likely]] {
                continue;
            }
            if (is(entry.below, Access::kAdd)) {
                return {.why = PlanStop::kFrontier};
            }
            for (AccessHandle at = entry.below; at != kNoAccess && run_.plan.txn_of(at) >= frontier;
                 at = is(at, Access::kWrite) ? kNoAccess : run_.plan.at(at).older()) {
                const TxnIndex below = run_.plan.txn_of(at);
                if (!run_.scheduler.has_finished(below)) {
                    worker.waits_for_readers += is(at, Access::kRead) ? 1U : 0U;
                    return {.why = PlanStop::kWait, .blocker = below};
                }
            }
        }
        return {};
    }
    /// Calls the machine and completes what it has done; or takes it back, where the plan does not
    /// cover it.
    [[nodiscard]] PlanStop attempt(Worker& worker, TxnIndex txn) {
        worker.cells.begin(txn, run_.accesses.active());
        fold_sums_below(worker, txn);
        call(worker, txn);
        if (worker.cells.stopped()) [[unlikely]] {
            worker.in_place.rollback({});
            worker.in_place.reset();
            return PlanStop::kUndeclared;
        }
        complete(worker, txn);
        return PlanStop::kNone;
    }
    void call(Worker& worker, TxnIndex txn) {
        WorkSpan<Sync> span(Work::kExecute, txn);
        ++worker.metrics.executions;
        Receipt& receipt = run_.result.receipts[txn];
        receipt = call_machine(run_.machine, worker.in_place, run_.transactions[txn], *run_.context,
                               run_.limits);
        if (receipt.disposition != Disposition::kExecuted) {
            worker.in_place.rollback({});
        }
        span.done(1);
    }
    void complete(Worker& worker, TxnIndex txn) {
        WorkSpan<Sync> span(Work::kPublish);
        if (run_.accesses.active()) {
            note_accesses(worker, txn);
        }
        worker.commit.take_changes(worker.in_place, txn, run_.result.receipts[txn]);
        const auto sums = std::span<const Sum>(worker.cells.shared_sums());
        if (!worker.in_place.events().encoded().empty() || !sums.empty()) {
            keep_extras(worker, txn, sums);
        }
        worker.in_place.reset();
        span.done(1);
    }
    /// Copies that live until the end of the block.
    [[gnu::noinline]] void keep_extras(Worker& worker, TxnIndex txn, std::span<const Sum> sums) {
        auto* const extras = worker.arena.template make<PlannedExtras<M, Sync>>();
        extras->events = run_.keep_events(worker, worker.in_place.events().encoded());
        if (!sums.empty()) {
            Sum* const kept = worker.arena.template make_array<Sum>(sums.size());
            std::copy(sums.begin(), sums.end(), kept);
            extras->sums = {kept, sums.size()};
        }
        run_.plan.txns[txn].extras = extras;
    }
    /// Hands on what the transaction touched. REQUIRES: its changes have not been taken yet.
    void note_accesses(Worker& worker, TxnIndex txn) {
        using Kind = typename decltype(worker.in_place)::Kind;
        worker.cells.note_effects([changes = worker.in_place.changes()](const Cell& cell) {
            if (cell.journal == kNoChange || !changes[cell.journal].remains()) {
                return Effect::kNone;
            }
            return changes[cell.journal].kind == Kind::kAdd ? Effect::kAdd : Effect::kWrite;
        });
        run_.accesses.note(worker.cells, txn, worker.arena);
    }
    /// Puts into the cells that a transaction declared to write what others added below it.
    void fold_sums_below(Worker& worker, TxnIndex txn) {
        for (const Entry& entry : run_.plan.txns[txn].accesses()) {
            if (entry.below != kNoAccess && entry.is(Access::kWrite) &&
                !is(entry.below, Access::kWrite)) {
                fold_sum(worker, *entry.cell);
            }
        }
    }
    /// REQUIRES: nobody else looks at the cell, and all that was added is committed.
    void fold_sum(Worker& worker, Cell& cell) {
        // acquire: pairs with additions_or_make.
        auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        if (additions == nullptr || !additions->applies_to(nullptr)) {
            return;
        }
        worker.commit.note(cell);
        cell.add(additions->sum);
        additions->restart();
    }
    /// What an executed transaction tells its committer: its weight, when there is nothing else to
    /// look at; else 0.
    [[nodiscard]] std::uint32_t note_for(TxnIndex txn) const noexcept {
        const std::uint64_t weight = run_.result.receipts[txn].weight;
        const auto* const extras = run_.plan.txns[txn].extras;
        const bool plain =
            (extras == nullptr || extras->sums.empty()) && weight <= Note::kWeightMax;
        return plain ? Note::of(weight) : 0U;
    }
    bool commit_group() {
        const std::uint64_t notes = run_.scheduler.noted_group();
        if (notes == 0 || Sync::suspects() ||
            !take_weight(Note::weight_of(notes, run_.scheduler.group_size()))) {
            return false;
        }
        run_.finish_group();
        return true;
    }
    bool commit_one(Worker& worker, typename Scheduler<Sync>::Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        if (txn + kCommitAhead < run_.size()) {  // mostly written by another worker
            prefetch_lines<Prefetch::kToRead>(&run_.plan.txns[txn + kCommitAhead], 1);
        }
        if (candidate.deferred) {
            ++worker.metrics.deferred;
            Wait wait = wait_of(worker, txn, txn);
            if (wait.why == PlanStop::kNone) {
                wait.why = attempt(worker, txn);
            }
            if (wait.why != PlanStop::kNone) {
                abandon_plan();
                return false;
            }
        }
        const bool plain = Note::is_plain(candidate.note);
        if (!take_weight(plain ? Note::weight_of(candidate.note)
                               : run_.result.receipts[txn].weight) ||
            Sync::suspects() || !(plain || commit_sums(txn))) {
            abandon_plan();
            return false;
        }
        run_.committed = txn + 1;
        run_.report_commit(txn);
        run_.scheduler.finish_commit(txn, candidate.deferred, worker.queue);
        return true;
    }
    [[nodiscard]] bool take_weight(std::uint64_t weight) noexcept {
        if (weight > run_.result.header.weight_limit - weight_taken_) {
            return false;
        }
        weight_taken_ += weight;
        return true;
    }
    /// Adds what a transaction adds to shared sums; false when a sum is not what the transaction
    /// assumed.
    [[nodiscard]] bool commit_sums(TxnIndex txn) {
        const auto* const extras = run_.plan.txns[txn].extras;
        if (extras == nullptr) {
            return true;
        }
        for (const Sum& sum : extras->sums) {
            // acquire: pairs with additions_or_make.
            auto* additions = sum.cell->slot.additions.load(std::memory_order_acquire);
            Int128 number = sum.cell->number();
            if (additions->applies_to(nullptr)) {
                number = wrapping_add(number, additions->sum);
            }
            if (number < sum.lower || sum.upper < number) {
                return false;
            }
            if (sum.delta != 0) {
                additions->commit(nullptr, sum.delta);
            }
        }
        return true;
    }
    void abandon_plan() noexcept {
        abandoned_.store(true, std::memory_order_relaxed);  // relaxed: read after execution
        run_.scheduler.cancel();
    }

    Run& run_;
    std::uint64_t weight_taken_ = 0;

    // abandoned_: the block cannot stand as planned.   writers: workers   readers: leader
    //   publish: nothing beyond itself.
    typename Sync::template Atomic<bool> abandoned_{false};
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
