// The rivals of the benchmarks on the venue: generated workloads, its phases included.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/workloads.hpp"
#include "engine/serial_executor.hpp"
#include "instruments/venue.hpp"
#include "replay/generate/workload.hpp"
#include "tests/bench/baseline_list.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::bench {
namespace {

template <class Rival>
class BaselineVenue : public testing::Test {};
TYPED_TEST_SUITE(BaselineVenue, RivalTypes, RivalNames);

/// Executes the blocks serially and by a rival.
template <class Rival>
void expect_equal_blocks(const std::vector<LogBlock>& blocks, const std::string& name) {
    const Venue machine;
    StateStore<Venue> serial_store;
    StateStore<Venue> store;
    SerialExecutor<Venue> serial(machine, serial_store);
    WorkerPool pool(2);
    typename Rival::template Executor<Venue> rival(machine, store, pool);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const auto expected = serial.execute(blocks[i]);
        const auto actual = rival.execute(blocks[i]);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_EQ(expected->receipts, actual->receipts) << name << " block " << i;
        ASSERT_TRUE(*expected == *actual) << name << " block " << i;
    }
    EXPECT_EQ(store.digest(), store.recompute_digest());
}

std::vector<LogBlock> first_blocks(const WorkloadOptions& options, std::uint64_t count) {
    Workload workload(options);
    std::vector<LogBlock> blocks;
    for (std::uint64_t i = workload.setup_blocks() + count; i > 0; --i) {
        blocks.push_back(workload.next());
    }
    return blocks;
}

TYPED_TEST(BaselineVenue, EqualsSerialOnGeneratedWorkloads) {
    for (const auto kind : {WorkloadKind::kTrades, WorkloadKind::kHotMarket, WorkloadKind::kMixed,
                            WorkloadKind::kChain}) {
        const WorkloadOptions options{
            .kind = kind, .accounts = 200, .markets = 8, .block_transactions = 150};
        expect_equal_blocks<TypeParam>(first_blocks(options, test::scaled(6, 2)),
                                       describe(options));
    }
}

TYPED_TEST(BaselineVenue, EqualsSerialOnEveryNumberOfMarketsAndWithFunding) {
    for_each_venue_workload(Sizes::small(), [](const auto& workload) {
        if constexpr (requires { workload.options; }) {
            expect_equal_blocks<TypeParam>(first_blocks(workload.options, test::scaled(4, 2)),
                                           workload.name);
        }
    });
}

TYPED_TEST(BaselineVenue, EqualsSerialWhenSeriesExpire) {
    expect_equal_blocks<TypeParam>(expiry_log(200, 100).blocks, "expiry");
}

}  // namespace
}  // namespace lockstep::bench
