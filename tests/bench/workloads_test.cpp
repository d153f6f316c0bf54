// Workloads on plain keys that scan, or that skip the rest of their blocks: every executor, rival
// and twin computes what the serial executor computes, and they are what their names say.

#include "bench/workloads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "bench/baselines/baselines.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial_executor.hpp"
#include "replay/stress/serial_loop.hpp"

namespace lockstep::bench {
namespace {

constexpr std::uint64_t kBlocks = 4;  ///< behind the set-up

/// The first blocks of a workload, and what the serial executor makes of them.
template <class Workload>
struct Expected {
    using M = typename Workload::Machine;

    explicit Expected(const Workload& of, std::uint64_t count = kBlocks) : workload(of) {
        const M machine = workload.machine;
        StateStore<M> store;
        SerialExecutor<M> serial(machine, store);
        workload.populate(store);
        auto source = workload.source();
        for (std::uint64_t i = workload.prelude() + count; i > 0; --i) {
            blocks.push_back(source.next());
            auto result = serial.execute(blocks.back());
            EXPECT_TRUE(result.has_value());
            results.push_back(std::move(*result));
        }
        state = store.digest();
    }

    const Workload& workload;
    std::vector<Block<typename M::Transaction>> blocks;
    std::vector<BlockResult> results;
    Digest state;
};

/// Executes all blocks on an executor that `make(machine, store, pool)` returns.
template <class Workload, class Make>
void expect_equal(const Expected<Workload>& expected, const std::string& who, std::uint32_t workers,
                  Make&& make) {
    using M = typename Workload::Machine;
    const M machine = expected.workload.machine;
    StateStore<M> store;
    WorkerPool pool(workers);
    auto executor = make(machine, store, pool);
    expected.workload.populate(store);
    for (std::size_t i = 0; i < expected.blocks.size(); ++i) {
        const auto result = executor->execute(expected.blocks[i]);
        ASSERT_TRUE(result.has_value());
        ASSERT_EQ(result->receipts, expected.results[i].receipts)
            << expected.workload.name << ", " << who << ", block " << i;
        ASSERT_TRUE(*result == expected.results[i])
            << expected.workload.name << ", " << who << ", block " << i;
    }
    EXPECT_EQ(store.digest(), expected.state);
    EXPECT_EQ(store.recompute_digest(), expected.state);
}

template <class Executor, class Workload>
void expect_equal_rival(const Expected<Workload>& expected, Rival rival) {
    expect_equal(expected, name_of(rival), 2, [](const auto& machine, auto& store, auto& pool) {
        return std::make_unique<Executor>(machine, store, pool);
    });
}

template <class Workload>
void expect_equal_twin(const Expected<Workload>& expected) {
    using M = typename Workload::Machine;
    const M machine = expected.workload.machine;
    FlatState<M> state;
    SerialLoop<M> loop(machine, state);
    expected.workload.populate(state);
    Digest sum;
    ByteWriter scratch;
    for (const auto& cell : state.cells()) {
        if (cell.present) {
            sum += cell_digest<M>(scratch, cell.key, cell.value);
        }
    }
    loop.start_from(sum);
    for (std::size_t i = 0; i < expected.blocks.size(); ++i) {
        const BlockResult result = loop.execute(expected.blocks[i]);
        ASSERT_EQ(result.receipts, expected.results[i].receipts)
            << expected.workload.name << ", block " << i;
        ASSERT_EQ(result.block, expected.results[i].block) << expected.workload.name;
    }
}

template <class Workload>
void expect_equal_everywhere(const Workload& workload) {
    using M = typename Workload::Machine;
    const Expected<Workload> expected(workload);
    for (const std::uint32_t workers : {1U, 2U, 3U}) {
        for (const bool adaptive : {false, true}) {
            expect_equal(expected, std::to_string(workers) + " workers", workers,
                         [adaptive](const auto& machine, auto& store, auto& pool) {
                             return std::make_unique<ParallelExecutor<M>>(
                                 machine, store, pool, TxnLimits{},
                                 ParallelOptions{.adaptive = adaptive});
                         });
        }
    }
    expect_equal_rival<OrderedLocksExecutor<M>>(expected, Rival::kOrderedLocks);
    expect_equal_rival<BlockStmExecutor<M>>(expected, Rival::kBlockStm);
    expect_equal_rival<OrderedMergeExecutor<M>>(expected, Rival::kOrderedMerge);
    expect_equal_rival<ChunkRestartExecutor<M>>(expected, Rival::kChunkRestart);
    expect_equal_rival<ReservationsExecutor<M>>(expected, Rival::kReservations);
    expect_equal_twin(expected);
}

TEST(Workloads, AllExecutorsAndRivalsGiveTheSerialResult) {
    std::uint32_t count = 0;
    for_each_key_workload(Sizes::small(), [&](const auto& workload) {
        using Workload = std::remove_cvref_t<decltype(workload)>;
        if constexpr (std::is_same_v<Workload, RangeScanWorkload> ||
                      std::is_same_v<Workload, KeyValueWorkload>) {
            if (workload.name.find("latency") == std::string::npos) {
                ++count;
                expect_equal_everywhere(workload);
            }
        }
    });
    EXPECT_EQ(count, 12U);  // two of fixed keys, six of dynamic ones, four that scan
}

/// Scans of one block whose result depends on what others do in it.
std::uint64_t disturbed_scans(RangeMode mode) {
    const RangeScanWorkload workload{
        .name = "scan", .machine = {.mode = mode}, .records = 400, .txns = 80};
    auto block = workload.source().next();
    const auto execute = [&] {
        StateStore<RangeScanMachine> store;
        SerialExecutor<RangeScanMachine> serial(workload.machine, store);
        workload.populate(store);
        const auto result = serial.execute(block);
        EXPECT_TRUE(result.has_value());
        return *result;
    };
    const BlockResult all = execute();
    for (RangeStep& step : block.transactions) {
        step.target += step.kind == RangeStep::Kind::kScan ? 0 : RangeScanMachine::kResults;
    }
    const BlockResult apart = execute();
    std::uint64_t disturbed = 0;
    for (std::size_t i = 0; i < block.transactions.size(); ++i) {
        disturbed += block.transactions[i].kind == RangeStep::Kind::kScan &&
                             all.receipts[i].effects != apart.receipts[i].effects
                         ? 1U
                         : 0U;
    }
    return disturbed;
}

TEST(Workloads, ScansMeetWhatOthersPutIntoTheirRanges) {
    EXPECT_GT(disturbed_scans(RangeMode::kInserts), 10U);
    EXPECT_GT(disturbed_scans(RangeMode::kPhantoms), 10U);
}

TEST(Workloads, BlocksThatSkipTheirRestDoSo) {
    for (const std::uint32_t universe : {10U, 100U}) {
        const KeyValueWorkload workload{
            .name = "skip_rest",
            .machine = {.mode = KeyValueMode::kDynamic, .universe = universe, .weighs = true},
            .txns = 100};
        const Expected expected(workload);
        for (const BlockResult& result : expected.results) {
            const auto skipped = std::count_if(
                result.receipts.begin(), result.receipts.end(), [](const Receipt& receipt) {
                    return receipt.disposition == Disposition::kSkipped;
                });
            EXPECT_GT(skipped, 5);
            EXPECT_LT(skipped, 60);
        }
    }
}

}  // namespace
}  // namespace lockstep::bench
