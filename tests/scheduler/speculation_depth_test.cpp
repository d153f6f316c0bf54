#include "scheduler/speculation_depth.hpp"

#include <gtest/gtest.h>

#include "scheduler/scheduler.hpp"

namespace lockstep::test {
namespace {

using Depth = SpeculationDepth<>;

/// How far transactions may be claimed with the frontier at `frontier`, as a distance.
TxnIndex window_of(const Depth& depth, TxnIndex frontier) {
    TxnIndex window = 0;
    while (depth.reaches(frontier + window, frontier)) {
        ++window;
    }
    return window;
}
/// Commits a sample of which `stale` had to run again; the frontier afterwards.
TxnIndex commit_sample(Depth& depth, TxnIndex frontier, TxnIndex stale, TxnIndex claimed = 0) {
    for (TxnIndex i = 0; i < Depth::kSample; ++i) {
        if (i < stale) {
            depth.count_stale();
        }
        ++frontier;
        EXPECT_EQ(depth.judges(frontier), i + 1 == Depth::kSample);
    }
    depth.judge(frontier, claimed);
    return frontier;
}

TEST(SpeculationDepth, HalvesTheWindowWhereMuchFailsAndDoublesItWhereLittleDoes) {
    Depth depth;
    depth.open(256, true, 0);
    EXPECT_EQ(window_of(depth, 0), 256);
    EXPECT_EQ(depth.chunk(32), 32);
    TxnIndex frontier = commit_sample(depth, 0, 20);
    EXPECT_EQ(window_of(depth, frontier), 128);
    EXPECT_EQ(depth.chunk(32), 128 / Depth::kChunksInWindow);
    EXPECT_EQ(depth.chunk(4), 4);
    frontier = commit_sample(depth, frontier, 4);  // neither few nor many
    EXPECT_EQ(window_of(depth, frontier), 128);
    for (int i = 0; i < 5; ++i) {
        frontier = commit_sample(depth, frontier, 20);
    }
    EXPECT_EQ(window_of(depth, frontier), Depth::kWindowMin);
    EXPECT_FALSE(depth.in_order(frontier));
    for (int i = 0; i < 5; ++i) {
        frontier = commit_sample(depth, frontier, 0);
    }
    EXPECT_EQ(window_of(depth, frontier), 256);
}

TEST(SpeculationDepth, RestsWhereNearlyAllFailAndLongerEachTime) {
    Depth depth;
    depth.open(Depth::kWindowMin, true, 0);
    TxnIndex frontier = commit_sample(depth, 0, Depth::kSample, 100);
    EXPECT_TRUE(depth.in_order(100 + Depth::kRestMin - 1));
    EXPECT_FALSE(depth.in_order(100 + Depth::kRestMin));  // behind what was claimed already
    EXPECT_TRUE(depth.reaches(100 + Depth::kRestMin - 1, frontier));
    EXPECT_FALSE(depth.judges(100 + Depth::kRestMin + Depth::kSample - 1));

    frontier = 100 + Depth::kRestMin;
    frontier = commit_sample(depth, frontier, Depth::kSample);
    EXPECT_TRUE(depth.in_order(frontier + 2 * Depth::kRestMin - 1));
    EXPECT_FALSE(depth.in_order(frontier + 2 * Depth::kRestMin));

    frontier += 2 * Depth::kRestMin;
    frontier = commit_sample(depth, frontier, 0);  // it pays again
    EXPECT_FALSE(depth.in_order(frontier));
    frontier = commit_sample(depth, frontier, Depth::kSample);
    EXPECT_FALSE(depth.in_order(frontier + Depth::kRestMin));
    EXPECT_TRUE(depth.in_order(frontier + Depth::kRestMin - 1));
}

TEST(SpeculationDepth, RestsAreBounded) {
    Depth depth;
    depth.open(Depth::kWindowMin, true, 0);
    TxnIndex frontier = 0;
    for (int i = 0; i < 20; ++i) {
        frontier = commit_sample(depth, frontier, Depth::kSample);
        TxnIndex rest = 0;
        for (; depth.in_order(frontier); ++frontier) {
            ++rest;
        }
        EXPECT_GE(rest, Depth::kRestMin);
        EXPECT_LE(rest, Depth::kRestMax);
    }
}

TEST(SpeculationDepth, WhatWasLearnedOutlastsTheBlock) {
    Depth depth;
    depth.open(256, true, 0);
    const TxnIndex frontier = commit_sample(depth, 0, 20);
    depth.open(256, true, frontier);
    EXPECT_EQ(window_of(depth, 0), 128);
    depth.open(64, true, 1000);  // a shorter one is asked for
    EXPECT_EQ(window_of(depth, 0), 64);
    depth.open(4096, true, 1000);  // nothing has shortened that one
    EXPECT_EQ(window_of(depth, 0), 4096);

    depth.open(Depth::kWindowMin, true, 1000);
    commit_sample(depth, 0, Depth::kSample);  // rests to kSample + kRestMin
    depth.open(Depth::kWindowMin, true, Depth::kSample + 10);
    EXPECT_TRUE(depth.in_order(Depth::kRestMin - 11));
    EXPECT_FALSE(depth.in_order(Depth::kRestMin - 10));
    depth.open(Depth::kWindowMin, true, 10'000);
    EXPECT_FALSE(depth.in_order(0));
}

TEST(SpeculationDepth, LearnsOnlyWhenToldTo) {
    Depth depth;
    depth.open(256, false, 0);
    TxnIndex frontier = 0;
    for (int i = 0; i < 20; ++i) {
        frontier = commit_sample(depth, frontier, Depth::kSample);
        EXPECT_EQ(window_of(depth, frontier), 256);
        EXPECT_FALSE(depth.in_order(frontier));
    }
}

/// Runs a block on one worker whose every transaction fails at the frontier when it ran ahead; how
/// many did.
TxnIndex ran_ahead(Scheduler<>& scheduler, TxnIndex size, bool learn) {
    scheduler.reset(size, {.chunk = 8, .revalidate = false, .learn = learn});
    WorkerQueue worker;
    TxnIndex ran = 0;
    for (Task task = scheduler.next(worker); task.kind != Task::Kind::kDone;
         task = scheduler.next(worker)) {
        if (task.kind == Task::Kind::kExecute) {
            scheduler.start(task.txn);
            if (scheduler.in_order(task.txn)) {
                scheduler.finish_deferred(task.txn);
            } else {
                ++ran;
                scheduler.finish_execution(task.txn, worker);
            }
        } else if (task.kind == Task::Kind::kCommit) {
            for (auto found = scheduler.begin_commit(); found.txn != kNoTxn;
                 found = scheduler.begin_commit()) {
                if (!found.deferred) {
                    scheduler.count_stale();
                }
                scheduler.finish_commit(found.txn, found.deferred, worker);
            }
            scheduler.leave_frontier();
        } else {
            ADD_FAILURE() << "nothing to do";
            break;
        }
    }
    return ran;
}

TEST(SpeculationDepth, LeavesTransactionsToTheFrontierWhereAllFail) {
    constexpr TxnIndex kSize = 20'000;
    Scheduler<> scheduler;
    EXPECT_EQ(ran_ahead(scheduler, kSize, false), kSize);
    const TxnIndex first = ran_ahead(scheduler, kSize, true);
    EXPECT_LT(first, kSize / 10);
    EXPECT_GT(first, Depth::kSample);
    const TxnIndex second = ran_ahead(scheduler, kSize, true);
    EXPECT_LT(second, first);  // it knows by now
    EXPECT_GT(second, 0);      // and goes on trying
}

}  // namespace
}  // namespace lockstep::test
