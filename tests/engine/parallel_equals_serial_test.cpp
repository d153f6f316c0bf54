#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

/// Runs the same random blocks through both executors; every difference is a failure.
struct Twin {
    Twin(std::uint64_t seed_in, const BlockShape& shape_in, std::uint32_t workers,
         ParallelOptions options = {})
        : shape(shape_in),
          seed(seed_in),
          random(seed_in),
          machine{.universe = shape_in.universe},
          pool(workers),
          parallel(machine, parallel_store, pool, kProgramLimits, in_parallel(options)) {}

    ~Twin() {
        EXPECT_EQ(parallel_store.digest(), parallel_store.recompute_digest());  // [SS2]
        EXPECT_EQ(parallel_store.size(), serial_store.size());
        EXPECT_EQ(parallel.metrics().fallbacks, 0U);
        EXPECT_GE(parallel.metrics().executions + skipped, parallel.metrics().transactions);
    }

    void run(std::uint64_t blocks) {
        for (std::uint64_t i = 1; i <= blocks; ++i) {
            const Block<Program> block = random_block(random, shape, i);
            const auto expected = serial.execute(block);
            const auto actual = parallel.execute(block);
            ASSERT_TRUE(expected.has_value() && actual.has_value());
            for (const Receipt& receipt : expected->receipts) {
                skipped += receipt.disposition == Disposition::kSkipped ? 1U : 0U;
            }
            ASSERT_EQ(expected->receipts, actual->receipts) << "seed " << seed << " block " << i;
            ASSERT_TRUE(*expected == *actual) << "seed " << seed << " block " << i;  // [E1]
        }
    }

    BlockShape shape;
    std::uint64_t seed;
    Random random;
    ProgramMachine machine;
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> parallel_store;
    SerialExecutor<ProgramMachine> serial{machine, serial_store, kProgramLimits};
    WorkerPool pool;
    ParallelExecutor<ProgramMachine> parallel;
    std::uint64_t skipped = 0;
};

struct Case {
    const char* name;
    BlockShape shape;
    std::uint64_t blocks;
};

class ParallelEqualsSerial : public testing::TestWithParam<Case> {};

TEST_P(ParallelEqualsSerial, ForEveryWorkerCountSeedAndHint) {
    for (const Hints hints :
         {Hints::kNone, Hints::kExact, Hints::kPartial, Hints::kWrong, Hints::kMixed}) {
        for (std::uint32_t workers = 1; workers <= 4; ++workers) {
            for (const bool plan : {false, true}) {
                BlockShape shape = GetParam().shape;
                shape.hints = hints;
                Twin twin(mix64(workers * 100 + static_cast<std::uint64_t>(hints)), shape, workers,
                          {.plan = plan});
                twin.run(scaled(GetParam().blocks / 2));
                if (HasFatalFailure()) {
                    return;
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ParallelEqualsSerial,
    testing::Values(
        Case{"TinyHot", {.transactions_max = 8, .universe = 2, .delay_max = 200}, 2'000},
        Case{"TinyMixed", {.transactions_max = 32, .universe = 8, .delay_max = 200}, 1'500},
        Case{"TinyScans",
             {.transactions_max = 24, .universe = 10, .delay_max = 200, .scans = true},
             1'000},
        Case{"TinyChanges",
             {.transactions_max = 24, .universe = 6, .delay_max = 200, .changes = true},
             1'000},
        Case{"ChangesAndScans",
             {.transactions_min = 10,
              .transactions_max = 100,
              .universe = 24,
              .steps_max = 40,
              .scans = true,
              .changes = true},
             200},
        Case{"Medium", {.transactions_min = 50, .transactions_max = 300, .universe = 40}, 200},
        Case{"SparseScans",
             {.transactions_min = 50, .transactions_max = 200, .universe = 400, .scans = true},
             150},
        Case{"Sparse", {.transactions_min = 200, .transactions_max = 600, .universe = 20'000}, 80},
        Case{"LongPrograms",
             {.transactions_min = 10, .transactions_max = 60, .universe = 100, .steps_max = 80},
             100},
        Case{"Tame",
             {.transactions_min = 50, .transactions_max = 200, .universe = 12, .hostile = false},
             200}),
    [](const testing::TestParamInfo<Case>& shape) { return std::string(shape.param.name); });

TEST(InPlaceExecutor, EqualsTheSerialExecutor) {
    for (const bool more : {false, true}) {
        const BlockShape shape{.transactions_min = 1,
                               .transactions_max = 80,
                               .universe = 16,
                               .steps_max = 30,
                               .hints = Hints::kMixed,
                               .scans = more,
                               .changes = more};
        ProgramMachine machine{.universe = shape.universe};
        StateStore<ProgramMachine> serial_store;
        StateStore<ProgramMachine> in_place_store;
        SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
        InPlaceExecutor<ProgramMachine> in_place(machine, in_place_store, kProgramLimits);
        Random random(more ? 5 : 6);
        for (std::uint64_t i = 1; i <= scaled(2'000); ++i) {
            const Block<Program> block = random_block(random, shape, i);
            std::stop_source stop;
            const ExecuteOptions cancelled{
                .stop = stop.get_token(),
                .on_commit = [&](std::uint32_t at, const Receipt&, std::span<const std::byte>) {
                    if (at == block.transactions.size() / 2) {
                        stop.request_stop();
                    }
                }};
            if (i % 7 == 0 && block.transactions.size() > 2) {  // a try that leaves no trace
                ASSERT_FALSE(in_place.execute(block, cancelled).has_value());
            }
            const auto expected = serial.execute(block);
            const auto actual = in_place.execute(block);
            ASSERT_TRUE(expected.has_value() && actual.has_value());
            ASSERT_TRUE(*expected == *actual) << "block " << i;
            ASSERT_EQ(in_place_store.digest(), in_place_store.recompute_digest());
            ASSERT_EQ(in_place_store.size(), serial_store.size());
        }
    }
}

TEST(InPlaceExecutor, EqualsTheSerialExecutorOnMoreCellsThanItKeepsNear) {
    const BlockShape shape{.transactions_min = 100,
                           .transactions_max = 400,
                           .universe = 20'000,
                           .steps_max = 20,
                           .hints = Hints::kMixed};
    ProgramMachine machine{.universe = shape.universe};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> in_place_store;
    for (std::uint32_t key = 0; key < shape.universe; key += 2) {
        const Int128 value = key;
        serial_store.set(key, &value);
        in_place_store.set(key, &value);
    }
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
    InPlaceExecutor<ProgramMachine> in_place(machine, in_place_store, kProgramLimits);
    Random random(8);
    for (std::uint64_t i = 1; i <= scaled(60, 10); ++i) {
        const Block<Program> block = random_block(random, shape, i);
        const auto expected = serial.execute(block);
        const auto actual = in_place.execute(block);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_TRUE(*expected == *actual) << "block " << i;
        ASSERT_EQ(in_place_store.size(), serial_store.size());
    }
    EXPECT_EQ(in_place_store.digest(), in_place_store.recompute_digest());
}

/// Transactions that do not hear of refusals, and go on for so many accesses.
Block<Program> deaf_block(Hints hints, std::int64_t accesses) {
    Block<Program> block{.header = {.height = 1}, .transactions = {}};
    Random random(3);
    for (std::uint32_t i = 0; i < 16; ++i) {
        Program program;
        program.delay = i % 4 == 0 ? 20'000 : 0;
        program.steps = {{.op = Op::kWrite, .key = i % 3, .operand = i},
                         {.op = Op::kRead, .key = (i + 1) % 3},
                         {.op = i % 2 == 0 ? Op::kDeafIfOdd : Op::kRead, .operand = accesses}};
        declare_hints(random, {.universe = 4, .hints = hints}, program);
        block.transactions.push_back(program);
    }
    return block;
}

TEST(Refusals, NeverEndAMachineThatCannotUnwind) {
    const ProgramMachine machine{.universe = 4};
    const auto is_faulted = [](const Receipt& receipt) {
        return receipt.disposition == Disposition::kFaulted &&
               receipt.status == static_cast<std::uint16_t>(Fault::kStepBudget);
    };
    for (const std::int64_t accesses : {20'000, 1'000'000}) {
        const TxnLimits limits{.steps = accesses == 20'000 ? 30'000U : 2'000U};
        for (const Hints hints : {Hints::kNone, Hints::kExact, Hints::kPartial}) {
            const Block<Program> block = deaf_block(hints, accesses);
            StateStore<ProgramMachine> serial_store;
            SerialExecutor<ProgramMachine> serial(machine, serial_store, limits);
            const auto expected = serial.execute(block);
            ASSERT_TRUE(expected.has_value());
            EXPECT_EQ(std::any_of(expected->receipts.begin(), expected->receipts.end(), is_faulted),
                      accesses == 1'000'000);

            StateStore<ProgramMachine> in_place_store;
            InPlaceExecutor<ProgramMachine> in_place(machine, in_place_store, limits);
            const auto same = in_place.execute(block);
            ASSERT_TRUE(same.has_value());
            EXPECT_TRUE(*same == *expected);
            for (std::uint32_t workers = 1; workers <= 4; ++workers) {
                for (const bool plan : {false, true}) {
                    StateStore<ProgramMachine> store;
                    WorkerPool pool(workers);
                    ParallelExecutor<ProgramMachine> parallel(machine, store, pool, limits,
                                                              in_parallel({.plan = plan}));
                    const auto actual = parallel.execute(block);
                    ASSERT_TRUE(actual.has_value());
                    EXPECT_TRUE(*actual == *expected);
                }
            }
        }
    }
}

TEST(StateStore, IsSharedByExecutorsThatTakeTurns) {
    const BlockShape shape{.transactions_min = 20, .transactions_max = 40, .universe = 6};
    ProgramMachine machine{.universe = shape.universe};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
    WorkerPool pool(2);
    Random random(9);
    for (std::uint64_t i = 1; i <= 20; ++i) {
        const Block<Program> block = random_block(random, shape, i);
        ParallelExecutor<ProgramMachine> fresh(machine, store, pool, kProgramLimits, in_parallel());
        fresh.set_previous_block_digest(serial.previous_block_digest());
        const auto expected = serial.execute(block);
        const auto actual = fresh.execute(block);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_TRUE(*expected == *actual) << "block " << i;
    }
}

TEST(AdaptiveMode, SerialAndParallelBlocksInTurnLeaveTheSameChainOfDigests) {
    ASSERT_TRUE(ParallelOptions{}.adaptive);
    const BlockShape shape{
        .transactions_min = 5, .transactions_max = 60, .universe = 6, .hints = Hints::kMixed};
    ProgramMachine machine{.universe = shape.universe};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> adaptive_store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
    WorkerPool pool(2);
    ParallelExecutor<ProgramMachine> adaptive(machine, adaptive_store, pool, kProgramLimits);
    Random random(77);
    const std::uint64_t blocks = scaled(400, 40);
    for (std::uint64_t i = 1; i <= blocks; ++i) {
        const Block<Program> block = random_block(random, shape, i);
        const auto expected = serial.execute(block);
        const auto actual = adaptive.execute(block);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_TRUE(*expected == *actual) << "block " << i;
    }
    EXPECT_GT(adaptive.metrics().fallbacks, 0U);
    EXPECT_LT(adaptive.metrics().fallbacks, blocks);
}

}  // namespace
}  // namespace lockstep::test
