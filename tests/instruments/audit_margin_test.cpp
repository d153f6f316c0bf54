// Ways in which margin could be robbed, each shut by a rule of its own; named after the audit that
// found them. audit_test.cpp has the first two.

#include <gtest/gtest.h>

#include <bit>
#include <vector>

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

/// V4, R-STALE-2: cash leaves at prices that are neither old nor about to change. A fall of 30 %
/// waits for its second tick; in the meantime nothing is paid out at the old mark.
TEST_F(MarginAudit, V4NoCashLeavesWhileAJumpWaits) {
    const FeedId guarded{2};
    open();
    EXPECT_EQ(run_one(CreateFeed{.feed = guarded,
                                 .params = {.max_age_ms = kHourMs, .jump_ppm = 100'000},
                                 .sources = {{.signer = kOracle}}}),
              Status::kApplied);
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.terms.feed = guarded;
    EXPECT_EQ(run_one(create), Status::kApplied);
    set_price(600'000, 1000, guarded);
    for (const AccountId account : {kAlice, kBob}) {
        deposit(account, 1'600'000'000);
    }
    ASSERT_EQ(run_one(trade(kAlice, kBob, 100, 600'000)), Status::kApplied);
    const Withdraw out{.account = kAlice, .asset = kUsd, .amount = 1'000'000'000};
    const auto same_block = [&](std::int64_t price) {
        OracleUpdate update = price_update(price, guarded);
        update.publish_time_ms = now() + 1000;
        return run({sign(kVenueAccount, update), sign(kAlice, out)}).at(1);
    };
    EXPECT_EQ(same_block(420'000), Status::kOracleStale);
    EXPECT_EQ(run_one(InsuranceDeposit{.account = kAlice, .asset = kUsd, .amount = 1}, kAlice),
              Status::kOracleStale);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000)), Status::kOracleStale);
    EXPECT_EQ(same_block(421'000), Status::kApplied);  // confirmed: judged at the new mark
    EXPECT_EQ(tick().mark, 421'000);
}

/// V4, R-STALE-2: an old price backs nothing, in any market; a debt at one stops cash and risk.
TEST_F(MarginAudit, V4AnOldPriceBacksNothing) {
    open(10'000);  // the coin's feed, silent from here on
    const FeedId live{2};
    EXPECT_EQ(run_one(CreateFeed{.feed = live,
                                 .params = {.max_age_ms = 1'000'000'000},
                                 .sources = {{.signer = kOracle}}}),
              Status::kApplied);
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.terms.feed = live;
    EXPECT_EQ(run_one(create), Status::kApplied);
    EXPECT_EQ(run_one(market(kFuture, MarketKind::kLinearPerpetual)), Status::kApplied);
    set_price(600'000);
    set_price(600'000, 1000, live);
    deposit(kAlice, 100'000'000, kCoin);  // 60,000 USD
    deposit(kBob, 10'000'000'000);
    deposit(kCarol, 10'000'000'000);
    ASSERT_EQ(run_one(trade(kAlice, kBob, 10, 600'000)), Status::kApplied);
    ASSERT_EQ(run_one(trade(kBob, kCarol, 10, 600'000, kFuture)), Status::kApplied);
    wait(240 * kHourMs);
    set_price(600'000, 1000, live);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000)), Status::kMarginTaker);
    // Bob's and Carol's positions at the silent feed stop what would add risk elsewhere.
    EXPECT_EQ(run_one(trade(kBob, kCarol, 1, 600'000)), Status::kOracleStale);
    EXPECT_EQ(run_one(Batch{.atomic = true, .fills = {trade(kBob, kCarol, 1, 600'000)}}),
              Status::kOracleStale);
    EXPECT_EQ(run_one(Withdraw{.account = kBob, .asset = kUsd, .amount = 1}, kBob),
              Status::kOracleStale);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 1, 600'000)), Status::kApplied);  // reduces both
}

/// V10, R-TRADE-4: what closes may be as small as it is; what opens may not.
TEST_F(MarginAudit, V10ASmallPositionCanBeClosed) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.min_notional = 60'000'000;
    start(create);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 600'000)), Status::kApplied);
    set_price(480'000);
    EXPECT_EQ(run_one(trade(kCarol, kBob, 10, 480'000)), Status::kMinNotional);
    EXPECT_EQ(run_one(trade(kCarol, kAlice, 3, 480'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kCarol, 3, 480'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 7, 480'000)), Status::kApplied);
    EXPECT_EQ(position(kAlice), Position{});
}

/// V11, R-FEE-2: options trade at every premium, closing included, whatever the maker's rebate.
TEST_F(MarginAudit, V11CheapOptionsTradeWithRebates) {
    CreateMarket create = market(kCall, MarketKind::kEuropeanOption);
    create.terms.expiry_ms = kStartMs + 100 * kHourMs;
    create.terms.strike = 700'000;
    create.params.option_floor_ppm = 100'000;
    create.fees = {{.maker_ppm = -200, .taker_ppm = 300}};
    start(create);
    for (const std::int64_t premium : {1, 2, 7, 40, 479, 480, 5'000}) {
        EXPECT_EQ(run_one(trade(kAlice, kBob, 1, premium, kCall)), Status::kApplied) << premium;
        ASSERT_EQ(trades().size(), 1U);
        EXPECT_GE(trades().at(0).buyer.fee + trades().at(0).seller.fee, 0);
        EXPECT_EQ(run_one(trade(kBob, kAlice, 1, premium, kCall)), Status::kApplied) << premium;
    }
}

/// V12, R-MARGIN-7: an insolvent account can leave by halves or at once, at the mark and no worse.
TEST_F(MarginAudit, V12AnInsolventAccountClosesAtTheMark) {
    for (const std::int64_t lots : {600, 1'200}) {
        TestVenue venue;
        venue.open();
        EXPECT_EQ(venue.run_one(market(kPerp, MarketKind::kLinearPerpetual)), Status::kApplied);
        venue.set_price(600'000);
        venue.deposit(kAlice, 1'000'000'000);
        venue.deposit(kBob, 100'000'000'000);
        ASSERT_EQ(venue.run_one(venue.trade(kAlice, kBob, 1'200, 600'000)), Status::kApplied);
        venue.set_price(500'000);  // 1,200 USD lost, 1,000 put in
        const auto close = [&](std::int64_t price) {
            return venue.run_one(venue.trade(kBob, kAlice, lots, price));
        };
        EXPECT_EQ(close(499'999), Status::kMarginMaker);
        EXPECT_EQ(close(500'000), Status::kApplied);
        EXPECT_EQ(venue.position(kAlice).lots, 1'200 - lots);
        EXPECT_EQ(venue.run_one(venue.trade(kAlice, kBob, 1, 500'000)), Status::kMarginTaker);
    }
}

/// V13, R-MARGIN-7: below maintenance an account gives nothing to whom it closes with, in any form
/// of the fill; fees it may pay.
TEST_F(MarginAudit, V13BelowMaintenanceNothingIsGivenAway) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.fees = {{.maker_ppm = 200, .taker_ppm = 500}};
    start(create);
    ASSERT_EQ(run_one(trade(kAlice, kBob, 1'600, 600'000)), Status::kApplied);
    set_price(564'000);  // some 419 USD left, 451 to maintain
    const auto forms = [&](std::int64_t price) {
        const Trade fill = trade(kCarol, kAlice, 500, price);
        return std::vector<Payload>{fill, Batch{.atomic = true, .fills = {fill}}};
    };
    for (const std::int64_t price : {500'000, 560'000, 563'999}) {
        for (const Payload& form : forms(price)) {
            EXPECT_EQ(run_one(form), Status::kMarginMaker) << price;
        }
    }
    EXPECT_EQ(run_one(forms(564'000).at(1)), Status::kApplied);
    EXPECT_EQ(run_one(forms(564'001).at(0)), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, 600);
}

/// V18, R-CASH-7: an asset whose cash is 0 again is no longer held, so dust sent by others can be
/// sent away.
TEST_F(MarginAudit, V18AnAssetIsHeldWhileItsCashIsNotZero) {
    start();
    constexpr std::uint32_t kDusty = 20;
    for (std::uint32_t i = 2; i < kDusty; ++i) {
        EXPECT_EQ(run_one(CreateAsset{.asset = AssetId{i}}), Status::kApplied);
    }
    const std::size_t before = store().size();
    for (std::uint32_t i = 2; i < kDusty; ++i) {
        deposit(kBob, 1, AssetId{i});
        EXPECT_EQ(
            run_one(Transfer{.from = kBob, .to = kAlice, .asset = AssetId{i}, .amount = 1}, kBob),
            Status::kApplied);
    }
    const auto held = [&](AccountId account) {
        return AccountHead(*store().get(account_key(account))).assets();
    };
    EXPECT_EQ(held(kBob), 1U);
    EXPECT_EQ(std::popcount(held(kAlice)), 1 + static_cast<int>(kDusty - 2));
    for (std::uint32_t i = kDusty; i-- > 2;) {
        EXPECT_EQ(run_one(Withdraw{.account = kAlice, .asset = AssetId{i}, .amount = 1}, kAlice),
                  Status::kApplied);
    }
    EXPECT_EQ(held(kAlice), 1U);
    EXPECT_EQ(cash(kAlice), 1'000'000'000);
    // Left are marks and nonces of deposits, totals of assets, and nonces of two signers.
    EXPECT_LE(store().size(), before + 3 * (kDusty - 2) + 2);
    EXPECT_EQ(run_one(Withdraw{.account = kAlice, .asset = kUsd, .amount = 1'000'000'000}, kAlice),
              Status::kApplied);
    EXPECT_EQ(held(kAlice), 0U);
}

/// V21, R-TRADE-9: closed lots pay their share at once, while the rest stays open; what is kept is
/// the share of the lots that are left, rounded against the holder.
TEST_F(MarginAudit, V21ClosedLotsPayWhileTheRestStaysOpen) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'000, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 999, 603'000)), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, 1);
    EXPECT_EQ(position(kAlice).cost, -6'000'000);
    EXPECT_EQ(cash(kAlice), 1'000'000'000 + 999 * 30'000);
    EXPECT_EQ(cash(kBob), 1'000'000'000 - 999 * 30'000);
    EXPECT_EQ(trades().at(0).seller.closed, 999 * 30'000);
    EXPECT_EQ(run_one(Withdraw{.account = kAlice, .asset = kUsd, .amount = 999 * 30'000}, kAlice),
              Status::kApplied);
}

TEST_F(MarginAudit, V21AFlipKeepsItsShareOfTheFill) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 25, 601'000)), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, -15);
    EXPECT_EQ(position(kAlice).cost, 15 * 601'000 * 10);
    EXPECT_EQ(cash(kAlice), 1'000'000'000 + 10 * 1'000 * 10);
}

/// V21: at uneven prices nothing is lost or made, and one quantum a fill at most waits in the rest.
TEST_F(MarginAudit, V21SharesAreRoundedAgainstTheHolder) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 3, 600'001)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 4, 600'002)), Status::kApplied);
    const Int128 cost = position(kAlice).cost;  // -42,000,110: no multiple of 7
    EXPECT_EQ(run_one(trade(kBob, kAlice, 1, 600'000)), Status::kApplied);
    EXPECT_EQ(position(kAlice).cost, -36'000'094);  // 6/7 are -36,000,094.28
    EXPECT_EQ(cash(kAlice), 1'000'000'000 + cost + 6'000'000 + 36'000'094);
    EXPECT_EQ(cash(kAlice) + cash(kBob) + position(kAlice).cost + position(kBob).cost,
              2'000'000'000);
}

/// V22, I14: a fill in parts leaves the same lots and, in linear markets, the same cost; of an
/// inverse contract each part is rounded once for both sides, less than a quantum apart.
TEST_F(MarginAudit, V22SplitFillsOfInverseContractsDifferByRoundingsOnly) {
    CreateMarket create = market(kInverse, MarketKind::kInversePerpetual);
    create.terms.settlement_asset = kCoin;
    create.terms.multiplier = 1'000'000'000;
    start(create);
    for (const std::int64_t parts : {1, 2, 10, 1'000}) {
        TestVenue venue;
        venue.open();
        EXPECT_EQ(venue.run_one(create), Status::kApplied);
        venue.set_price(600'000);
        for (const AccountId account : {kAlice, kBob}) {
            venue.deposit(account, 1'000'000'000);
        }
        for (std::int64_t part = 0; part < parts; ++part) {
            ASSERT_EQ(venue.run_one(venue.trade(kAlice, kBob, 1'000 / parts, 600'001, kInverse)),
                      Status::kApplied);
        }
        const Int128 cost = venue.position(kAlice, kInverse).cost;
        EXPECT_EQ(venue.position(kAlice, kInverse).lots, 1'000);
        EXPECT_EQ(cost, -venue.position(kBob, kInverse).cost);
        EXPECT_LE(cost, 1'666'663);
        EXPECT_GT(cost, 1'666'663 - parts);
    }
}

/// V20, R-OWNER-1: ten accounts of one owner hold together what one may hold; a fill between two of
/// them, and one that only reduces, pass at the limit. The first account counts from before it had
/// siblings.
TEST_F(MarginAudit, V20PositionLimitsHoldForAllAccountsOfAnOwner) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.max_position_lots = 1'000;
    start(create);
    ASSERT_EQ(run_one(trade(kAlice, kBob, 600, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kAlice, kCarol, 401, 600'000)), Status::kPositionLimit);
    for (std::uint16_t i = 1; i < 10; ++i) {
        const AccountId account = make_account(owner_of(kAlice), i);
        deposit(account, 1'000'000'000);
        // Long or short: lots count alike.
        const bool buys = i % 2 == 0;
        const auto fill = [&](std::int64_t lots) {
            return run_one(buys ? trade(account, kCarol, lots, 600'000)
                                : trade(kCarol, account, lots, 600'000));
        };
        EXPECT_EQ(fill(401), Status::kPositionLimit);
        EXPECT_EQ(fill(i == 9 ? 40 : 45), Status::kApplied);
    }
    const AccountId second = make_account(owner_of(kAlice), 1);
    const AccountId third = make_account(owner_of(kAlice), 2);
    EXPECT_EQ(run_one(trade(third, kCarol, 1, 600'000)), Status::kPositionLimit);
    EXPECT_EQ(run_one(trade(third, kAlice, 100, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(third, second, 1, 600'000)), Status::kPositionLimit);
    EXPECT_EQ(run_one(trade(second, kCarol, 10, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(third, kCarol, 11, 600'000)), Status::kPositionLimit);
    EXPECT_EQ(run_one(trade(third, kCarol, 10, 600'000)), Status::kApplied);
    // Bob has one account, and the whole limit.
    EXPECT_EQ(run_one(trade(kBob, kCarol, 1'600, 600'000)), Status::kPositionLimit);
}

/// V20, R-OWNER-2: brackets rise with what an owner holds over all of his accounts. What one
/// account cannot carry, no number of them can; no cash leaves that the others' lots need.
TEST_F(MarginAudit, V20BracketsRiseWithAllAccountsOfAnOwner) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.margin_tiers = {
        {.notional_upper = 600'000'000, .maintenance_ppm = 50'000, .initial_ppm = 100'000},
        {.maintenance_ppm = 250'000, .initial_ppm = 500'000}};
    start(create);
    const AccountId second = make_account(owner_of(kAlice), 1);
    deposit(second, 60'000'000);
    ASSERT_EQ(run_one(trade(kAlice, kBob, 100, 600'000)), Status::kApplied);
    // Alone the second account could carry 100 lots; of 200 together it needs half of
    // 60,000,000 + 300,000,000.
    EXPECT_EQ(run_one(trade(second, kBob, 100, 600'000)), Status::kMarginTaker);
    deposit(second, 120'000'000 - 1);
    EXPECT_EQ(run_one(trade(second, kBob, 100, 600'000)), Status::kMarginTaker);
    deposit(second, 1);
    EXPECT_EQ(run_one(trade(second, kBob, 100, 600'000)), Status::kApplied);
    const auto withdraw = [&](AccountId account, Int128 amount) {
        return run_one(Withdraw{.account = account, .asset = kUsd, .amount = amount}, account);
    };
    EXPECT_EQ(withdraw(second, 1), Status::kMargin);
    EXPECT_EQ(withdraw(kAlice, 1'000'000'000 - 180'000'000 + 1), Status::kMargin);
    EXPECT_EQ(withdraw(kAlice, 1'000'000'000 - 180'000'000), Status::kApplied);
    // One of them closes: the other needs what it needs alone.
    EXPECT_EQ(run_one(trade(kBob, kAlice, 100, 600'000)), Status::kApplied);
    EXPECT_EQ(withdraw(second, 120'000'000), Status::kApplied);
    EXPECT_EQ(withdraw(second, 1), Status::kMargin);
}

}  // namespace
}  // namespace lockstep::test
