#include "accounts/position.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "accounts/ledger.hpp"
#include "engine/base/random.hpp"
#include "tests/support/map_view.hpp"

namespace lockstep::test {
namespace {

constexpr MarketId kMarket{9};

TEST(Position, FundingChargesLongsAndPaysShorts) {
    // 75 quanta per lot (derivatives 1.2): the long of 2 lots pays 150, the short receives them.
    const FundingIndex index{.funding = Int128{75} << 32};
    for (const std::int64_t lots : {2, -2}) {
        Position position{.lots = lots};
        FundingFlow flow;
        ASSERT_TRUE(settle_funding(position, index, flow));
        EXPECT_EQ(flow.paid, -75 * lots);
        EXPECT_EQ(position.cost, -75 * lots);
        EXPECT_EQ(position.remainder, 0U);
    }
}

TEST(Position, SettlingTwiceMovesNothing) {
    Position position{.lots = 3, .cost = 5};
    FundingFlow flow;
    const FundingIndex index{.funding = 12345, .social = 777};
    ASSERT_TRUE(settle_funding(position, index, flow));
    const Position once = position;
    ASSERT_TRUE(settle_funding(position, index, flow));
    EXPECT_EQ(position, once);
    EXPECT_EQ(flow.paid, 0);
    EXPECT_EQ(flow.claims, 0);
}

/// I12 of one position: with the remainder carried, the touches in between change nothing.
TEST(Position, I12_TouchingMoreOftenChangesNoBalance) {
    Random random(3);
    for (int round = 0; round < 200; ++round) {
        const std::int64_t lots = random.between(-1'000'000, 1'000'000);
        Position lazy{.lots = lots};
        Position eager{.lots = lots};
        FundingIndex index;
        FundingFlow flow;
        for (int step = 0; step < 20; ++step) {
            index.funding += random.between(-(std::int64_t{1} << 40), std::int64_t{1} << 40);
            index.social += random.between(0, 1'000'000'000);
            ASSERT_TRUE(settle_funding(eager, index, flow));
        }
        ASSERT_TRUE(settle_funding(lazy, index, flow));
        EXPECT_EQ(lazy, eager);
    }
}

TEST(Position, OverflowLeavesThePositionUnchanged) {
    Position position{.lots = std::int64_t{1} << 47, .cost = 1};
    const Position before = position;
    FundingFlow flow;
    EXPECT_FALSE(settle_funding(position, {.funding = kInt128Max}, flow));
    EXPECT_EQ(position, before);
    EXPECT_FALSE(apply_fill(position, INT64_MAX, 0));
    EXPECT_FALSE(apply_fill(position, 1, kInt128Min));
    EXPECT_EQ(position, before);
}

TEST(Position, RealisingChangesNoEquity) {
    Position position{.lots = 4, .cost = -1000};
    Sweep sweep;
    ASSERT_TRUE(realise(position, 4 * 300, sweep));
    EXPECT_EQ(sweep.cash, 200);
    EXPECT_EQ(position.cost, -1200);
    EXPECT_EQ(sweep.cash + position.cost + 4 * 300, -1000 + 4 * 300);
}

/// I3 by hand: the sums of a market balance after any settlement and at every close.
TEST(Ledger, I3_FundingBalancesToTheLastFraction) {
    MapView view;
    Random random(11);
    std::vector<Position> positions(6);
    FundingIndex index;
    for (int step = 0; step < 3000; ++step) {
        index.funding += random.between(-(std::int64_t{1} << 36), std::int64_t{1} << 37);
        Position& buyer = positions[random.below(6)];
        Position& seller = positions[random.below(6)];
        if (&buyer == &seller) {
            continue;
        }
        const std::int64_t lots = random.between(1, 3);
        for (Position* side : {&buyer, &seller}) {
            FundingFlow flow;
            ASSERT_TRUE(settle_funding(*side, index, flow));
            ASSERT_TRUE(apply_fill(*side, side == &buyer ? lots : -lots, 0));
            if (side->lots == 0) {
                flow.claims -= side->remainder;
                ASSERT_TRUE(post(view, market_key(CellKind::kDust, kMarket), side->remainder));
                *side = {.since = index};
            }
            ASSERT_TRUE(post_funding(view, kMarket, flow));
        }
        ASSERT_TRUE(funding_balances(load_funding_sums(view, kMarket)));
    }
    EXPECT_NE(number_at(view, market_key(CellKind::kDust, kMarket)), 0);
}

TEST(Ledger, FundingThatIsOffByOneDoesNotBalance) {
    const FundingSums sums{.clearing = 3, .claims_low = Int128{3} << 32};
    EXPECT_TRUE(funding_balances(sums));
    for (FundingSums wrong :
         {FundingSums{.clearing = 4, .claims_low = Int128{3} << 32},
          FundingSums{.clearing = 3, .claims_low = (Int128{3} << 32) + 1},
          FundingSums{.clearing = 3, .claims_low = Int128{3} << 32, .dust = 1}}) {
        EXPECT_FALSE(funding_balances(wrong));
    }
}

TEST(Ledger, WideSumsSplitAndBalance) {
    const Int128 big = (Int128{1} << 120) + 12345;
    for (const Int128 value : {big, -big, Int128{1} << 95, -(Int128{1} << 95), Int128{0}}) {
        const WideAddends parts = split_wide(value);
        EXPECT_EQ((parts.high << 96) + parts.low, value);
    }
    EXPECT_EQ(split_wide(Int128{-1}).high, 0);
    // clearing * 2^32 beyond 128 bits against the two parts of the claims.
    const Int128 clearing = -(Int128{1} << 100);
    EXPECT_TRUE(funding_balances(
        {.clearing = clearing, .claims_low = 0, .claims_high = -(Int128{1} << 36)}));
    EXPECT_FALSE(funding_balances(
        {.clearing = clearing, .claims_low = 1, .claims_high = -(Int128{1} << 36)}));
}

}  // namespace
}  // namespace lockstep::test
