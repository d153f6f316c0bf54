#include <gtest/gtest.h>

#include <string>

#include "engine/parallel_executor.hpp"
#include "engine/serial_executor.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

constexpr TxnLimits kLimits{.steps = 2'000, .event_bytes = 60};

/// Runs the same random blocks through both executors; every difference is a failure.
struct Twin {
    Twin(std::uint64_t seed_in, const BlockShape& shape_in, std::uint32_t workers,
         ParallelOptions options = {})
        : shape(shape_in),
          seed(seed_in),
          random(seed_in),
          machine{.universe = shape_in.universe},
          pool(workers),
          parallel(machine, parallel_store, pool, kLimits, options) {}

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
    SerialExecutor<ProgramMachine> serial{machine, serial_store, kLimits};
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
            BlockShape shape = GetParam().shape;
            shape.hints = hints;
            Twin twin(mix64(workers * 100 + static_cast<std::uint64_t>(hints)), shape, workers);
            twin.run(scaled(GetParam().blocks));
            if (HasFatalFailure()) {
                return;
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ParallelEqualsSerial,
    testing::Values(
        Case{"TinyHot", {.transactions_max = 8, .universe = 2, .delay_max = 200}, 2'000},
        Case{"TinyMixed", {.transactions_max = 32, .universe = 8, .delay_max = 200}, 1'500},
        Case{"Medium", {.transactions_min = 50, .transactions_max = 300, .universe = 40}, 200},
        Case{"Sparse", {.transactions_min = 200, .transactions_max = 600, .universe = 20'000}, 80},
        Case{"LongPrograms",
             {.transactions_min = 10, .transactions_max = 60, .universe = 100, .steps_max = 80},
             100},
        Case{"Tame",
             {.transactions_min = 50, .transactions_max = 200, .universe = 12, .hostile = false},
             200}),
    [](const testing::TestParamInfo<Case>& shape) { return std::string(shape.param.name); });

TEST(AdaptiveMode, SerialAndParallelBlocksInTurnLeaveTheSameChainOfDigests) {
    const BlockShape shape{
        .transactions_min = 5, .transactions_max = 60, .universe = 6, .hints = Hints::kMixed};
    ProgramMachine machine{.universe = shape.universe};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> adaptive_store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kLimits);
    WorkerPool pool(2);
    ParallelExecutor<ProgramMachine> adaptive(machine, adaptive_store, pool, kLimits,
                                              {.adaptive = true});
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
