#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "tests/instruments/random_market.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

class ParallelVenue : public testing::TestWithParam<std::uint64_t> {};

/// I11: the parallel executor's bytes are the serial executor's.
TEST_P(ParallelVenue, I11_GivesTheSameBytesAsTheSerialExecutor) {
    TestVenue venue;
    venue.check_invariants(false);
    std::vector<Block<Transaction>> blocks;
    std::vector<BlockResult> expected;
    venue.observe([&](const Block<Transaction>& block, const BlockResult& result) {
        blocks.push_back(block);
        expected.push_back(result);
    });
    RandomMarket market(GetParam() + 2000, venue);
    market.set_up();
    for (std::uint64_t i = 0; i < scaled(15); ++i) {
        venue.run(market.block(60), 20'000);
    }
    venue.set_price(601'000, 4 * kHourMs);
    venue.run(market.settle(1));
    venue.run(market.settle(0));
    for (const std::uint32_t workers : {1U, 2U, 4U}) {
        const Venue machine;
        StateStore<Venue> store;
        WorkerPool pool(workers);
        ParallelExecutor<Venue> parallel(machine, store, pool, {}, in_parallel());
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const auto actual = parallel.execute(blocks[i]);
            ASSERT_TRUE(actual.has_value());
            ASSERT_TRUE(*actual == expected[i]) << "block " << i << ", " << workers << " workers";
        }
        // Declarations are complete: every plan stands, and only blocks that govern have none.
        const auto governs = [](const Block<Transaction>& block) {
            return std::any_of(
                block.transactions.begin(), block.transactions.end(),
                [](const Transaction& transaction) { return is_governance(transaction.payload); });
        };
        EXPECT_EQ(parallel.metrics().abandoned_plans, 0U);
        EXPECT_EQ(parallel.metrics().planned,
                  static_cast<std::uint64_t>(
                      std::count_if(blocks.begin(), blocks.end(), std::not_fn(governs))));
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ParallelVenue, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace lockstep::test
