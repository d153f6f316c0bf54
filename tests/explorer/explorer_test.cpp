#include <gtest/gtest.h>

#include <cstdio>
#include <utility>

#include "scheduler/progress.hpp"
#include "tests/explorer/session.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

Explorer::Outcome run_workers(Strategy& strategy, std::uint32_t workers,
                              const std::function<void(std::uint32_t)>& job) {
    Explorer::here().set_plan({.strategy = &strategy, .steps_max = 10'000});
    return Explorer::here().run(workers, job);
}

TEST(Explorer, SameSeedGivesTheSameScheduleAndItsTraceReplaysIt) {
    const auto order_of = [](Strategy& strategy) {
        std::string order;
        ExplorerSync::Atomic<int> shared{0};
        const auto outcome = run_workers(strategy, 3, [&](std::uint32_t worker) {
            for (int i = 0; i < 10; ++i) {
                shared.fetch_add(1, std::memory_order_relaxed);
                order += static_cast<char>('0' + worker);
            }
        });
        EXPECT_EQ(outcome, Explorer::Outcome::kFinished);
        return order;
    };
    std::size_t different = 0;
    std::string last;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        RandomWalk first(seed, 3, seed % 2 == 0);
        RandomWalk second(seed, 3, seed % 2 == 0);
        const std::string order = order_of(first);
        EXPECT_EQ(order, order_of(second));
        Replay replay(Explorer::here().trace());
        EXPECT_EQ(order, order_of(replay));
        different += order != last ? 1U : 0U;
        last = order;
    }
    EXPECT_GT(different, 40U);
}

TEST(Explorer, FindsALostUpdate) {
    std::size_t lost = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        ExplorerSync::Atomic<int> shared{0};
        PriorityChanges strategy(seed, 2, 20);
        run_workers(strategy, 2, [&](std::uint32_t) { shared.store(shared.load() + 1); });
        lost += shared.load() < 2 ? 1U : 0U;
    }
    EXPECT_GT(lost, 5U);
}

TEST(Explorer, ReportsSleepersThatNobodyWakesAsDeadlock) {
    ExplorerSync::Atomic<int> never{0};
    RandomWalk strategy(1, 4, false);
    const auto outcome =
        run_workers(strategy, 2, [&](std::uint32_t) { never.wait(0, std::memory_order_acquire); });
    EXPECT_EQ(outcome, Explorer::Outcome::kDeadlock);
}

TEST(Explorer, ReportsEndlessSpinningAsLivelock) {
    ExplorerSync::Atomic<int> never{0};
    RandomWalk strategy(1, 4, false);
    const auto outcome = run_workers(strategy, 2, [&](std::uint32_t) {
        while (never.load(std::memory_order_acquire) == 0) {
            ExplorerSync::relax();
        }
    });
    EXPECT_EQ(outcome, Explorer::Outcome::kLivelock);
}

TEST(Explorer, KeepsExceptionsOfInterleavedHandlersApart) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        RandomWalk strategy(seed, 2, false);
        ExplorerSync::Atomic<int> caught{0};
        run_workers(strategy, 3, [&](std::uint32_t worker) {
            try {
                throw static_cast<int>(worker);
            } catch (int) {
                caught.fetch_add(1, std::memory_order_relaxed);
                try {
                    throw;
                } catch (int number) {
                    EXPECT_EQ(number, static_cast<int>(worker));
                }
            }
            while (worker == 0 && caught.load() < 3) {
                ExplorerSync::relax();  // workers that come after the end never run
            }
        });
        EXPECT_EQ(caught.load(), 3);
    }
}

TEST(Explorer, LocksExcludeEachOther) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        PriorityChanges strategy(seed, 3, 60);
        ExplorerSync::Mutex mutex;
        ExplorerSync::Atomic<int> inside{0};
        const auto outcome = run_workers(strategy, 3, [&](std::uint32_t) {
            for (int i = 0; i < 3; ++i) {
                const std::lock_guard lock(mutex);
                EXPECT_EQ(inside.fetch_add(1, std::memory_order_relaxed), 0);
                inside.fetch_sub(1, std::memory_order_relaxed);
            }
        });
        EXPECT_EQ(outcome, Explorer::Outcome::kFinished);
    }
}

TEST(Progress, LosesNoWakeUpInAnyExploredSchedule) {  // [PR1]
    for (std::uint64_t seed = 0; seed < scaled(20'000); ++seed) {
        const auto strategy =
            std::make_unique<PriorityChanges>(seed, static_cast<std::uint32_t>(seed % 5), 40);
        Progress<ExplorerSync> progress;
        ExplorerSync::Atomic<int> work{0};
        const auto outcome = run_workers(*strategy, 3, [&](std::uint32_t worker) {
            if (worker == 0) {
                work.store(1, std::memory_order_relaxed);
                progress.advance();
                return;
            }
            std::uint32_t idle_rounds = 0;
            const auto has_work = [&] { return work.load(std::memory_order_relaxed) != 0; };
            while (!has_work()) {
                progress.wait(idle_rounds, has_work);
            }
        });
        ASSERT_EQ(outcome, Explorer::Outcome::kFinished) << "seed " << seed;
    }
}

/// Random blocks under random walks and changing priorities: [E1] [E2] [E3] [S1] [S2] [S3] [S4].
TEST(ParallelExecutorSchedules, EqualTheSerialExecutorInEverySession) {
    report_session_on_abort();
    ExplorationCount count;
    const std::uint64_t sessions = scaled(20'000);
    for (std::uint64_t seed = 1; seed <= sessions; ++seed) {
        if (const auto finding = explore_session(seed, count)) {
            FAIL() << describe(*finding) << "\nshrunk: " << describe(shrink(*finding));
        }
    }
    std::printf(
        "%llu schedules, %llu steps, %llu blocks given up, %llu aborts, %llu waits, "
        "%llu deferred\n",
        static_cast<unsigned long long>(count.schedules),
        static_cast<unsigned long long>(count.steps),
        static_cast<unsigned long long>(count.given_up),
        static_cast<unsigned long long>(count.metrics.aborts),
        static_cast<unsigned long long>(count.metrics.waits),
        static_cast<unsigned long long>(count.metrics.deferred));
    EXPECT_EQ(count.schedules, sessions * 10);
    EXPECT_GT(count.given_up, 0U);
    EXPECT_GT(count.metrics.aborts, count.schedules / 50);
    EXPECT_GT(count.metrics.waits, count.schedules / 50);
    EXPECT_GT(count.metrics.deferred, count.schedules / 50);
    EXPECT_EQ(count.metrics.fallbacks, 0U);
}

Step step(Op op, std::uint32_t key, std::int64_t operand = 0, Bounds bounds = {}) {
    return {.op = op, .key = key, .operand = operand, .bounds = bounds};
}

struct TinyCase {
    const char* name;
    std::vector<Program> programs;
};

std::vector<TinyCase> tiny_cases() {
    using Declared = std::vector<std::pair<std::uint32_t, Access>>;
    const auto program = [](std::vector<Step> steps, Declared declared = {}) {
        return Program{.steps = std::move(steps), .declared = std::move(declared)};
    };
    const Program increments = program({step(Op::kRead, 0), step(Op::kWrite, 0, 1)});
    Program known = increments;
    known.declared = {{0, Access::kWrite}};
    const Program adds = program({step(Op::kAdd, 0, 6, {.lower = 0, .upper = 10})});
    return {
        {"UndeclaredWritersOfOneKey", {increments, increments}},
        {"DeclaredWritersOfOneKey", {known, known}},
        {"MixedWritersOfOneKey", {known, increments, known}},
        {"AddersAtTheBound", {adds, adds}},
        {"ReaderBehindAnAdder", {adds, program({step(Op::kRead, 0), step(Op::kWrite, 1)})}},
        {"WriterThatChangesItsMind",
         {program({step(Op::kWrite, 0, 3)}),
          program({step(Op::kRead, 0), step(Op::kWrite, 1, 7), step(Op::kRejectIfOdd, 0)}),
          program({step(Op::kRead, 1), step(Op::kWrite, 2)})}},
    };
}

TEST(ParallelExecutorSchedules, EqualTheSerialExecutorExhaustivelyForTinyBlocks) {
    const std::uint64_t schedules_max = scaled(12'000);
    for (const TinyCase& tiny : tiny_cases()) {
        ExplorationCount count;
        const ExploredSetting setting{.workers = 2, .universe = 4, .options = {.chunk_max = 1}};
        const Block<Program> block{.header = {.height = 1, .time_ms = 1},
                                   .transactions = tiny.programs};
        const auto finding = explore_exhaustively(setting, block, 2, schedules_max, count);
        EXPECT_FALSE(finding.has_value()) << tiny.name << ": " << describe(*finding);
        std::printf("%-26s %llu schedules\n", tiny.name,
                    static_cast<unsigned long long>(count.schedules));
        EXPECT_GT(count.schedules, 100U);
    }
}

}  // namespace
}  // namespace lockstep::test
