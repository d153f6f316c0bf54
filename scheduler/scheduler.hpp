#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"
#include "scheduler/group_hints.hpp"
#include "scheduler/progress.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/speculation_depth.hpp"
#include "scheduler/sync.hpp"
#include "scheduler/task.hpp"
#include "scheduler/txn_state.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

namespace test {
class Inspector;  // checks invariants between the steps of an explored schedule
}

/// Decides who runs what when, for one block at a time. A passive object: no threads inside.
///
/// Role:    hands out transactions in chunks in block order, parks transaction N, which met an
///          estimate of transaction M, on M, and lets one worker at a time commit
///          the finished prefix in order.
/// Threads: next, start, block_on, finish_*, try_retake and the frontier calls from any worker;
///          reset and open from one thread between blocks; reset_states from any, each its own.
/// Invariants
///   [S1] a transaction is held by at most one worker at a time.
///   [S2] the frontier only grows, past committed transactions; done iff it has reached the end of
///        the block (or the point where stop_at cut it). Commits become visible in batches of
///        kBatch, at the latest when the frontier is left: a look at it may show too little.
///   [S3] no lost wake-up: a transaction parked on b is ready again after b has finished; the wake
///        carries the incarnation that asked.
///   [S4] claims never run further ahead of the frontier than the window, but for transactions that
///        do not run ahead of it.
/// Cost:    one shared RMW per chunk, one status store per transaction, one try-lock per commit
///          turn, one store of the frontier per batch.
template <class Sync = StdSync>
class Scheduler {
    friend class test::Inspector;

  public:
    struct Options {
        TxnIndex chunk = 32;     ///< transactions per claim, at most
        TxnIndex window = 4096;  ///< how far claims may run ahead of the frontier, at most
        bool revalidate = true;  ///< let idle workers look for stale incarnations early
        bool learn = true;       ///< speculate less where it fails: SpeculationDepth
    };

    /// Prepares for a block of `size` transactions.
    void reset(TxnIndex size, const Options& options) {
        open(size, options);
        reset_states(0, size);
    }
    /// The same but for the states, which reset_states has to cover before any worker calls next.
    void open(TxnIndex size, const Options& options) {
        LOCKSTEP_CHECK(size < TxnState<Sync>::kClosed && options.chunk > 0 && options.window > 0);
        if (size > capacity_) {
            states_ = std::make_unique<TxnState<Sync>[]>(size);
            capacity_ = size;
        }
        group_hints_.open(size, options.chunk);
        depth_.open(options.window, options.learn, size_);
        options_ = options;
        size_ = size;
        ready_.clear();
        // relaxed: workers start after open.
        claimed_.store(0, std::memory_order_relaxed);
        frontier_.store(0, std::memory_order_relaxed);
        committed_ = 0;
        published_ = 0;
        end_.store(size, std::memory_order_relaxed);
        frontier_held_.store(false, std::memory_order_relaxed);
    }
    void reset_states(TxnIndex first, TxnIndex last) noexcept {
        for (TxnIndex i = first; i < last; ++i) {
            // relaxed: published by what lets workers call next.
            states_[i].word.store(0, std::memory_order_relaxed);
            states_[i].waiters.store(kNoTxn, std::memory_order_relaxed);
        }
    }

    [[nodiscard]] TxnIndex size() const noexcept { return size_; }
    // acquire: pairs with publish_frontier; everything below is final for the caller.
    [[nodiscard]] TxnIndex frontier() const noexcept {
        return frontier_.load(std::memory_order_acquire);
    }
    // acquire: pairs with publish_frontier and stop_at.
    [[nodiscard]] bool done() const noexcept {
        return frontier() >= end_.load(std::memory_order_acquire);
    }

    [[nodiscard]] Task next(WorkerQueue& worker) {
        if (done()) {
            return {.kind = Task::Kind::kDone};
        }
        if (worker.run_next != kNoTxn) {
            return {Task::Kind::kExecute, std::exchange(worker.run_next, kNoTxn)};
        }
        if (worker.next == worker.end && frontier_can_move() && try_hold_frontier()) {
            return {.kind = Task::Kind::kCommit};
        }
        if (const TxnIndex woken = ready_.pop(); woken != kNoTxn) {
            return {Task::Kind::kExecute, woken};
        }
        if (worker.next == worker.end) {
            claim(worker);
        }
        if (worker.next != worker.end) {
            return {Task::Kind::kExecute, worker.next++};
        }
        if (options_.revalidate) {
            if (const TxnIndex stale = revalidation_candidate(worker); stale != kNoTxn) {
                return {Task::Kind::kRevalidate, stale};
            }
        }
        return {.kind = Task::Kind::kIdle};
    }

    /// Backs off after an idle task: spins, yields, then sleeps until there may be work.
    void wait_for_work(WorkerQueue& worker) {
        progress_.wait(worker.idle_rounds, [this] {
            const TxnIndex at = frontier();
            const TxnIndex end = end_.load(std::memory_order_acquire);  // acquire: as in done()
            // acquire: a hint; claim() decides.
            const TxnIndex claimed = claimed_.load(std::memory_order_acquire);
            return at >= end || frontier_can_move() || !ready_.looks_empty() ||
                   (claimed < size_ && depth_.reaches(claimed, at));
        });
    }

    /// The caller stays away; others look again, since it may have finished what they wait for.
    void leave() noexcept { progress_.advance(); }
    /// Takes a held transaction into execution; its incarnation number.
    Incarnation start(TxnIndex txn) noexcept { return states_[txn].start(); }

    /// Parks `waiter` until `blocker` has finished. False when it has finished meanwhile: the
    /// caller still holds `waiter` and runs it again at once.
    [[nodiscard]] bool block_on(TxnIndex waiter, TxnIndex blocker) noexcept {
        LOCKSTEP_DCHECK(blocker < waiter);
        return states_[waiter].park(waiter, states_[blocker]);
    }

    /// Whether `txn` had better not run before the frontier reaches it: see SpeculationDepth.
    [[nodiscard]] bool in_order(TxnIndex txn) const noexcept { return depth_.in_order(txn); }

    /// Whether `txn` has published what it did, so that no transaction waits for it any more.
    [[nodiscard]] bool has_finished(TxnIndex txn) const noexcept {
        return states_[txn].has_finished();
    }
    /// The running incarnation has published its versions: wakes the transactions that waited. The
    /// `hint`, of TxnState::kHintBits, goes to the committer, unless a worker retakes the
    /// transaction. Where none can, a group whose transactions all leave hints, one after the
    /// other, is hinted as a whole.
    void finish_execution(TxnIndex txn, WorkerQueue& worker, std::uint32_t hint = 0) {
        // Closes the waiter list while the transaction is still held: behind the store below
        // another worker may retake it, abort it and open the list for the next incarnation.
        wake_waiters(txn, worker);
        states_[txn].finish(TxnPhase::kExecuted, hint);
        group_hints_.add(txn, worker, hint);
    }

    /// The transaction can only run at the frontier. Its waiters stay parked until then.
    void finish_deferred(TxnIndex txn) noexcept {
        states_[txn].finish(TxnPhase::kDeferred);
        progress_.advance();
    }

    /// Takes an executed, uncommitted transaction back into the caller's hands, unless the frontier
    /// was faster. The caller looks at its record, then calls give_back or abort.
    [[nodiscard]] bool try_retake(TxnIndex txn) noexcept { return states_[txn].try_retake(); }
    /// A retaken transaction is still valid.
    void give_back(TxnIndex txn) noexcept { states_[txn].finish(TxnPhase::kExecuted); }
    /// A retaken transaction is stale: it is executed again as its next incarnation by the caller,
    /// who turns its versions into estimates after this call. Waiters may park on it from here on.
    /// False when it has used up its incarnations; the caller then gives it back to the frontier.
    [[nodiscard]] bool abort(TxnIndex txn) noexcept {
        if (states_[txn].incarnation() + 1 >= kIncarnationsMax) {
            return false;
        }
        states_[txn].restart();
        return true;
    }

    // ---- the frontier: everything below needs Task::Kind::kCommit -------------------------------

    using Candidate = CommitCandidate;

    [[nodiscard]] Candidate begin_commit() noexcept {
        const TxnIndex at = committed_;
        // relaxed: a hint; a cut or a cancellation is noticed later.
        if (at >= end_.load(std::memory_order_relaxed)) {
            return {};
        }
        if (at + kAhead < size_) {  // mostly written by another worker
            prefetch_lines<Prefetch::kToRead>(&states_[at + kAhead], 1);
        }
        TxnState<Sync>& state = states_[at];
        std::uint32_t word = state.word.load(std::memory_order_acquire);  // acquire: the record
        const TxnPhase phase = TxnState<Sync>::phase_of(word);
        if (phase != TxnPhase::kExecuted && phase != TxnPhase::kDeferred) {
            return {};
        }
        // Against try_retake, which may be faster.
        if (options_.revalidate && !state.try_commit(word)) {
            return {};
        }
        return {.txn = at,
                .deferred = phase == TxnPhase::kDeferred,
                .hint = TxnState<Sync>::hint_of(word)};
    }
    /// What the transaction at the frontier did ahead of it was not valid.
    void count_stale() noexcept { depth_.count_stale(); }
    /// The sum of the hints of the group of group_size() transactions at the frontier, when each
    /// left one and the group lies within the block; else 0, and its transactions are committed one
    /// by one.
    [[nodiscard]] std::uint64_t hinted_group() const noexcept {
        const TxnIndex at = committed_;
        // relaxed: as in begin_commit.
        if (options_.revalidate || at % options_.chunk != 0 ||
            at + options_.chunk > end_.load(std::memory_order_relaxed)) {
            return 0;
        }
        return group_hints_.of(at);
    }
    [[nodiscard]] TxnIndex group_size() const noexcept { return options_.chunk; }
    /// The group is final.
    void finish_group() noexcept { move_frontier(committed_ + options_.chunk); }

    /// The transaction is final.
    void finish_commit(TxnIndex txn, bool was_deferred, WorkerQueue& worker) {
        move_frontier(txn + 1);
        if (was_deferred) {
            publish_frontier();  // those who wake up may ask for it
            wake_waiters(txn, worker);
        }
    }
    /// The block ends before `txn`: everything from here on is skipped.
    void stop_at(TxnIndex txn) noexcept {
        // release: pairs with done().
        end_.store(txn, std::memory_order_release);
        progress_.advance();
    }
    void leave_frontier() noexcept {
        if (published_ != committed_) {
            publish_frontier();
        }
        // release: hands the frontier's plain data to the next holder.
        frontier_held_.store(false, std::memory_order_release);
        // A worker may have finished the frontier's transaction and found the role taken.
        progress_.advance();
    }

    /// Whether idle workers look for stale incarnations. REQUIRES: no worker runs.
    void set_revalidation(bool on) noexcept { options_.revalidate = on; }

    /// Ends the block at once, from any thread; the caller discards everything.
    void cancel() noexcept { stop_at(0); }

    /// Incarnations that may run before the frontier; the last one runs at the frontier.
    static constexpr Incarnation kIncarnationsMax = 8;
    /// Commits that are made visible together: every store of the frontier takes its line away from
    /// all workers, who look at it between any two transactions.
    static constexpr TxnIndex kBatch = 32;

  private:
    static constexpr TxnIndex kAhead = 16;

    void move_frontier(TxnIndex committed) noexcept {
        committed_ = committed;
        if (committed_ - published_ >= kBatch) {
            publish_frontier();
        }
        if (depth_.judges(committed_)) {
            // relaxed: what is claimed meanwhile is judged as if it had been before.
            depth_.judge(committed_, claimed_.load(std::memory_order_relaxed));
        }
    }
    void publish_frontier() noexcept {
        published_ = committed_;
        // release: a worker that sees the frontier above a transaction sees its effects.
        frontier_.store(committed_, std::memory_order_release);
    }
    void claim(WorkerQueue& worker) noexcept {
        // relaxed: the counter publishes nothing; acquire in frontier() orders what was committed.
        const TxnIndex seen = claimed_.load(std::memory_order_relaxed);
        if (seen >= size_ || !depth_.reaches(seen, frontier())) {
            return;
        }
        const TxnIndex chunk = depth_.chunk(options_.chunk);
        const TxnIndex first = claimed_.fetch_add(chunk, std::memory_order_relaxed);
        if (first < size_) {
            const bool is_group = chunk == options_.chunk && first % chunk == 0;
            worker.take(first, std::min(first + chunk, size_), is_group);
        }
    }

    [[nodiscard]] bool frontier_can_move() const noexcept {
        const TxnIndex at = frontier();
        if (at >= size_) {
            return false;
        }
        // relaxed: a hint; try_hold_frontier decides.
        if (frontier_held_.load(std::memory_order_relaxed)) {
            return false;
        }
        return states_[at].looks_ended();
    }
    [[nodiscard]] bool try_hold_frontier() noexcept {
        // acquire: pairs with leave_frontier.
        return !frontier_held_.exchange(true, std::memory_order_acquire);
    }

    void wake_waiters(TxnIndex txn, WorkerQueue& worker) {
        // acq_rel: takes the entries of park; publishes the versions to refused waiters.
        TxnIndex waiter =
            states_[txn].waiters.exchange(TxnState<Sync>::kClosed, std::memory_order_acq_rel);
        if (waiter == kNoTxn || waiter == TxnState<Sync>::kClosed) {
            return;
        }
        TxnIndex kept = kNoTxn;  // the lowest stays here, where its data is warm
        bool shared = false;
        while (waiter != kNoTxn) {
            TxnState<Sync>& state = states_[waiter];
            const TxnIndex following = state.next_waiter;
            state.wake();
            if (kept == kNoTxn || waiter < kept) {
                std::swap(kept, waiter);
            }
            if (waiter != kNoTxn) {
                ready_.push(waiter);
                shared = true;
            }
            waiter = following;
        }
        if (worker.run_next == kNoTxn) {
            worker.run_next = kept;
        } else {
            ready_.push(kept);
            shared = true;
        }
        if (shared) {
            progress_.advance();
        }
    }

    [[nodiscard]] TxnIndex revalidation_candidate(WorkerQueue& worker) const noexcept {
        const TxnIndex low = frontier();
        // relaxed: a hint for a search that may miss anything.
        const TxnIndex high = std::min(claimed_.load(std::memory_order_relaxed), size_);
        worker.revalidated = std::max(worker.revalidated, low + 1);
        while (worker.revalidated < high) {
            const TxnIndex txn = worker.revalidated++;
            // relaxed: a hint; try_retake decides.
            if (TxnState<Sync>::phase_of(states_[txn].word.load(std::memory_order_relaxed)) ==
                TxnPhase::kExecuted) {
                return txn;
            }
        }
        return kNoTxn;
    }

    Options options_;
    TxnIndex size_ = 0;
    TxnIndex capacity_ = 0;
    std::unique_ptr<TxnState<Sync>[]> states_;
    GroupHints<Sync> group_hints_;
    SpeculationDepth<Sync> depth_;
    ReadyQueue<Sync> ready_;
    Progress<Sync> progress_;

    // claimed_: first transaction that no chunk covers.   writers: claim   readers: claim, hints
    //   publish: nothing; transactions are published by the block's start.
    //   layout:  own line, every worker writes it once per chunk.
    alignas(kCacheLineSize) typename Sync::template Atomic<TxnIndex> claimed_{0};
    // frontier_: everything below is committed.  writers: the holder   readers: all
    //   publish: publish_frontier's release -> frontier()'s acquire: effects of the committed
    //   prefix. weaker?  no: final-state reads rely on it. layout:  with end_, which hardly
    //   changes; both are read together by done().
    alignas(kCacheLineSize) typename Sync::template Atomic<TxnIndex> frontier_{0};
    // end_: where the block ends.             writers: stop_at   readers: done
    //   publish: nothing beyond itself.
    typename Sync::template Atomic<TxnIndex> end_{0};
    // frontier_held_: try-lock of the commit role.   writers: try_hold, leave   readers: same
    //   publish: leave's release -> try_hold's acquire: the plain data of the frontier.
    //   layout:  own line, contended at turn ends only.
    alignas(kCacheLineSize) typename Sync::template Atomic<bool> frontier_held_{false};
    /// First transaction that is not committed, and what frontier_ says. Plain data of the holder,
    /// on a line that no other worker looks at.
    alignas(kCacheLineSize) TxnIndex committed_ = 0;
    TxnIndex published_ = 0;
};

}  // namespace lockstep
