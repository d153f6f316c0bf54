#include "scheduler/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/base/random.hpp"

namespace lockstep::test {
namespace {

using Kind = Task::Kind;

/// Drives the scheduler as one thread that plays several workers.
class SchedulerTest : public testing::Test {
  protected:
    void reset(TxnIndex size, TxnIndex chunk = 1, TxnIndex window = 4096, bool revalidate = false) {
        scheduler.reset(size, {.chunk = chunk, .window = window, .revalidate = revalidate});
    }
    TxnIndex take(WorkerQueue& worker) {
        const Task task = scheduler.next(worker);
        EXPECT_EQ(task.kind, Kind::kExecute);
        if (task.kind == Kind::kExecute) {
            scheduler.start(task.txn);
        }
        return task.txn;
    }
    /// Commits all that can be; REQUIRES that the worker is offered the frontier now.
    TxnIndex commit(WorkerQueue& worker) {
        EXPECT_EQ(scheduler.next(worker).kind, Kind::kCommit);
        TxnIndex count = 0;
        for (auto found = scheduler.begin_commit(); found.txn != kNoTxn;
             found = scheduler.begin_commit()) {
            scheduler.finish_commit(found.txn, found.deferred, worker);
            ++count;
        }
        scheduler.leave_frontier();
        return count;
    }

    Scheduler<> scheduler;
    WorkerQueue a;
    WorkerQueue b;
};

TEST_F(SchedulerTest, AnEmptyBlockIsDone) {
    reset(0);
    EXPECT_TRUE(scheduler.done());
    EXPECT_EQ(scheduler.next(a).kind, Kind::kDone);
}

TEST_F(SchedulerTest, ClaimsChunksInBlockOrderAndEveryTransactionOnce) {  // [S1]
    reset(7, 3);
    std::vector<TxnIndex> taken;
    for (WorkerQueue* worker : {&a, &b, &a, &a, &b, &b, &a}) {
        taken.push_back(take(*worker));
    }
    EXPECT_EQ(taken, (std::vector<TxnIndex>{0, 3, 1, 2, 4, 5, 6}));
    EXPECT_EQ(scheduler.next(a).kind, Kind::kIdle);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kIdle);
}

TEST_F(SchedulerTest, ClaimsStayWithinTheWindowOfTheFrontier) {  // [S4]
    reset(10, 1, 2);
    EXPECT_EQ(take(a), 0U);
    EXPECT_EQ(take(b), 1U);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kIdle);
    scheduler.finish_execution(1, b);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kIdle);
    scheduler.finish_execution(0, a);
    EXPECT_EQ(commit(a), 2U);
    EXPECT_EQ(take(b), 2U);
    EXPECT_EQ(take(b), 3U);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kIdle);
}

TEST_F(SchedulerTest, TheFrontierMovesInOrderAndEndsTheBlock) {  // [S2]
    reset(3);
    for (TxnIndex i = 0; i < 3; ++i) {
        EXPECT_EQ(take(a), i);
    }
    scheduler.finish_execution(2, a);
    EXPECT_EQ(scheduler.next(a).kind, Kind::kIdle);
    scheduler.finish_execution(0, a);
    EXPECT_EQ(commit(a), 1U);
    EXPECT_EQ(scheduler.frontier(), 1U);
    EXPECT_FALSE(scheduler.done());
    scheduler.finish_execution(1, a);
    EXPECT_EQ(commit(a), 2U);
    EXPECT_TRUE(scheduler.done());
    EXPECT_EQ(scheduler.next(b).kind, Kind::kDone);
}

TEST_F(SchedulerTest, OnlyOneWorkerHoldsTheFrontier) {  // [S2]
    reset(2);
    take(a);
    take(b);
    scheduler.finish_execution(0, a);
    EXPECT_EQ(scheduler.next(a).kind, Kind::kCommit);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kIdle);
    scheduler.leave_frontier();
    EXPECT_EQ(scheduler.next(b).kind, Kind::kCommit);
}

TEST_F(SchedulerTest, AParkedTransactionIsHandedToTheWorkerThatFinishedItsBlocker) {  // [S3]
    reset(3);
    EXPECT_EQ(take(a), 0U);
    EXPECT_EQ(take(b), 1U);
    EXPECT_TRUE(scheduler.block_on(1, 0));
    scheduler.finish_execution(0, a);
    EXPECT_EQ(take(a), 1U);
}

TEST_F(SchedulerTest, AFinishedBlockerRefusesWaiters) {  // [S3]
    reset(2);
    take(a);
    take(b);
    scheduler.finish_execution(0, a);
    EXPECT_FALSE(scheduler.block_on(1, 0));
    scheduler.finish_execution(1, b);  // still held by b
    EXPECT_EQ(commit(b), 2U);
}

TEST_F(SchedulerTest, TheLowestOfSeveralWaitersIsHandedOffAndTheOthersAreQueued) {  // [S3]
    reset(4);
    take(a);
    for (TxnIndex i = 1; i < 4; ++i) {
        EXPECT_EQ(take(b), i);
    }
    for (const TxnIndex waiter : {2U, 1U, 3U}) {
        EXPECT_TRUE(scheduler.block_on(waiter, 0));
    }
    scheduler.finish_execution(0, a);
    EXPECT_EQ(take(a), 1U);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kCommit);
    scheduler.leave_frontier();
    b.next = b.end = 0;
    WorkerQueue c;
    EXPECT_EQ(scheduler.next(c).kind, Kind::kCommit);
    EXPECT_EQ(take(b), 2U);  // c holds the frontier
    EXPECT_EQ(take(b), 3U);
}

TEST_F(SchedulerTest, WaitersOfADeferredTransactionWakeAtItsCommit) {  // [S3]
    reset(2);
    take(a);
    take(b);
    scheduler.finish_deferred(0);
    EXPECT_TRUE(scheduler.block_on(1, 0));
    EXPECT_EQ(scheduler.next(a).kind, Kind::kCommit);
    const auto found = scheduler.begin_commit();
    EXPECT_EQ(found.txn, 0U);
    EXPECT_TRUE(found.deferred);
    EXPECT_EQ(a.run_next, kNoTxn);
    scheduler.finish_commit(0, true, a);
    scheduler.leave_frontier();
    EXPECT_EQ(take(a), 1U);
}

TEST_F(SchedulerTest, ARetakenTransactionIsNeitherCommittedNorRetakenAgain) {  // [S1]
    reset(2, 1, 4096, true);
    take(a);
    scheduler.finish_execution(0, a);
    EXPECT_TRUE(scheduler.try_retake(0));
    EXPECT_FALSE(scheduler.try_retake(0));
    EXPECT_EQ(take(b), 1U);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kIdle);
    scheduler.give_back(0);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kCommit);
    EXPECT_EQ(scheduler.begin_commit().txn, 0U);
    EXPECT_FALSE(scheduler.try_retake(0));
}

TEST_F(SchedulerTest, AnAbortedTransactionTakesWaitersUntilItsNextIncarnationHasFinished) {  // [S3]
    reset(2);
    take(a);
    take(b);
    scheduler.finish_execution(0, a);
    ASSERT_TRUE(scheduler.try_retake(0));
    ASSERT_TRUE(scheduler.abort(0));
    EXPECT_TRUE(scheduler.block_on(1, 0));
    scheduler.finish_execution(0, a);
    EXPECT_EQ(take(a), 1U);
}

TEST_F(SchedulerTest, IncarnationsAreBounded) {
    reset(1);
    take(a);
    scheduler.finish_execution(0, a);
    Incarnation incarnations = 1;
    for (;; ++incarnations) {
        ASSERT_LE(incarnations, Scheduler<>::kIncarnationsMax);
        ASSERT_TRUE(scheduler.try_retake(0));
        if (!scheduler.abort(0)) {
            break;
        }
        scheduler.finish_execution(0, a);
    }
    scheduler.give_back(0);
    EXPECT_EQ(incarnations, Scheduler<>::kIncarnationsMax);
    EXPECT_EQ(commit(a), 1U);
}

TEST_F(SchedulerTest, IdleWorkersAreOfferedExecutedTransactionsOfTheirOwnChoice) {
    reset(3, 1, 4096, true);
    for (TxnIndex i = 0; i < 3; ++i) {
        take(a);
    }
    scheduler.finish_execution(2, a);
    const Task task = scheduler.next(b);
    EXPECT_EQ(task.kind, Kind::kRevalidate);
    EXPECT_EQ(task.txn, 2U);
    EXPECT_EQ(scheduler.next(b).kind, Kind::kIdle);  // once per worker
}

TEST_F(SchedulerTest, ABlockCanEndEarly) {  // [S2]
    reset(5, 5);
    take(a);
    scheduler.finish_execution(0, a);
    scheduler.stop_at(1);
    EXPECT_FALSE(scheduler.done());
    a.next = a.end;
    EXPECT_EQ(commit(a), 1U);
    EXPECT_TRUE(scheduler.done());
}

TEST_F(SchedulerTest, ACancelledBlockIsDoneAtOnceAndTheNextOneIsFresh) {
    reset(5);
    take(a);
    scheduler.cancel();
    EXPECT_TRUE(scheduler.done());
    EXPECT_EQ(scheduler.next(a).kind, Kind::kDone);
    reset(2);
    a = b = {};
    EXPECT_EQ(take(a), 0U);
    EXPECT_EQ(take(b), 1U);
    scheduler.finish_execution(0, a);
    scheduler.finish_execution(1, b);
    EXPECT_EQ(commit(a), 2U);
}

TEST_F(SchedulerTest, CommitsBecomeVisibleInBatchesAndWhenTheFrontierIsLeft) {  // [S2]
    constexpr TxnIndex kBatch = Scheduler<>::kBatch;
    reset(kBatch + 2, kBatch + 2);
    for (TxnIndex i = 0; i < kBatch + 2; ++i) {
        EXPECT_EQ(take(a), i);
        scheduler.finish_execution(i, a);
    }
    ASSERT_EQ(scheduler.next(a).kind, Kind::kCommit);
    for (TxnIndex i = 0; i < kBatch + 1; ++i) {
        EXPECT_EQ(scheduler.frontier(), i < kBatch ? 0 : kBatch);
        ASSERT_EQ(scheduler.begin_commit().txn, i);
        scheduler.finish_commit(i, false, a);
    }
    EXPECT_EQ(scheduler.frontier(), kBatch);
    scheduler.leave_frontier();
    EXPECT_EQ(scheduler.frontier(), kBatch + 1);
    EXPECT_FALSE(scheduler.done());
}

TEST_F(SchedulerTest, ADeferredCommitIsVisibleToThoseItWakes) {  // [S2]
    reset(2);
    take(a);
    take(b);
    scheduler.finish_execution(0, a);
    scheduler.finish_deferred(1);
    ASSERT_EQ(scheduler.next(a).kind, Kind::kCommit);
    scheduler.finish_commit(scheduler.begin_commit().txn, false, a);
    EXPECT_EQ(scheduler.frontier(), 0U);
    scheduler.finish_commit(scheduler.begin_commit().txn, true, a);
    EXPECT_EQ(scheduler.frontier(), 2U);
}

TEST_F(SchedulerTest, ANoteReachesTheCommitterUnlessTheTransactionIsRetaken) {
    constexpr std::uint32_t kNoteMax = (1U << TxnState<>::kHintBits) - 1;
    for (const bool retakes : {false, true}) {
        reset(1, 1, 4096, true);
        a = {};
        take(a);
        scheduler.finish_execution(0, a, kNoteMax);
        if (retakes) {
            ASSERT_TRUE(scheduler.try_retake(0));
            scheduler.give_back(0);
        }
        ASSERT_EQ(scheduler.next(a).kind, Kind::kCommit);
        EXPECT_EQ(scheduler.begin_commit().hint, retakes ? 0 : kNoteMax);
    }
}

TEST_F(SchedulerTest, AGroupIsNotedWhenAllOfItFinishInOrderAndLeaveNotes) {
    reset(6, 3);
    a = {};
    b = {};
    EXPECT_EQ(take(a), 0);
    EXPECT_EQ(take(b), 3);
    scheduler.finish_execution(0, a, 5);
    EXPECT_EQ(take(a), 1);
    scheduler.finish_execution(1, a, 6);
    EXPECT_EQ(take(a), 2);
    EXPECT_EQ(scheduler.hinted_group(), 0);
    scheduler.finish_execution(2, a, 7);
    for (const TxnIndex txn : {3U, 4U, 5U}) {
        EXPECT_EQ(txn == 3 ? 3 : take(b), txn);
        scheduler.finish_execution(txn, b, txn == 4 ? 0 : 9);  // one has something to say
    }
    ASSERT_EQ(scheduler.next(a).kind, Kind::kCommit);
    EXPECT_EQ(scheduler.hinted_group(), 18);
    scheduler.finish_group();
    EXPECT_EQ(scheduler.hinted_group(), 0);
    for (const TxnIndex txn : {3U, 4U, 5U}) {
        EXPECT_EQ(scheduler.begin_commit().txn, txn);
        scheduler.finish_commit(txn, false, a);
        EXPECT_EQ(scheduler.hinted_group(), 0);
    }
    scheduler.leave_frontier();
    EXPECT_TRUE(scheduler.done());
}

TEST_F(SchedulerTest, AGroupIsNotNotedAroundATransactionThatWaitedOrCanBeRetaken) {
    for (const bool retakes : {false, true}) {
        reset(4, 2, 4096, retakes);
        a = {};
        b = {};
        EXPECT_EQ(take(a), 0);
        EXPECT_EQ(take(b), 2);
        const bool parks = !retakes;
        if (parks) {
            ASSERT_TRUE(scheduler.block_on(2, 0));  // woken by the other worker
        } else {
            scheduler.finish_execution(2, b, 1);
        }
        EXPECT_EQ(take(b), 3);
        scheduler.finish_execution(3, b, 1);
        scheduler.finish_execution(0, a, 1);
        if (parks) {
            EXPECT_EQ(take(a), 2);
            scheduler.finish_execution(2, a, 1);
        }
        EXPECT_EQ(take(a), 1);
        scheduler.finish_execution(1, a, 1);
        ASSERT_EQ(scheduler.next(a).kind, Kind::kCommit);
        EXPECT_EQ(scheduler.hinted_group(), retakes ? 0 : 2);
        for (TxnIndex txn = 0; txn < 4; ++txn) {
            EXPECT_EQ(scheduler.begin_commit().txn, txn);
            scheduler.finish_commit(txn, false, a);
            EXPECT_EQ(scheduler.hinted_group(), 0) << txn;
        }
        scheduler.leave_frontier();
    }
}

TEST(TxnState, PacksPhaseIncarnationAndNote) {
    for (const TxnPhase phase : {TxnPhase::kReady, TxnPhase::kBlocked, TxnPhase::kCommitting}) {
        for (const Incarnation incarnation : {0U, 1U, Scheduler<>::kIncarnationsMax}) {
            for (const std::uint32_t note : {0U, 1U, (1U << TxnState<>::kHintBits) - 1}) {
                const std::uint32_t word = TxnState<>::pack(phase, incarnation, note);
                EXPECT_EQ(TxnState<>::phase_of(word), phase);
                EXPECT_EQ(TxnState<>::incarnation_of(word), incarnation);
                EXPECT_EQ(TxnState<>::hint_of(word), note);
            }
        }
    }
}

/// A block of 1000 transactions on virtual workers, whose running tasks end in random order. Some
/// transactions wait for a lower one, some run at the frontier only, some are aborted once.
class RandomDrive {
  public:
    static constexpr TxnIndex kSize = 1'000;
    static constexpr std::uint32_t kWorkers = 5;

    explicit RandomDrive(std::uint64_t seed) : random_(seed), workers_(kWorkers) {
        scheduler_.reset(kSize, {.chunk = static_cast<TxnIndex>(1 + random_.below(20)),
                                 .window = static_cast<TxnIndex>(20 + random_.below(500)),
                                 .revalidate = random_.chance(1, 2)});
        for (TxnIndex i = 0; i < kSize; ++i) {
            defers_.push_back(random_.chance(1, 20));
            blocker_.push_back(
                i > 0 && random_.chance(1, 3)
                    ? i - 1 - static_cast<TxnIndex>(random_.below(std::min<TxnIndex>(i, 6)))
                    : kNoTxn);
        }
        ended_.resize(kSize);
        running_.resize(kWorkers);
    }

    void run() {
        for (std::uint64_t step = 0; step < 200'000; ++step) {
            const auto at = static_cast<std::uint32_t>(random_.below(kWorkers));
            if (running_[at].has_value()) {
                end_task(at);
            } else if (!begin_task(at)) {
                break;
            }
        }
        EXPECT_TRUE(scheduler_.done());
        EXPECT_EQ(scheduler_.frontier(), kSize);
        EXPECT_EQ(commits_, kSize);
        EXPECT_EQ(executions_, kSize + aborts_);
    }

  private:
    /// False when the block is done.
    bool begin_task(std::uint32_t at) {
        const Task task = scheduler_.next(workers_[at]);
        switch (task.kind) {
            case Kind::kDone:
                return false;
            case Kind::kIdle:
                break;
            case Kind::kExecute:
                for (const auto& other : running_) {
                    EXPECT_FALSE(other.has_value() && other->txn == task.txn);  // [S1]
                }
                scheduler_.start(task.txn);
                running_[at] = task;
                break;
            case Kind::kRevalidate:
                if (scheduler_.try_retake(task.txn)) {
                    if (random_.chance(1, 3) && scheduler_.abort(task.txn)) {
                        ++aborts_;
                        ended_[task.txn] = false;
                        running_[at] = Task{Kind::kExecute, task.txn};
                    } else {
                        scheduler_.give_back(task.txn);
                    }
                }
                break;
            case Kind::kCommit:
                running_[at] = task;
                break;
        }
        return true;
    }
    void end_task(std::uint32_t at) {
        const Task task = *running_[at];
        if (task.kind == Kind::kCommit) {
            const auto found = scheduler_.begin_commit();
            if (found.txn == kNoTxn) {
                scheduler_.leave_frontier();
                running_[at].reset();
                return;
            }
            EXPECT_EQ(found.txn, commits_);  // [S2]
            EXPECT_EQ(found.deferred, static_cast<bool>(defers_[found.txn]));
            executions_ += found.deferred ? 1 : 0;
            ended_[found.txn] = true;
            ++commits_;
            scheduler_.finish_commit(found.txn, found.deferred, workers_[at]);
            return;
        }
        running_[at].reset();
        const TxnIndex blocker = blocker_[task.txn];
        if (blocker != kNoTxn && !ended_[blocker] && scheduler_.block_on(task.txn, blocker)) {
            return;  // [S3]: it comes back
        }
        if (defers_[task.txn]) {
            scheduler_.finish_deferred(task.txn);
            return;
        }
        ++executions_;
        ended_[task.txn] = true;
        scheduler_.finish_execution(task.txn, workers_[at]);
    }

    Random random_;
    Scheduler<> scheduler_;
    std::vector<WorkerQueue> workers_;
    std::vector<std::optional<Task>> running_;
    std::vector<bool> defers_;
    std::vector<bool> ended_;
    std::vector<TxnIndex> blocker_;
    TxnIndex commits_ = 0;
    std::uint64_t executions_ = 0;
    std::uint64_t aborts_ = 0;
};

TEST(SchedulerDrive, RunsEveryTransactionExactlyOncePerIncarnationInAnyOrderOfEnds) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {  // [S1] [S2] [S3] [S4]
        RandomDrive drive(seed);
        drive.run();
        if (testing::Test::HasFailure()) {
            FAIL() << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace lockstep::test
