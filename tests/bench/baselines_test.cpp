// The rivals of the benchmarks compute what the serial executor computes, on random programs with
// every kind of access, hint, fault and limit.

#include <gtest/gtest.h>

#include <cstdint>
#include <stop_token>
#include <vector>

#include "engine/serial/serial_executor.hpp"
#include "replay/stress/transfers.hpp"
#include "tests/bench/baseline_list.hpp"
#include "tests/support/due_machine.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::bench {
namespace {

using test::BlockShape;
using test::Hints;
using test::kProgramLimits;
using test::Op;
using test::Program;
using test::ProgramMachine;

/// How often each disposition was seen, so that a test can tell that it tested something.
struct Seen {
    std::uint64_t executed = 0;
    std::uint64_t rejected = 0;
    std::uint64_t faulted = 0;
    std::uint64_t skipped = 0;

    void count(const BlockResult& result) {
        for (const Receipt& receipt : result.receipts) {
            executed += receipt.disposition == Disposition::kExecuted ? 1U : 0U;
            rejected += receipt.status == 7 ? 1U : 0U;
            faulted += receipt.disposition == Disposition::kFaulted ? 1U : 0U;
            skipped += receipt.disposition == Disposition::kSkipped ? 1U : 0U;
        }
    }
};

/// Runs the same random blocks through the serial executor and a rival.
template <class Rival>
void expect_equal_blocks(std::uint64_t seed, const BlockShape& shape, std::uint32_t workers,
                         std::uint64_t blocks, Seen& seen) {
    const ProgramMachine machine{.universe = shape.universe};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
    WorkerPool pool(workers);
    typename Rival::template Executor<ProgramMachine> rival(machine, store, pool, kProgramLimits);
    Random random(seed);
    std::uint64_t in_time = 0;
    for (std::uint64_t i = 1; i <= blocks; ++i) {
        const Block<Program> block = test::random_block(random, shape, i);
        const auto expected = serial.execute(block);
        const auto actual = rival.execute(block);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_EQ(expected->receipts, actual->receipts) << "seed " << seed << " block " << i;
        ASSERT_TRUE(*expected == *actual) << "seed " << seed << " block " << i;
        ASSERT_EQ(store.size(), serial_store.size());
        seen.count(*expected);
        for (const Receipt& receipt : expected->receipts) {
            in_time += receipt.disposition == Disposition::kSkipped ? 0U : 1U;
        }
    }
    EXPECT_EQ(store.digest(), store.recompute_digest());
    EXPECT_GE(rival.metrics().executions, in_time);
}

/// Blocks of a machine that makes transactions of its own.
template <class Rival>
void expect_equal_system_transactions(std::uint32_t workers) {
    const test::DueMachine machine;
    StateStore<test::DueMachine> serial_store;
    StateStore<test::DueMachine> store;
    SerialExecutor<test::DueMachine> serial(machine, serial_store, kProgramLimits);
    WorkerPool pool(workers);
    typename Rival::template Executor<test::DueMachine> rival(machine, store, pool, kProgramLimits);
    Random random(workers);
    std::size_t made = 0;
    for (std::uint64_t i = 1; i <= 60; ++i) {
        const Block<Program> block = test::random_block(random, {.hints = Hints::kMixed}, i);
        const auto expected = serial.execute(block);
        const auto actual = rival.execute(block);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_TRUE(*expected == *actual) << "block " << i;
        made += expected->system_transactions;
    }
    EXPECT_GT(made, 100U);
}

template <class Rival>
class Baseline : public testing::Test {
  protected:
    static void expect_equal(BlockShape shape, std::uint64_t blocks, Seen& seen) {
        for (const Hints hints :
             {Hints::kNone, Hints::kExact, Hints::kPartial, Hints::kWrong, Hints::kMixed}) {
            for (std::uint32_t workers = 1; workers <= 4; ++workers) {
                shape.hints = hints;
                expect_equal_blocks<Rival>(mix64(workers * 100 + static_cast<std::uint64_t>(hints)),
                                           shape, workers, test::scaled(blocks), seen);
                if (testing::Test::HasFatalFailure()) {
                    return;
                }
            }
        }
    }
};
TYPED_TEST_SUITE(Baseline, RivalTypes, RivalNames);

TYPED_TEST(Baseline, EqualsSerialOnTinyHotBlocks) {
    Seen seen;
    this->expect_equal({.transactions_max = 8, .universe = 2, .delay_max = 200}, 200, seen);
    this->expect_equal({.transactions_max = 32, .universe = 8, .delay_max = 200}, 150, seen);
    EXPECT_GT(seen.rejected, 0U);
    EXPECT_GT(seen.faulted, 0U);
    EXPECT_GT(seen.skipped, 0U);
}

TYPED_TEST(Baseline, EqualsSerialOnMediumBlocks) {
    Seen seen;
    this->expect_equal({.transactions_min = 50, .transactions_max = 300, .universe = 40}, 15, seen);
    this->expect_equal(
        {.transactions_min = 50, .transactions_max = 200, .universe = 12, .hostile = false}, 15,
        seen);
    EXPECT_GT(seen.executed, 0U);
}

TYPED_TEST(Baseline, EqualsSerialOnSparseBlocksAndLongPrograms) {
    Seen seen;
    this->expect_equal({.transactions_min = 200, .transactions_max = 600, .universe = 20'000}, 4,
                       seen);
    this->expect_equal(
        {.transactions_min = 10, .transactions_max = 60, .universe = 100, .steps_max = 80}, 6,
        seen);
    EXPECT_GT(seen.executed, 0U);
}

TYPED_TEST(Baseline, EqualsSerialOnBlocksThatChangeValuesInPlace) {
    Seen seen;
    this->expect_equal({.transactions_max = 32, .universe = 8, .delay_max = 200, .changes = true},
                       100, seen);
    EXPECT_GT(seen.executed, 0U);
}

TYPED_TEST(Baseline, EqualsSerialOnBlocksThatScan) {
    Seen seen;
    this->expect_equal({.transactions_max = 24, .universe = 12, .delay_max = 200, .scans = true},
                       40, seen);
    this->expect_equal(
        {.transactions_min = 80, .transactions_max = 160, .universe = 2'000, .scans = true}, 6,
        seen);
    EXPECT_GT(seen.executed, 0U);
}

/// Runs hand-made blocks, whose programs follow from (block, index), through both executors.
template <class Rival, class MakeProgram>
void expect_equal_programs(std::uint32_t txns, std::uint64_t blocks, MakeProgram&& make) {
    const ProgramMachine machine{.universe = 1'000'000};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store);
    WorkerPool pool(2);
    typename Rival::template Executor<ProgramMachine> rival(machine, store, pool);
    for (std::uint64_t height = 1; height <= blocks; ++height) {
        Block<Program> block{.header = {.height = height}, .transactions = {}};
        for (std::uint32_t i = 0; i < txns; ++i) {
            block.transactions.push_back(make(static_cast<std::uint32_t>(height), i));
        }
        const auto expected = serial.execute(block);
        const auto actual = rival.execute(block);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_TRUE(*expected == *actual) << "block " << height;
    }
}

TYPED_TEST(Baseline, EqualsSerialWhereTheMachineMakesTransactions) {
    for (std::uint32_t workers = 1; workers <= 3; ++workers) {
        expect_equal_system_transactions<TypeParam>(workers);
    }
}

TYPED_TEST(Baseline, BlindWritesOfOneCellEndInBlockOrder) {
    expect_equal_programs<TypeParam>(
        400, test::scaled(40, 10), [](std::uint32_t height, std::uint32_t i) {
            Program program;
            program.steps.push_back({.op = Op::kWrite, .key = i % 7, .operand = i + height});
            program.declared.emplace_back(i % 7, Access::kWrite);
            return program;
        });
}

TYPED_TEST(Baseline, AKeyThatAppearsInAScannedRangeIsNoticed) {
    // Early transactions take long and make a key; later ones scan where it will appear.
    expect_equal_programs<TypeParam>(
        200, test::scaled(40, 10), [](std::uint32_t height, std::uint32_t i) {
            const std::uint32_t base = height * 1'000 + i / 64 * 10;
            Program program;
            if (i % 64 < 32) {
                program.delay = 2'000;
                program.steps.push_back({.op = Op::kWrite, .key = base + i % 8, .operand = i});
            } else {
                program.steps.push_back({.op = Op::kScan, .key = base, .operand = 8});
                program.steps.push_back({.op = Op::kWrite, .key = 900'000 + i, .operand = i});
            }
            return program;
        });
}

TYPED_TEST(Baseline, EqualsSerialOnTransfersOfEveryPattern) {
    const auto check = []<bool kDeclares>(TransferShape shape, TransferPattern pattern) {
        using M = TransferMachine<kDeclares>;
        constexpr std::uint32_t kAccounts = 200;
        const M machine{.shape = shape, .work_rounds = 20};
        StateStore<M> serial_store;
        StateStore<M> store;
        machine.populate(serial_store, kAccounts);
        machine.populate(store, kAccounts);
        SerialExecutor<M> serial(machine, serial_store);
        WorkerPool pool(3);
        typename TypeParam::template Executor<M> rival(machine, store, pool);
        for (std::uint64_t height = 1; height <= test::scaled(4, 2); ++height) {
            const auto block = transfer_block(pattern, kAccounts, 700, height, 9);
            const auto expected = serial.execute(block);
            const auto actual = rival.execute(block);
            ASSERT_TRUE(expected.has_value() && actual.has_value());
            ASSERT_TRUE(*expected == *actual) << "block " << height;
        }
    };
    for (const auto pattern :
         {TransferPattern::kUniform, TransferPattern::kChain, TransferPattern::kHot}) {
        for (const auto shape : {TransferShape::k2Reads2Writes, TransferShape::k8Reads5Writes}) {
            check.template operator()<true>(shape, pattern);
            check.template operator()<false>(shape, pattern);
        }
    }
}

TYPED_TEST(Baseline, CancelledBlocksLeaveNoTraceAndCommitsComeInOrder) {
    const ProgramMachine machine{.universe = 20};
    const BlockShape shape{
        .transactions_min = 100, .transactions_max = 200, .universe = 20, .hints = Hints::kMixed};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
    WorkerPool pool(2);
    typename TypeParam::template Executor<ProgramMachine> rival(machine, store, pool,
                                                                kProgramLimits);
    Random random(5);
    std::stop_source stop;
    stop.request_stop();
    for (std::uint64_t height = 1; height <= test::scaled(20, 5); ++height) {
        const auto block = test::random_block(random, shape, height);
        const Digest before = store.digest();
        EXPECT_FALSE(rival.execute(block, {.stop = stop.get_token()}).has_value());
        EXPECT_EQ(store.digest(), before);
        EXPECT_EQ(store.recompute_digest(), before);
        const auto expected = serial.execute(block);
        std::vector<Receipt> committed;
        const auto actual =
            rival.execute(block, {.on_commit = [&](std::uint32_t index, const Receipt& receipt,
                                                   std::span<const std::byte> events) {
                              EXPECT_EQ(index, committed.size());
                              EXPECT_EQ(events.size(), receipt.events_end - receipt.events_begin);
                              committed.push_back(receipt);
                          }});
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_TRUE(*expected == *actual) << "block " << height;
        EXPECT_EQ(committed, expected->receipts);
    }
}

TYPED_TEST(Baseline, AMachineThatCannotUnwindIsNeverEnded) {
    const ProgramMachine machine{.universe = 4};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
    WorkerPool pool(3);
    typename TypeParam::template Executor<ProgramMachine> rival(machine, store, pool,
                                                                kProgramLimits);
    Block<Program> block{.header = {.height = 1}, .transactions = {}};
    for (std::uint32_t i = 0; i < 16; ++i) {
        Program program;
        program.steps = {{.op = Op::kWrite, .key = i % 3, .operand = i},
                         {.op = Op::kRead, .key = (i + 1) % 3},
                         {.op = i % 2 == 0 ? Op::kDeafIfOdd : Op::kRead, .operand = 1'000'000}};
        block.transactions.push_back(program);
    }
    const auto expected = serial.execute(block);
    const auto actual = rival.execute(block);
    ASSERT_TRUE(expected.has_value() && actual.has_value());
    ASSERT_TRUE(*expected == *actual);
    Seen seen;
    seen.count(*expected);
    EXPECT_GT(seen.faulted, 0U);
}

/// Stops the block from inside a transaction, once some of it has run.
struct StoppingMachine : ProgramMachine {
    std::stop_source* source = nullptr;
    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context& context) const {
        if (program.weight == 99) {
            source->request_stop();
        }
        return ProgramMachine::execute(view, program, context);
    }
};

TYPED_TEST(Baseline, ABlockStoppedHalfWayIsTakenBack) {
    std::stop_source source;
    StoppingMachine machine;
    machine.universe = 30;
    machine.source = &source;
    StateStore<StoppingMachine> store;
    WorkerPool pool(2);
    typename TypeParam::template Executor<StoppingMachine> rival(machine, store, pool,
                                                                 kProgramLimits);
    Random random(6);
    const BlockShape shape{.transactions_min = 400,
                           .transactions_max = 400,
                           .universe = 30,
                           .hints = Hints::kExact,
                           .limits = false};
    ASSERT_TRUE(rival.execute(test::random_block(random, shape, 1)).has_value());
    const Digest before = store.digest();
    const Digest chained = rival.previous_block_digest();
    ASSERT_GT(store.size(), 10U);
    auto block = test::random_block(random, shape, 2);
    block.transactions[150].weight = 99;
    ASSERT_FALSE(rival.execute(block, {.stop = source.get_token()}).has_value());
    EXPECT_EQ(store.digest(), before);
    EXPECT_EQ(store.recompute_digest(), before);
    EXPECT_EQ(rival.previous_block_digest(), chained);
    EXPECT_TRUE(rival.execute(block).has_value());
}

}  // namespace
}  // namespace lockstep::bench
