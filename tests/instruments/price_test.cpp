#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "instruments/funding.hpp"
#include "instruments/index_price.hpp"
#include "instruments/mark_price.hpp"
#include "instruments/price_phase.hpp"
#include "instruments/settlement.hpp"

namespace lockstep::test {
namespace {

TEST(IndexPrice, ClampsOutliersToTheMedian) {
    // Sources 100 (25), 101 (50), 120 (25) in thousandths: 101.000, not the plain mean 105.5.
    std::vector<SourceQuote> quotes = {{120'000, 25, 2}, {100'000, 25, 0}, {101'000, 50, 1}};
    EXPECT_EQ(aggregate_index(quotes, 5'000), 101'000);
}

TEST(IndexPrice, TakesTheLowerMedianOfAnEvenCount) {
    std::vector<SourceQuote> quotes = {{200, 1, 1}, {100, 1, 0}};
    EXPECT_EQ(aggregate_index(quotes, 0), 100);
}

TEST(IndexPrice, OneWrongSourceOfFiveMovesItByLessThanTheClamp) {
    for (const std::int64_t wrong : {std::int64_t{0}, std::int64_t{6'000}, std::int64_t{600'000}}) {
        std::vector<SourceQuote> quotes = {
            {60'000, 1, 0}, {60'010, 1, 1}, {wrong, 1, 2}, {59'990, 1, 3}, {60'005, 1, 4}};
        const std::int64_t index = aggregate_index(quotes, 5'000).value();
        EXPECT_GE(index, 60'000 - 300);
        EXPECT_LE(index, 60'000 + 300);
    }
}

TEST(IndexPrice, HandlesNegativePricesAndNoSources) {
    std::vector<SourceQuote> quotes = {{-3'763, 1, 0}, {-3'763, 1, 1}};
    EXPECT_EQ(aggregate_index(quotes, 5'000), -3'763);
    EXPECT_EQ(aggregate_index({}, 5'000), std::nullopt);
}

struct FeedTest : testing::Test {
    static constexpr AccountId kSigner = make_account(7);
    FeedWork feed{.params = {.quorum = 1, .max_age_ms = 100, .max_ahead_ms = 10},
                  .state = {},
                  .sources = {{.signer = kSigner, .weight = 1}}};
    std::uint64_t sequence = 0;

    Status tick(std::int64_t price, std::int64_t now, AccountId signer = kSigner) {
        const Status status = apply_oracle_update(
            feed, {.price = price, .publish_time_ms = now, .sequence = ++sequence}, signer, now);
        update_index(feed, status == Status::kApplied, now);
        return status;
    }
};

TEST_F(FeedTest, RejectsUpdatesInTheStatedOrder) {
    feed.params.confidence_ppm = 1'000;
    OracleUpdate update{.source = 1, .price = -5, .confidence = 99, .publish_time_ms = 2000};
    const auto apply = [&](AccountId signer) {
        return apply_oracle_update(feed, update, signer, 1000);
    };
    feed.sources[0].seen = true;
    feed.sources[0].sequence = 5;
    feed.sources[0].publish_time_ms = 950;
    EXPECT_EQ(apply(make_account(8)), Status::kSource);
    update.source = 0;
    EXPECT_EQ(apply(make_account(8)), Status::kUnauthorised);
    EXPECT_EQ(apply(kSigner), Status::kSeqOld);
    update.sequence = 6;
    EXPECT_EQ(apply(kSigner), Status::kTimeFuture);
    update.publish_time_ms = 949;
    EXPECT_EQ(apply(kSigner), Status::kTimeOld);
    update.publish_time_ms = 1010;
    EXPECT_EQ(apply(kSigner), Status::kPriceSign);
    update.price = 98'000;
    EXPECT_EQ(apply(kSigner), Status::kConfidence);
    update.price = 99'000;
    EXPECT_EQ(apply(kSigner), Status::kApplied);
}

TEST_F(FeedTest, GoesStaleOneMillisecondAfterTheMaximumAge) {
    ASSERT_EQ(tick(500, 1000), Status::kApplied);
    update_index(feed, false, 1100);
    EXPECT_TRUE(feed.state.valid);
    update_index(feed, false, 1101);
    EXPECT_FALSE(feed.state.valid);
    EXPECT_EQ(feed.state.index, 500);
}

TEST_F(FeedTest, JumpNeedsASecondTick) {
    feed.params.jump_ppm = 100'000;
    tick(1000, 10);
    tick(1101, 20);
    EXPECT_FALSE(feed.state.valid);
    EXPECT_EQ(feed.state.index, 1000);
    update_index(feed, false, 30);  // no update: no confirmation
    EXPECT_EQ(feed.state.index, 1000);
    tick(1105, 40);
    EXPECT_TRUE(feed.state.valid);
    EXPECT_EQ(feed.state.index, 1105);
    tick(1215, 50);  // +9.95 %: no jump
    EXPECT_EQ(feed.state.index, 1215);
}

/// V4, R-FEED-3: in a crash every tick is a jump, and the index follows one tick behind.
TEST_F(FeedTest, V4TheGuardConvergesInACrash) {
    feed.params.jump_ppm = 100'000;
    std::int64_t price = 420'000;
    std::int64_t now = 1'000;
    tick(price, now);
    for (int i = 0; i < 20; ++i) {
        const std::int64_t before = price;
        price = price * 88 / 100;
        tick(price, now += 50);
        EXPECT_FALSE(feed.state.fresh());
        EXPECT_EQ(feed.state.index, before);
        EXPECT_EQ(feed.state.valid, i > 0);
    }
    tick(price, now += 50);
    EXPECT_EQ(feed.state.index, price);
    EXPECT_TRUE(feed.state.fresh());
}

/// V4: two wrong ticks move the index no further than the nearer of them; one moves nothing.
TEST_F(FeedTest, V4TheIndexGoesAsFarAsTwoTicksAgree) {
    feed.params.jump_ppm = 100'000;
    tick(1000, 10);
    tick(880, 20);
    tick(1, 30);
    EXPECT_EQ(feed.state.index, 880);
    EXPECT_FALSE(feed.state.fresh());
    tick(1000, 40);  // back up: the low one was wrong
    EXPECT_EQ(feed.state.index, 880);
    EXPECT_FALSE(feed.state.valid);
    tick(1001, 50);
    EXPECT_EQ(feed.state.index, 1001);
    EXPECT_TRUE(feed.state.fresh());
}

/// V17, R-FEED-1: no update uses all sequences up.
TEST_F(FeedTest, V17ASequenceCannotLeap) {
    const auto apply = [&](std::uint64_t number) {
        return apply_oracle_update(feed, {.price = 1000, .publish_time_ms = 10, .sequence = number},
                                   kSigner, 10);
    };
    EXPECT_EQ(apply(~std::uint64_t{0}), Status::kSeqJump);
    EXPECT_EQ(apply(kSequenceStepMax + 1), Status::kSeqJump);
    EXPECT_EQ(apply(kSequenceStepMax), Status::kApplied);
    EXPECT_EQ(apply(kSequenceStepMax + 1), Status::kApplied);
}

TEST_F(FeedTest, JumpThatComesBackIsForgotten) {
    feed.params.jump_ppm = 100'000;
    tick(1000, 10);
    tick(5000, 20);
    tick(1001, 30);
    EXPECT_EQ(feed.state.index, 1001);
    EXPECT_FALSE(feed.state.has_pending);
    tick(5000, 40);
    EXPECT_FALSE(feed.state.valid);
}

TEST(MarkPrice, Median3TakesTheMiddleInEveryOrder) {
    for (const auto& [a, b, c] : std::vector<std::array<std::int64_t, 3>>{
             {1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}}) {
        EXPECT_EQ(median3(a, b, c), 2);
    }
    EXPECT_EQ(median3(5, 5, 1), 5);
}

TEST(MarkPrice, FollowsIndexWithoutABook) {
    MarkInputs inputs{
        .index = 700, .best_bid = kNoPrice, .best_ask = 800, .last = 1, .external = kNoPrice};
    EXPECT_EQ(mark_price(inputs), 700);
    inputs.external = 710;
    EXPECT_EQ(mark_price(inputs), 710);
    inputs.best_bid = 750;
    inputs.basis_q32 = Int128{20} << 32;
    // median3(720, median3(750, 800, 1) = 750, 710)
    EXPECT_EQ(mark_price(inputs), 720);
}

TEST(MarkPrice, EmaOfAConstantIsThatConstant) {
    const Int128 constant = (Int128{-37} << 32) + 5;
    Int128 average = constant;
    for (std::int64_t seconds = 1; seconds < 400; ++seconds) {
        average = ema_step(average, constant, ema_weight_q32(4'266'429'412, seconds)).value();
        ASSERT_EQ(average, constant);
    }
}

TEST(MarkPrice, EmaWeightOfTauIsOneMinusOneOverE) {
    // 1 - exp(-1) = 0.63212055882855767840, within the rounding of 8 squarings.
    const std::int64_t expected = 2'714'937'127;
    const auto weight = static_cast<std::int64_t>(ema_weight_q32(4'266'429'412, 150));
    EXPECT_LE(weight - expected, 100);
    EXPECT_GE(weight - expected, -100);
    EXPECT_EQ(ema_weight_q32(4'266'429'412, 0), 0U);
    EXPECT_EQ(ema_weight_q32(0, 1), std::uint64_t{1} << 32);
    EXPECT_LE(ema_weight_q32(4'266'429'412, INT64_MAX), std::uint64_t{1} << 32);
}

TEST(Funding, WorkedVectorOfOneHour) {
    EXPECT_EQ(linear_funding_delta(100'000, 3'600'000, 600'000, 10).value(), 322'122'547'200);
    EXPECT_EQ(Int128{322'122'547'200}, Int128{75} << 32);
}

TEST(Funding, SignFollowsThePremium) {
    EXPECT_GT(funding_premium_ppb(610, 620, 600).value(), 0);  // above the index: longs pay
    EXPECT_LT(funding_premium_ppb(580, 590, 600).value(), 0);  // below: shorts pay
    EXPECT_EQ(funding_premium_ppb(590, 610, 600).value(), 0);  // around it: nobody
    EXPECT_EQ(funding_premium_ppb(603, 610, 600).value(), 5'000'000);
    EXPECT_FALSE(funding_premium_ppb(1, 2, 0).ok());
}

TEST(Funding, RateIsPulledToInterestWithinTheClampAndCapped) {
    const FundingTerms terms{.interval_ms = 1, .interest_ppb = 100'000, .clamp_ppb = 500'000};
    EXPECT_EQ(funding_rate_ppb(0, terms).value(), 100'000);
    EXPECT_EQ(funding_rate_ppb(600'000, terms).value(), 100'000);
    EXPECT_EQ(funding_rate_ppb(2'000'000, terms).value(), 1'500'000);
    EXPECT_EQ(funding_rate_ppb(-2'000'000, terms).value(), -1'500'000);
    FundingTerms capped = terms;
    capped.cap_ppb = 1'000'000;
    EXPECT_EQ(funding_rate_ppb(2'000'000, capped).value(), 1'000'000);
    EXPECT_EQ(funding_rate_ppb(-2'000'000, capped).value(), -1'000'000);
}

TEST(Funding, LargestFieldsStayDefinedOrReportOverflow) {
    const Checked delta = linear_funding_delta(kPpb, 3'600'000, kMaxPrice, kMaxMultiplier);
    EXPECT_TRUE(delta.ok());
    EXPECT_EQ(delta.value(), Int128{1} << 99);
    EXPECT_FALSE(linear_funding_delta(Checked::overflowed(), 1, 1, 1).ok());
}

TEST(Funding, InverseContractIsChargedInCoin) {
    // 1 USD contract at 60,000.0: 1,666.66 sat; 0.01 % per 8 h of it.
    const Checked delta = inverse_funding_delta(100'000, 28'800'000, 600'000, 1'000'000'000);
    EXPECT_EQ(delta.value() * 1'000'000 >> 32, 166'666);
}

TEST(Settlement, AverageHoldsEachValueForItsTime) {
    const MarketTerms terms{.expiry_ms = 10'000, .settle_window_ms = 1'000};
    PriceAverage average;
    EXPECT_EQ(average.value(), std::nullopt);
    average.cover(100, 0, 9'250, terms);       // 250 ms inside the window
    average.cover(200, 9'250, 9'500, terms);   // 250 ms
    average.cover(401, 9'500, 12'000, terms);  // 500 ms up to expiry
    average.cover(999, 12'000, 13'000, terms);
    EXPECT_EQ(average.millis, 1'000);
    EXPECT_EQ(average.value(), (25'000 + 50'000 + 200'500) / 1'000);
}

TEST(Settlement, ForwardMixesWhatIsFixedWithTheIndex) {
    const MarketTerms terms{.expiry_ms = 1'000, .settle_window_ms = 1'000};
    PriceAverage average;
    EXPECT_EQ(average.forward(70, 1'000), 70);
    average.cover(100, 0, 250, terms);
    EXPECT_EQ(average.forward(200, 1'000), 175);
}

TEST(Settlement, CallMinusPutIsTheForwardPayoffExactly) {
    for (std::int64_t price = 0; price <= 2'000; price += 7) {
        for (const std::int64_t strike : {0, 1, 999, 1'000, 2'001}) {
            EXPECT_EQ(option_payoff(OptionSide::kCall, price, strike) -
                          option_payoff(OptionSide::kPut, price, strike),
                      price - strike);
        }
    }
}

TEST(Settlement, OptionMarkStaysWithinItsBounds) {
    MarketTerms terms{.kind = MarketKind::kEuropeanOption, .strike = 100};
    EXPECT_EQ(option_mark(terms, kNoPrice, 130), 30);
    EXPECT_EQ(option_mark(terms, 20, 130), 30);
    EXPECT_EQ(option_mark(terms, 45, 130), 45);
    EXPECT_EQ(option_mark(terms, 500, 130), 130);
    terms.option_side = OptionSide::kPut;
    EXPECT_EQ(option_mark(terms, 500, 130), 100);
    EXPECT_EQ(option_mark(terms, kNoPrice, 130), 0);
}

}  // namespace
}  // namespace lockstep::test
