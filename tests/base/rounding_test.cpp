#include "engine/base/rounding.hpp"

#include <gtest/gtest.h>

#include "engine/base/random.hpp"

namespace lockstep {
namespace {

TEST(Rounding, FloorAndCeilBracketTheExactQuotient) {
    Random random(1);
    for (int i = 0; i < 100'000; ++i) {
        const Int128 a = random.between(-1'000'000, 1'000'000);
        const Int128 b = random.between(1, 1'000);
        const Int128 low = floor_div(a, b).value();
        const Int128 high = ceil_div(a, b).value();
        EXPECT_LE(low * b, a);
        EXPECT_GT((low + 1) * b, a);
        EXPECT_GE(high * b, a);
        EXPECT_LT((high - 1) * b, a);
        const Int128 nearest = nearest_div(a, b).value();
        EXPECT_LE(2 * magnitude(nearest * b - a), static_cast<UInt128>(b));
    }
}

TEST(Rounding, WideProductsAgreeWithNarrowOnesWhereBothExist) {
    Random random(2);
    for (int i = 0; i < 100'000; ++i) {
        const Int128 a = random.between(-1'000'000'000'000, 1'000'000'000'000);
        const Int128 b = random.between(-1'000'000'000'000, 1'000'000'000'000);
        const Int128 c = random.between(1, 1'000'000'000'000);
        EXPECT_EQ(mul_div_floor(a, b, c).value(), floor_div(a * b, c).value());
        EXPECT_EQ(mul_div_ceil(a, b, c).value(), ceil_div(a * b, c).value());
    }
}

TEST(Rounding, WideQuotientsAreExactBeyond128Bits) {
    const Int128 big = Int128{1} << 120;
    EXPECT_EQ(mul_div_floor(big, big, big).value(), big);
    EXPECT_EQ(mul_div_floor(big + 1, big, big + 2).value(), big - 1);
    EXPECT_EQ(mul_div_ceil(big + 1, big, big + 2).value(), big);
    EXPECT_EQ(mul_div_floor(-(big + 1), big, big + 2).value(), -big);
    EXPECT_FALSE(mul_div_floor(big, big, 2).ok());
    EXPECT_FALSE(mul_div_floor(1, 1, 0).ok());
    EXPECT_EQ(mul_div_floor(kInt128Min, 1, 1).value(), kInt128Min);
    EXPECT_FALSE(mul_div_floor(kInt128Min, -1, 1).ok());
}

TEST(Checked, OverflowSticksToEverythingComputedFromIt) {
    const Checked over = Checked{kInt128Max} + 1;
    EXPECT_FALSE(over.ok());
    EXPECT_FALSE((over - over).ok());
    EXPECT_FALSE((-Checked{kInt128Min}).ok());
    EXPECT_FALSE(floor_div(over, 1).ok());
    EXPECT_TRUE((Checked{kInt128Max} - 1).ok());
}

TEST(IntegerSqrt, IsTheLargestRootThatFits) {
    Random random(3);
    for (int i = 0; i < 20'000; ++i) {
        const UInt128 a =
            static_cast<UInt128>(make_int128(random.next() >> random.below(64), random.next()));
        const UInt128 r = integer_sqrt(a);
        EXPECT_LE(r * r, a);
        EXPECT_TRUE(r == ~std::uint64_t{0} || (r + 1) * (r + 1) > a);
    }
}

TEST(Int128Text, RoundTripsAndRejectsNonsense) {
    for (const Int128 v : {Int128{0}, Int128{-1}, kInt128Max, kInt128Min}) {
        EXPECT_EQ(parse_int128(to_string(v)).value(), v);
    }
    EXPECT_EQ(parse_int128("").error(), ParseError::kEmpty);
    EXPECT_EQ(parse_int128("-").error(), ParseError::kEmpty);
    EXPECT_EQ(parse_int128("12x").error(), ParseError::kNotANumber);
    EXPECT_EQ(parse_int128(to_string(kInt128Max) + "0").error(), ParseError::kOutOfRange);
}

}  // namespace
}  // namespace lockstep
