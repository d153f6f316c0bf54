#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {

TestVenue::TestVenue(std::int64_t start_ms) : now_ms_(start_ms) {}
TestVenue::~TestVenue() = default;

std::vector<Status> TestVenue::run(std::vector<Transaction> transactions, std::int64_t elapsed_ms) {
    now_ms_ += elapsed_ms;
    const Block<Transaction> block{.header = {.height = ++height_, .time_ms = now_ms_},
                                   .transactions = std::move(transactions)};
    auto result = executor_.execute(block);
    EXPECT_TRUE(result.has_value());
    std::vector<Status> statuses;
    trades_.clear();
    if (!result.has_value()) {
        return statuses;
    }
    for (const Receipt& receipt : result->receipts) {
        EXPECT_EQ(receipt.disposition, Disposition::kExecuted);
        statuses.push_back(Status{receipt.status});
    }
    for_each_event(result->events, [&](std::uint16_t type, std::span<const std::byte> bytes) {
        EXPECT_NE(EventType{type}, EventType::kInvariantBroken);
        if (EventType{type} == EventType::kTrade) {
            trades_.push_back(TradeEvent::decode(bytes).value());
        }
    });
    last_ = std::move(*result);
    if (observer_) {
        observer_(block, last_);
    }
    if (checked_) {
        EXPECT_EQ(violations(), std::vector<std::string>{});
    }
    return statuses;
}

}  // namespace lockstep::test
