#include <gtest/gtest.h>

#include "engine/contract/machine.hpp"
#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

static_assert(Machine<Venue>);

/// Four accounts of 1,000 USD each, a linear perpetual at 60,000.0; 1 lot of 1 tick is 10 quanta.
class TradeTest : public testing::Test, protected TestVenue {
  protected:
    void start(const CreateMarket& create) {
        open();
        EXPECT_EQ(run_one(create), Status::kApplied);
        set_price(600'000);
        for (const AccountId account : {kAlice, kBob, kCarol, kDave}) {
            deposit(account, 1'000'000'000);
        }
    }
    void start() { start(market(kPerp, MarketKind::kLinearPerpetual)); }
    /// Writes of the last block's only transaction, apart from its nonce.
    [[nodiscard]] bool nothing_but_the_nonce(std::size_t cells_before) const {
        return store().size() <= cells_before + 1;
    }
};

TEST_F(TradeTest, MovesLotsAndCostByTheExactNotional) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 100, 600'000)), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, 100);
    EXPECT_EQ(position(kBob).lots, -100);
    EXPECT_EQ(position(kAlice).cost, -600'000'000);
    EXPECT_EQ(position(kBob).cost, 600'000'000);
    EXPECT_EQ(number(market_key(CellKind::kOpenInterest, kPerp)), 100);
    EXPECT_EQ(number(market_key(CellKind::kVolume, kPerp)), 100);
}

/// Long or short, price up or down, opened and closed: what one side gains the other loses.
TEST_F(TradeTest, SignMatrixOfProfitAndLoss) {
    start();
    for (const bool alice_buys : {true, false}) {
        for (const std::int64_t move : {2'000, -2'000}) {
            const Int128 before = cash(kAlice);
            const auto fill = [&](bool buys, std::int64_t price) {
                return buys ? trade(kAlice, kBob, 10, price) : trade(kBob, kAlice, 10, price);
            };
            EXPECT_EQ(run_one(fill(alice_buys, 600'000)), Status::kApplied);
            EXPECT_EQ(run_one(fill(!alice_buys, 600'000 + move)), Status::kApplied);
            EXPECT_EQ(position(kAlice), Position{});
            EXPECT_EQ(cash(kAlice) - before, (alice_buys ? move : -move) * 10 * 10);
            EXPECT_EQ(cash(kAlice) + cash(kBob), 2'000'000'000);
        }
    }
    EXPECT_EQ(number(market_key(CellKind::kOpenInterest, kPerp)), 0);
}

TEST_F(TradeTest, I14_SplitFillsLeaveTheSamePosition) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 7, 600'001)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kCarol, kBob, 3, 600'001)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kCarol, kBob, 4, 600'001)), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, position(kCarol).lots);
    EXPECT_EQ(position(kAlice).cost, position(kCarol).cost);
}

TEST_F(TradeTest, OrderFillsUpToItsSizeOverSeveralTransactionsOfABlock) {
    start();
    Trade first = trade(kAlice, kBob, 6, 600'000);
    first.buyer.lots = 10;
    Trade second = trade(kAlice, kCarol, 5, 600'000);
    second.buyer = first.buyer;
    Trade third = trade(kAlice, kDave, 4, 600'000);
    third.buyer = first.buyer;
    EXPECT_EQ(
        run({sign(kVenueAccount, first), sign(kVenueAccount, second), sign(kVenueAccount, third)}),
        (std::vector{Status::kApplied, Status::kOverfill, Status::kApplied}));
    EXPECT_EQ(position(kAlice).lots, 10);
}

TEST_F(TradeTest, SameTransactionTwiceIsAppliedOnce) {
    start();
    const Transaction once = sign(kVenueAccount, trade(kAlice, kBob, 1, 600'000));
    EXPECT_EQ(run({once, once}), (std::vector{Status::kApplied, Status::kNonceUsed}));
    EXPECT_EQ(run({once}), (std::vector{Status::kNonceUsed}));
}

/// Every defect is repaired from the last check to the first, so each status shows that the checks
/// before it had passed and those behind it had not yet been made.
TEST_F(TradeTest, ChecksRunInTheStatedOrder) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.terms.lot_step = 5;
    create.terms.price_step = 10;
    create.params.band_ppm = 10'000;
    create.params.min_notional = 50'000'000;
    start(create);
    Trade bad = trade(kAlice, kAlice, 7, 610'001);
    bad.buyer.market = MarketId{99};
    bad.seller.account = make_account(77);
    bad.buyer.good_til_ms = 0;
    bad.buyer.lots = 3;
    bad.buyer.limit_price = 500'000;
    bad.seller.limit_price = 700'000;
    bad.seller.lots = 70;
    bad.host_fees = HostFees{.buyer = Int128{1} << 60, .seller = 0};
    bad.lots = 0;
    const auto expect = [&](Status status) { EXPECT_EQ(run_one(bad), status); };
    expect(Status::kMalformed);
    bad.lots = 7;
    expect(Status::kMarketUnknown);
    bad.buyer.market = kPerp;
    expect(Status::kNoAccount);
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = true}), Status::kApplied);
    bad.seller.account = kAlice;
    expect(Status::kAccountFrozen);
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = false}), Status::kApplied);
    expect(Status::kOrderExpired);
    bad.buyer.good_til_ms = now() + kHourMs;
    EXPECT_EQ(run_one(CancelOrders{.account = kAlice, .salt_below = 1'000}, kAlice),
              Status::kApplied);
    expect(Status::kOrderCancelled);
    bad.buyer.salt = 1'000;
    expect(Status::kOverfill);
    bad.buyer.lots = 70;
    expect(Status::kPriceLimit);
    bad.buyer.limit_price = 620'000;
    expect(Status::kFeeLimit);
    bad.host_fees->buyer = 1;
    expect(Status::kOrderCancelled);  // now the seller's order
    bad.seller.salt = 1'001;
    expect(Status::kPriceLimit);
    bad.seller.limit_price = 500'000;
    bad.seller.market = kInverse;
    expect(Status::kMarketMismatch);
    bad.seller.market = kPerp;
    expect(Status::kSelfTrade);
    bad.seller.account = kBob;
    expect(Status::kSizeStep);
    bad.lots = 5;
    expect(Status::kTick);
    bad.price = 610'000;
    expect(Status::kPriceBand);
    bad.price = 606'000;
    expect(Status::kHostFees);
    bad.host_fees.reset();
    expect(Status::kMinNotional);
    bad.lots = 10;
    expect(Status::kApplied);
}

TEST_F(TradeTest, FailureSpendsTheNonceAndNothingElse) {
    start();
    const std::size_t cells = store().size();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 2'000, 600'000)), Status::kMarginTaker);
    EXPECT_TRUE(nothing_but_the_nonce(cells));
    EXPECT_TRUE(trades().empty());
}

TEST_F(TradeTest, BandIsInclusiveAndRoundsAway) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.band_ppm = 1'001;  // 600.6 ticks -> 601
    start(create);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'601)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'602)), Status::kPriceBand);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 599'399)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 599'398)), Status::kPriceBand);
}

TEST_F(TradeTest, FeesByTierGoToTheMarketAndRebatesToTheMaker) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.fees = {{.maker_ppm = -100, .taker_ppm = 450}, {.maker_ppm = 0, .taker_ppm = 200}};
    start(create);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'001)), Status::kApplied);
    // 6,000,010 quanta: 2,700.0045 up, 600.001 paid down.
    EXPECT_EQ(position(kAlice).cost, -6'000'010 - 2'701);
    EXPECT_EQ(position(kBob).cost, 6'000'010 + 600);
    EXPECT_EQ(number(market_key(CellKind::kFees, kPerp)), 2'701 - 600);
    EXPECT_EQ(run_one(SetFeeTier{.account = kCarol, .tier = 6}), Status::kApplied);
    Trade maker_buys = trade(kBob, kCarol, 1, 600'000);
    maker_buys.buyer_is_taker = false;
    EXPECT_EQ(run_one(maker_buys), Status::kApplied);
    EXPECT_EQ(position(kCarol).cost, 6'000'000 - 1'200);
    EXPECT_EQ(trades().at(0).buyer.fee, -600);
}

TEST_F(TradeTest, FeeCeilingOfTheOrderIsInclusive) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.fees = {{.maker_ppm = 0, .taker_ppm = 450}};
    start(create);
    Trade fill = trade(kAlice, kBob, 1, 600'000);
    fill.buyer.max_fee_ppm = 449;
    EXPECT_EQ(run_one(fill), Status::kFeeLimit);
    fill.buyer.max_fee_ppm = 450;
    fill.seller.max_fee_ppm = 0;
    EXPECT_EQ(run_one(fill), Status::kApplied);
}

TEST_F(TradeTest, HostMatchedMarketTakesFeesAndOrdersAsGiven) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.terms.host_matched = true;
    start(create);
    Trade fill = trade(kAlice, kBob, 2, 600'000);
    fill.host_fees = HostFees{.buyer = 5, .seller = -7};
    fill.buyer.salt = 0;
    fill.seller.salt = 0;
    EXPECT_EQ(run_one(fill), Status::kApplied);
    EXPECT_EQ(run_one(fill), Status::kApplied);  // untracked: a new nonce is a new fill
    EXPECT_EQ(position(kAlice).cost, 2 * (-12'000'000 - 5));
    EXPECT_EQ(position(kBob).cost, 2 * (12'000'000 + 7));
    EXPECT_EQ(number(market_key(CellKind::kFees, kPerp)), -4);
    fill.host_fees->buyer = 1'200'001;  // above the order's 10 %
    EXPECT_EQ(run_one(fill), Status::kFeeLimit);
}

TEST_F(TradeTest, ReduceOnlyNeitherOpensNorFlips) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 600'000)), Status::kApplied);
    const auto reducing = [&](std::int64_t lots) {
        Trade fill = trade(kCarol, kAlice, lots, 600'000);
        fill.seller.reduce_only = true;
        return fill;
    };
    EXPECT_EQ(run_one(reducing(11)), Status::kReduceOnly);
    EXPECT_EQ(run_one(reducing(10)), Status::kApplied);
    EXPECT_EQ(run_one(reducing(1)), Status::kReduceOnly);
}

TEST_F(TradeTest, I6_InitialMarginIsCheckedToTheQuantum) {
    start();
    // 1,666 lots: notional 9,996,000,000, initial margin 999,600,000; equity 1,000,000,000.
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'667, 600'000)), Status::kMarginTaker);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'666, 600'000)), Status::kApplied);
    Trade taker_sells = trade(kAlice, kCarol, 1, 600'000);
    taker_sells.buyer_is_taker = false;
    EXPECT_EQ(run_one(taker_sells), Status::kMarginMaker);
}

TEST_F(TradeTest, I6_BelowInitialMarginOnlyReducingPasses) {
    start();
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1'666, 600'000)), Status::kApplied);
    set_price(570'000);  // equity 1,000,000,000 - 499,800,000
    EXPECT_EQ(run_one(trade(kAlice, kCarol, 1, 570'000)), Status::kMarginTaker);
    EXPECT_EQ(run_one(trade(kCarol, kAlice, 100, 570'000)), Status::kApplied);
    // Reducing at a price that gives value away is not reducing risk.
    EXPECT_EQ(run_one(trade(kCarol, kAlice, 10, 500'000)), Status::kMarginMaker);
}

TEST_F(TradeTest, LimitsOfPositionAndOpenInterest) {
    CreateMarket create = market(kPerp, MarketKind::kLinearPerpetual);
    create.params.max_position_lots = 50;
    create.params.oi_cap_lots = 60;
    start(create);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 51, 600'000)), Status::kPositionLimit);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 50, 600'000)), Status::kApplied);
    // The cap looks at the block's start: the block that passes it may pass it.
    EXPECT_EQ(run_one(trade(kCarol, kDave, 30, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kCarol, kDave, 1, 600'000)), Status::kOiCap);
    EXPECT_EQ(run_one(trade(kDave, kCarol, 1, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(trade(kBob, kCarol, 5, 600'000)), Status::kApplied);
}

TEST_F(TradeTest, StaleFeedLeavesOnlyFillsThatReduceBothSides) {
    open(10'000);
    EXPECT_EQ(run_one(market(kPerp, MarketKind::kLinearPerpetual)), Status::kApplied);
    EXPECT_EQ(run_one(CreateAccount{.account = kAlice}), Status::kApplied);
    deposit(kAlice, 1'000'000'000);
    deposit(kBob, 1'000'000'000);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000)), Status::kMarketStatus);  // no price yet
    set_price(600'000);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 5, 600'000)), Status::kApplied);
    wait(10'001);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000)), Status::kOracleStale);
    EXPECT_EQ(run_one(trade(kBob, kAlice, 2, 600'000)), Status::kApplied);
}

TEST_F(TradeTest, AtomicBatchChecksMarginOnceAtTheEnd) {
    start();
    // The first leg alone is beyond Alice's margin; the second brings her back.
    Batch batch{
        .atomic = true,
        .fills = {trade(kAlice, kBob, 3'000, 600'000), trade(kBob, kAlice, 2'900, 600'000)}};
    EXPECT_EQ(run_one(batch), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, 100);
    batch.fills = {trade(kAlice, kBob, 10, 600'000), trade(kAlice, kBob, 3'000, 600'000)};
    EXPECT_EQ(run_one(batch), Status::kMarginTaker);
    EXPECT_EQ(position(kAlice).lots, 100);
    EXPECT_TRUE(trades().empty());
}

TEST_F(TradeTest, IndependentBatchKeepsTheGoodLegs) {
    start();
    const Batch batch{
        .atomic = false,
        .fills = {trade(kAlice, kBob, 3'000, 600'000), trade(kAlice, kBob, 10, 600'000),
                  trade(kAlice, kAlice, 1, 600'000)}};
    EXPECT_EQ(run_one(batch), Status::kApplied);
    EXPECT_EQ(position(kAlice).lots, 10);
    EXPECT_EQ(last().receipts.at(0).weight, 3U);
    EXPECT_EQ(run_one(Batch{}), Status::kBatchSize);
    EXPECT_EQ(run_one(Batch{.fills = std::vector<Trade>(65)}), Status::kBatchSize);
}

TEST_F(TradeTest, NegativePricesTradeWhereTheyAreAllowed) {
    open();
    CreateFeed feed{.feed = FeedId{2},
                    .params = {.max_age_ms = kHourMs, .allow_negative = true},
                    .sources = {{.signer = kOracle}}};
    EXPECT_EQ(run_one(feed), Status::kApplied);
    CreateMarket create = market(kFuture, MarketKind::kDatedFuture);
    create.terms.feed = FeedId{2};
    create.terms.allow_negative = true;
    create.params.band_ticks = 1'000;
    create.params.maintenance_floor = 10'000;
    create.params.initial_floor = 20'000;
    create.terms.expiry_ms = now() + 100 * kHourMs;
    EXPECT_EQ(run_one(create), Status::kApplied);
    set_price(500, 1000, FeedId{2});
    deposit(kAlice, 1'000'000);
    deposit(kBob, 1'000'000);
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 500, kFuture)), Status::kApplied);
    set_price(-3'763, 1000, FeedId{2});
    EXPECT_EQ(run_one(trade(kBob, kAlice, 10, -3'763, kFuture)), Status::kApplied);
    EXPECT_EQ(cash(kAlice), 1'000'000 - 4'263 * 100);
    EXPECT_EQ(cash(kBob), 1'000'000 + 4'263 * 100);
}

}  // namespace
}  // namespace lockstep::test
