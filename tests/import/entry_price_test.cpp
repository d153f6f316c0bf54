#include "replay/import/entry_price.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

// Prices with 5 decimals, sizes with 1: a tick times a lot is a quantum of 1e-6.
constexpr EntryScales kScales{
    .price_scale = 5, .size_scale = 1, .entry_scale = 5, .profit_scale = 6};

Decimal profit(std::int64_t quanta) {
    return {.units = quanta, .scale = 6};
}

TEST(EntryPrice, AverageOfOpenedPositionGivesTheProfit) {
    EntryPrice entry;
    EXPECT_EQ(entry.fill(kScales, 0, 10, 100, profit(0)), ProfitMatch::kNothingClosed);
    EXPECT_EQ(entry.fill(kScales, 10, 30, 200, profit(0)), ProfitMatch::kNothingClosed);
    EXPECT_TRUE(entry.opened_here());
    // Average 175: 4 lots sold at 180 earn 20.
    EXPECT_EQ(entry.fill(kScales, 40, -4, 180, profit(20)), ProfitMatch::kExact);
    EXPECT_EQ(entry.fill(kScales, 36, -4, 180, profit(90)), ProfitMatch::kDifferent);
}

TEST(EntryPrice, FractionOfTheAverageMayBeFlooredToTheGrid) {
    EntryPrice entry;
    EXPECT_EQ(entry.fill(kScales, 0, 100, 100, profit(0)), ProfitMatch::kNothingClosed);
    EXPECT_EQ(entry.fill(kScales, 100, 200, 101, profit(0)), ProfitMatch::kNothingClosed);
    // Average 100.67, floored 100: 100 lots sold at 103 earn 300.
    EXPECT_EQ(entry.fill(kScales, 300, -100, 103, profit(300)), ProfitMatch::kFloored);
    EXPECT_EQ(entry.fill(kScales, 200, -100, 103, profit(100)), ProfitMatch::kDifferent);
}

TEST(EntryPrice, FirstCloseFixesAnOlderEntryAndFlipsStartAnew) {
    EntryPrice entry;
    EXPECT_EQ(entry.fill(kScales, -50, 10, 90, profit(100)), ProfitMatch::kFirstClose);
    EXPECT_FALSE(entry.opened_here());
    EXPECT_EQ(entry.fill(kScales, -40, 10, 95, profit(50)), ProfitMatch::kExact);
    EXPECT_EQ(entry.fill(kScales, -30, 40, 100, profit(0)), ProfitMatch::kExact);
    EXPECT_TRUE(entry.opened_here());
    EXPECT_EQ(entry.fill(kScales, 10, -10, 110, profit(100)), ProfitMatch::kExact);
    EXPECT_EQ(entry.fill(kScales, 0, 1, 110, profit(1)), ProfitMatch::kDifferent);
}

}  // namespace
}  // namespace lockstep
