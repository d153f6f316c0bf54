#include <gtest/gtest.h>

#include <map>

#include "tests/instruments/random_market.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

class RandomVenue : public testing::TestWithParam<std::uint64_t> {};

/// I1, I2, I3, I5, I7, I8 are recomputed from all cells after every block; at the end all markets
/// settle, every position closes, and what is left is cash and residual accounts.
TEST_P(RandomVenue, KeepsAllInvariantsThroughExpiryAndDelisting) {
    TestVenue venue;
    RandomMarket market(GetParam(), venue);
    market.set_up();
    std::map<Status, int> seen;
    for (std::uint64_t i = 0; i < scaled(40, 40); ++i) {
        for (const Status status : venue.run(market.block(12), 60'000)) {
            ++seen[status];
        }
        ASSERT_FALSE(HasFailure());
    }
    EXPECT_GT(seen[Status::kApplied], 150);
    EXPECT_GT(seen[Status::kMarginTaker] + seen[Status::kMarginMaker], 0);
    EXPECT_GT(seen[Status::kReduceOnly], 0);
    for (const MarketId id : {kPerp, kInverse}) {
        EXPECT_EQ(venue.run_one(SetMarketStatus{.market = id, .status = MarketStatus::kClosing}),
                  Status::kApplied);
    }
    venue.set_price(612'345, 4 * kHourMs);
    for (const MarketId id : {kPerp, kInverse, kFuture, kCall, kPut}) {
        EXPECT_EQ(venue.tick(id).status, MarketStatus::kSettled);
    }
    for (std::uint64_t i = 0; i < RandomMarket::kTraders; ++i) {
        for (const Status status : venue.run(market.settle(i))) {
            EXPECT_EQ(status, Status::kApplied);
        }
    }
    for (const MarketId id : {kPerp, kInverse, kFuture, kCall, kPut}) {
        EXPECT_EQ(venue.number(market_key(CellKind::kOpenInterest, id)), 0);
        EXPECT_EQ(venue.number(market_key(CellKind::kSettleClear, id)), 0);
        for (std::uint64_t i = 0; i < RandomMarket::kTraders; ++i) {
            EXPECT_EQ(venue.position(RandomMarket::trader(i), id).lots, 0);
        }
    }
}

/// I4 and the meaning of the event: cash flow of the lots cancels, positions follow from it.
TEST_P(RandomVenue, TradeEventsAccountForEveryPosition) {
    TestVenue venue;
    RandomMarket market(GetParam() + 1000, venue);
    market.set_up();
    std::map<std::pair<AccountId, MarketId>, std::pair<std::int64_t, Int128>> held;
    for (std::uint64_t i = 0; i < scaled(30); ++i) {
        std::vector<Transaction> block = market.block(12);
        std::erase_if(block, [](const Transaction& transaction) {
            return std::holds_alternative<RealisePnl>(transaction.payload);
        });
        venue.run(block, 5'000);
        for (const TradeEvent& event : venue.trades()) {
            EXPECT_EQ(event.buyer.flow + event.seller.flow, 0);
            for (const TradeSide* side : {&event.buyer, &event.seller}) {
                auto& [lots, cost] = held[{side->account, event.market}];
                EXPECT_EQ(lots, side->lots_before);
                EXPECT_EQ(cost, side->cost_before);
                lots = side->lots_after;
                cost += side->funding - side->swept + side->flow - side->fee - side->closed;
            }
        }
        for (const auto& [key, value] : held) {
            EXPECT_EQ(venue.position(key.first, key.second).lots, value.first);
            EXPECT_EQ(venue.position(key.first, key.second).cost, value.second);
        }
        ASSERT_FALSE(HasFailure());
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomVenue, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace lockstep::test
