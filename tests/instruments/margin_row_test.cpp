#include "instruments/margin_row.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>

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

/// What a position means, in whole quanta.
struct WholeTerm {
    Int128 profit = 0;
    Int128 maintenance = 0;
    Int128 initial = 0;
    friend bool operator==(const WholeTerm&, const WholeTerm&) = default;
};

/// What the formulas of margin.hpp say; nothing where a number leaves its range.
std::optional<WholeTerm> plain_term(const MarketContext& market, Position position) {
    FundingFlow flow;
    if (!settle_funding(position, market.funding, flow)) {
        return std::nullopt;
    }
    const Checked profit = Checked{position.cost} + equity_value(market, position.lots);
    const Requirement required = position_requirement(market, position.lots);
    if (!profit.ok() || !required.maintenance.ok() || !required.initial.ok()) {
        return std::nullopt;
    }
    return WholeTerm{.profit = profit.value(),
                     .maintenance = required.maintenance.value(),
                     .initial = required.initial.value()};
}
/// What a row says; nothing where it leaves it to the formulas.
std::optional<WholeTerm> row_term(const MarketContext& market, const Position& position) {
    const auto rounded_up = [](UInt128 ppm) {
        return static_cast<Int128>(ppm / 1'000'000 + (ppm % 1'000'000 != 0 ? 1 : 0));
    };
    PositionTerm term;
    if (!MarginRow::make(market).term(position, term)) {
        return std::nullopt;
    }
    return WholeTerm{.profit = term.profit,
                     .maintenance = rounded_up(term.maintenance),
                     .initial = rounded_up(term.initial)};
}

TEST(MarginRow, SaysWhatThePlainFormulasSayOrNothing) {
    Random random(20);
    std::map<MarketKind, std::uint64_t> answered;
    constexpr std::uint64_t kCases = 200'000;
    for (std::uint64_t i = 0; i < kCases; ++i) {
        const MarketContext market = random_market(random);
        const Position position = random_position(random, market);
        const std::optional<WholeTerm> fast = row_term(market, position);
        if (fast) {
            ++answered[market.terms.kind];
            ASSERT_EQ(fast, plain_term(market, position)) << "case " << i;
        }
    }
    EXPECT_GT(answered[MarketKind::kLinearPerpetual], kCases / 8);
    EXPECT_LT(answered[MarketKind::kLinearPerpetual], kCases / 2);
    EXPECT_GT(answered[MarketKind::kEuropeanOption], kCases / 200);
    EXPECT_GT(answered[MarketKind::kInversePerpetual], 0U);  // settled ones
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
            const Position position{.lots = lots, .cost = 7};
            const std::optional<WholeTerm> fast = row_term(market, position);
            ASSERT_EQ(fast.has_value(), lots == 0 || multiplier <= 1'000);
            if (fast) {
                EXPECT_EQ(fast, plain_term(market, position));
            }
        }
    }
    market.terms.multiplier = 1;
    EXPECT_FALSE(row_term(market, {.lots = kMaxLots + 1}));
    EXPECT_FALSE(row_term(market, {.lots = std::numeric_limits<std::int64_t>::min()}));
    EXPECT_FALSE(row_term(market, {.lots = 1, .cost = kInt128Max}));
    EXPECT_FALSE(row_term(market, {.lots = 1, .since = {.funding = kInt128Min}}));
    market.margin = MarginTable::make({.margin_tiers = {params.margin_tiers[1]}}, 0);
    EXPECT_TRUE(row_term(market, {.lots = kMaxLots}));
}

/// A block of positions in the markets of a context, each in one of them.
Cell random_block(Random& random, const VenueContext& context) {
    Cell block;
    std::size_t at = 0;
    for (const MarketContext& market : context.markets) {
        if (at + AccountLayout::kPositionSize <= Cell::kCapacity && random.chance(3, 4)) {
            internal::put_position(block, at, {market.id, random_position(random, market)});
            at += AccountLayout::kPositionSize;
        }
    }
    return block;
}

/// Sums that are rounded upward show no account as covered that is not; exact ones are the sum of
/// the formulas, position by position.
TEST(RiskSum, IsExactOrOnTheSafeSide) {
    Random random(21);
    std::uint64_t covered = 0;
    std::uint64_t shown = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        VenueContext context;
        for (std::uint32_t id = 1; id < 10; ++id) {
            MarketContext market = random_market(random);
            market.id = MarketId{id};
            market.terms.settlement_asset = AssetId{static_cast<std::uint32_t>(random.below(2))};
            context.add(market);
        }
        context.assets[0] = {.known = true, .priced = true, .fresh = true};
        context.assets[1] = {.known = true,
                             .priced = random.chance(7, 8),
                             .fresh = true,
                             .haircut_ppm = 50'000,
                             .price = 3,
                             .divisor = 2};
        const Cell block = random_block(random, context);
        const PositionSpan span(block, 0);
        const MarketId left_out{static_cast<std::uint32_t>(1 + random.below(12))};
        const Int128 profit_cap = random.chance(1, 2) ? kInt128Max : Int128{1'000};
        const std::array<Int128, 2> cash = {Int128{any_size(random, 62)} << random.below(40),
                                            Int128{any_size(random, 62)} << random.below(40)};
        const auto risk = [&](Rounding rounding) {
            RiskSum sum(context, rounding);
            sum.add(span, left_out);
            return sum.value(3, profit_cap, [&](AssetId asset) { return cash[raw(asset)]; });
        };
        std::array<WholeTerm, 2> sums{};
        bool ok = true;
        for (std::size_t k = 0; k < span.size(); ++k) {
            const MarketContext& market = *context.market(span.market(k));
            const auto term = plain_term(market, span.position(k));
            if (market.id != left_out && term) {
                WholeTerm& sum = sums[raw(market.terms.settlement_asset)];
                sum = {sum.profit + term->profit, sum.maintenance + term->maintenance,
                       sum.initial + term->initial};
            }
            ok = ok && (market.id == left_out || term);
        }
        Risk plain;
        Checked profit = 0;
        for (std::size_t a = 0; a < 2; ++a) {
            const AssetContext& asset = context.assets[a];
            const bool loss = sums[a].profit < 0;
            plain.equity_initial +=
                collateral_value(asset, loss ? Checked{cash[a]} + sums[a].profit : cash[a]);
            profit += loss ? Checked{0} : collateral_value(asset, sums[a].profit);
            plain.maintenance += requirement_value(asset, sums[a].maintenance);
            plain.initial += requirement_value(asset, sums[a].initial);
        }
        plain.equity_maintenance = plain.equity_initial + profit;
        plain.equity_initial +=
            profit.ok() ? Checked{std::min(profit.value(), profit_cap)} : profit;
        const Risk exact = risk(Rounding::kExact);
        ASSERT_EQ(exact.ok(), ok && plain.ok()) << "case " << i;
        if (exact.ok()) {
            ASSERT_EQ(exact.initial.value(), plain.initial.value()) << "case " << i;
            ASSERT_EQ(exact.maintenance.value(), plain.maintenance.value()) << "case " << i;
            ASSERT_EQ(exact.equity_initial.value(), plain.equity_initial.value()) << "case " << i;
            ASSERT_EQ(exact.equity_maintenance.value(), plain.equity_maintenance.value());
        }
        covered += exact.covers_initial() ? 1U : 0U;
        const Risk upward = risk(Rounding::kUpward);
        if (exact.ok() && upward.ok()) {
            ASSERT_EQ(upward.equity_initial.value(), exact.equity_initial.value()) << "case " << i;
            ASSERT_GE(upward.initial.value(), exact.initial.value()) << "case " << i;
            // A quantum a position at most, of which one asset's is worth one and a half.
            ASSERT_LE(upward.initial.value(), exact.initial.value() + 2 * 9) << "case " << i;
        }
        if (upward.covers_initial()) {
            ++shown;
            ASSERT_TRUE(exact.covers_initial()) << "case " << i;
        }
    }
    EXPECT_GT(covered, 2'000U);
    EXPECT_LT(covered, 18'000U);
    EXPECT_GT(shown * 10, covered * 9);
}

/// Halves of a quantum are rounded up position by position, never in their sum.
TEST(RiskSum, CountsAStartedQuantumOfEachPosition) {
    VenueContext context;
    context.assets[0] = {.known = true, .priced = true, .fresh = true};
    Cell block;
    for (std::uint32_t id = 1; id <= 2; ++id) {
        MarketContext market{.id = MarketId{id}, .status = MarketStatus::kActive, .priced = true};
        market.terms.multiplier = 1;
        market.mark = 1;
        market.margin = MarginTable::make(
            {.margin_tiers = {{.maintenance_ppm = 400'000, .initial_ppm = 500'000}}}, 0);
        context.add(market);
        internal::put_position(block, (id - 1) * AccountLayout::kPositionSize,
                               {market.id, {.lots = 1, .cost = -1}});
    }
    for (const Rounding rounding : {Rounding::kExact, Rounding::kUpward}) {
        RiskSum sum(context, rounding);
        sum.add(PositionSpan(block, 0), MarketId{kMaxMarkets});
        for (const std::int64_t cash : {1, 2}) {
            const Risk risk = sum.value(1, 0, [&](AssetId) { return Int128{cash}; });
            EXPECT_EQ(risk.covers_initial(), cash == 2);
        }
    }
}

}  // namespace
}  // namespace lockstep::test
