// Additions of planned blocks: those near each other go side by side, the others are done like
// writes.

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/program_machine.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kAddedKeys = 1'000;
/// Adds to a few of many cells, for good or not; others read and write them. `doubts`: within
/// bounds that are met, and compared with, so that what is assumed of sums may be wrong.
Program adding_program(Random& random, std::uint32_t keys, bool doubts) {
    Program program;
    for (std::uint64_t i = 1 + random.below(5); i > 0; --i) {
        const auto key = static_cast<std::uint32_t>(random.below(keys));
        Step step{.op = Op::kAdd, .key = key, .operand = random.between(-5, 8)};
        if (random.chance(2, 3)) {
            step.bounds = doubts ? Bounds{.lower = 0, .upper = random.between(10, 60)}
                                 : Bounds{.lower = -1'000'000, .upper = Int128{1} << 60};
        }
        Access access = Access::kAdd;
        switch (random.below(8)) {
            case 0:  // comes to nothing
                program.steps.push_back(step);
                step.operand = -step.operand;
                step.bounds = {};
                break;
            case 1:
                program.steps.push_back({.op = Op::kSave});
                program.steps.push_back(step);
                step = {.op = Op::kRollback};
                break;
            case 2:
                step.op = doubts ? Op::kAtLeast : Op::kAdd;
                break;
            case 3:
                step = {.op = Op::kRead, .key = key};
                access = Access::kRead;
                break;
            case 4:
                step.op = random.chance(1, 2) ? Op::kWrite : Op::kErase;
                access = Access::kWrite;
                break;
            default:
                break;
        }
        program.declared.emplace_back(key, access);
        program.steps.push_back(step);
    }
    if (random.chance(1, 8)) {
        program.steps.push_back({.op = random.chance(1, 2) ? Op::kRejectIfOdd : Op::kThrowIfOdd});
    }
    return program;
}

void expect_equal_results(std::uint32_t workers, bool doubts) {
    for (const std::uint32_t keys : {20U, 200U, kAddedKeys}) {
        Random random(workers * kAddedKeys + keys);
        const ProgramMachine machine{.universe = kAddedKeys};
        StateStore<ProgramMachine> serial_store;
        StateStore<ProgramMachine> store;
        SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
        WorkerPool pool(workers);
        ParallelExecutor<ProgramMachine> parallel(machine, store, pool, kProgramLimits,
                                                  in_parallel());
        for (std::uint64_t height = 1; height <= scaled(12, 4); ++height) {
            std::vector<Program> programs;
            for (int i = 0; i < 400; ++i) {
                programs.push_back(adding_program(random, keys, doubts));
            }
            const Block<Program> block{.header = {.height = height},
                                       .transactions = std::move(programs)};
            AccessList<ProgramMachine::Key> expected_list;
            AccessList<ProgramMachine::Key> list;
            const auto expected = serial.execute(block, {}, {.recorded = &expected_list});
            const auto actual = parallel.execute(block, {}, {.recorded = &list});
            ASSERT_TRUE(expected.has_value() && actual.has_value());
            ASSERT_EQ(expected->receipts, actual->receipts);
            ASSERT_TRUE(*expected == *actual) << workers << " workers, " << keys << " keys";
            ASSERT_EQ(store.recompute_digest(), actual->state);
            ASSERT_EQ(expected_list, list);
        }
        EXPECT_TRUE(doubts || parallel.metrics().planned > 0);
        EXPECT_TRUE(doubts || parallel.metrics().abandoned_plans == 0);
    }
}
TEST(LoneAdditions, LeaveWhatTheSerialExecutorLeaves) {
    for (std::uint32_t workers = 1; workers <= 4; ++workers) {
        expect_equal_results(workers, false);
        expect_equal_results(workers, true);
    }
}

}  // namespace
}  // namespace lockstep::test
