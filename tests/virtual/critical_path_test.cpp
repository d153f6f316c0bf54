#include "engine/virtual/critical_path.hpp"

#include <gtest/gtest.h>

#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

Program program(std::vector<Step> steps) {
    Program out;
    out.steps = std::move(steps);
    return out;
}
Step step(Op op, std::uint32_t key) {
    Step out;
    out.op = op;
    out.key = key;
    out.operand = 1;
    return out;
}

CriticalPath path_of(std::vector<Program> programs, std::vector<Picoseconds> costs) {
    TracedMachine<ProgramMachine> machine{ProgramMachine{.universe = 100}};
    StateStore<TracedMachine<ProgramMachine>> store;
    SerialExecutor<TracedMachine<ProgramMachine>> executor(machine, store, {});
    Block<Program> block{.header = {.height = 1, .time_ms = 1},
                         .transactions = std::move(programs)};
    return critical_path(executor, machine, block, costs);
}

TEST(CriticalPath, IndependentTransactionsAreBoundByTheLongest) {
    const auto path = path_of({program({step(Op::kWrite, 1)}), program({step(Op::kWrite, 2)}),
                               program({step(Op::kWrite, 3)})},
                              {10, 50, 20});
    EXPECT_EQ(path.length, 50U);
    EXPECT_EQ(path.total, 80U);
    EXPECT_EQ(path.transactions, 1U);
    EXPECT_EQ(path.bound_permille(), 1600U);
}

TEST(CriticalPath, AReaderComesAfterItsWriter) {
    const auto path =
        path_of({program({step(Op::kWrite, 1)}), program({step(Op::kRead, 1), step(Op::kWrite, 2)}),
                 program({step(Op::kRead, 2)}), program({step(Op::kRead, 9)})},
                {10, 20, 30, 40});
    EXPECT_EQ(path.length, 60U);
    EXPECT_EQ(path.transactions, 3U);
}

TEST(CriticalPath, OverwritingNeedsNobody) {
    const auto path = path_of({program({step(Op::kWrite, 1)}), program({step(Op::kWrite, 1)}),
                               program({step(Op::kRead, 1)})},
                              {100, 20, 30});
    EXPECT_EQ(path.length, 100U);
}

TEST(CriticalPath, AddersRunSideBySideAndTheReaderAfterAllOfThem) {
    const auto path = path_of({program({step(Op::kAdd, 1)}), program({step(Op::kAdd, 1)}),
                               program({step(Op::kAdd, 1)}), program({step(Op::kRead, 1)})},
                              {10, 70, 20, 5});
    EXPECT_EQ(path.length, 75U);
    EXPECT_EQ(path.transactions, 2U);
}

TEST(CriticalPath, ATransactionDoesNotWaitForItsOwnWrite) {
    const auto path = path_of(
        {program({step(Op::kWrite, 1)}), program({step(Op::kWrite, 1), step(Op::kRead, 1)})},
        {100, 10});
    EXPECT_EQ(path.length, 100U);
}

}  // namespace
}  // namespace lockstep::test
