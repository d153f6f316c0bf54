#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/contract/execution.hpp"
#include "engine/parallel/link_stage.hpp"
#include "engine/parallel/shared_work.hpp"
#include "engine/planned/plan.hpp"
#include "engine/planned/planned_execution.hpp"
#include "engine/planned/planned_record.hpp"
#include "engine/planned/planned_run.hpp"
#include "scheduler/commit_hint.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/sync.hpp"

namespace lockstep {

/// The way of blocks of which all accesses are known: each transaction runs once, in place, in the
/// order of what was declared.
///
/// Role:    a transaction runs once all those below with which it declared a conflict have
///          finished, so it sees what it would see in a serial run and changes cells where they
///          are: no versions, nothing to validate but what it assumed of sums. Where that fails,
///          where a transaction does what it did not declare, or where the weight limit cuts the
///          block, the plan is abandoned: the block is rolled back, to be run speculatively.
/// Threads: as Way says.
/// Invariants
///   [PL1] whatever changes a cell, its value from before the block is in some worker's list.
template <Machine M, class Sync>
class PlannedWay {
  public:
    using Run = PlannedRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Entry = PlannedAccess<M, Sync>;
    using Cell = typename Run::Cell;
    using Links = LinkStage<typename Run::Shared, Plan<M, Sync>, Sync>;
    using Candidate = typename Scheduler<Sync>::Candidate;

    static constexpr std::size_t kInstallChunk = 1;  ///< of workers, for each has a list

    explicit PlannedWay(typename Run::Shared& shared)
        : shared_(shared), scheduler_(shared.scheduler), run_(shared) {}

    // ---- before and behind execution ------------------------------------------------------------

    /// Whether a block of this size can be planned.
    [[nodiscard]] static bool fits(TxnIndex size) noexcept {
        return size <= HandleLayout::kTxnsMax;
    }
    void prepare(std::uint32_t shards) {
        run_.prepare();
        link_stage_.prepare(shards);
        folding_.prepare();
        // relaxed: workers start after prepare, by the pool's publication.
        abandoned_.store(false, std::memory_order_relaxed);
    }
    [[nodiscard]] Links& link_stage() noexcept { return link_stage_; }
    /// Workers that the block pays: its transactions by those of its longest chain, in which each
    /// waits for the one before. With so many workers that always find what is ready, and calls
    /// that cost the same, a block takes less than twice as long as its chain alone.
    [[nodiscard]] TxnIndex width() {
        WorkSpan<Sync> span(Work::kLink);
        const TxnIndex size = shared_.size();
        chains_.resize(size);
        TxnIndex longest = 1;
        std::uint64_t accesses = 0;
        for (TxnIndex txn = 0; txn < size; ++txn) {
            TxnIndex below = 0;  // links of the longest chain that ends below
            for (const Entry& entry : run_.plan.txns[txn].accesses()) {
                if (entry.below != kNoAccess) {
                    below = std::max(below, chains_[run_.plan.txn_of(entry.below)]);
                }
                ++accesses;
            }
            chains_[txn] = below + 1;
            longest = std::max(longest, below + 1);
        }
        span.done(accesses);
        return std::max(size / longest, TxnIndex{1});
    }
    [[nodiscard]] Worker& worker(std::uint32_t index) noexcept { return *run_.workers[index]; }
    [[nodiscard]] static bool revalidates() noexcept { return false; }
    /// Opens the folding of sums; the lists of workers are left to install.
    [[nodiscard]] std::size_t close(bool complete) {
        shared_.keep = complete && !abandoned() && shared_.committed == shared_.size();
        bool adds = false;
        for (const auto& worker : run_.workers) {
            if (!shared_.keep) {
                worker->in_place.rollback({});  // of a transaction that something has thrown out of
            }
            worker->in_place.reset();
            adds = adds || worker->added.size() != 0;
        }
        folding_.open(adds ? run_.workers.size() : 0);
        return run_.workers.size();
    }
    /// Adds up, or rolls back, what workers changed; before that cells get what was added beside
    /// them.
    void install(Worker& worker, std::size_t first, std::size_t last) {
        if (!folding_.is_finished()) {
            folding_.take_part(1, [&](std::size_t list, std::size_t /*end*/) {
                shared_.guarded([&] { fold(worker, run_.workers[list]->added.items()); });
            });
            await<Sync>([this] { return folding_.is_finished(); });
        }
        for (; first < last; ++first) {
            WorkSpan<Sync> span(Work::kInstall);
            auto& commit = run_.workers[first]->commit;
            span.done(commit.changed().size());
            if (shared_.keep) {
                commit.sum_up(worker.common.sums, worker.common.present_change);
            } else {
                commit.restore_cells();
            }
        }
    }
    void forget_emptied() {
        for (const auto& worker : run_.workers) {
            worker->commit.forget_emptied();
        }
    }
    void restore() {
        for (const auto& worker : run_.workers) {
            worker->commit.restore_cells();
        }
    }
    [[nodiscard]] ChangedCells<M, Sync>& changed(std::uint32_t worker) noexcept {
        return run_.workers[worker]->commit.changed();
    }
    /// Whether the block could not go on as planned.
    [[nodiscard]] bool abandoned() const noexcept {
        return abandoned_.load(std::memory_order_relaxed);  // relaxed: read after execution
    }
    /// How often a writer waited for readers.
    [[nodiscard]] std::uint64_t plan_stalls() const noexcept {
        std::uint64_t sum = 0;
        for (const auto& worker : run_.workers) {
            sum += worker->waits_for_readers;
        }
        return sum;
    }

    // ---- ahead of the frontier ------------------------------------------------------------------

    /// Runs a transaction, unless it has to wait for others.
    void execute(Worker& worker, TxnIndex txn) {
        scheduler_.start(txn);
        fetch_ahead(worker.common.queue, txn);
        for (;;) {
            const TxnIndex frontier = scheduler_.frontier();
            Wait wait = wait_of(worker, txn, frontier);
            if (wait.why == PlanStop::kNone) {
                wait.why = execution_.attempt(worker, txn);
                if (wait.why == PlanStop::kNone) {
                    scheduler_.finish_execution(txn, worker.common.queue, hint_for(txn));
                    return;
                }
            }
            if (wait.why == PlanStop::kWait) {
                ++worker.common.metrics.waits;
                if (scheduler_.block_on(txn, wait.blocker)) {
                    return;
                }
                continue;
            }
            if (wait.why == PlanStop::kFrontier) {
                scheduler_.finish_deferred(txn);
            } else {
                abandon_plan();
            }
            return;
        }
    }
    void revalidate(Worker& /*worker*/, TxnIndex /*txn*/) noexcept {}

    // ---- at the frontier ------------------------------------------------------------------------

    [[nodiscard]] static bool trusts_hints() noexcept { return !Sync::suspects(); }
    /// Runs a transaction that waited for sums; false when the plan is abandoned.
    [[nodiscard]] bool make_final(Worker& worker, Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        if (txn + kCommitAhead < shared_.size()) {  // mostly written by another worker
            prefetch_lines<Prefetch::kToRead>(&run_.plan.txns[txn + kCommitAhead], 1);
        }
        if (candidate.deferred) {
            ++worker.common.metrics.deferred;
            Wait wait = wait_of(worker, txn, txn);
            if (wait.why == PlanStop::kNone) {
                wait.why = execution_.attempt(worker, txn);
            }
            if (wait.why != PlanStop::kNone) {
                abandon_plan();
                return false;
            }
        }
        return true;
    }
    /// The block ends here, and the transactions behind have run.
    void exceed_weight(TxnIndex /*txn*/) noexcept { abandon_plan(); }
    /// Adds what a transaction adds to shared sums; false when one is not what the transaction
    /// assumed.
    [[nodiscard]] bool add_effects(TxnIndex txn) {
        if (Sync::suspects() || !commit_sums(txn)) {
            abandon_plan();
            return false;
        }
        return true;
    }
    [[nodiscard]] std::span<const std::byte> events_of(TxnIndex txn) const noexcept {
        const auto* const side_outputs = run_.plan.txns[txn].side_outputs;
        return side_outputs != nullptr ? side_outputs->events : std::span<const std::byte>();
    }

  private:
    using Hint = CommitHint<Sync>;
    using Sum = SharedSum<M, Sync>;

    struct Wait {
        PlanStop why = PlanStop::kNone;
        TxnIndex blocker = kNoTxn;
    };
    static constexpr TxnIndex kAhead = 2;
    static constexpr TxnIndex kCommitAhead = 8;

    void fold(Worker& worker, std::span<Cell* const> added) {
        for (Cell* const cell : added) {
            if (shared_.keep) {
                worker.cells.fold_sum(*cell);
            }
            // relaxed: no worker executes any more.
            cell->slot.additions.store(nullptr, std::memory_order_relaxed);
        }
    }
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
    /// Whom a transaction waits for, as declared: of several the last in the block. It is mostly
    /// the last to finish, so the transaction is woken once.
    [[nodiscard]] Wait wait_of(Worker& worker, TxnIndex txn, TxnIndex frontier) const {
        Wait out;
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
                if (!scheduler_.has_finished(below)) {
                    if (out.why == PlanStop::kNone) {
                        worker.waits_for_readers += is(at, Access::kRead) ? 1U : 0U;
                        out = {.why = PlanStop::kWait, .blocker = below};
                    }
                    out.blocker = std::max(out.blocker, below);
                    break;
                }
            }
        }
        return out;
    }
    /// What an executed transaction tells its committer: its weight, when there is nothing else to
    /// look at; else 0.
    [[nodiscard]] std::uint32_t hint_for(TxnIndex txn) const noexcept {
        const std::uint64_t weight = shared_.result.receipts[txn].weight;
        const auto* const side_outputs = run_.plan.txns[txn].side_outputs;
        const bool plain =
            (side_outputs == nullptr || side_outputs->sums.empty()) && weight <= Hint::kWeightMax;
        return plain ? Hint::of(weight) : 0U;
    }
    [[nodiscard]] bool commit_sums(TxnIndex txn) {
        const auto* const side_outputs = run_.plan.txns[txn].side_outputs;
        if (side_outputs == nullptr) {
            return true;
        }
        for (const Sum& sum : side_outputs->sums) {
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
        scheduler_.cancel();
    }

    typename Run::Shared& shared_;
    Scheduler<Sync>& scheduler_;
    Run run_;
    Plan<M, Sync> plan_{run_};
    PlannedExecution<M, Sync> execution_{run_};
    Links link_stage_{shared_, plan_};
    std::vector<TxnIndex> chains_;  ///< by transaction: links of the longest chain that ends there
    SharedWork<Sync> folding_;      ///< of the lists of cells with sums

    // abandoned_: the plan does not hold.   writers: workers   readers: leader
    //   publish: nothing beyond itself.
    typename Sync::template Atomic<bool> abandoned_{false};
};

}  // namespace lockstep
