// Liquidation: accounts below maintenance are taken over at the mark, as little as heals them.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/base/random.hpp"
#include "instruments/solvency.hpp"
#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

/// 5 % maintenance, a perpetual whose lots are worth 6,000,000 quanta at 600,000.
class Liquidation : public testing::Test, protected TestVenue {
  protected:
    void start(const CreateMarket& create) {
        open();
        EXPECT_EQ(run_one(create), Status::kApplied);
        set_price(600'000);
        deposit(kBob, kRich);
        deposit(kCarol, kRich);
    }
    void start() { start(market(kPerp, MarketKind::kLinearPerpetual)); }
    /// Alice holds so many lots, short when negative, at 600,000.
    void hold(std::int64_t lots, Int128 cash) {
        deposit(kAlice, cash);
        const Trade fill =
            lots > 0 ? trade(kAlice, kBob, lots, 600'000) : trade(kBob, kAlice, -lots, 600'000);
        ASSERT_EQ(run_one(fill), Status::kApplied);
    }
    Status liquidate(AccountId liquidator = kCarol, MarketId in = kPerp) {
        return run_one(Liquidate{.account = kAlice, .market = in, .liquidator = liquidator},
                       liquidator);
    }
    [[nodiscard]] Int128 insurance() const { return number(asset_key(CellKind::kInsurance, kUsd)); }
    [[nodiscard]] SolvencyStatement solvency() const {
        SolvencyScan scan;
        store().for_each([&](const StateKey& key, const Cell& cell) { scan.add(key, cell); });
        return scan.statement();
    }

    static constexpr Int128 kRich = 1'000'000'000'000;
};

/// R-LIQ-1: only what is below maintenance, at fresh prices, by another account in good standing.
TEST_F(Liquidation, AsksForAnAccountBelowMaintenance) {
    start();
    hold(1'000, 600'000'000);
    EXPECT_EQ(liquidate(), Status::kHealthy);
    EXPECT_EQ(liquidate(kDave), Status::kNoAccount);
    set_price(568'422);  // 600,000,000 - 315,780,000 = 284,220,000 against 284,211,000
    EXPECT_EQ(liquidate(), Status::kHealthy);
    set_price(568'420);
    EXPECT_EQ(liquidate(kAlice), Status::kSelfTrade);
    EXPECT_EQ(liquidate(kCarol, MarketId{77}), Status::kMarketUnknown);
    EXPECT_EQ(run_one(SetFrozen{.account = kCarol, .frozen = true}), Status::kApplied);
    EXPECT_EQ(liquidate(), Status::kAccountFrozen);
    EXPECT_EQ(run_one(SetFrozen{.account = kCarol, .frozen = false}), Status::kApplied);
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = true}, kAlice), Status::kApplied);
    EXPECT_EQ(liquidate(), Status::kApplied);  // her own freeze does not keep her out of it
}

/// R-LIQ-2, R-LIQ-3: the least lots that heal, by trying all of them; with the fee of that size.
TEST_F(Liquidation, TakesTheLeastLotsThatHeal) {
    Random random(11);
    int partial = 0;
    for (int round = 0; round < 60; ++round) {
        TestVenue venue;
        CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
        create.terms.lot_step = random.between(1, 7);
        if (random.chance(1, 2)) {
            create.params.margin_tiers = {{.notional_upper = random.between(1, 3'000'000'000),
                                           .maintenance_ppm = 50'000,
                                           .initial_ppm = 100'000},
                                          {.maintenance_ppm = 80'000, .initial_ppm = 160'000}};
        }
        venue.open();
        ASSERT_EQ(venue.run_one(create), Status::kApplied);
        venue.set_price(600'000);
        venue.deposit(kBob, kRich);
        venue.deposit(kCarol, kRich);
        const std::int64_t steps = random.between(1, 150);
        const std::int64_t lots = steps * create.terms.lot_step;
        const bool is_short = random.chance(1, 2);
        const Int128 cash = Int128{lots} * random.between(1'000'000, 1'200'000);
        venue.deposit(kAlice, cash);
        const Trade fill = is_short ? venue.trade(kBob, kAlice, lots, 600'000)
                                    : venue.trade(kAlice, kBob, lots, 600'000);
        ASSERT_EQ(venue.run_one(fill), Status::kApplied);
        const std::int64_t mark = 600'000 + (is_short ? 1 : -1) * random.between(60'000, 130'000);
        venue.set_price(mark);
        const MarginTable table = MarginTable::make(create.params, 0);
        const auto needs = [&](std::int64_t held) {
            return table.of_notional(Checked{held} * mark * 10).maintenance.value();
        };
        const Int128 equity =
            cash - (is_short ? Int128{mark} - 600'000 : Int128{600'000} - mark) * lots * 10;
        const Int128 full = needs(lots);
        std::int64_t least = lots;
        Int128 fee = 0;
        for (std::int64_t n = create.terms.lot_step; n <= lots; n += create.terms.lot_step) {
            const Int128 backing = std::clamp<Int128>(equity, 0, full / 2);
            fee = (full - needs(lots - n)) * backing / full;
            if (equity - fee >= needs(lots - n)) {
                least = n;
                break;
            }
        }
        const Status status = venue.run_one(
            Liquidate{.account = kAlice, .market = kPerp, .liquidator = kCarol}, kCarol);
        if (equity >= full) {
            EXPECT_EQ(status, Status::kHealthy);
            continue;
        }
        ASSERT_EQ(status, Status::kApplied) << "round " << round;
        partial += least < lots ? 1 : 0;
        EXPECT_EQ(size_of_lots(venue.position(kAlice).lots), lots - least) << "round " << round;
        EXPECT_EQ(size_of_lots(venue.position(kCarol).lots), least);
        EXPECT_EQ(venue.number(asset_key(CellKind::kInsurance, kUsd)), fee / 2);
        EXPECT_EQ(venue.number(market_key(CellKind::kFees, kPerp)), 0);
        EXPECT_EQ(venue.trades().back().price, mark);
        EXPECT_EQ(venue.run_one(Liquidate{.account = kAlice, .market = kPerp, .liquidator = kCarol},
                                kCarol),
                  Status::kHealthy);
    }
    EXPECT_GT(partial, 10);
}

/// R-LIQ-5, R-LOSS-1: an insolvent account is closed as a whole; what it owes is paid by the
/// insurance, and beyond that by all who hold the market, so much a lot.
TEST_F(Liquidation, DebtIsTheInsurancesAsFarAsItGoes) {
    start();
    EXPECT_EQ(
        run_one(InsuranceDeposit{.account = kBob, .asset = kUsd, .amount = 150'000'000}, kBob),
        Status::kApplied);
    hold(-1'000, 600'000'000);
    set_price(670'000);  // she has lost 700,000,000
    EXPECT_EQ(solvency().debt.value(), 100'000'000);
    EXPECT_EQ(liquidate(), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, 0);
    EXPECT_EQ(cash(kAlice), 0);
    EXPECT_EQ(insurance(), 50'000'000);
    EXPECT_EQ(solvency().debt.value(), 0);
    for (const Int128 left : {Int128{20'000'000}, Int128{0}}) {
        set_price(600'000);
        hold(-1'000, 600'000'000);
        set_price(663'000);  // 630,000,000
        EXPECT_EQ(liquidate(), Status::kApplied);
        EXPECT_EQ(insurance(), left);
    }
    // The last 10,000,000 are borne by 3,000 lots of Bob and as many of Carol.
    EXPECT_EQ(cash(kAlice), 0);
    EXPECT_EQ(tick().funding.social, Int128{10'000'000} * (Int128{1} << 32) / 6'000 + 1);
    EXPECT_EQ(solvency().debt.value(), 0);
    const Int128 before = cash(kBob) + cash(kCarol) + position(kBob).cost + position(kCarol).cost;
    EXPECT_EQ(run_one(trade(kCarol, kBob, 3'000, 663'000)), Status::kApplied);
    const Int128 borne = before - cash(kBob) - cash(kCarol);
    EXPECT_GE(borne, 10'000'000);
    EXPECT_LE(borne, 10'000'002);  // rounded against each, the rest is dust
    EXPECT_TRUE(violations().empty());
}

/// R-LOSS-2: where nobody holds the market any more a loss is a debt of the venue; who comes later
/// does not pay it.
TEST_F(Liquidation, ALossWithoutHoldersIsABadDebt) {
    start();
    deposit(kAlice, 600'000'000);
    ASSERT_EQ(run_one(trade(kCarol, kAlice, 1'000, 600'000)), Status::kApplied);
    set_price(670'000);
    EXPECT_EQ(liquidate(), Status::kApplied);
    EXPECT_EQ(position(kCarol).lots, 0);
    EXPECT_EQ(cash(kAlice), 0);
    EXPECT_EQ(number(asset_key(CellKind::kBadDebt, kUsd)), 100'000'000);
    EXPECT_EQ(solvency().debt.value(), 100'000'000);
    EXPECT_FALSE(solvency().solvent());
    EXPECT_EQ(solvency().assets.at(0).difference().value(), 0);
    ASSERT_EQ(run_one(trade(kCarol, kBob, 1'000, 670'000)), Status::kApplied);
    wait(1000);
    EXPECT_EQ(tick().funding.social, 0);
}

/// R-LIQ-4: whoever takes lots over has to carry them.
TEST_F(Liquidation, TheLiquidatorIsHeldToMarginAndLimits) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.max_position_lots = 1'000;
    start(create);
    hold(1'000, 600'000'000);
    deposit(kDave, 1'000'000);
    const AccountId erin = make_account(9);
    deposit(erin, kRich);
    ASSERT_EQ(run_one(trade(kCarol, erin, 900, 600'000)), Status::kApplied);
    set_price(560'000);
    EXPECT_EQ(liquidate(kDave), Status::kMarginTaker);
    EXPECT_EQ(liquidate(kCarol), Status::kPositionLimit);
    EXPECT_EQ(liquidate(erin), Status::kApplied);  // who is short, so it reduces
    EXPECT_GT(position(erin).lots, -900);
}

/// R-LIQ-3: liquidating oneself through a second account gains nothing: both together lose the part
/// of the insurance, whatever the price.
TEST_F(Liquidation, LiquidatingOneselfGainsNothing) {
    const AccountId second = make_account(owner_of(kAlice), 1);
    for (const std::int64_t price : {568'000, 560'000, 550'000, 545'000, 540'000, 530'000}) {
        TestVenue venue;
        venue.open();
        ASSERT_EQ(venue.run_one(market(kPerp, MarketKind::kLinearPerpetual)), Status::kApplied);
        venue.set_price(600'000);
        venue.deposit(kBob, kRich);
        venue.deposit(kAlice, 600'000'000);
        venue.deposit(second, 600'000'000);
        ASSERT_EQ(venue.run_one(venue.trade(kAlice, kBob, 1'000, 600'000)), Status::kApplied);
        venue.set_price(price);
        const auto worth = [&] {
            Int128 sum = 0;
            for (const AccountId account : {kAlice, second}) {
                const Position position = venue.position(account);
                // Debts are not paid by the owner's other accounts.
                sum += std::max<Int128>(
                    0, venue.cash(account) + position.cost + Int128{position.lots} * price * 10);
            }
            return sum;
        };
        const Int128 before = worth();
        ASSERT_EQ(venue.run_one(Liquidate{.account = kAlice, .market = kPerp, .liquidator = second},
                                second),
                  Status::kApplied);
        EXPECT_EQ(worth(), before - venue.number(asset_key(CellKind::kInsurance, kUsd)));
    }
}

}  // namespace
}  // namespace lockstep::test
