#include "instruments/margin.hpp"

#include <gtest/gtest.h>

#include "instruments/context.hpp"
#include "instruments/fees.hpp"
#include "instruments/portfolio.hpp"

namespace lockstep::test {
namespace {

MarketParams tiers() {
    MarketParams params;
    params.margin_tiers = {
        {.notional_upper = 1'000, .maintenance_ppm = 10'000, .initial_ppm = 20'000},
        {.notional_upper = 5'000, .maintenance_ppm = 25'000, .initial_ppm = 50'000},
        {.maintenance_ppm = 100'000, .initial_ppm = 200'000}};
    return params;
}

MarketContext option(OptionSide side, std::int64_t index, std::int64_t strike, std::int64_t mark) {
    MarketContext market{
        .id = MarketId{1}, .status = MarketStatus::kActive, .index = index, .mark = mark};
    market.terms.kind = MarketKind::kEuropeanOption;
    market.terms.option_side = side;
    market.terms.strike = strike;
    market.terms.multiplier = 2;
    MarketParams params;
    params.margin_tiers = {{.maintenance_ppm = 75'000, .initial_ppm = 150'000}};
    params.option_floor_ppm = 100'000;
    market.margin = MarginTable::make(params, 0);
    return market;
}

TEST(Margin, TiersAreContinuousAndRoundedUp) {
    const MarginTable table = MarginTable::make(tiers(), 0);
    EXPECT_EQ(table.of_notional(1).maintenance.value(), 1);
    EXPECT_EQ(table.of_notional(1'000).maintenance.value(), 10);
    EXPECT_EQ(table.of_notional(1'000).initial.value(), 20);
    // 10 + 4,000 * 2.5 % = 110, then 10 % of what is above 5,000.
    EXPECT_EQ(table.of_notional(5'000).maintenance.value(), 110);
    EXPECT_EQ(table.of_notional(5'001).maintenance.value(), 111);
    EXPECT_EQ(table.of_notional(15'000).maintenance.value(), 1'110);
    Int128 before = 0;
    for (std::int64_t notional = 0; notional < 20'000; notional += 3) {
        const Requirement required = table.of_notional(notional);
        EXPECT_GE(required.maintenance.value(), before);
        EXPECT_LE(required.maintenance.value() - before, 1);
        EXPECT_LE(required.maintenance.value(), required.initial.value());
        before = required.maintenance.value();
    }
}

TEST(Margin, TierChecksRefuseWhatCouldInvertMargins) {
    EXPECT_TRUE(margin_tiers_valid(tiers().margin_tiers));
    EXPECT_FALSE(margin_tiers_valid({}));
    auto inverted = tiers().margin_tiers;
    inverted[1].initial_ppm = 24'999;
    EXPECT_FALSE(margin_tiers_valid(inverted));
    auto unordered = tiers().margin_tiers;
    unordered[1].notional_upper = 1'000;
    EXPECT_FALSE(margin_tiers_valid(unordered));
    auto falling = tiers().margin_tiers;
    falling[2].maintenance_ppm = 20'000;
    EXPECT_FALSE(margin_tiers_valid(falling));
}

TEST(Margin, InitialRisesWithOpenInterestOnly) {
    MarketParams params = tiers();
    params.margin_tiers = {{.maintenance_ppm = 100'000, .initial_ppm = 200'000}};
    params.oi_margin_lower = 1'000;
    params.oi_margin_upper = 2'000;
    for (const auto& [open, initial] : std::vector<std::pair<Int128, Int128>>{
             {0, 100}, {1'000, 100}, {1'500, 300}, {2'000, 500}, {9'000, 500}}) {
        const Requirement required = MarginTable::make(params, open).of_notional(500);
        EXPECT_EQ(required.initial.value(), initial);
        EXPECT_EQ(required.maintenance.value(), 50);
        EXPECT_EQ(required.initial.value(),
                  oi_scaled_initial_margin(200'000, 500, open, 1'000, 2'000).value());
    }
}

TEST(Margin, InverseFillsAndMarksFollowTheWorkedVector) {
    // 1,000 contracts of 1 USD, tick 0.1 USD, sat: bought at 60,000.0, sold at 63,000.1.
    MarketTerms terms;
    terms.kind = MarketKind::kInversePerpetual;
    terms.multiplier = 1'000'000'000;
    EXPECT_EQ(cash_paid_by_buyer(terms, 1'000, 600'000).value(), -1'666'666);
    EXPECT_EQ(cash_paid_by_buyer(terms, 1'000, 630'001).value(), -1'587'299);
    EXPECT_EQ(1'666'666 - 1'587'299, 79'367);
    MarketContext market{.status = MarketStatus::kActive, .mark = 630'001};
    market.terms = terms;
    // Marked against the holder by less than one sat on either side.
    EXPECT_EQ(equity_value(market, 1'000).value(), -1'587'300);
    EXPECT_EQ(equity_value(market, -1'000).value(), 1'587'299);
    EXPECT_EQ(notional_at(terms, -1'000, 630'001).value(), 1'587'300);
}

TEST(Margin, LongOptionNeedsNothingAndCountsForNothing) {
    const MarketContext market = option(OptionSide::kCall, 1'000, 900, 120);
    EXPECT_EQ(position_requirement(market, 5).initial.value(), 0);
    EXPECT_EQ(equity_value(market, 5).value(), 0);
    EXPECT_EQ(equity_value(market, -5).value(), -5 * 120 * 2);
}

TEST(Margin, ShortOptionFollowsTheStandardShape) {
    // In the money: 15 % of 1,000; 8 % out of the money: 70 is below the floor of 10 %.
    EXPECT_EQ(position_requirement(option(OptionSide::kCall, 1'000, 900, 120), -1).initial.value(),
              300);
    EXPECT_EQ(position_requirement(option(OptionSide::kCall, 1'000, 1'030, 20), -1).initial.value(),
              240);
    EXPECT_EQ(position_requirement(option(OptionSide::kCall, 1'000, 1'080, 20), -1).initial.value(),
              200);
    EXPECT_EQ(
        position_requirement(option(OptionSide::kCall, 1'000, 1'080, 20), -1).maintenance.value(),
        150);
    EXPECT_EQ(position_requirement(option(OptionSide::kPut, 1'000, 970, 20), -3).initial.value(),
              720);
    // A put worth more than the underlying is margined on its own value.
    EXPECT_EQ(
        position_requirement(option(OptionSide::kPut, 1'000, 5'000, 4'000), -1).maintenance.value(),
        600);
}

TEST(Margin, SettledMarketNeedsNoMargin) {
    MarketContext market = option(OptionSide::kCall, 1'000, 900, 100);
    market.status = MarketStatus::kSettled;
    EXPECT_EQ(position_requirement(market, -5).initial.value(), 0);
    EXPECT_EQ(equity_value(market, 5).value(), 1'000);
    EXPECT_EQ(equity_value(market, -5).value(), -1'000);
}

TEST(Margin, CollateralIsFlooredAndDebtIsCeiled) {
    const AssetContext asset{.known = true,
                             .priced = true,
                             .haircut_ppm = 100'000,
                             .liability_ppm = 100'000,
                             .price = 7,
                             .divisor = 3};
    EXPECT_EQ(collateral_value(asset, 10).value(), 20);    // 23.3 -> 23, 20.7 -> 20
    EXPECT_EQ(collateral_value(asset, -10).value(), -27);  // 23.3 -> 24, 26.4 -> 27
    EXPECT_EQ(requirement_value(asset, 10).value(), 24);
    const AssetContext unpriced{.known = true};
    EXPECT_EQ(collateral_value(unpriced, 10).value(), 0);
    EXPECT_FALSE(collateral_value(unpriced, -10).ok());
}

TEST(Margin, ReducingRiskNeedsALowerRequirementAndNoWorseRatio) {
    const auto risk = [](Int128 equity, Int128 maintenance) {
        return Risk{.equity_maintenance = equity,
                    .equity_initial = equity,
                    .maintenance = maintenance,
                    .initial = 2 * maintenance};
    };
    EXPECT_TRUE(reduces_risk(risk(100, 100), risk(50, 50), 0));
    EXPECT_FALSE(reduces_risk(risk(100, 100), risk(49, 50), 0));
    EXPECT_FALSE(reduces_risk(risk(100, 100), risk(90, 100), 0));
    EXPECT_FALSE(reduces_risk(risk(100, 100), risk(100, 100), 0));
    EXPECT_TRUE(reduces_risk(risk(100, 100), risk(101, 100), 0));
    EXPECT_FALSE(reduces_risk(risk(100, 100), risk(300, 101), 0));
    EXPECT_FALSE(reduces_risk(risk(kInt128Max, 100), risk(kInt128Max - 1, 50), 0));
}

/// R-MARGIN-7 [V12, V13]: below maintenance nothing is given away but costs.
TEST(Margin, BelowMaintenanceEquityFallsByCostsOnly) {
    const auto risk = [](Int128 equity, Int128 maintenance) {
        return Risk{.equity_maintenance = equity,
                    .equity_initial = equity,
                    .maintenance = maintenance,
                    .initial = 2 * maintenance};
    };
    for (const Int128 equity : {Int128{99}, Int128{1}, Int128{0}, Int128{-1}, Int128{-500}}) {
        EXPECT_TRUE(reduces_risk(risk(equity, 100), risk(equity, 50), 0));
        EXPECT_TRUE(reduces_risk(risk(equity, 100), risk(equity, 0), 0));
        EXPECT_FALSE(reduces_risk(risk(equity, 100), risk(equity - 1, 0), 0));
        EXPECT_TRUE(reduces_risk(risk(equity, 100), risk(equity - 3, 99), 3));
        EXPECT_FALSE(reduces_risk(risk(equity, 100), risk(equity - 4, 99), 3));
    }
}

TEST(Fees, AreTakenUpAndPaidDown) {
    EXPECT_EQ(fee_of(1, 1).value(), 1);
    EXPECT_EQ(fee_of(10'050, 500).value(), 6);
    EXPECT_EQ(fee_of(1'500, -200).value(), 0);
    EXPECT_EQ(fee_of(15'001, -200).value(), -3);
}

TEST(Fees, OptionFeeIsBoundByThePremium) {
    EXPECT_EQ(option_fee_of(1'000'000, 10'000, 300).value(), 300);
    EXPECT_EQ(option_fee_of(1'000'000, 801, 300).value(), 101);
    EXPECT_EQ(option_fee_of(1'000'000, 8, -300).value(), -1);
}

/// R-FEE-2 [V11]: whatever the premium, a rebate never exceeds a fee of at least its rate.
TEST(Fees, OptionFeesNeverAddUpToLessThanNothing) {
    for (std::int64_t premium = 0; premium < 3'000; premium += 7) {
        for (const std::int32_t rate : {1, 20, 350}) {
            const Checked taken = option_fee_of(1'000'000, premium, rate);
            const Checked paid = option_fee_of(1'000'000, premium, -rate);
            EXPECT_GE((taken + paid).value(), 0) << premium;
            EXPECT_LE(taken.value(), (premium + 7) / 8);
        }
    }
}

TEST(Fees, I7_RebateAboveAnyTakerFeeIsRefused) {
    const FeeTier good[] = {{-100, 300}, {-200, 250}};
    const FeeTier bad[] = {{-100, 300}, {-260, 250}};
    EXPECT_TRUE(fees_never_negative(good, 2));
    EXPECT_FALSE(fees_never_negative(bad, 2));
    EXPECT_TRUE(fees_never_negative(nullptr, 0));
}

}  // namespace
}  // namespace lockstep::test
