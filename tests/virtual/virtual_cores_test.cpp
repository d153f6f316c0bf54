#include <gtest/gtest.h>

#include <string>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "engine/virtual/virtual_sync.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

/// Costs that differ from each other, so that none can stand in for another.
VirtualCosts sample_costs() {
    VirtualCosts costs;
    for (std::size_t i = 0; i < kWorkKinds; ++i) {
        costs.work[i] = 10'000 + 1'000 * i;
        costs.foreign[i] = 700 + 10 * i;
    }
    costs.dispatch = 15'000;
    return costs;
}

/// What a run of random blocks on virtual cores left.
struct VirtualRun {
    std::vector<Picoseconds> ends;
    std::vector<BlockResult> results;
    std::uint64_t executions = 0;
    friend bool operator==(const VirtualRun&, const VirtualRun&) = default;
};

VirtualRun run_random_blocks(std::uint32_t cores, std::uint64_t seed, const BlockShape& shape,
                             const VirtualCosts& costs, std::uint64_t blocks) {
    VirtualCores::here().reset(cores, costs);
    const ProgramMachine machine{.universe = shape.universe};
    StateStore<ProgramMachine, VirtualSync> store;
    VirtualPool pool;
    ParallelExecutor<ProgramMachine, VirtualSync, VirtualPool> executor(
        machine, store, pool, kProgramLimits, in_parallel());
    Random random(seed);
    VirtualRun out;
    for (std::uint64_t i = 1; i <= blocks; ++i) {
        auto result = executor.execute(random_block(random, shape, i));
        EXPECT_TRUE(result.has_value());
        out.results.push_back(std::move(*result));
        out.ends.push_back(VirtualCores::here().now());
    }
    out.executions = executor.metrics().executions;
    return out;
}

BlockShape shape_of(std::uint32_t universe, Hints hints) {
    return {.transactions_max = 60, .universe = universe, .hints = hints};
}

TEST(VirtualCores, BlockResultsEqualTheSerialOnes) {
    for (const std::uint32_t cores : {1U, 2U, 7U, 64U, 128U}) {
        for (std::uint64_t seed = 1; seed <= scaled(12); ++seed) {
            const BlockShape shape = shape_of(seed % 2 == 0 ? 4 : 40, static_cast<Hints>(seed % 5));
            const VirtualRun run = run_random_blocks(cores, seed, shape, sample_costs(), 6);
            const ProgramMachine machine{.universe = shape.universe};
            StateStore<ProgramMachine> store;
            SerialExecutor<ProgramMachine> serial(machine, store, kProgramLimits);
            Random random(seed);
            for (std::uint64_t i = 1; i <= 6; ++i) {
                const auto expected = serial.execute(random_block(random, shape, i));
                ASSERT_TRUE(expected.has_value());
                ASSERT_TRUE(*expected == run.results[i - 1]) << "seed " << seed << " block " << i;
            }
        }
    }
}

TEST(VirtualCores, SameCostsGiveTheSameClocks) {
    for (const std::uint32_t cores : {2U, 16U, 128U}) {
        const BlockShape shape = shape_of(6, Hints::kMixed);
        const VirtualRun first = run_random_blocks(cores, 5, shape, sample_costs(), 10);
        EXPECT_TRUE(first == run_random_blocks(cores, 5, shape, sample_costs(), 10));
        VirtualCosts dearer = sample_costs();
        dearer.of(Work::kExecute) += 1'000;
        EXPECT_NE(first.ends, run_random_blocks(cores, 5, shape, dearer, 10).ends);
    }
}

TEST(VirtualCores, OneCoreTakesTheSumOfAllCosts) {
    const VirtualCosts costs = sample_costs();
    BlockShape shape = shape_of(30, Hints::kExact);
    shape.hostile = shape.limits = false;
    const VirtualRun run = run_random_blocks(1, 3, shape, costs, 8);
    const VirtualCores& cores = VirtualCores::here();
    Picoseconds sum = run.executions * costs.dispatch;
    std::uint64_t transactions = 0;
    for (const BlockResult& result : run.results) {
        transactions += result.receipts.size();
    }
    for (std::size_t i = 0; i < kWorkKinds; ++i) {
        sum += cores.units(static_cast<Work>(i)) * costs.work[i];
    }
    EXPECT_EQ(run.ends.back(), sum);
    EXPECT_EQ(cores.units(Work::kPhase), 2 * run.results.size());
    EXPECT_EQ(cores.units(Work::kExecute), run.executions);
    for (const Work kind :
         {Work::kPrepare, Work::kResolve, Work::kCommit, Work::kFinish, Work::kChain}) {
        EXPECT_EQ(cores.units(kind), transactions) << static_cast<int>(kind);
    }
}

TEST(VirtualCores, CallsThatCostTheirOwnTimeAreChargedByTransaction) {
    BlockShape shape = shape_of(1'000, Hints::kExact);
    shape.hostile = shape.limits = false;
    shape.transactions_min = shape.transactions_max = 50;
    VirtualCosts costs;
    const std::vector<Picoseconds> calls(50, 1'000'000'000);
    VirtualCores& cores = VirtualCores::here();
    const auto time_of = [&](std::uint32_t count) {
        cores.reset(count, costs);
        cores.set_calls(calls);
        const ProgramMachine machine{.universe = shape.universe};
        StateStore<ProgramMachine, VirtualSync> store;
        VirtualPool pool;
        ParallelExecutor<ProgramMachine, VirtualSync, VirtualPool> executor(
            machine, store, pool, kProgramLimits, in_parallel({.chunk_max = 1}));
        Random random(9);
        EXPECT_TRUE(executor.execute(random_block(random, shape, 1)).has_value());
        return cores.now();
    };
    const Picoseconds alone = time_of(1);
    EXPECT_EQ(alone, 50 * calls.front());
    // Few of the programs meet: ten cores come close to a tenth, and never below.
    const Picoseconds ten = time_of(10);
    EXPECT_GE(ten, alone / 10);
    EXPECT_LE(ten, alone / 4);
}

/// Each adds one to a hot cell and writes a cold one; the lower a cell's number, the hotter.
Block<Program> contended_block(Random& random, std::uint32_t universe, std::uint64_t height) {
    constexpr std::uint32_t kTransactions = 4'000;
    Block<Program> block{.header = {.height = height}, .transactions = {}};
    while (block.transactions.size() < kTransactions) {
        const std::uint64_t spread = random.below(universe) * random.below(universe) / universe;
        const auto hot = static_cast<std::uint32_t>(spread * random.below(universe) / universe);
        const auto cold = static_cast<std::uint32_t>(random.below(universe));
        block.transactions.push_back({.steps = {{.op = Op::kRead, .key = hot},
                                                {.op = Op::kWrite, .key = hot},
                                                {.op = Op::kWrite, .key = cold}},
                                      .declared = {{hot, Access::kWrite}, {cold, Access::kWrite}}});
    }
    return block;
}

TEST(VirtualCores, MoreOfThemDoNotHurtBlocksThatWait) {
    constexpr std::uint32_t kUniverse = 300;
    constexpr std::uint64_t kBlocks = 4;
    constexpr Picoseconds kCall = 2'000'000;
    const auto time_of = [&](std::uint32_t count) {
        VirtualCosts costs = sample_costs();
        costs.of(Work::kExecute) = kCall;
        VirtualCores& cores = VirtualCores::here();
        cores.reset(count, costs);
        const ProgramMachine machine{.universe = kUniverse};
        StateStore<ProgramMachine, VirtualSync> store;
        VirtualPool pool;
        ParallelExecutor<ProgramMachine, VirtualSync, VirtualPool> executor(
            machine, store, pool, kProgramLimits, in_parallel());
        Random random(3);
        for (std::uint64_t i = 1; i <= kBlocks; ++i) {
            EXPECT_TRUE(executor.execute(contended_block(random, kUniverse, i)).has_value());
        }
        EXPECT_EQ(executor.metrics().planned, kBlocks);
        return cores.now();
    };
    Picoseconds best = time_of(1);
    for (const std::uint32_t count : {2U, 4U, 8U, 16U, 32U, 64U, 128U}) {
        const Picoseconds time = time_of(count);
        RecordProperty("microseconds_on_" + std::to_string(count),
                       std::to_string(time / 1'000'000));
        EXPECT_LE(time, best + best / 10) << count << " cores";
        best = std::min(best, time);
    }
}

TEST(VirtualCores, ALineThatAnotherCoreWroteIsTransferredOnce) {
    VirtualCosts costs;
    VirtualCores& cores = VirtualCores::here();
    cores.reset(2, costs);
    VirtualSync::Atomic<int> flag{0};
    Picoseconds first = 0;
    Picoseconds second = 0;
    cores.run([&](std::uint32_t core) {
        if (core == 0) {
            flag.store(1, std::memory_order_release);
            cores.spend(1'000'000'000);
            cores.point();
            return;
        }
        cores.spend(500'000'000);
        Picoseconds before = cores.now();
        EXPECT_EQ(flag.load(std::memory_order_acquire), 1);
        first = cores.now() - before;
        before = cores.now();
        EXPECT_EQ(flag.load(std::memory_order_acquire), 1);
        second = cores.now() - before;
    });
    EXPECT_EQ(first, costs.load_transfer);
    EXPECT_EQ(second, 0U);
}

TEST(VirtualCores, CoresThatModifyOneLineQueueForIt) {
    VirtualCosts costs;
    VirtualCores& cores = VirtualCores::here();
    const auto span_of = [&](std::uint32_t count) {
        cores.reset(count, costs);
        VirtualSync::Atomic<std::uint32_t> counter{0};
        Picoseconds last = 0;
        cores.run([&](std::uint32_t core) {
            cores.spend(core == 0 ? 10'000'000'000 : 0);  // keeps the job open for all
            cores.point();
            counter.fetch_add(1, std::memory_order_relaxed);
            last = std::max(last, core == 0 ? 0 : cores.now());
        });
        EXPECT_EQ(counter.load(std::memory_order_relaxed), count);
        return last;
    };
    EXPECT_GE(span_of(65) - span_of(2), 60 * costs.rmw_transfer);
}

TEST(VirtualCores, ASleeperRunsOneWakeLatencyAfterTheCall) {
    VirtualCosts costs;
    VirtualCores& cores = VirtualCores::here();
    cores.reset(2, costs);
    VirtualSync::Atomic<int> flag{0};
    Picoseconds called = 0;
    Picoseconds woken = 0;
    cores.run([&](std::uint32_t core) {
        if (core == 1) {
            flag.wait(0, std::memory_order_acquire);
            woken = cores.now();
            return;
        }
        cores.spend(1'000'000'000);
        cores.point();
        flag.store(1, std::memory_order_release);
        flag.notify_all();
        called = cores.now();
        cores.spend(1'000'000'000);
        cores.point();
    });
    EXPECT_EQ(woken, called + costs.wake_latency);
}

}  // namespace
}  // namespace lockstep::test
