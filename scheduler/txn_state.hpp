#pragma once

#include <cstdint>

#include "engine/base/check.hpp"
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
    //   publish: finish's release -> begin_commit's acquire: the transaction's record.
    //   weaker?  no: the committer reads the record without a lock.
    //   layout:  with the waiter list; four transactions per line.
    typename Sync::template Atomic<std::uint32_t> word{0};
    // waiters: head of the list of transactions that wait for this one, linked by next_waiter;
    //          kClosed once there is no need to wait any more.   writers: park, close   readers:
    //          same
    //   publish: park's release -> close's acquire: next_waiter, waiting_incarnation of the
    //   entry.
    //            close's release -> park's acquire: the versions published before.
    //   weaker?  no: a refused waiter reads those versions at once.
    typename Sync::template Atomic<TxnIndex> waiters{kNoTxn};
    TxnIndex next_waiter = kNoTxn;        ///< owned by the transaction while it is not blocked
    Incarnation waiting_incarnation = 0;  ///< which incarnation asked to be woken

    // ---- transitions by the holder --------------------------------------------------------------

    /// Relaxed: the holder is the only one that moves the word while it holds the transaction.
    [[nodiscard]] Incarnation incarnation() const noexcept {
        return incarnation_of(word.load(std::memory_order_relaxed));  // relaxed: own word
    }
    /// Takes it into execution; the number of its incarnation.
    Incarnation start() noexcept {
        const Incarnation running = incarnation();
        // relaxed: own word.
        word.store(pack(TxnPhase::kExecuting, running), std::memory_order_relaxed);
        return running;
    }
    /// Ends the incarnation: kExecuted or kDeferred.
    void finish(TxnPhase phase, std::uint32_t hint = 0) noexcept {
        // release: publishes the record to begin_commit and try_retake.
        word.store(pack(phase, incarnation(), hint), std::memory_order_release);
    }
    /// Parks it, as transaction `self`, on the list of `blocker`; false when that has finished, and
    /// the caller still holds it.
    [[nodiscard]] bool park(TxnIndex self, TxnState& blocker) noexcept {
        waiting_incarnation = incarnation();
        // relaxed: published by the CAS below.
        word.store(pack(TxnPhase::kBlocked, waiting_incarnation), std::memory_order_relaxed);
        TxnIndex head = blocker.waiters.load(std::memory_order_acquire);  // acquire: see waiters
        for (;;) {
            if (head == kClosed) {
                start();
                return false;
            }
            next_waiter = head;
            // release: publishes the entry to close. acquire on failure: as the load above.
            if (blocker.waiters.compare_exchange_weak(head, self, std::memory_order_release,
                                                      std::memory_order_acquire)) {
                return true;
            }
        }
    }
    /// Begins the next incarnation of one that was taken back. Transactions may park on it again.
    void restart() noexcept {
        // relaxed: own word.
        word.store(pack(TxnPhase::kExecuting, incarnation() + 1), std::memory_order_relaxed);
        // release: before any version becomes an estimate, the list is open again.
        waiters.store(kNoTxn, std::memory_order_release);
    }

    // ---- transitions by any worker --------------------------------------------------------------

    /// Takes back what has executed; the caller then holds it.
    [[nodiscard]] bool try_retake() noexcept {
        std::uint32_t seen = word.load(std::memory_order_relaxed);  // relaxed: the CAS decides
        if (phase_of(seen) != TxnPhase::kExecuted) {
            return false;
        }
        // acquire: the record.
        return word.compare_exchange_strong(seen, pack(TxnPhase::kExecuting, incarnation_of(seen)),
                                            std::memory_order_acquire, std::memory_order_relaxed);
    }
    /// Takes what has ended for commit, while its word is `seen`.
    [[nodiscard]] bool try_commit(std::uint32_t seen) noexcept {
        // acquire: the record.
        return word.compare_exchange_strong(seen, pack(TxnPhase::kCommitting, incarnation_of(seen)),
                                            std::memory_order_acquire, std::memory_order_relaxed);
    }
    /// Makes what was parked ready, by the worker that took it off the list.
    void wake() noexcept {
        std::uint32_t parked = pack(TxnPhase::kBlocked, waiting_incarnation);
        // relaxed: ownership passes with run_next or the queue's lock. A mismatch would be a
        // wake-up for another incarnation.
        const bool woken = word.compare_exchange_strong(
            parked, pack(TxnPhase::kReady, waiting_incarnation), std::memory_order_relaxed);
        LOCKSTEP_CHECK(woken);
    }
    /// Whether it has published what it did, so that no transaction waits for it any more.
    [[nodiscard]] bool has_finished() const noexcept {
        // acquire: pairs with close: what the transaction did.
        return waiters.load(std::memory_order_acquire) == kClosed;
    }
    /// Whether it executed or was deferred; a hint.
    [[nodiscard]] bool looks_ended() const noexcept {
        // relaxed: begin_commit decides.
        const TxnPhase phase = phase_of(word.load(std::memory_order_relaxed));
        return phase == TxnPhase::kExecuted || phase == TxnPhase::kDeferred;
    }

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
