#include "instruments/margin_row.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "engine/base/random.hpp"
#include "instruments/context.hpp"
#include "instruments/portfolio.hpp"

namespace lockstep::test {
namespace {

/// A number of a random magnitude below 2^bits, of either sign.
std::int64_t any_size(Random& random, std::uint64_t bits) {
    const std::int64_t size =
        static_cast<std::int64_t>(random.next() >> 1) >> (63 - random.below(bits + 1));
    return random.chance(1, 2) ? size : -size;
}

MarketContext random_market(Random& random) {
    MarketContext market{.id = MarketId{1}, .status = MarketStatus::kActive, .priced = true};
    constexpr std::array kKinds = {MarketKind::kLinearPerpetual, MarketKind::kDatedFuture,
                                   MarketKind::kInversePerpetual, MarketKind::kEuropeanOption};
    market.terms.kind = random.chance(7, 8) ? kKinds[random.below(2)] : kKinds[random.below(4)];
    market.terms.multiplier = std::max<std::int64_t>(1, std::abs(any_size(random, 30)));
    market.status = random.chance(1, 16) ? MarketStatus::kSettled : MarketStatus::kActive;
    market.mark = any_size(random, 40);
    if (market.terms.kind == MarketKind::kInversePerpetual) {
        market.mark = std::max<std::int64_t>(1, std::abs(market.mark));
    }
    market.index = market.mark;
    market.funding = {.funding = Int128{any_size(random, 62)} << random.below(30),
                      .social = Int128{std::abs(any_size(random, 40))}};
    MarketParams params;
    std::int64_t upper = 0;
    std::int32_t rate = 1;
    for (std::uint64_t tier = random.below(4); tier + 1 > 0; --tier) {
        rate = std::min<std::int32_t>(1'000'000,
                                      rate + static_cast<std::int32_t>(random.below(99'999)));
        upper += 1 + std::abs(any_size(random, 50));
        params.margin_tiers.push_back({.notional_upper = upper,
                                       .maintenance_ppm = rate / 2 + 1,
                                       .initial_ppm = std::min(1'000'000, rate + 1)});
    }
    if (random.chance(1, 8)) {
        params.oi_margin_lower = 10;
        params.oi_margin_upper = 1'000;
    }
    market.margin = MarginTable::make(params, std::abs(any_size(random, 12)));
    return market;
}

Position random_position(Random& random, const MarketContext& market) {
    Position position{.lots = any_size(random, random.chance(1, 8) ? 47 : 30),
                      .remainder = static_cast<std::uint32_t>(random.next()),
                      .cost = Int128{any_size(random, 60)} << random.below(25),
                      .since = market.funding};
    if (random.chance(3, 4)) {
        position.since.funding -= any_size(random, 50);
        position.since.social =
            std::max<Int128>(0, position.since.social - std::abs(any_size(random, 30)));
    }
    return position;
}

/// What the formulas of margin.hpp say.
bool plain_term(const MarketContext& market, Position position, PositionTerm& out) {
    FundingFlow flow;
    if (!settle_funding(position, market.funding, flow)) {
        return false;
    }
    const Checked profit = Checked{position.cost} + equity_value(market, position.lots);
    const Requirement required = position_requirement(market, position.lots);
    if (!profit.ok() || !required.maintenance.ok() || !required.initial.ok()) {
        return false;
    }
    out = {.profit = profit.value(),
           .maintenance = required.maintenance.value(),
           .initial = required.initial.value()};
    return true;
}

TEST(MarginRow, SaysWhatThePlainFormulasSayOrNothing) {
    Random random(20);
    std::uint64_t answered = 0;
    constexpr std::uint64_t kCases = 200'000;
    for (std::uint64_t i = 0; i < kCases; ++i) {
        const MarketContext market = random_market(random);
        const Position position = random_position(random, market);
        PositionTerm fast;
        if (!MarginRow::make(market).term(position, fast)) {
            continue;
        }
        ++answered;
        PositionTerm plain;
        ASSERT_TRUE(plain_term(market, position, plain)) << "case " << i;
        ASSERT_EQ(fast.profit, plain.profit) << "case " << i;
        ASSERT_EQ(fast.maintenance, plain.maintenance) << "case " << i;
        ASSERT_EQ(fast.initial, plain.initial) << "case " << i;
    }
    EXPECT_GT(answered, kCases / 4);
    EXPECT_LT(answered, kCases);
}

/// Ends of the ranges, where a product or a bracket turns.
TEST(MarginRow, HoldsAtItsBounds) {
    MarketContext market{.id = MarketId{1}, .status = MarketStatus::kActive, .priced = true};
    MarketParams params;
    params.margin_tiers = {
        {.notional_upper = 1'000, .maintenance_ppm = 10'000, .initial_ppm = 20'000},
        {.maintenance_ppm = 30'000, .initial_ppm = 60'000}};
    market.margin = MarginTable::make(params, 0);
    market.mark = 1;
    for (const std::int64_t multiplier : {1, 999, 1'000, 1'001}) {
        market.terms.multiplier = multiplier;
        for (const std::int64_t lots : {-1, 0, 1}) {
            PositionTerm fast;
            PositionTerm plain;
            const Position position{.lots = lots, .cost = 7};
            ASSERT_TRUE(plain_term(market, position, plain));
            const bool first_bracket = lots == 0 || multiplier <= 1'000;
            ASSERT_EQ(MarginRow::make(market).term(position, fast), first_bracket);
            if (first_bracket) {
                EXPECT_EQ(fast.profit, plain.profit);
                EXPECT_EQ(fast.maintenance, plain.maintenance);
                EXPECT_EQ(fast.initial, plain.initial);
            }
        }
    }
    market.terms.multiplier = 1;
    PositionTerm out;
    EXPECT_FALSE(MarginRow::make(market).term({.lots = kMaxLots + 1}, out));
    EXPECT_FALSE(MarginRow::make(market).term({.lots = 1, .cost = kInt128Max}, out));
    EXPECT_FALSE(MarginRow::make(market).term({.lots = 1, .since = {.funding = kInt128Min}}, out));
    EXPECT_EQ(ceil_ppm(0, 5), 0U);
    EXPECT_EQ(ceil_ppm(1, 1), 1U);
    EXPECT_EQ(ceil_ppm(1'000'000, 1), 1U);
    EXPECT_EQ(ceil_ppm((std::uint64_t{1} << 63) - 1, 1'000'000), (std::uint64_t{1} << 63) - 1);
}

}  // namespace
}  // namespace lockstep::test
