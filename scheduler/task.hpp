#pragma once

#include <cstdint>

#include "scheduler/types.hpp"

namespace lockstep {

/// What a worker should do next.
struct Task {
    enum class Kind : std::uint8_t {
        kExecute,     ///< run `txn`, which this worker now holds
        kCommit,      ///< this worker holds the frontier: drain it, then leave_frontier()
        kRevalidate,  ///< look whether `txn`, executed and uncommitted, is still valid
        kIdle,        ///< nothing to do now: wait_for_work()
        kDone,        ///< the block is finished or cancelled
    };
    Kind kind = Kind::kIdle;
    TxnIndex txn = kNoTxn;
};

/// Private scheduling state of one worker.
struct WorkerQueue {
    TxnIndex next = 0;  ///< claimed chunk: [next, end)
    TxnIndex end = 0;
    TxnIndex run_next = kNoTxn;  ///< woken by this worker, run next while its data is warm
    TxnIndex group = kNoTxn;     ///< first of the claimed group, while it may be hinted as a whole
    TxnIndex hinted = 0;         ///< of the claimed group: finished in order and with hints, so far
    std::uint64_t hints = 0;     ///< sum of their hints
    TxnIndex revalidated = 0;    ///< next candidate of early revalidation
    std::uint32_t idle_rounds = 0;

    /// Starts with a chunk; `is_group`: it is a group.
    void take(TxnIndex first, TxnIndex last, bool is_group) noexcept {
        next = first;
        end = last;
        group = is_group ? first : kNoTxn;
        hinted = 0;
        hints = 0;
        idle_rounds = 0;
    }
};

/// What the holder of the frontier finds there.
struct CommitCandidate {
    TxnIndex txn = kNoTxn;   ///< kNoTxn: nothing to commit now
    bool deferred = false;   ///< has not run yet: run it on final state
    std::uint32_t hint = 0;  ///< what finish_execution was given; 0 when that is lost
};

}  // namespace lockstep
