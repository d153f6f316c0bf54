#include "engine/base/random.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace lockstep {
namespace {

// The published SplitMix64 sequence for seed 1234567 (Vigna's splitmix64.c).
TEST(Random, SequenceIsThatOfSplitMix64) {
    Random random(1234567);
    EXPECT_EQ(random.next(), 6457827717110365317U);
    EXPECT_EQ(random.next(), 3203168211198807973U);
    EXPECT_EQ(random.next(), 9817491932198370423U);
    EXPECT_EQ(random.next(), 4593380528125082431U);
    EXPECT_EQ(random.next(), 16408922859458223821U);
}

TEST(Random, BelowStaysBelowAndReachesEveryValue) {
    Random random(1);
    bool seen[7] = {};
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t value = random.below(7);
        ASSERT_LT(value, 7U);
        seen[value] = true;
    }
    for (const bool was_seen : seen) {
        EXPECT_TRUE(was_seen);
    }
    EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, BetweenIncludesBothEndsAndTheFullRange) {
    Random random(2);
    bool low = false;
    bool high = false;
    for (int i = 0; i < 1000; ++i) {
        const std::int64_t value = random.between(-3, 3);
        ASSERT_GE(value, -3);
        ASSERT_LE(value, 3);
        low = low || value == -3;
        high = high || value == 3;
    }
    EXPECT_TRUE(low);
    EXPECT_TRUE(high);
    EXPECT_EQ(random.between(5, 5), 5);
    // The full range has 2^64 values, a span that wraps to 0.
    bool negative = false;
    bool positive = false;
    for (int i = 0; i < 100; ++i) {
        const std::int64_t value = random.between(INT64_MIN, INT64_MAX);
        negative = negative || value < 0;
        positive = positive || value > 0;
    }
    EXPECT_TRUE(negative);
    EXPECT_TRUE(positive);
}

TEST(Random, ChanceOfNoneNeverAndOfAllAlways) {
    Random random(3);
    int hits = 0;
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_FALSE(random.chance(0, 10));
        ASSERT_TRUE(random.chance(10, 10));
        hits += random.chance(1, 4) ? 1 : 0;
    }
    EXPECT_GT(hits, 2300);
    EXPECT_LT(hits, 2700);
}

}  // namespace
}  // namespace lockstep
