// Ways in which the venue could be robbed, each shut by a rule of its own; named after the audit
// that found them.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "engine/base/random.hpp"
#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

/// Inverse contracts of 100 USD with 50 times leverage, settled in the coin, at 60,000.
void open_inverse(TestVenue& venue) {
    venue.open();
    CreateMarket create = TestVenue::market(kInverse, MarketKind::kInversePerpetual);
    create.terms.settlement_asset = kCoin;
    create.terms.multiplier = std::int64_t{100} * 100'000'000 * 10;
    create.params.margin_tiers = {{.maintenance_ppm = 10'000, .initial_ppm = 20'000}};
    create.params.band_ppm = 50'000;
    EXPECT_EQ(venue.run_one(create), Status::kApplied);
    venue.set_price(600'000);
}

/// V1: the first close in an asset that the account never held counts the loss that it makes. The
/// attacker has dollars only, opens at the mark and sells to an accomplice at the end of the band.
TEST(Audit, V1TheFirstCloseInAnAssetNeverHeldIsHeldToItsMargin) {
    TestVenue venue;
    open_inverse(venue);
    venue.deposit(kAlice, 1'000'000'000);
    venue.deposit(kBob, Int128{1'000'000'000'000});
    const std::int64_t contracts = 400;
    ASSERT_EQ(venue.run_one(venue.trade(kAlice, kBob, contracts, 600'000, kInverse)),
              Status::kApplied);
    const Trade closing = venue.trade(kBob, kAlice, contracts, 570'000, kInverse);
    const Batch atomic{.atomic = true, .fills = {closing}};
    const Batch independent{.atomic = false, .fills = {closing}};
    EXPECT_EQ(venue.run_one(closing), Status::kMarginMaker);
    EXPECT_EQ(venue.run_one(atomic), Status::kMarginMaker);
    EXPECT_EQ(venue.run_one(independent), Status::kApplied);  // its leg fails
    EXPECT_EQ(venue.position(kAlice, kInverse).lots, contracts);
    EXPECT_EQ(venue.cash(kAlice, kCoin), 0);
    EXPECT_EQ(venue.cash(kBob, kCoin), 0);
}

/// V1, the rule: a fill is decided alike alone, in an atomic and in an independent batch, whatever
/// the accounts hold, owe or lack.
TEST(Audit, V1OneFillIsDecidedAlikeInEveryForm) {
    // Three venues with the same history but for the form of each fill.
    std::array<TestVenue, 3> venues;
    std::array<AccountId, 6> accounts{};
    for (TestVenue& venue : venues) {
        Random random(11);
        open_inverse(venue);
        EXPECT_EQ(venue.run_one(TestVenue::market(kPerp, MarketKind::kLinearPerpetual)),
                  Status::kApplied);
        venue.set_price(600'000);
        for (std::size_t i = 0; i < accounts.size(); ++i) {
            accounts[i] = make_account(10 + i);
            venue.deposit(accounts[i], 1 + Int128{random.below(200'000'000)});
            if (i % 3 == 0) {
                venue.deposit(accounts[i], 1 + Int128{random.below(200'000)}, kCoin);
            }
        }
    }
    Random random(12);
    std::array<std::uint64_t, 2> decided{};
    for (int step = 0; step < 1'500; ++step) {
        if (random.chance(1, 10)) {
            const auto price = 550'000 + static_cast<std::int64_t>(random.below(100)) * 1'000;
            for (TestVenue& venue : venues) {
                venue.set_price(price);
            }
        }
        const std::size_t buyer = random.below(accounts.size());
        const std::size_t seller =
            (buyer + 1 + random.below(accounts.size() - 1)) % accounts.size();
        const MarketId id = random.chance(1, 2) ? kPerp : kInverse;
        const auto lots = 1 + static_cast<std::int64_t>(random.below(60));
        const auto price = (570 + static_cast<std::int64_t>(random.below(60))) * 1'000;
        std::array<Trade, 3> fills;
        std::transform(venues.begin(), venues.end(), fills.begin(), [&](TestVenue& venue) {
            return venue.trade(accounts[buyer], accounts[seller], lots, price, id);
        });
        const Status single = venues[0].run_one(fills[0]);
        EXPECT_EQ(venues[1].run_one(Batch{.atomic = true, .fills = {fills[1]}}), single);
        EXPECT_EQ(venues[2].run_one(Batch{.atomic = false, .fills = {fills[2]}}), Status::kApplied);
        EXPECT_EQ(venues[2].trades().size(), single == Status::kApplied ? 1U : 0U);
        ++decided[single == Status::kApplied ? 1 : 0];
        for (const AccountId account : accounts) {
            for (const TestVenue& venue : venues) {
                ASSERT_EQ(venue.position(account, id), venues[0].position(account, id));
                ASSERT_EQ(venue.cash(account, kCoin), venues[0].cash(account, kCoin));
            }
        }
    }
    EXPECT_GT(decided[0], 300U);
    EXPECT_GT(decided[1], 200U);
}

/// V2: the requirement is continuous and monotone in size, for any tiers and any scaling by open
/// interest; initial margin never exceeds the notional and never falls below maintenance.
TEST(Audit, V2RequirementsAreContinuousAndMonotone) {
    const MarginTable found =
        MarginTable::make({.margin_tiers = {{.notional_upper = 1'000'000'000,
                                             .maintenance_ppm = 50'000,
                                             .initial_ppm = 100'000},
                                            {.maintenance_ppm = 250'000, .initial_ppm = 500'000}},
                           .oi_margin_lower = 0,
                           .oi_margin_upper = 2'000},
                          1'000);
    EXPECT_EQ(found.of_notional(1'000'000'000).initial.value(), 550'000'000);
    EXPECT_EQ(found.of_notional(1'000'000'001).initial.value(), 550'000'001);

    Random random(12);
    for (int round = 0; round < 300; ++round) {
        MarketParams params;
        std::int64_t upper = 0;
        std::int32_t maintenance = 0;
        std::int32_t initial = 0;
        for (std::uint64_t tier = 1 + random.below(kMaxMarginTiers); tier > 0; --tier) {
            upper += 1 + static_cast<std::int64_t>(random.below(5'000));
            maintenance += 1 + static_cast<std::int32_t>(random.below(60'000));
            initial =
                std::max(initial, maintenance) + static_cast<std::int32_t>(random.below(60'000));
            params.margin_tiers.push_back({.notional_upper = upper,
                                           .maintenance_ppm = std::min(maintenance, 1'000'000),
                                           .initial_ppm = std::min(initial, 1'000'000)});
        }
        params.oi_margin_lower = static_cast<std::int64_t>(random.below(100));
        params.oi_margin_upper =
            random.chance(1, 4) ? 0 : 100 + static_cast<std::int64_t>(random.below(900));
        ASSERT_TRUE(margin_tiers_valid(params.margin_tiers));
        const MarginTable table =
            MarginTable::make(params, static_cast<std::int64_t>(random.below(1'200)));
        Requirement before = table.of_notional(0);
        EXPECT_EQ(before.initial.value(), 0);
        for (std::int64_t notional = 1; notional < upper + 200; ++notional) {
            const Requirement now = table.of_notional(notional);
            ASSERT_LE(before.maintenance.value(), now.maintenance.value());
            ASSERT_LE(now.maintenance.value() - before.maintenance.value(), 1);
            ASSERT_LE(before.initial.value(), now.initial.value());
            ASSERT_LE(now.initial.value() - before.initial.value(), 1);
            ASSERT_LE(now.maintenance.value(), now.initial.value());
            ASSERT_LE(now.initial.value(), notional);
            before = now;
        }
    }
}

}  // namespace
}  // namespace lockstep::test
