#include <gtest/gtest.h>

#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

constexpr std::int64_t kExpiry = kStartMs + 10 * kHourMs;

class MarketTest : public testing::Test, protected TestVenue {
  protected:
    void start(const std::vector<CreateMarket>& markets) {
        open();
        for (const CreateMarket& create : markets) {
            EXPECT_EQ(run_one(create), Status::kApplied);
        }
        set_price(600'000);
        for (const AccountId account : {kAlice, kBob, kCarol}) {
            deposit(account, 10'000'000'000);
            deposit(account, 100'000'000, kCoin);
        }
    }
    static CreateMarket dated(MarketId id, MarketKind kind) {
        CreateMarket create = market(id, kind);
        create.terms.expiry_ms = kExpiry;
        create.terms.strike = kind == MarketKind::kEuropeanOption ? 590'000 : 0;
        create.terms.settle_window_ms = 1'800'000;
        return create;
    }
    void advance_to(std::int64_t time_ms) { wait(time_ms - now()); }
};

TEST_F(MarketTest, ParametersTakeEffectInTheNextBlock) {
    start({market(kPerp, MarketKind::kLinearPerpetual)});
    const auto statuses =
        run({sign(kVenueAccount, SetMarketStatus{.market = kPerp, .status = MarketStatus::kHalted}),
             sign(kVenueAccount, trade(kAlice, kBob, 1, 600'000))});
    EXPECT_EQ(statuses, (std::vector{Status::kApplied, Status::kApplied}));
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000)), Status::kMarketStatus);
}

TEST_F(MarketTest, TradesSeeThePriceOfTheirBlockWhateverItsIndex) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.band_ppm = 1'000;
    start({create});
    const auto statuses = run({sign(kVenueAccount, trade(kAlice, kBob, 1, 650'000)),
                               sign(kVenueAccount, price_update(650'000))});
    EXPECT_EQ(statuses, (std::vector{Status::kApplied, Status::kApplied}));
}

TEST_F(MarketTest, IdenticalPriceUpdatesOfABlockShareTheirStatus) {
    start({market(kPerp, MarketKind::kLinearPerpetual)});
    const OracleUpdate update = price_update(601'000);
    OracleUpdate other = update;
    other.price = 602'000;
    EXPECT_EQ(
        run({sign(kVenueAccount, other), sign(kVenueAccount, update), sign(kVenueAccount, update)}),
        (std::vector{Status::kSeqOld, Status::kApplied, Status::kApplied}));
    EXPECT_EQ(tick().index, 601'000);
    EXPECT_EQ(run_one(update), Status::kSeqOld);
}

TEST_F(MarketTest, BadParametersAreRefused) {
    open();
    const auto refused = [&](auto&& change, Status status) {
        CreateMarket create = market(MarketId{20}, MarketKind::kLinearPerpetual);
        change(create);
        EXPECT_EQ(run_one(create), status);
    };
    refused([](CreateMarket& c) { c.terms.multiplier = 0; }, Status::kMultNotInteger);
    refused([](CreateMarket& c) { c.params.margin_tiers.clear(); }, Status::kParamRange);
    refused([](CreateMarket& c) { c.fees = {{.maker_ppm = -2, .taker_ppm = 1}}; },
            Status::kParamRange);
    refused([](CreateMarket& c) { c.terms.expiry_ms = kExpiry; }, Status::kParamRange);
    refused(
        [](CreateMarket& c) {
            c.params.max_price = kMaxPrice;
            c.params.max_position_lots = kMaxLots;
        },
        Status::kParamRange);  // 2^40 * 2^47 * 10 > 2^85
    refused([](CreateMarket& c) { c.terms.feed = FeedId{9}; }, Status::kFeedUnknown);
    refused([](CreateMarket& c) { c.terms.settlement_asset = AssetId{9}; }, Status::kAssetUnknown);
    refused([](CreateMarket&) {}, Status::kApplied);
    refused([](CreateMarket&) {}, Status::kExists);
}

TEST_F(MarketTest, FundingIsChargedLazilyAndExactly) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.funding.interval_ms = kHourMs;
    start({create});
    EXPECT_EQ(run_one(trade(kAlice, kBob, 2, 600'000)), Status::kApplied);
    const Int128 before = tick().funding.funding;
    // No book: premium 0, so the rate is the interest of 0.01 % per 8 h.
    advance_to((now() / kHourMs + 1) * kHourMs);
    const std::int64_t from = now();
    wait(kHourMs);
    ASSERT_EQ(now() - from, kHourMs);
    EXPECT_GT(tick().funding.funding, before);
    const Int128 first = tick().funding.funding;
    wait(kHourMs);
    EXPECT_EQ(tick().funding.funding - first, Int128{75} << 32);  // the worked vector
    const Int128 cost = position(kAlice).cost;
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000)), Status::kApplied);
    EXPECT_EQ(position(kAlice).cost, cost - 6'000'000 + trades().at(0).buyer.funding);
    EXPECT_LT(trades().at(0).buyer.funding, -2 * 75);
    EXPECT_GE(trades().at(0).buyer.funding + trades().at(0).seller.funding, -1);
    EXPECT_LE(trades().at(0).buyer.funding + trades().at(0).seller.funding, 0);
}

TEST_F(MarketTest, FundingAfterDowntimeChargesOneHour) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.funding.interval_ms = 1'000;
    start({create});
    const Int128 before = tick().funding.funding;
    wait(240 * kHourMs);
    EXPECT_EQ(tick().funding.funding - before, Int128{75} << 32);
}

TEST_F(MarketTest, FundingSignFollowsTheBook) {
    for (const std::int64_t distance : {6'000, -6'000}) {
        TestVenue venue;
        CreateMarket create = TestVenue::market(kPerp, MarketKind::kLinearPerpetual);
        create.params.funding.interval_ms = 1'000;
        venue.open();
        EXPECT_EQ(venue.run_one(create), Status::kApplied);
        venue.set_price(600'000);
        const std::int64_t price = 600'000 + distance;
        EXPECT_EQ(venue.run_one(BookUpdate{.market = kPerp,
                                           .best_bid = price - 1,
                                           .best_ask = price + 1,
                                           .last = price,
                                           .impact_bid = price - 1,
                                           .impact_ask = price + 1,
                                           .sequence = 1}),
                  Status::kApplied);
        venue.wait(5'000);
        EXPECT_EQ(venue.tick().funding.funding > 0, distance > 0);
        EXPECT_EQ(venue.tick().mark > 600'000, distance > 0);
    }
}

TEST_F(MarketTest, FutureSettlesAtTheAverageAndClosesOnDemand) {
    start({dated(kFuture, MarketKind::kDatedFuture)});
    EXPECT_EQ(run_one(trade(kAlice, kBob, 100, 600'000, kFuture)), Status::kApplied);
    EXPECT_EQ(run_one(SettleBatch{.market = kFuture, .accounts = {kAlice}}), Status::kNotSettled);
    set_price(610'000, kExpiry - 1'800'000 - now());
    set_price(620'000, 900'000);
    advance_to(kExpiry);
    // 900 s at 610,000 and 900 s at 620,000.
    EXPECT_EQ(tick(kFuture).status, MarketStatus::kSettled);
    EXPECT_EQ(tick(kFuture).mark, 615'000);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 615'000, kFuture)), Status::kMarketStatus);
    EXPECT_EQ(run_one(SettleBatch{.market = kFuture, .accounts = {kBob, kAlice}}),
              Status::kListOrder);
    EXPECT_EQ(run_one(SettleBatch{.market = kFuture, .accounts = {kAlice}}), Status::kApplied);
    EXPECT_EQ(cash(kAlice), 10'000'000'000 + 15'000 * 100 * 10);
    EXPECT_EQ(number(market_key(CellKind::kSettleClear, kFuture)), -615'000 * 100 * 10);
    EXPECT_EQ(run_one(SettleBatch{.market = kFuture, .accounts = {kAlice, kBob, kCarol}}),
              Status::kApplied);
    EXPECT_EQ(cash(kBob), 10'000'000'000 - 15'000 * 100 * 10);
    EXPECT_EQ(number(market_key(CellKind::kSettleClear, kFuture)), 0);
}

TEST_F(MarketTest, ExpiryWithoutAValidPriceWaitsForOne) {
    open(1'200'000);
    EXPECT_EQ(run_one(dated(kFuture, MarketKind::kDatedFuture)), Status::kApplied);
    set_price(600'000, kExpiry - 1'800'000 - now());
    advance_to(kExpiry - 700'000);  // 1,100 of 1,800 seconds are covered
    advance_to(kExpiry);
    EXPECT_EQ(tick(kFuture).status, MarketStatus::kSettlementPending);
    set_price(612'000);
    EXPECT_EQ(tick(kFuture).status, MarketStatus::kSettled);
    EXPECT_EQ(tick(kFuture).mark, 600'000);
}

/// I12: realising at every daily settlement, or never, ends in the same cash.
TEST_F(MarketTest, I12_DailySettlementsTelescope) {
    CreateMarket create = dated(kFuture, MarketKind::kDatedFuture);
    create.terms.settle_interval_ms = kHourMs;
    start({create});
    EXPECT_EQ(run_one(trade(kAlice, kCarol, 60, 600'000, kFuture)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kCarol, 60, 600'000, kFuture)), Status::kApplied);
    EXPECT_EQ(run_one(RealisePnl{.account = kAlice, .market = kFuture}, kAlice), Status::kNoEpoch);
    for (const std::int64_t price : {605'000, 590'000, 633'000}) {
        set_price(price, kHourMs);
        EXPECT_EQ(run_one(RealisePnl{.account = kAlice, .market = kFuture}, kAlice),
                  Status::kApplied);
        EXPECT_EQ(cash(kAlice), 10'000'000'000 + (price - 600'000) * 600);
    }
    EXPECT_EQ(cash(kBob), 10'000'000'000);
    advance_to(kExpiry);
    EXPECT_EQ(run_one(SettleBatch{.market = kFuture, .accounts = {kAlice, kBob, kCarol}}),
              Status::kApplied);
    EXPECT_EQ(cash(kAlice), cash(kBob));
    EXPECT_EQ(cash(kAlice) + cash(kBob) + cash(kCarol), 30'000'000'000);
}

TEST_F(MarketTest, OptionsSettleToParity) {
    CreateMarket put = dated(kPut, MarketKind::kEuropeanOption);
    put.terms.option_side = OptionSide::kPut;
    start({dated(kCall, MarketKind::kEuropeanOption), put});
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 15'000, kCall)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 10, 4'000, kPut)), Status::kApplied);
    advance_to(kExpiry - 1'800'000);
    set_price(611'111, 1);
    advance_to(kExpiry);
    const std::int64_t settled = 611'110;  // 1 ms of 600,000, the rest of 611,111, floored
    EXPECT_EQ(tick(kCall).mark, settled - 590'000);
    EXPECT_EQ(tick(kPut).mark, 0);
    for (const MarketId id : {kCall, kPut}) {
        EXPECT_EQ(run_one(SettleBatch{.market = id, .accounts = {kAlice, kBob}}), Status::kApplied);
    }
    // Long call and short put: (S - K) less the premium that was paid.
    EXPECT_EQ(cash(kAlice), 10'000'000'000 + (settled - 590'000 - 15'000 + 4'000) * 100);
    EXPECT_EQ(cash(kAlice) + cash(kBob), 20'000'000'000);
}

TEST_F(MarketTest, LongOptionIsPaidInFullAndIsNoCollateral) {
    start({dated(kCall, MarketKind::kEuropeanOption)});
    // The short would need 10 % of 600,000 * 10 * 200,000 = 120,000 USD.
    EXPECT_EQ(run_one(trade(kAlice, kBob, 200'000, 15'000, kCall)), Status::kMarginMaker);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'000, 15'000, kCall)), Status::kApplied);
    EXPECT_EQ(run_one(Withdraw{.account = kAlice, .asset = kUsd, .amount = 9'900'000'000}, kAlice),
              Status::kApplied);  // covered by the coin, which the premium draws on
    EXPECT_EQ(run_one(Withdraw{.account = kAlice, .asset = kCoin, .amount = 100'000'000}, kAlice),
              Status::kMargin);
}

TEST_F(MarketTest, InverseContractFollowsTheWorkedVector) {
    CreateMarket create = market(kInverse, MarketKind::kInversePerpetual);
    create.terms.settlement_asset = kCoin;
    create.terms.multiplier = 1'000'000'000;
    start({create});
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'000, 600'000, kInverse)), Status::kApplied);
    EXPECT_EQ(position(kAlice, kInverse).cost, 1'666'666);
    EXPECT_EQ(position(kBob, kInverse).cost, -1'666'666);
    set_price(630'001);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 1'000, 630'001, kInverse)), Status::kApplied);
    EXPECT_EQ(cash(kAlice, kCoin), 100'000'000 + 79'367);
    EXPECT_EQ(cash(kBob, kCoin), 100'000'000 - 79'367);
}

TEST_F(MarketTest, InverseDelistingIsZeroSumToTheFraction) {
    CreateMarket create = market(kInverse, MarketKind::kInversePerpetual);
    create.terms.settlement_asset = kCoin;
    create.terms.multiplier = 1'000'000'000;
    start({create});
    EXPECT_EQ(run_one(trade(kAlice, kBob, 700, 600'000, kInverse)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kCarol, kBob, 301, 600'000, kInverse)), Status::kApplied);
    EXPECT_EQ(run_one(SetMarketStatus{.market = kInverse, .status = MarketStatus::kClosing}),
              Status::kApplied);
    set_price(617'003);
    EXPECT_EQ(tick(kInverse).status, MarketStatus::kSettled);
    EXPECT_EQ(run_one(SetMarketStatus{.market = kInverse, .status = MarketStatus::kActive}),
              Status::kTransition);
    for (const AccountId account : {kBob, kCarol, kAlice}) {
        EXPECT_EQ(run_one(RealisePnl{.account = account, .market = kInverse}, account),
                  Status::kApplied);
    }
    const Int128 sum = cash(kAlice, kCoin) + cash(kBob, kCoin) + cash(kCarol, kCoin);
    EXPECT_EQ(sum + number(market_key(CellKind::kFundClear, kInverse)), 300'000'000);
    EXPECT_LE(number(market_key(CellKind::kFundClear, kInverse)), 2);
}

TEST_F(MarketTest, BrokenSumFreezesThatMarketOnly) {
    start({market(kPerp, MarketKind::kLinearPerpetual),
           market(kFuture, MarketKind::kLinearPerpetual)});
    // A block's end sees one quantum too much on a clearing account.
    StateStore<Venue> broken;
    store().for_each([&](const StateKey& key, const Cell& cell) { broken.set(key, &cell); });
    const Cell extra = Cell::of_number(1);
    broken.set(market_key(CellKind::kFundClear, kPerp), &extra);
    const Venue venue;
    SerialExecutor<Venue> executor(venue, broken);
    // No market rests over so long a time: the block visits both.
    const auto result = executor.execute(
        {.header = {.height = 100, .time_ms = now() + 2 * kHourMs}, .transactions = {}});
    ASSERT_TRUE(result.has_value());
    const auto status = [&](MarketId id) {
        return TickRecord::decode(*broken.get(market_key(CellKind::kTick, id))).status;
    };
    EXPECT_EQ(status(kPerp), MarketStatus::kFrozen);
    EXPECT_EQ(status(kFuture), MarketStatus::kActive);
}

}  // namespace
}  // namespace lockstep::test
