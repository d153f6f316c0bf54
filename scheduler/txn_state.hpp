#pragma once

#include <cstdint>

#include "scheduler/sync.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

/// The phase of a transaction.
///
///            start                finish_execution
///   kReady ─────────▶ kExecuting ─────────────────▶ kExecuted ── begin_commit ──▶ kCommitting
///      ▲                │     │
///      │ wake           │     └─ finish_deferred ─▶ kDeferred ── begin_commit ──▶ kCommitting
///      └── kBlocked ◀───┘ block_on
///                                 kExecuted ── try_retake ─▶ kExecuting ── give_back ─▶ kExecuted
///                                 abort: same phase, next incarnation
///
/// A transaction below the frontier is committed, whatever its word says. begin_commit leaves the
/// word alone where no worker retakes: then only the frontier moves.
enum class TxnPhase : std::uint32_t {
    kReady,       ///< may be executed by its holder (chunk, run_next, ready queue)
    kExecuting,   ///< an incarnation is running
    kBlocked,     ///< parked on the waiter list of a lower transaction
    kExecuted,    ///< an incarnation has published its versions
    kDeferred,    ///< waits for its turn at the frontier, where it runs on final state
    kCommitting,  ///< owned by the holder of the frontier, or committed
};

/// One transaction's status word and waiter list.
///
/// Word layout: bits 0-2 phase, bits 3-7 incarnation, bits 8-31 the hint of an executed transaction
/// for its committer. Invariant: the incarnation never decreases within a block, and the phase
/// changes only along the arrows above.
template <class Sync = StdSync>
struct TxnState {
    static constexpr TxnIndex kClosed = kNoTxn - 1;
    static constexpr std::uint32_t kHintBits = 24;

    // word: phase, incarnation, hint.         writers: see the arrows   readers: any
    //   publish: finish_execution's release -> begin_commit's acquire: the transaction's record.
    //   weaker?  no: the committer reads the record without a lock.
    //   layout:  with the waiter list; four transactions per line.
    typename Sync::template Atomic<std::uint32_t> word{0};
    // waiters: head of the list of transactions that wait for this one, linked by next_waiter;
    //          kClosed once there is no need to wait any more.   writers: block_on, close readers:
    //          same
    //   publish: block_on's release -> close's acquire: next_waiter, waiting_incarnation of the
    //   entry.
    //            close's release -> block_on's acquire: the versions published before.
    //   weaker?  no: a refused waiter reads those versions at once.
    typename Sync::template Atomic<TxnIndex> waiters{kNoTxn};
    TxnIndex next_waiter = kNoTxn;        ///< owned by the transaction while it is not blocked
    Incarnation waiting_incarnation = 0;  ///< which incarnation asked to be woken

    [[nodiscard]] static constexpr std::uint32_t pack(TxnPhase phase, Incarnation incarnation,
                                                      std::uint32_t hint = 0) noexcept {
        return static_cast<std::uint32_t>(phase) | (incarnation << 3) | (hint << 8);
    }
    [[nodiscard]] static constexpr TxnPhase phase_of(std::uint32_t packed) noexcept {
        return static_cast<TxnPhase>(packed & 7U);
    }
    [[nodiscard]] static constexpr Incarnation incarnation_of(std::uint32_t packed) noexcept {
        return (packed >> 3) & 31U;
    }
    [[nodiscard]] static constexpr std::uint32_t hint_of(std::uint32_t packed) noexcept {
        return packed >> 8;
    }
};

}  // namespace lockstep
