#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/contract/machine_call.hpp"
#include "engine/planned/planned_record.hpp"
#include "engine/planned/planned_run.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// Why a transaction of a planned block does not run, or not to its end.
enum class PlanStop : std::uint8_t {
    kNone,
    kWait,        ///< a transaction below has to finish first
    kFrontier,    ///< all transactions below have to be committed first
    kUndeclared,  ///< it does what the plan does not cover, so the block cannot go on as planned
};

/// The execution of a transaction in place: the call of the machine and what becomes of its
/// effects.
///
/// Threads: the worker that holds the transaction.
template <Machine M, class Sync>
class PlannedExecution {
  public:
    using Run = PlannedRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Entry = PlannedAccess<M, Sync>;

    explicit PlannedExecution(Run& run) : run_(run), shared_(run.shared) {}

    /// Calls the machine and completes what it has done; or takes it back, where the plan does not
    /// cover it.
    [[nodiscard]] PlanStop attempt(Worker& worker, TxnIndex txn) {
        worker.cells.begin(txn, shared_.accesses.active());
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

  private:
    using Sum = SharedSum<M, Sync>;

    void call(Worker& worker, TxnIndex txn) {
        WorkSpan<Sync> span(Work::kExecute, txn);
        ++worker.common.metrics.executions;
        Receipt& receipt = shared_.result.receipts[txn];
        receipt = call_machine(shared_.machine, worker.in_place, shared_.transactions[txn],
                               *shared_.context, shared_.limits);
        if (receipt.disposition != Disposition::kExecuted) {
            worker.in_place.rollback({});
        }
        span.done(1);
    }
    void complete(Worker& worker, TxnIndex txn) {
        WorkSpan<Sync> span(Work::kPublish);
        if (shared_.accesses.active()) {
            record_accesses(worker, txn);
        }
        worker.commit.take_changes(worker.in_place, txn, shared_.result.receipts[txn]);
        const auto sums = std::span<const Sum>(worker.cells.shared_sums());
        if (!worker.in_place.events().encoded().empty() || !sums.empty()) {
            keep_side_outputs(worker, txn, sums);
        }
        worker.in_place.reset();
        span.done(1);
    }
    /// Copies that live until the end of the block.
    [[gnu::noinline]] void keep_side_outputs(Worker& worker, TxnIndex txn,
                                             std::span<const Sum> sums) {
        auto* const side_outputs = worker.common.arena.template make<SideOutputs<M, Sync>>();
        side_outputs->events =
            shared_.keep_events(worker.common, worker.in_place.events().encoded());
        if (!sums.empty()) {
            Sum* const kept = worker.common.arena.template make_array<Sum>(sums.size());
            std::copy(sums.begin(), sums.end(), kept);
            side_outputs->sums = {kept, sums.size()};
        }
        run_.plan.txns[txn].side_outputs = side_outputs;
    }
    /// Records what the transaction touched. REQUIRES: InPlaceCommit has not taken its changes yet.
    void record_accesses(Worker& worker, TxnIndex txn) {
        using Kind = typename decltype(worker.in_place)::Kind;
        const auto changes = worker.in_place.changes();
        for (const auto& change : changes) {
            if (change.kind != Kind::kShared && changes[change.cell->journal].remains()) {
                const Kind last = changes[change.cell->journal].kind;
                worker.cells.record_effect(*change.cell,
                                           last == Kind::kAdd ? Effect::kAdd : Effect::kWrite);
            }
        }
        for (const Sum& sum : worker.cells.shared_sums()) {
            if (sum.delta != 0) {
                worker.cells.record_effect(*sum.cell, Effect::kAdd);
            }
        }
        if (const auto* const known = shared_.accesses.known();
            known != nullptr && worker.cells.touched_as(known->of(txn))) {
            shared_.accesses.record_as_listed(txn);
        } else {
            shared_.accesses.record(txn, worker.common.arena, worker.cells.recorded(), {});
        }
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

    Run& run_;
    typename Run::Shared& shared_;
};

}  // namespace lockstep
