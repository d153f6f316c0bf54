// Ways in which margin could be robbed, each shut by a rule of its own; named after the audit that
// found them. audit_test.cpp has the first two.

#include <gtest/gtest.h>

#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

class MarginAudit : public testing::Test, protected TestVenue {
  protected:
    void start(const CreateMarket& create, std::int64_t price = 600'000) {
        open();
        EXPECT_EQ(run_one(create), Status::kApplied);
        set_price(price);
        for (const AccountId account : {kAlice, kBob, kCarol, kDave}) {
            deposit(account, 1'000'000'000);
        }
    }
    void start() { start(market(kPerp, MarketKind::kLinearPerpetual)); }
};

/// V3, R-MARGIN-5: profit on paper backs no fills unless governance says so, and then up to a
/// bound. Alice's long has gained five times what she put in; she cannot lose it to Bob off the
/// market.
TEST_F(MarginAudit, V3ProfitOnPaperCannotBeLostToAnAccomplice) {
    start();
    ASSERT_EQ(run_one(trade(kAlice, kCarol, 1'600, 600'000)), Status::kApplied);
    set_price(900'000);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 100, 500'000)), Status::kMarginMaker);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 900'000)), Status::kMarginTaker);
    EXPECT_EQ(run_one(SetVenueParams{.profit_cap = 600'000'000}), Status::kApplied);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 900'000)), Status::kApplied);
}

/// V3, R-GOV-4: the cap on profit is finite and every market has a band.
TEST_F(MarginAudit, V3CapAndBandAreMandatory) {
    start();
    EXPECT_EQ(run_one(SetVenueParams{.profit_cap = kInt128Max}), Status::kParamRange);
    EXPECT_EQ(run_one(SetVenueParams{.profit_cap = kMaxPositionValue + 1}), Status::kParamRange);
    EXPECT_EQ(run_one(SetVenueParams{.profit_cap = -1}), Status::kParamRange);
    EXPECT_EQ(run_one(SetVenueParams{.profit_cap = kMaxPositionValue}), Status::kApplied);
    CreateMarket create = market(MarketId{9}, MarketKind::kLinearPerpetual);
    for (const std::int32_t band : {0, -1, 1'000'001, kBandPpmMax}) {
        create.params.band_ppm = band;
        EXPECT_EQ(run_one(create), Status::kParamRange) << band;
        EXPECT_EQ(run_one(UpdateMarket{.market = kPerp, .params = create.params}),
                  Status::kParamRange);
    }
    create.params.band_ppm = 1;
    EXPECT_EQ(run_one(create), Status::kApplied);
}

}  // namespace
}  // namespace lockstep::test
