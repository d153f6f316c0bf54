#pragma once

#include <cstdint>

#include "engine/parallel/block_run.hpp"
#include "engine/parallel/way.hpp"
#include "scheduler/commit_hint.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// Commits the finished transactions of a block in block order.
///
/// Role:    order, weight limit, reports to the host. What makes a transaction final is the affair
///          of the way that the block takes.
/// Threads: commit_prefix by the worker that holds the scheduler's frontier, with which the plain
///          data passes on; the others by the leader.
template <Machine M, class Sync>
class Committer {
  public:
    using Run = BlockRun<M, Sync>;

    explicit Committer(Run& run) : run_(run) {}

    /// Before the first attempt at a block.
    void begin_block() noexcept { reported_ = 0; }
    void prepare() noexcept {
        run_.committed = 0;
        weight_used_ = 0;
    }
    /// Commits what is ready, then gives the frontier up.
    template <Way<Sync> W>
    void commit_prefix(W& way, typename W::Worker& worker) {
        WorkSpan<Sync> span(Work::kCommit);
        for (;;) {
            if (commit_group(way)) {
                span.done(run_.scheduler.group_size());
                continue;
            }
            const auto candidate = run_.scheduler.begin_commit();
            if (candidate.txn == kNoTxn || !commit_one(way, worker, candidate)) {
                break;
            }
            span.done(1);
        }
        run_.scheduler.leave_frontier();
    }

  private:
    using Hint = CommitHint<Sync>;

    /// Commits the group at the frontier when its hints say that there is nothing to look at in it.
    template <class W>
    bool commit_group(W& way) {
        const std::uint64_t hints = run_.scheduler.hinted_group();
        const TxnIndex size = run_.scheduler.group_size();
        if (hints == 0 || !way.trusts_hints() || !take_weight(Hint::weight_of(hints, size))) {
            return false;
        }
        for (const TxnIndex end = run_.committed + size; run_.committed < end;) {
            report(way, run_.committed++);
        }
        run_.scheduler.finish_group();
        return true;
    }
    template <class W>
    bool commit_one(W& way, typename W::Worker& worker,
                    typename Scheduler<Sync>::Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        const bool plain = Hint::is_plain(candidate.hint) && way.trusts_hints();
        if (!plain && !way.make_final(worker, candidate)) {
            return false;
        }
        if (!take_weight(plain ? Hint::weight_of(candidate.hint)
                               : run_.result.receipts[txn].weight)) {
            way.exceed_weight(txn);
            return false;
        }
        if (!plain && !way.add_effects(txn)) {
            return false;
        }
        run_.committed = txn + 1;
        report(way, txn);
        run_.scheduler.finish_commit(txn, candidate.deferred, worker.common.queue);
        return true;
    }
    [[nodiscard]] bool take_weight(std::uint64_t weight) noexcept {
        if (weight > run_.result.header.weight_limit - weight_used_) {
            return false;
        }
        weight_used_ += weight;
        return true;
    }
    /// Tells the host that a transaction is final, unless it knows.
    template <class W>
    void report(const W& way, TxnIndex txn) {
        if (run_.options->on_commit && txn >= reported_) {
            reported_ = txn + 1;
            run_.options->on_commit(txn, run_.result.receipts[txn], way.events_of(txn));
        }
    }

    Run& run_;
    std::uint64_t weight_used_ = 0;
    TxnIndex reported_ = 0;  ///< to the host; ahead of BlockRun::committed in a second attempt
};

}  // namespace lockstep
