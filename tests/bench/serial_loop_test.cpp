// The serial twin of the benchmarks computes what the serial executor computes; otherwise its speed
// would mean nothing.

#include "replay/stress/serial_loop.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "engine/base/random.hpp"
#include "engine/serial/serial_executor.hpp"
#include "replay/stress/transfers.hpp"
#include "tests/support/due_machine.hpp"
#include "tests/support/program_machine.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::bench {
namespace {

using test::Op;
using test::Program;
using test::ProgramMachine;

Program random_program(Random& random, std::uint32_t universe) {
    constexpr Op kOps[] = {Op::kRead, Op::kRead, Op::kWrite, Op::kWrite,    Op::kErase,
                           Op::kAdd,  Op::kAdd,  Op::kAdd,   Op::kAtLeast,  Op::kExists,
                           Op::kJump, Op::kEmit, Op::kSave,  Op::kRollback, Op::kRejectIfOdd,
                           Op::kScan, Op::kScan, Op::kChange};
    Program program;
    const std::uint64_t steps = 1 + random.below(12);
    for (std::uint64_t i = 0; i < steps; ++i) {
        program.steps.push_back({.op = kOps[random.below(std::size(kOps))],
                                 .key = static_cast<std::uint32_t>(random.below(universe)),
                                 .operand = random.between(-5, 5)});
        if (random.chance(1, 2)) {
            program.steps.back().bounds = {.lower = -10, .upper = 10};
        }
    }
    if (random.chance(1, 40)) {
        constexpr Op kEnds[] = {Op::kThrowIfOdd, Op::kSpinIfOdd, Op::kDeafIfOdd};
        program.steps.push_back(
            {.op = kEnds[random.below(std::size(kEnds))], .operand = 1'000'000});
    }
    program.weight = random.below(3);
    return program;
}

TEST(SerialLoop, AgreesWithTheSerialExecutorOnRandomPrograms) {
    std::uint64_t rejected = 0;
    std::uint64_t faulted = 0;
    std::uint64_t skipped = 0;
    for (std::uint64_t seed = 0; seed < test::scaled(200, 20); ++seed) {
        Random random(seed);
        const ProgramMachine machine{.universe = static_cast<std::uint32_t>(2 + random.below(30))};
        const TxnLimits limits{.steps = 60, .event_bytes = 64};
        StateStore<ProgramMachine> store;
        SerialExecutor<ProgramMachine> executor(machine, store, limits);
        FlatState<ProgramMachine> flat;
        SerialLoop<ProgramMachine> loop(machine, flat, limits);
        for (std::uint64_t height = 1; height <= 4; ++height) {
            Block<Program> block{.header = {.height = height}, .transactions = {}};
            for (int i = 0; i < 40; ++i) {
                block.transactions.push_back(random_program(random, machine.universe));
            }
            if (random.chance(1, 4)) {
                block.header.weight_limit = 30;
            }
            const auto expected = executor.execute(block);
            ASSERT_TRUE(expected.has_value());
            ASSERT_TRUE(loop.execute(block) == *expected) << "seed " << seed << " block " << height;
            for (const Receipt& receipt : expected->receipts) {
                rejected += receipt.status == 7 ? 1U : 0U;
                faulted += receipt.disposition == Disposition::kFaulted ? 1U : 0U;
                skipped += receipt.disposition == Disposition::kSkipped ? 1U : 0U;
            }
        }
    }
    EXPECT_GT(rejected, 0U);
    EXPECT_GT(faulted, 0U);
    EXPECT_GT(skipped, 0U);
}

template <class Machine>
void expect_equal_transfers(TransferShape shape, TransferPattern pattern) {
    const Machine machine{.shape = shape, .work_rounds = 1};
    constexpr std::uint32_t kAccounts = 100;
    StateStore<Machine> store;
    FlatState<Machine> flat;
    machine.populate(store, kAccounts);
    machine.populate(flat, kAccounts);
    SerialExecutor<Machine> executor(machine, store);
    SerialLoop<Machine> loop(machine, flat);
    loop.take_up_state();
    for (std::uint64_t height = 1; height <= 3; ++height) {
        const Block<Transfer> block = transfer_block(pattern, kAccounts, 500, height, 5);
        const auto expected = executor.execute(block);
        ASSERT_TRUE(expected.has_value());
        ASSERT_TRUE(loop.execute(block) == *expected) << "block " << height;
    }
}

TEST(SerialLoop, AgreesWithTheSerialExecutorOnTransfers) {
    for (const auto pattern :
         {TransferPattern::kUniform, TransferPattern::kChain, TransferPattern::kHot}) {
        for (const auto shape : {TransferShape::k2Reads2Writes, TransferShape::k8Reads5Writes}) {
            expect_equal_transfers<TransferMachine<true>>(shape, pattern);
            expect_equal_transfers<TransferMachine<false>>(shape, pattern);
        }
    }
}

TEST(SerialLoop, WithoutDigestsTheStateIsTheSame) {
    using Machine = TransferMachine<true>;
    const Machine machine;
    FlatState<Machine> full;
    FlatState<Machine> bare;
    machine.populate(full, 50);
    machine.populate(bare, 50);
    SerialLoop<Machine> full_loop(machine, full);
    SerialLoop<Machine, false> bare_loop(machine, bare);
    const Block<Transfer> block = transfer_block(TransferPattern::kUniform, 50, 1000, 1, 6);
    static_cast<void>(full_loop.execute(block));
    static_cast<void>(bare_loop.execute(block));
    bool moved = false;
    for (std::uint32_t account = 0; account < 50; ++account) {
        const auto key = Machine::balance_of(account);
        ASSERT_TRUE(full.cell(key).value == bare.cell(key).value) << account;
        moved = moved || full.cell(key).value != 1'000'000'000;
    }
    EXPECT_TRUE(moved);
}

TEST(FlatState, GrowsWithoutLosingCells) {
    FlatState<TransferMachine<false>> state;
    for (std::uint32_t key = 0; key < 10'000; ++key) {
        const Int128 value = key;
        state.set(key, &value);
    }
    for (std::uint32_t key = 0; key < 10'000; ++key) {
        ASSERT_TRUE(state.cell(key).present && state.cell(key).value == key) << key;
    }
    state.set(7, nullptr);
    EXPECT_FALSE(state.cell(7).present);
}

TEST(SerialLoop, AgreesWithTheSerialExecutorOnSystemTransactions) {
    const test::DueMachine machine;
    StateStore<test::DueMachine> store;
    SerialExecutor<test::DueMachine> executor(machine, store, test::kProgramLimits);
    FlatState<test::DueMachine> flat;
    SerialLoop<test::DueMachine> loop(machine, flat, test::kProgramLimits);
    Random random(3);
    for (std::uint64_t height = 1; height <= 60; ++height) {
        const Block<Program> block = test::random_block(random, {}, height);
        const auto expected = executor.execute(block);
        ASSERT_TRUE(expected.has_value());
        ASSERT_TRUE(*expected == loop.execute(block)) << "block " << height;
    }
    EXPECT_NE(store.get(test::DueMachine::kDoneKey), nullptr);
}

}  // namespace
}  // namespace lockstep::bench
