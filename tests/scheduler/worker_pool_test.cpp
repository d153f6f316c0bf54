#include "engine/parallel/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

/// Runs jobs and checks that nobody is inside after run, and no number is taken twice.
void expect_sound_jobs(WorkerPool& pool, std::uint64_t jobs) {
    std::vector<std::atomic<int>> inside(pool.workers());
    std::atomic<bool> clash{false};
    std::atomic<std::uint64_t> ran{0};
    for (std::uint64_t job = 0; job < jobs; ++job) {
        bool caller_ran = false;
        pool.run([&](std::uint32_t worker) {
            if (inside.at(worker)++ != 0) {
                clash = true;
            }
            ++ran;
            if (worker == 0) {
                caller_ran = true;
                std::this_thread::yield();
            }
            --inside.at(worker);
        });
        ASSERT_TRUE(caller_ran);
        for (const std::atomic<int>& count : inside) {
            ASSERT_EQ(count.load(), 0) << "job " << job;  // [WP1]
        }
    }
    EXPECT_FALSE(clash);  // [WP2]
    EXPECT_GE(ran.load(), jobs);
}

TEST(WorkerPool, LeavesNobodyInsideAJobAndNumbersWorkersOnce) {  // [WP1] [WP2]
    for (std::uint32_t workers = 1; workers <= 4; ++workers) {
        WorkerPool pool(workers);
        EXPECT_EQ(pool.workers(), workers);
        expect_sound_jobs(pool, scaled(5'000, 200));
    }
}

TEST(WorkerPool, ResidentWorkersJoinAJobThatWaitsForThem) {
    WorkerPool pool(3);
    std::atomic<std::uint32_t> joined{0};
    pool.run([&](std::uint32_t) {
        ++joined;
        while (joined.load() < 3) {
            std::this_thread::yield();
        }
    });
    EXPECT_EQ(joined.load(), 3U);
}

TEST(WorkerPool, TakesDonatedThreadsUntilTheyAreCalledBack) {  // [WP1] [WP2]
    WorkerPool pool(4, 1);
    for (std::uint64_t round = 0; round < scaled(20, 3); ++round) {
        std::vector<std::jthread> donated;
        for (std::uint32_t worker = 2; worker < 4; ++worker) {
            donated.emplace_back(
                [&pool, worker](const std::stop_token& stop) { pool.serve(worker, stop); });
        }
        std::atomic<std::uint32_t> joined{0};
        pool.run([&](std::uint32_t) {
            ++joined;
            while (joined.load() < 4) {
                std::this_thread::yield();
            }
        });
        EXPECT_EQ(joined.load(), 4U);
        std::jthread recall([&donated] {
            for (std::jthread& thread : donated) {
                thread.request_stop();
            }
        });
        expect_sound_jobs(pool, scaled(500, 50));
    }
}

TEST(WorkerPool, WakesSleepingWorkersForTheLastTime) {
    for (std::uint64_t round = 0; round < scaled(200, 20); ++round) {
        auto pool = std::make_unique<WorkerPool>(3);
        if (round % 2 == 0) {
            pool->run([](std::uint32_t) {});
        }
        std::this_thread::yield();
        pool.reset();
        EXPECT_EQ(pool, nullptr);
    }
}

}  // namespace
}  // namespace lockstep::test
