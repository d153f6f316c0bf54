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

unsigned long long llu(std::uint64_t number) {
    return number;
}

/// Random blocks under random walks and changing priorities, with trouble injected:
/// [E1] [E2] [E3] by comparison, [S1] [S2] [S3] [S4] [V1] [V2] [V3] after every write.
TEST(ParallelExecutorSchedules, EqualTheSerialExecutorInEverySession) {
    report_session_on_abort();
    ExplorationCount count;
    const std::uint64_t sessions = scaled(100'100);
    for (std::uint64_t seed = 1; seed <= sessions; ++seed) {
        if (const auto finding = explore_session(seed, count)) {
            FAIL() << describe(*finding) << "\nshrunk: " << describe(shrink(*finding));
        }
    }
    const Explorer::Injected& injected = Explorer::here().injected();
    std::printf("%llu schedules, %llu steps, %llu checks of invariants\n", llu(count.schedules),
                llu(count.steps), llu(count.checks));
    std::printf("of the executor: %llu aborts, %llu waits, %llu deferred\n",
                llu(count.metrics.aborts), llu(count.metrics.waits), llu(count.metrics.deferred));
    std::printf(
        "injected: %llu spurious aborts, %llu failed weak exchanges, %llu workers stopped, "
        "%llu of them restarted, %llu blocks stuck, %llu stop requests, %llu blocks cancelled, "
        "%llu out of memory\n",
        llu(injected.suspicions), llu(injected.weak_failures), llu(injected.halts),
        llu(injected.restarts), llu(count.stuck), llu(injected.interrupts), llu(count.cancelled),
        llu(count.out_of_memory));
    EXPECT_GE(count.schedules, sessions * 10 - count.stuck * 10);
    EXPECT_GT(count.checks, count.schedules * 50);
    EXPECT_GT(count.metrics.aborts, count.schedules / 50);
    EXPECT_GT(count.metrics.waits, count.schedules / 50);
    EXPECT_GT(count.metrics.deferred, count.schedules / 50);
    EXPECT_EQ(count.metrics.fallbacks, 0U);
    EXPECT_GT(count.metrics.planned, 0U);
    EXPECT_GT(count.metrics.abandoned_plans, 0U);
    EXPECT_GT(injected.suspicions, count.schedules / 20);
    EXPECT_GT(injected.weak_failures, count.schedules / 200);
    EXPECT_GT(injected.halts, count.schedules / 20);
    EXPECT_GT(injected.restarts, count.schedules / 20);
    EXPECT_GT(injected.interrupts, count.schedules / 50);
    EXPECT_GT(count.cancelled, count.schedules / 200);
    EXPECT_GT(count.out_of_memory, 0U);
}

TEST(ParallelExecutorSchedules, CommitARightPrefixWhenAWorkerStopsForEver) {
    report_session_on_abort();
    std::uint64_t stuck = 0;
    const std::uint64_t runs = scaled(3'000);
    const TinyCase& tiny = tiny_cases().back();
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
        Random random(seed);
        const auto strategy = random_strategy(random);
        ExploredTwin twin(
            {.workers = 3, .universe = 4, .options = {.chunk_max = 1, .plan = false}});
        const ExploredFaults faults{
            .halt = {.worker = static_cast<std::uint32_t>(1 + random.below(2)),
                     .from = 1 + random.below(250)}};
        const auto wrong = twin.run(tiny.block, *strategy, faults);
        ASSERT_FALSE(wrong.has_value()) << "seed " << seed << ": " << *wrong;
        stuck += twin.stuck() ? 1U : 0U;
    }
    std::printf("%llu of %llu blocks stuck\n", llu(stuck), llu(runs));
    EXPECT_GT(stuck, runs / 20);
    EXPECT_LT(stuck, runs - runs / 20);  // a worker that is not inside keeps nobody from ending
}

TEST(Explorer, HaltedWorkersGoOnWhenTheyMayOrNobodyElseCan) {
    std::string order;
    ExplorerSync::Atomic<int> shared{0};
    Replay usual({});
    const auto run_with = [&](Explorer::Halt halt) {
        order.clear();
        Explorer::here().set_plan({.strategy = &usual, .steps_max = 10'000, .halt = halt});
        return Explorer::here().run(2, [&](std::uint32_t worker) {
            for (int i = 0; i < 3; ++i) {
                shared.fetch_add(1, std::memory_order_relaxed);
                order += static_cast<char>('0' + worker);
                ExplorerSync::yield();
            }
            while (worker == 0 && shared.load() % 6 != 0) {
                ExplorerSync::yield();
            }
        });
    };
    EXPECT_EQ(run_with({}), Explorer::Outcome::kFinished);
    EXPECT_EQ(order, "010101");
    EXPECT_EQ(run_with({.worker = 1, .from = 6, .until = 1'000}), Explorer::Outcome::kFinished);
    EXPECT_EQ(order, "010011");
    EXPECT_EQ(run_with({.worker = 0, .from = 6, .until = 1'000}), Explorer::Outcome::kFinished);
    EXPECT_EQ(order, "011100");
    EXPECT_EQ(run_with({.worker = 1, .from = 6}), Explorer::Outcome::kLivelock);
}

TEST(Explorer, AsksTheMonitorAfterEveryWrite) {
    struct Limit final : Monitor {
        ExplorerSync::Atomic<int> value{0};
        std::uint64_t asked = 0;
        const char* check(std::uint32_t) override {
            ++asked;
            return value.peek() > 7 ? "above 7" : nullptr;
        }
    } limit;
    RandomWalk strategy(1, 4, false);
    const auto run_to = [&](int last) {
        limit.value.store(0);
        Explorer::here().set_plan({.strategy = &strategy, .steps_max = 10'000, .monitor = &limit});
        return Explorer::here().run(2, [&](std::uint32_t) {
            for (int i = 0; i < last; ++i) {
                limit.value.fetch_add(1, std::memory_order_relaxed);
            }
        });
    };
    EXPECT_EQ(run_to(3), Explorer::Outcome::kFinished);
    EXPECT_EQ(limit.asked, 6U);
    EXPECT_EQ(run_to(5), Explorer::Outcome::kBroken);
    EXPECT_STREQ(Explorer::here().broken(), "above 7");
}

TEST(ParallelExecutorSchedules, EqualTheSerialExecutorExhaustivelyForTinyBlocks) {
    // All of them, or as many as sanitizers have time for.
    const std::uint64_t schedules_max = test_scale_percent() < 100 ? scaled(20'000) : 1'000'000;
    for (const TinyCase& tiny : tiny_cases()) {
        ExplorationCount count;
        const auto finding = explore_exhaustively(tiny, 2, schedules_max, count);
        EXPECT_FALSE(finding.has_value()) << describe(*finding);
        std::printf("%-26s %llu schedules\n", tiny.name, llu(count.schedules));
        EXPECT_GT(count.schedules, 100U);
    }
}

}  // namespace
}  // namespace lockstep::test
