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
/// Role:    second stage of a planned block. A transaction runs once everybody below
///          has finished whom it declared a conflict with, so it sees what it would see in a serial
///          run and changes cells where they are: no versions, nothing to validate but what it
///          assumed of sums. Where that fails, where a transaction does what it did not declare, or
///          where the weight limit cuts the block, the plan is abandoned: the block is taken back,
///          to be run speculatively.
/// Threads: execute by the worker that holds the transaction; commit_prefix by the holder of the
///          frontier; the rest by the leader.
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
        const auto changes = worker.in_place.changes();
        for (const auto& change : changes) {
            if (change.kind != Kind::kShared && changes[change.cell->journal].remains()) {
                const Kind last = changes[change.cell->journal].kind;
                worker.cells.note_effect(*change.cell,
                                         last == Kind::kAdd ? Effect::kAdd : Effect::kWrite);
            }
        }
        for (const Sum& sum : worker.cells.shared_sums()) {
            if (sum.delta != 0) {
                worker.cells.note_effect(*sum.cell, Effect::kAdd);
            }
        }
        run_.accesses.note(worker.cells, txn, worker.arena);
    }
    /// Puts into the cells that a transaction declared to write what others added below it; the
    /// other cells of a unit follow when the transaction first uses them.
    void fold_sums_below(Worker& worker, TxnIndex txn) {
        for (const Entry& entry : run_.plan.txns[txn].accesses()) {
            if (entry.below != kNoAccess && entry.is(Access::kWrite) &&
                !is(entry.below, Access::kWrite)) {
                worker.cells.fold_sum(*entry.cell);
            }
        }
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
};

}  // namespace lockstep
