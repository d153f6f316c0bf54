// How markets end and what the venue holds gets out: ways in which that could be abused or stuck,
// each shut by a rule of its own; named after the audit that found them.

#include <gtest/gtest.h>

#include <vector>

#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

constexpr std::int64_t kLastMs = kStartMs + 10 * kHourMs;
constexpr std::int64_t kLastWindowMs = 1'800'000;

class ClosingAudit : public testing::Test, protected TestVenue {
  protected:
    void start(const std::vector<CreateMarket>& markets, std::int64_t max_age_ms = 60'000) {
        open(max_age_ms);
        for (const CreateMarket& create : markets) {
            EXPECT_EQ(run_one(create), Status::kApplied);
        }
        set_price(600'000);
        for (const AccountId account : {kAlice, kBob, kCarol}) {
            deposit(account, 10'000'000'000);
        }
    }
    static CreateMarket dated(MarketId id, MarketKind kind) {
        CreateMarket create = market(id, kind);
        create.terms.expiry_ms = kLastMs;
        create.terms.settle_window_ms = kLastWindowMs;
        create.terms.strike = kind == MarketKind::kEuropeanOption ? 590'000 : 0;
        return create;
    }
    /// A block at `time_ms`, with a price.
    void price_at(std::int64_t time_ms, std::int64_t price) { set_price(price, time_ms - now()); }
    [[nodiscard]] MarketStatus status(MarketId id) const { return tick(id).status; }
    [[nodiscard]] Int128 fees(MarketId id) const { return number(market_key(CellKind::kFees, id)); }
};

/// V5, R-MARGIN-9: at a mark of 0, and below, a lot needs its absolute floor.
TEST_F(ClosingAudit, V5ALotNeedsItsFloorAtAnyMark) {
    const FeedId feed{2};
    CreateMarket create = dated(kFuture, MarketKind::kDatedFuture);
    create.terms.feed = feed;
    create.terms.allow_negative = true;
    create.params.band_ticks = 100;
    create.params.maintenance_floor = 500;
    create.params.initial_floor = 1'000;
    open();
    EXPECT_EQ(run_one(CreateFeed{.feed = feed,
                                 .params = {.max_age_ms = kHourMs, .allow_negative = true},
                                 .sources = {{.signer = kOracle}}}),
              Status::kApplied);
    EXPECT_EQ(run_one(create), Status::kApplied);
    set_price(0, 1000, feed);
    deposit(kAlice, 1'000'000);
    deposit(kBob, 1'000'000);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'001, 0, kFuture)), Status::kMarginTaker);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'000, 0, kFuture)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 1, 101, kFuture)), Status::kPriceBand);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 1, -101, kFuture)), Status::kPriceBand);
    set_price(-50, 1000, feed);  // 500,000 lost, 500,000 needed
    EXPECT_EQ(run_one(Withdraw{.account = kAlice, .asset = kUsd, .amount = 1}, kAlice),
              Status::kMargin);
}

/// V5, R-GOV-6: where prices may be <= 0 the floors and the absolute band are mandatory, and the
/// initial floor covers the band.
TEST_F(ClosingAudit, V5FloorsAreMandatoryWherePricesMayBeNegative) {
    open();
    CreateMarket create = dated(kFuture, MarketKind::kDatedFuture);
    const auto created = [&](std::int64_t ticks, std::int64_t maintenance, std::int64_t initial) {
        create.params.band_ticks = ticks;
        create.params.maintenance_floor = maintenance;
        create.params.initial_floor = initial;
        return run_one(create);
    };
    create.terms.allow_negative = true;
    EXPECT_EQ(created(0, 0, 0), Status::kParamRange);
    EXPECT_EQ(created(100, 0, 1'000), Status::kParamRange);
    EXPECT_EQ(created(0, 500, 1'000), Status::kParamRange);
    EXPECT_EQ(created(100, 500, 999), Status::kParamRange);
    EXPECT_EQ(created(100, 1'001, 1'000), Status::kParamRange);
    EXPECT_EQ(created(100, 500, 1'000), Status::kApplied);
}

/// V14, R-SETTLE-3: seconds at the end of the window say nothing about the rest of it.
TEST_F(ClosingAudit, V14AnAverageNeedsHalfOfItsWindow) {
    start({dated(kFuture, MarketKind::kDatedFuture)});
    wait(kLastMs - kLastWindowMs - now());  // the feed is silent
    price_at(kLastMs - 10'000, 900'000);
    price_at(kLastMs, 900'000);
    EXPECT_EQ(status(kFuture), MarketStatus::kSettlementPending);
    price_at(kLastMs + 30 * kHourMs, 123'456);
    EXPECT_EQ(status(kFuture), MarketStatus::kSettlementPending);
}

TEST_F(ClosingAudit, V14HalfOfTheWindowIsEnough) {
    start({dated(kFuture, MarketKind::kDatedFuture)}, kHourMs);
    wait(kLastMs - kLastWindowMs - now());  // the feed is silent
    price_at(kLastMs - kLastWindowMs / 2, 610'000);
    price_at(kLastMs, 620'000);
    EXPECT_EQ(status(kFuture), MarketStatus::kSettled);
    EXPECT_EQ(tick(kFuture).mark, 610'000);
}

/// V14, R-SETTLE-6: a price of governance ends what a dead feed would leave open for ever. Markets
/// that trade have a price of their own.
TEST_F(ClosingAudit, V14GovernanceGivesThePriceThatTheFeedDoesNot) {
    start({dated(kFuture, MarketKind::kDatedFuture), dated(kCall, MarketKind::kEuropeanOption)});
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 600'000, kFuture)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 20'000, kCall)), Status::kApplied);
    SettleMarket settle{.market = kFuture, .price = 612'000};
    EXPECT_EQ(run_one(settle), Status::kTransition);
    wait(kLastMs + kHourMs - now());
    EXPECT_EQ(status(kFuture), MarketStatus::kSettlementPending);
    for (const std::int64_t price : {std::int64_t{0}, std::int64_t{-1}, kMaxPrice}) {
        EXPECT_EQ(run_one(SettleMarket{.market = kFuture, .price = price}), Status::kParamRange);
    }
    EXPECT_EQ(run_one(SettleMarket{.market = MarketId{77}, .price = 1}), Status::kMarketUnknown);
    EXPECT_EQ(run_one(settle), Status::kApplied);
    settle.market = kCall;
    EXPECT_EQ(run_one(settle), Status::kApplied);
    wait(1);
    EXPECT_EQ(tick(kFuture).mark, 612'000);
    EXPECT_EQ(tick(kCall).mark, 22'000);
    EXPECT_EQ(run_one(settle), Status::kTransition);
    for (const MarketId id : {kFuture, kCall}) {
        EXPECT_EQ(run_one(SettleBatch{.market = id, .accounts = {kAlice, kBob}}), Status::kApplied);
    }
    EXPECT_EQ(cash(kAlice), 10'000'000'000 + 12'000 * 100 + 2'000 * 100);
    EXPECT_EQ(cash(kBob), 10'000'000'000 - 12'000 * 100 - 2'000 * 100);
}

/// R-SETTLE-6: a frozen market has an exit.
TEST_F(ClosingAudit, AFrozenMarketIsSettledByGovernance) {
    start({market(kPerp, MarketKind::kLinearPerpetual)});
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 600'000)), Status::kApplied);
    StateStore<Venue> broken;
    store().for_each([&](const StateKey& key, const Cell& cell) { broken.set(key, &cell); });
    const Cell extra = Cell::of_number(1);
    broken.set(market_key(CellKind::kFundClear, kPerp), &extra);
    const Venue venue;
    SerialExecutor<Venue> executor(venue, broken);
    std::uint64_t height = 100;
    std::int64_t time_ms = now();
    const auto apply = [&](std::vector<Transaction> transactions) {
        const auto result = executor.execute(
            {.header = {.height = ++height, .time_ms = ++time_ms}, .transactions = transactions});
        return result.has_value() && !result->receipts.empty()
                   ? Status{result->receipts.at(0).status}
                   : Status::kApplied;
    };
    const auto market_status = [&] {
        return TickRecord::decode(*broken.get(market_key(CellKind::kTick, kPerp))).status;
    };
    time_ms += 2 * kHourMs;  // no market rests over so long a time: the block visits it
    apply({});
    EXPECT_EQ(market_status(), MarketStatus::kFrozen);
    EXPECT_EQ(apply({sign(kVenueAccount, SettleMarket{.market = kPerp, .price = 600'000})}),
              Status::kApplied);
    apply({});
    apply({});
    EXPECT_EQ(market_status(), MarketStatus::kSettled);
    EXPECT_EQ(
        apply({sign(kVenueAccount, SettleBatch{.market = kPerp, .accounts = {kAlice, kBob}})}),
        Status::kApplied);
    EXPECT_EQ(broken.get(market_key(CellKind::kOpenInterest, kPerp))->number(), 0);
}

/// R-PAY-1: fees, dust and insurance are paid out by governance, to the last quantum and no
/// further.
TEST_F(ClosingAudit, WhatTheVenueHoldsIsPaidOut) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.fees = {{.maker_ppm = 100, .taker_ppm = 400}};
    create.params.funding = {.interval_ms = 1'000, .cap_ppb = 1'000'000};
    start({create}, 1'000'000'000);
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(run_one(trade(kAlice, kBob, 7, 600'000)), Status::kApplied);
        wait(1'731);
        EXPECT_EQ(run_one(trade(kBob, kAlice, 7, 600'000)), Status::kApplied);
    }
    EXPECT_EQ(run_one(InsuranceDeposit{.account = kBob, .asset = kUsd, .amount = 500}, kBob),
              Status::kApplied);
    const Int128 dust = number(market_key(CellKind::kDust, kPerp)) >> 32;
    ASSERT_GT(dust, 0);
    ASSERT_GT(fees(kPerp), 0);
    const std::vector<std::pair<PayOutSource, Int128>> held = {{PayOutSource::kFees, fees(kPerp)},
                                                               {PayOutSource::kDust, dust},
                                                               {PayOutSource::kInsurance, 500}};
    for (const auto& [source, amount] : held) {
        PayOut pay{.source = source, .market = kPerp, .asset = kUsd, .to = kCarol};
        EXPECT_EQ(run_one(pay), Status::kAmount);
        pay.amount = amount + 1;
        EXPECT_EQ(run_one(pay), Status::kInsufficientCash);
        pay.amount = amount;
        pay.to = kDave;
        EXPECT_EQ(run_one(pay), Status::kNoAccount);
        pay.to = kCarol;
        const Int128 before = cash(kCarol);
        EXPECT_EQ(run_one(pay), Status::kApplied);
        EXPECT_EQ(cash(kCarol) - before, amount);
        EXPECT_EQ(run_one(pay), Status::kInsufficientCash);
    }
    EXPECT_EQ(run_one(PayOut{.market = MarketId{70}, .to = kCarol, .amount = 1}),
              Status::kMarketUnknown);
    EXPECT_EQ(
        run_one(PayOut{
            .source = PayOutSource::kInsurance, .asset = AssetId{60}, .to = kCarol, .amount = 1}),
        Status::kAssetUnknown);
}

/// R-LIST-1: a settled market leaves the registry once nobody holds a position, shorts of worthless
/// options included; its number and its feed can be used again.
TEST_F(ClosingAudit, RegistriesShrink) {
    CreateMarket option = dated(kCall, MarketKind::kEuropeanOption);
    option.terms.strike = 900'000;
    option.fees = {{.maker_ppm = 100, .taker_ppm = 400}};
    start({option}, 1'000'000'000);
    const std::size_t cells = store().size();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 100, kCall)), Status::kApplied);
    EXPECT_EQ(run_one(DelistMarket{.market = kCall}), Status::kNotSettled);
    price_at(kLastMs, 600'000);
    ASSERT_EQ(status(kCall), MarketStatus::kSettled);
    EXPECT_EQ(run_one(DelistMarket{.market = kCall}), Status::kOpenPositions);
    EXPECT_EQ(run_one(SettleBatch{.market = kCall, .accounts = {kAlice}}), Status::kApplied);
    EXPECT_EQ(run_one(DelistMarket{.market = kCall}), Status::kOpenPositions);  // Bob is short
    EXPECT_EQ(run_one(SettleBatch{.market = kCall, .accounts = {kBob}}), Status::kApplied);
    EXPECT_EQ(run_one(RemoveFeed{.feed = kFeed}), Status::kInUse);
    const Int128 paid = fees(kCall);
    EXPECT_EQ(run_one(DelistMarket{.market = kCall}), Status::kApplied);
    EXPECT_EQ(number(asset_key(CellKind::kInsurance, kUsd)), paid);
    EXPECT_LT(store().size(), cells + 12);
    EXPECT_EQ(run_one(DelistMarket{.market = kCall}), Status::kMarketUnknown);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 100, kCall)), Status::kMarketUnknown);
    option.terms.expiry_ms = now() + 100 * kHourMs;
    EXPECT_EQ(run_one(option), Status::kApplied);
    EXPECT_EQ(run_one(RemoveFeed{.feed = FeedId{9}}), Status::kFeedUnknown);
}

/// R-LIST-2: more feeds and markets come and go than the registries hold at a time.
TEST_F(ClosingAudit, FeedsComeAndGo) {
    open();
    const FeedId id{7};
    for (int i = 0; i < 3; ++i) {
        const std::size_t cells = store().size();
        EXPECT_EQ(run_one(CreateFeed{.feed = id, .params = {}, .sources = {{.signer = kOracle}}}),
                  Status::kApplied);
        set_price(5, 1000, id);
        EXPECT_EQ(run_one(RemoveFeed{.feed = id}), Status::kApplied);
        EXPECT_LE(store().size(), cells + 3);  // nonces, and once a page of resting feeds
        EXPECT_EQ(run_one(price_update(5, id)), Status::kFeedUnknown);
    }
    EXPECT_EQ(run_one(RemoveFeed{.feed = kFeed}), Status::kInUse);  // the coin follows it
}

}  // namespace
}  // namespace lockstep::test
