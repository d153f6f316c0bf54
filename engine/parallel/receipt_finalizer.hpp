#pragma once

#include <span>

#include "engine/base/cache_line.hpp"
#include "engine/contract/effects.hpp"
#include "engine/parallel/block_run.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// Finalizes the receipts of what is committed: places of events, the longer part of the block
/// digest.
///
/// Role:    follows the frontier. A worker between two chunks does a batch, one worker at a time,
///          while the rest of the block still runs; the leader does what is left.
/// Threads: finalize_some by all workers; the others by the leader, alone.
/// Invariants
///   [RF1] receipts are finalized once each, in block order, below the frontier only.
template <Machine M, class Sync>
class ReceiptFinalizer {
  public:
    using Run = BlockRun<M, Sync>;

    explicit ReceiptFinalizer(Run& run) : run_(run) {}

    /// After the begin-of-block phase. `previous`: digest of the block before.
    void prepare(const Digest& previous, TxnIndex batch) {
        chain_.begin(previous, run_.result);
        batch_ = batch;
        // relaxed: workers start after prepare, by the pool's publication.
        finalized_.store(0, std::memory_order_relaxed);
        held_.store(false, std::memory_order_relaxed);
        run_.emitted.store(false, std::memory_order_relaxed);
    }
    /// Finalizes a batch, unless there is none yet or another worker is at it.
    template <class W>
    void finalize_some(const W& way) {
        // relaxed: a hint; the holder of the role looks again.
        if (run_.scheduler.frontier() < finalized_.load(std::memory_order_relaxed) + batch_ ||
            held_.exchange(true, std::memory_order_acquire)) {  // acquire: pairs with the release
            return;
        }
        finalize(way, run_.scheduler.frontier());       // not below what the holder before has seen
        held_.store(false, std::memory_order_release);  // release: hands the role on
    }
    /// Finalizes what is left, skipped transactions included. After the last worker has left
    /// execution.
    template <class W>
    void finalize_rest(const W& way) {
        finalize(way, run_.committed);
        for (TxnIndex i = run_.committed; i < run_.size(); ++i) {
            skip(i);
        }
        chain_.take(std::span(run_.result.receipts).subspan(run_.committed));
    }
    /// The digest of the block. After the end-of-block phase.
    [[nodiscard]] Digest block_digest() {
        WorkSpan<Sync> span(Work::kChain);
        span.done(run_.size());
        return chain_.finish(run_.result);
    }

  private:
    template <class W>
    void finalize(const W& way, TxnIndex end) {
        WorkSpan<Sync> span(Work::kFinish);
        // relaxed, both: the role's own; others see a hint.
        const TxnIndex begin = finalized_.load(std::memory_order_relaxed);
        // relaxed: transactions below the frontier emitted before it got there.
        const bool emitted = run_.emitted.load(std::memory_order_relaxed);
        BlockResult& result = run_.result;
        for (TxnIndex i = begin; i < end; ++i) {
            Receipt& receipt = result.receipts[i];
            receipt.events_begin = result.events.size();
            if (emitted) {
                const auto events = way.events_of(i);
                result.events.insert(result.events.end(), events.begin(), events.end());
            }
            receipt.events_end = result.events.size();
        }
        chain_.take(std::span(result.receipts).first(end).subspan(begin));
        finalized_.store(end, std::memory_order_relaxed);  // relaxed: as above
        span.done(end - begin);
    }
    void skip(TxnIndex txn) {
        Receipt& receipt = run_.result.receipts[txn];
        receipt = {.disposition = Disposition::kSkipped};
        receipt.events_begin = receipt.events_end = run_.result.events.size();
        effects_.begin(txn, receipt.disposition, receipt.status, receipt.weight);
        receipt.effects = effects_.finish({});
        if (run_.options->on_commit) {
            run_.options->on_commit(txn, receipt, {});
        }
    }

    Run& run_;
    BlockDigest chain_;
    EffectDigest<M> effects_;  ///< of skipped transactions
    TxnIndex batch_ = 0;

    // finalized_: receipts finalized so far.   writers: holder   readers: holder, hints
    //   publish: nothing.   layout:  own line with held_, written once per batch.
    alignas(kCacheLineSize) typename Sync::template Atomic<TxnIndex> finalized_{0};
    // held_: try-lock of the role.   writers: finalize_some   readers: same
    //   publish: the release -> the exchange's acquire: chain_, events.
    typename Sync::template Atomic<bool> held_{false};
};

}  // namespace lockstep
