#include "replay/generate/zipf.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(Zipf, WeightsFollowThePowerLaw) {
    constexpr std::uint64_t kFirst = std::uint64_t{1} << 40;
    EXPECT_EQ(Zipf::weight(0, 4), kFirst);
    EXPECT_EQ(Zipf::weight(5, 0), kFirst);
    EXPECT_EQ(Zipf::weight(1 << 21, 16), 1U);
    // Rank 16 with exponent 1/4, 1/2, 1, 2: a half, a quarter, 1/16, 1/256. The root is floored, so
    // that a weight may exceed the true one by a few units.
    for (const auto& [quarters, divisor] :
         {std::pair{1U, 2U}, std::pair{2U, 4U}, std::pair{4U, 16U}, std::pair{8U, 256U}}) {
        const std::uint64_t weight = Zipf::weight(15, quarters);
        EXPECT_GE(weight, kFirst / divisor);
        EXPECT_LE(weight, kFirst / divisor + 4);
    }
}

TEST(Zipf, DrawsEachRankInItsShare) {
    const Zipf zipf(10, 4);
    Random random(7);
    std::vector<std::uint64_t> seen(10);
    constexpr std::uint64_t kDraws = 200'000;
    for (std::uint64_t i = 0; i < kDraws; ++i) {
        ++seen[zipf.draw(random)];
    }
    // Shares are 1/(i H), H = 7381/2520; seeded, so the tolerance is not a matter of luck.
    for (std::uint64_t i = 0; i < seen.size(); ++i) {
        const std::uint64_t expected = kDraws * 2520 / (7381 * (i + 1));
        EXPECT_NEAR(static_cast<double>(seen[i]), static_cast<double>(expected),
                    static_cast<double>(expected) / 20);
    }
}

TEST(Zipf, OneRankAndUniformRanksWork) {
    Random random(1);
    EXPECT_EQ(Zipf(1, 16).draw(random), 0U);
    const Zipf uniform(3, 0);
    std::vector<std::uint64_t> seen(3);
    for (int i = 0; i < 3000; ++i) {
        ++seen[uniform.draw(random)];
    }
    for (const std::uint64_t count : seen) {
        EXPECT_GT(count, 900U);
    }
}

}  // namespace
}  // namespace lockstep
