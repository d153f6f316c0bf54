#include "engine/serial/serial_executor.hpp"

#include <gtest/gtest.h>

#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

Block<Program> block_of(std::vector<Program> programs, std::uint64_t height = 1) {
    return {.header = {.height = height, .time_ms = static_cast<std::int64_t>(height)},
            .transactions = std::move(programs)};
}

struct Fixture : testing::Test {
    ProgramMachine machine;
    StateStore<ProgramMachine> store;
    SerialExecutor<ProgramMachine> executor{machine, store};
};
using SerialExecutorTest = Fixture;

TEST_F(SerialExecutorTest, AdditionsRespectTheirBounds) {
    const Bounds small{.lower = 0, .upper = 10};
    const auto result = executor.execute(block_of({
        {.steps = {{Op::kAdd, 1, 7, small}}, .declared = {}},
        {.steps = {{Op::kAdd, 1, 7, small}}, .declared = {}},
        {.steps = {{Op::kAdd, 1, 3, small}}, .declared = {}},
        {.steps = {{Op::kAdd, 1, -11, small}}, .declared = {}},
    }));
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(*store.get(1), 10);
}

TEST_F(SerialExecutorTest, AdditionsThatCancelOutLeaveNoTrace) {
    ASSERT_TRUE(executor
                    .execute(block_of({
                        {.steps = {{Op::kAdd, 1, 5}, {Op::kAdd, 1, -5}}, .declared = {}},
                    }))
                    .has_value());
    EXPECT_EQ(store.get(1), nullptr);
}

TEST_F(SerialExecutorTest, AFaultedTransactionHasNoEffects) {
    // The accumulator starts from the tick, 1: odd.
    const auto result = executor.execute(block_of({
        {.steps = {{Op::kWrite, 1}, {Op::kEmit, 0, 3}, {Op::kThrowIfOdd}}, .declared = {}},
        {.steps = {{Op::kWrite, 2}, {Op::kSpinIfOdd}}, .declared = {}},
        {.steps = {{Op::kWrite, 3}}, .declared = {}},
    }));
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->receipts[0].disposition, Disposition::kFaulted);
    EXPECT_EQ(result->receipts[0].status, static_cast<std::uint16_t>(Fault::kThrew));
    EXPECT_EQ(result->receipts[0].events_begin, result->receipts[0].events_end);
    EXPECT_EQ(result->receipts[1].status, static_cast<std::uint16_t>(Fault::kStepBudget));
    EXPECT_EQ(result->receipts[2].disposition, Disposition::kExecuted);
    EXPECT_EQ(store.get(1), nullptr);
    EXPECT_EQ(store.get(2), nullptr);
    EXPECT_NE(store.get(3), nullptr);
}

TEST_F(SerialExecutorTest, TheFirstTransactionOverTheWeightLimitAndAllBehindItAreSkipped) {
    Block<Program> block = block_of({
        {.steps = {{Op::kWrite, 1}}, .declared = {}, .weight = 3},
        {.steps = {{Op::kWrite, 2}}, .declared = {}, .weight = 3},
        {.steps = {{Op::kWrite, 3}}, .declared = {}, .weight = 1},
    });
    block.header.weight_limit = 5;
    const auto result = executor.execute(block);
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->receipts[0].disposition, Disposition::kExecuted);
    EXPECT_EQ(result->receipts[1].disposition, Disposition::kSkipped);
    EXPECT_EQ(result->receipts[2].disposition, Disposition::kSkipped);
    EXPECT_NE(store.get(1), nullptr);
    EXPECT_EQ(store.get(2), nullptr);
    EXPECT_EQ(store.get(3), nullptr);
}

TEST_F(SerialExecutorTest, ACancelledBlockLeavesNoTrace) {
    ASSERT_TRUE(executor.execute(block_of({{.steps = {{Op::kWrite, 1}}, .declared = {}}})));
    const Digest state = store.digest();
    const Digest chain = executor.previous_block_digest();
    std::stop_source stop;
    ExecuteOptions options{.stop = stop.get_token()};
    options.on_commit = [&](std::uint32_t, const Receipt&, std::span<const std::byte>) {
        stop.request_stop();
    };
    const auto result =
        executor.execute(block_of({{.steps = {{Op::kWrite, 1}, {Op::kWrite, 2}}, .declared = {}},
                                   {.steps = {{Op::kErase, 1}}, .declared = {}}},
                                  2),
                         options);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, "cancelled");
    EXPECT_EQ(store.digest(), state);
    EXPECT_EQ(store.recompute_digest(), state);
    EXPECT_EQ(executor.previous_block_digest(), chain);
}

TEST_F(SerialExecutorTest, TheBlockDigestChains) {
    const auto first = executor.execute(block_of({}, 1));
    const auto second = executor.execute(block_of({}, 2));
    StateStore<ProgramMachine> other;
    SerialExecutor<ProgramMachine> again(machine, other);
    ASSERT_TRUE(again.execute(block_of({}, 1)));
    EXPECT_EQ(again.execute(block_of({}, 2))->block, second->block);
    EXPECT_NE(first->block, second->block);
}

}  // namespace
}  // namespace lockstep::test
