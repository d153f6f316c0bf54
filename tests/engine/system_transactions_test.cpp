// Transactions that a machine makes of the state before a block: the same in every executor, in
// order, each once, what does not fit carried over.

#include "engine/contract/system_transactions.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/due_machine.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

/// Jobs done and called for in a state.
std::int64_t done_in(const StateStore<DueMachine>& store) {
    return DueMachine::number_in(store.get(DueMachine::kDoneKey));
}
std::int64_t due_in(const StateStore<DueMachine>& store) {
    return DueMachine::number_in(store.get(DueMachine::kDueKey));
}

/// Random blocks through the serial executor and through another, compared as a whole.
template <class Other>
void expect_equal(std::uint64_t seed, const DueMachine& machine, StateStore<DueMachine>& store,
                  Other&& other) {
    StateStore<DueMachine> serial_store;
    SerialExecutor<DueMachine> serial(machine, serial_store, kProgramLimits);
    const BlockShape shape{.transactions_max = 24, .universe = machine.universe, .delay_max = 100};
    Random random(seed);
    for (std::uint64_t height = 1; height <= scaled(300); ++height) {
        Block<Program> block = random_block(random, shape, height);
        if (random.chance(1, 8)) {
            block.transactions.clear();
        }
        const std::int64_t done = done_in(serial_store);
        const std::int64_t open = due_in(serial_store) - done;
        const auto expected = serial.execute(block);
        const auto actual = other.execute(block);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_TRUE(*expected == *actual) << "seed " << seed << " block " << height;  // [E1]
        ASSERT_EQ(store.recompute_digest(), actual->state);
        const auto most = static_cast<std::int64_t>(DueMachine::kMostAtOnce);
        ASSERT_EQ(expected->system_transactions, std::min(open, most));
        ASSERT_EQ(expected->receipts.size(),
                  block.transactions.size() + expected->system_transactions);
        std::int64_t executed = 0;
        for (std::size_t i = 0; i < expected->system_transactions; ++i) {
            const Receipt& receipt = expected->receipts[i];
            executed += receipt.disposition == Disposition::kExecuted ? 1 : 0;
            ASSERT_NE(receipt.status, 99);
        }
        ASSERT_EQ(done_in(serial_store), done + executed);
    }
    EXPECT_GT(done_in(serial_store), static_cast<std::int64_t>(scaled(300)));
}

TEST(SystemTransactions, AreThoseOfTheSerialExecutorForEveryWorkerCount) {
    for (std::uint32_t workers = 1; workers <= 4; ++workers) {
        for (const bool plan : {false, true}) {
            const DueMachine machine;
            StateStore<DueMachine> store;
            WorkerPool pool(workers);
            ParallelExecutor<DueMachine> parallel(machine, store, pool, kProgramLimits,
                                                  in_parallel({.plan = plan}));
            expect_equal(workers, machine, store, parallel);
        }
    }
}

TEST(SystemTransactions, AreThoseOfTheSerialExecutorInPlace) {
    const DueMachine machine;
    StateStore<DueMachine> store;
    InPlaceExecutor<DueMachine> in_place(machine, store, kProgramLimits);
    expect_equal(7, machine, store, in_place);
}

/// A cascade: forty jobs are called for at once and done over the next blocks, empty ones too.
TEST(SystemTransactions, AreCarriedOverUntilAllAreDone) {
    DueMachine machine;
    machine.every = 10;
    StateStore<DueMachine> store;
    SerialExecutor<DueMachine> serial(machine, store, kProgramLimits);
    std::size_t at_once = 0;
    for (std::uint64_t height = 1; height <= 19; ++height) {
        const auto result = serial.execute({.header = {.height = height}});
        ASSERT_TRUE(result.has_value());
        at_once = std::max(at_once, result->system_transactions);
        EXPECT_EQ(done_in(store), static_cast<std::int64_t>(height <= 10 ? 0 : (height - 10) * 3));
    }
    EXPECT_EQ(at_once, DueMachine::kMostAtOnce);
    EXPECT_EQ(due_in(store), 40);
}

/// What does not fit into the weight limit is not lost: it is due again.
TEST(SystemTransactions, StayDueWhenTheBlockIsFull) {
    const DueMachine machine;
    StateStore<DueMachine> store;
    SerialExecutor<DueMachine> serial(machine, store, kProgramLimits);
    ASSERT_TRUE(serial.execute({.header = {.height = 1}}).has_value());
    const auto full = serial.execute({.header = {.height = 2, .weight_limit = 5}});
    ASSERT_TRUE(full.has_value());
    EXPECT_EQ(full->receipts.at(2).disposition, Disposition::kSkipped);
    EXPECT_EQ(done_in(store), 2);
    const auto next = serial.execute({.header = {.height = 3}});
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->receipts.at(0).status, 0);
    EXPECT_EQ(done_in(store), 5);
}

struct FailingMachine : DueMachine {
    template <class State, class Sink>
    void system_transactions(const BlockHeader& header, const State& state, Sink&& sink) const {
        if (header.height == 3) {
            throw std::runtime_error("no list");
        }
        DueMachine::system_transactions(header, state, sink);
    }
};

/// A machine that cannot make them fails the block, which leaves no trace.
TEST(SystemTransactions, ThatFailFailTheBlock) {
    const FailingMachine machine;
    StateStore<FailingMachine> serial_store;
    StateStore<FailingMachine> in_place_store;
    StateStore<FailingMachine> parallel_store;
    SerialExecutor<FailingMachine> serial(machine, serial_store);
    InPlaceExecutor<FailingMachine> in_place(machine, in_place_store);
    WorkerPool pool(2);
    ParallelExecutor<FailingMachine> parallel(machine, parallel_store, pool, {}, in_parallel({}));
    const auto fails_at = [](auto& executor, StateStore<FailingMachine>& store) {
        for (std::uint64_t height = 1; height <= 2; ++height) {
            ASSERT_TRUE(executor.execute({.header = {.height = height}}).has_value());
        }
        const Digest before = store.digest();
        EXPECT_FALSE(executor.execute({.header = {.height = 3}}).has_value());
        EXPECT_EQ(store.digest(), before);
        EXPECT_EQ(store.recompute_digest(), before);
        EXPECT_TRUE(executor.execute({.header = {.height = 4}}).has_value());
    };
    fails_at(serial, serial_store);
    fails_at(in_place, in_place_store);
    fails_at(parallel, parallel_store);
    EXPECT_EQ(serial_store.digest(), parallel_store.digest());
    EXPECT_EQ(serial_store.digest(), in_place_store.digest());
}

}  // namespace
}  // namespace lockstep::test
