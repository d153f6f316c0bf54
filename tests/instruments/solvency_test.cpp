// I9: what the venue has belongs to somebody, asset by asset; who owes, and how much, is seen.

#include "instruments/solvency.hpp"

#include <gtest/gtest.h>

#include "tests/instruments/random_market.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

SolvencyStatement statement_of(const StateStore<Venue>& store) {
    SolvencyScan scan;
    store.for_each([&](const StateKey& key, const Cell& cell) { scan.add(key, cell); });
    return scan.statement();
}

class Solvency : public testing::Test, protected TestVenue {
  protected:
    void start() {
        open();
        EXPECT_EQ(run_one(market(kPerp, MarketKind::kLinearPerpetual)), Status::kApplied);
        set_price(600'000);
        deposit(kAlice, 1'000'000'000);
        deposit(kBob, 100'000'000'000);
    }
    [[nodiscard]] SolvencyStatement statement() const { return statement_of(store()); }
};

/// R-SOLV-1: a price gap makes the debt that it makes, and the insurance covers what it has.
TEST_F(Solvency, V3DebtsAreSeenWhereTheyArise) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'200, 600'000)), Status::kApplied);
    EXPECT_TRUE(statement().solvent());
    EXPECT_EQ(statement().equity.value(), 101'000'000'000);
    set_price(580'000);  // 240 USD lost
    EXPECT_EQ(statement().below_initial, 0U);
    set_price(560'000);  // 480 lost, 520 left, 672 to open with
    EXPECT_EQ(statement().below_initial, 1U);
    EXPECT_EQ(statement().below_maintenance, 0U);
    set_price(500'000);
    const SolvencyStatement gap = statement();
    EXPECT_EQ(gap.debt.value(), 200'000'000);
    EXPECT_EQ(gap.equity.value(), 101'200'000'000);
    EXPECT_EQ(gap.insolvent, 1U);
    EXPECT_EQ(gap.below_maintenance, 1U);
    EXPECT_FALSE(gap.solvent());
    EXPECT_EQ(
        run_one(InsuranceDeposit{.account = kBob, .asset = kUsd, .amount = 199'999'999}, kBob),
        Status::kApplied);
    EXPECT_FALSE(statement().solvent());
    EXPECT_EQ(run_one(InsuranceDeposit{.account = kBob, .asset = kUsd, .amount = 1}, kBob),
              Status::kApplied);
    EXPECT_TRUE(statement().solvent());
}

/// R-SOLV-2: an exit of an insolvent account makes no new debt, whatever the form of the fill.
TEST_F(Solvency, V12ExitsMakeNoDebt) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'200, 600'000)), Status::kApplied);
    set_price(500'000);
    for (const std::int64_t price : {499'999, 500'000, 500'003, 450'000}) {
        for (const std::int64_t lots : {100, 7}) {
            static_cast<void>(run_one(trade(kBob, kAlice, lots, price)));
            EXPECT_LE(statement().debt.value(), 200'000'000);
        }
    }
    EXPECT_LT(position(kAlice).lots, 1'200);
}

class RandomSolvency : public testing::TestWithParam<std::uint64_t> {};

/// I9, R-SOLV-1: after every block of random traffic over all kinds of markets, and through their
/// settlement, every quantum has an owner; and no block without a new price adds to the debts.
TEST_P(RandomSolvency, I9EveryQuantumHasAnOwner) {
    TestVenue venue;
    RandomMarket market(GetParam() + 5'000, venue);
    market.set_up();
    const auto check = [&] {
        const SolvencyStatement now = statement_of(venue.store());
        ASSERT_EQ(now.assets.size(), 2U);
        EXPECT_EQ(now.assets[0].difference().value(), 0);
        EXPECT_GE(now.assets[1].difference().value(), 0);
        EXPECT_LE(now.assets[1].difference().value(), RandomMarket::kTraders);
        EXPECT_EQ(now.accounts, RandomMarket::kTraders);
    };
    for (std::uint64_t i = 0; i < scaled(30, 10); ++i) {
        venue.run(market.block(12), 60'000);
        check();
    }
    venue.set_price(600'500, 4 * kHourMs);
    check();
    for (std::uint64_t i = 0; i < RandomMarket::kTraders; ++i) {
        venue.run(market.settle(i));
        check();
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSolvency, testing::Range<std::uint64_t>(1, 5));

/// The scan notices what is missing and what is owned twice.
TEST_F(Solvency, AMissingQuantumIsSeen) {
    start();
    StateStore<Venue> broken;
    store().for_each([&](const StateKey& key, const Cell& cell) { broken.set(key, &cell); });
    EXPECT_EQ(statement_of(broken).assets.at(0).difference().value(), 0);
    const Cell less = Cell::of_number(101'000'000'000 - 1);
    broken.set(asset_key(CellKind::kAssetTotal, kUsd), &less);
    EXPECT_EQ(statement_of(broken).assets.at(0).difference().value(), -1);
}

}  // namespace
}  // namespace lockstep::test
