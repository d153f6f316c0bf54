#include <gtest/gtest.h>

#include <vector>

#include "engine/in_place/in_place_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/generate/workload.hpp"

namespace lockstep::test {
namespace {

/// The state does not grow with the number of trades: orders and nonces are forgotten once their
/// time is over. A million trades of ten thousand accounts, each order valid for twelve blocks.
TEST(FlatState, AMillionTradesLeaveNoCells) {
    WorkloadOptions options;
    options.accounts = 10'000;
    options.markets = 4;  // all positions of an account find room in its head block
    options.block_transactions = 10'000;
    options.block_interval_ms = 5'000;
    options.mix = {
        .deposits = 0, .withdrawals = 0, .transfers = 0, .oracle_updates = 1, .book_updates = 0};
    Workload workload(options);
    const Venue venue;
    StateStore<Venue> store;
    InPlaceExecutor<Venue> executor(venue, store);
    std::uint64_t trades = 0;
    std::vector<std::size_t> cells;  // after every tenth block
    for (std::uint64_t i = 0; trades < 1'000'000; ++i) {
        const LogBlock block = workload.next();
        const auto result = executor.execute(block);
        ASSERT_TRUE(result.has_value());
        for (std::size_t at = 0; at < block.transactions.size(); ++at) {
            const bool trade = std::holds_alternative<Trade>(block.transactions[at].payload);
            trades += trade && result->receipts[at].status == 0 ? 1U : 0U;
        }
        if (i % 10 == 9) {
            cells.push_back(store.size());
        }
    }
    ASSERT_GE(cells.size(), 10U);
    // What lives is there after three times the validity of an order; from then on nothing grows.
    const std::size_t warm = cells[3];
    EXPECT_GT(warm, 20'000U);  // a head block and a page of orders for each account
    for (std::size_t i = 4; i < cells.size(); ++i) {
        EXPECT_LE(cells[i], warm + warm / 50) << "after block " << 10 * i + 9;
    }
}

}  // namespace
}  // namespace lockstep::test
