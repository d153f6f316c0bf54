#include <gtest/gtest.h>

#include "engine/machine.hpp"
#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

static_assert(Machine<Venue>);

class TradeTest : public testing::Test, protected TestVenue {
  protected:
    void SetUp() override { start(TestVenue::market(kPerp, MarketKind::kLinearPerpetual)); }

    void start(const CreateMarket& create) {
        open();
        EXPECT_EQ(run_one(create), Status::kApplied);
        set_price(600'000);
        deposit(kAlice, 1'000'000'000);
        deposit(kBob, 1'000'000'000);
    }
};

TEST_F(TradeTest, MovesLotsAndCostByTheExactNotional) {
    EXPECT_EQ(run_one(trade(kAlice, kBob, 100, 600'000)), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, 100);
    EXPECT_EQ(position(kBob).lots, -100);
    EXPECT_EQ(position(kAlice).cost, -600'000'000);
    EXPECT_EQ(position(kBob).cost, 600'000'000);
    EXPECT_EQ(number(market_key(CellKind::kOpenInterest, kPerp)), 100);
    EXPECT_EQ(number(market_key(CellKind::kVolume, kPerp)), 100);
}

}  // namespace
}  // namespace lockstep::test
