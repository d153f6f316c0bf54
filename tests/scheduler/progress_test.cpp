#include "scheduler/progress.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

/// Sleeps at once, so that every round of a test meets the race between sleeper and waker.
struct SleepySync : StdSync {
    static constexpr std::uint32_t kIdleSpinRounds = 0;
    static constexpr std::uint32_t kIdleYieldRounds = 0;
};

TEST(Progress, WakesEverySleeperOfEveryRound) {  // [PR1]
    constexpr std::uint64_t kSleepers = 3;
    const std::uint64_t rounds = scaled(20'000, 500);
    Progress<SleepySync> progress;
    std::atomic<std::uint64_t> work{0};
    std::atomic<std::uint64_t> seen{0};
    std::vector<std::jthread> sleepers;
    for (std::uint64_t i = 0; i < kSleepers; ++i) {
        sleepers.emplace_back([&] {
            for (std::uint64_t round = 1; round <= rounds; ++round) {
                std::uint32_t idle_rounds = 0;
                const auto has_work = [&] { return work.load() >= round; };
                while (!has_work()) {
                    progress.wait(idle_rounds, has_work);
                }
                ++seen;
            }
        });
    }
    for (std::uint64_t round = 1; round <= rounds; ++round) {
        work = round;
        progress.advance();
        while (seen.load() < round * kSleepers) {
            std::this_thread::yield();
        }
    }
    sleepers.clear();
    EXPECT_EQ(seen.load(), rounds * kSleepers);
}

TEST(Progress, DoesNotSleepBeforeItHasSpunAndYielded) {
    Progress<StdSync> progress;
    std::uint32_t idle_rounds = 0;
    for (std::uint32_t i = 0; i < StdSync::kIdleSpinRounds + StdSync::kIdleYieldRounds; ++i) {
        progress.wait(idle_rounds, [] { return false; });
    }
    progress.wait(idle_rounds, [] { return true; });  // there is work after all
    EXPECT_EQ(idle_rounds, StdSync::kIdleSpinRounds + StdSync::kIdleYieldRounds + 1);
}

}  // namespace
}  // namespace lockstep::test
