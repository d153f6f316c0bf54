#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/program_machine.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kUniverse = 64;
constexpr TxnLimits kLimits{.steps = 2'000, .event_bytes = 200};

Step step(Op op, std::uint32_t key, std::int64_t operand = 0, Bounds bounds = {}) {
    return {.op = op, .key = key, .operand = operand, .bounds = bounds};
}

/// Declares exactly what the steps touch.
Program exact(Program program) {
    for (const Step& taken : program.steps) {
        switch (taken.op) {
            case Op::kWrite:
            case Op::kErase:
                program.declared.emplace_back(taken.key, Access::kWrite);
                break;
            case Op::kAdd:
                program.declared.emplace_back(taken.key, Access::kAdd);
                break;
            case Op::kRead:
            case Op::kAtLeast:
            case Op::kExists:
                program.declared.emplace_back(taken.key, Access::kRead);
                break;
            default:
                break;
        }
    }
    return program;
}

/// Blocks of one make, with and without declared keys, on 2 to 4 workers.
class HandPicked : public testing::Test {
  protected:
    /// `make(i)` gives the i-th transaction. Returns the metrics of all runs with declared keys.
    template <class Make>
    ExecutionMetrics run(std::uint32_t size, Make&& make, std::uint64_t weight_limit = kNoLimit) {
        ExecutionMetrics declared_metrics;
        for (std::uint32_t workers = 2; workers <= 4; ++workers) {
            for (const bool declared : {false, true}) {
                const ExecutionMetrics metrics =
                    run_twins(workers, size, weight_limit,
                              [&](std::uint32_t i) { return declared ? exact(make(i)) : make(i); });
                if (declared) {
                    declared_metrics += metrics;
                }
            }
        }
        return declared_metrics;
    }

    static constexpr std::uint64_t kNoLimit = BlockHeader{}.weight_limit;

  private:
    template <class Make>
    static ExecutionMetrics run_twins(std::uint32_t workers, std::uint32_t size,
                                      std::uint64_t weight_limit, Make&& make) {
        const ProgramMachine machine{.universe = kUniverse};
        StateStore<ProgramMachine> serial_store;
        StateStore<ProgramMachine> parallel_store;
        SerialExecutor<ProgramMachine> serial(machine, serial_store, kLimits);
        WorkerPool pool(workers);
        ParallelExecutor<ProgramMachine> parallel(machine, parallel_store, pool, kLimits,
                                                  in_parallel());
        const std::uint64_t blocks = scaled(150, 5);
        for (std::uint64_t height = 1; height <= blocks; ++height) {
            Block<Program> block{.header = {.height = height,
                                            .time_ms = static_cast<std::int64_t>(height),
                                            .weight_limit = weight_limit}};
            for (std::uint32_t i = 0; i < size; ++i) {
                block.transactions.push_back(make(i));
            }
            std::uint32_t next = 0;
            const ExecuteOptions options{
                .on_commit = [&next](std::uint32_t index, const Receipt&,
                                     std::span<const std::byte>) { EXPECT_EQ(index, next++); }};
            const auto expected = serial.execute(block);
            const auto actual = parallel.execute(block, options);
            EXPECT_TRUE(expected.has_value() && actual.has_value() && *expected == *actual)
                << workers << " workers, block " << height;
            EXPECT_EQ(next, size);
        }
        EXPECT_EQ(parallel_store.digest(), parallel_store.recompute_digest());
        const ExecutionMetrics& metrics = parallel.metrics();
        EXPECT_EQ(metrics.transactions, blocks * size);
        EXPECT_EQ(metrics.fallbacks, 0U);
        EXPECT_LE(metrics.executions,
                  metrics.transactions * (Scheduler<>::kIncarnationsMax + 1) + metrics.waits);
        return metrics;
    }
};

TEST_F(HandPicked, NoConflict) {
    const ExecutionMetrics metrics = run(60, [](std::uint32_t i) {
        return Program{.steps = {step(Op::kRead, i), step(Op::kWrite, i, 1)}};
    });
    EXPECT_EQ(metrics.executions, metrics.transactions);
    EXPECT_EQ(metrics.validations, 0U);
    EXPECT_EQ(metrics.waits, 0U);
}

TEST_F(HandPicked, EveryoneWritesOneKey) {
    const ExecutionMetrics metrics = run(60, [](std::uint32_t i) {
        return Program{.steps = {step(Op::kRead, 0), step(Op::kWrite, 0, i)}, .delay = i % 50};
    });
    EXPECT_EQ(metrics.aborts, 0U);
    EXPECT_EQ(metrics.validations, 0U);
    EXPECT_EQ(metrics.executions, metrics.transactions);
}

TEST_F(HandPicked, Chain) {
    const ExecutionMetrics metrics = run(60, [](std::uint32_t i) {
        return Program{.steps = {step(Op::kRead, i), step(Op::kWrite, i + 1, 1)}, .delay = 20};
    });
    EXPECT_EQ(metrics.aborts, 0U);
    EXPECT_EQ(metrics.validations, 0U);
}

TEST_F(HandPicked, OneReadsAll) {
    const ExecutionMetrics metrics = run(50, [](std::uint32_t i) {
        Program program;
        if (i != 40) {
            program.steps = {step(Op::kRead, i), step(Op::kWrite, i, 1)};
        } else {
            for (std::uint32_t key = 0; key < kUniverse; ++key) {
                program.steps.push_back(step(Op::kRead, key));
            }
            program.steps.push_back(step(Op::kWrite, 63));
        }
        return program;
    });
    EXPECT_EQ(metrics.aborts, 0U);
    EXPECT_EQ(metrics.validations, 0U);
}

TEST_F(HandPicked, EveryoneAddsToOneCounterAtItsBound) {
    run(60, [](std::uint32_t i) {
        const std::int64_t amount = i % 3 == 0 ? -4 : 3;
        return Program{.steps = {step(Op::kAdd, 0, amount, {.lower = 0, .upper = 10}),
                                 step(Op::kWrite, 1 + i % 8)}};
    });
}

TEST_F(HandPicked, EveryoneAddsFarFromAnyBound) {
    const ExecutionMetrics metrics = run(60, [](std::uint32_t i) {
        return Program{
            .steps = {step(Op::kAdd, i % 2, 1, {.lower = -1'000'000, .upper = 1'000'000}),
                      step(Op::kWrite, 2 + i)}};
    });
    EXPECT_EQ(metrics.aborts, 0U);  // validations only for the numbers
    EXPECT_LE(metrics.validations, metrics.transactions * 2);
    EXPECT_EQ(metrics.waits, 0U);
}

TEST_F(HandPicked, TransactionsThatThrowSpinRejectAndRollBack) {
    run(60, [](std::uint32_t i) {
        static constexpr Op kEnds[] = {Op::kThrowIfOdd, Op::kSpinIfOdd, Op::kRejectIfOdd,
                                       Op::kRollback};
        return Program{.steps = {step(Op::kRead, i % 5), step(Op::kWrite, i % 3, i),
                                 step(Op::kAdd, 7, 1), step(Op::kEmit, 0, 2), step(kEnds[i % 4], 0),
                                 step(Op::kWrite, 3 + i % 2, i)}};
    });
}

TEST_F(HandPicked, EverythingBehindTheWeightLimitIsSkipped) {
    for (const std::uint64_t limit : {0U, 1U, 25U, 59U, 60U}) {
        run(
            60,
            [](std::uint32_t i) {
                return Program{.steps = {step(Op::kRead, i % 4), step(Op::kWrite, i % 4, 1)},
                               .weight = 1};
            },
            limit);
    }
}

TEST(HandPickedCancel, LeavesNoTraceFromAnyThreadAtAnyTime) {  // [E3]
    const ProgramMachine machine{.universe = kUniverse};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> parallel_store;
    SerialExecutor<ProgramMachine> serial(machine, serial_store, kLimits);
    WorkerPool pool(3);
    ParallelExecutor<ProgramMachine> parallel(machine, parallel_store, pool, kLimits,
                                              in_parallel());
    Block<Program> block;
    for (std::uint32_t i = 0; i < 200; ++i) {
        block.transactions.push_back(
            {.steps = {step(Op::kRead, i % 7), step(Op::kWrite, i % 5, 1), step(Op::kAdd, 9, 1)},
             .delay = 100});
    }
    std::uint64_t cancelled = 0;
    std::uint64_t completed = 0;
    for (std::uint64_t round = 0; round < scaled(1'000, 100); ++round) {
        block.header = {.height = round + 1, .time_ms = static_cast<std::int64_t>(round)};
        const Digest before = parallel_store.digest();
        const Digest chained = parallel.previous_block_digest();
        std::stop_source stop;
        std::atomic<std::uint32_t> reached{0};
        // Every other round is cancelled from within, by the holder of the frontier. Aim 0 is a
        // block that is cancelled before it starts; aims behind the last transaction are completed.
        const auto aim = static_cast<std::uint32_t>(round * 37 % 211);
        if (aim == 0) {
            stop.request_stop();
        }
        const bool from_within = round % 2 == 0;
        std::jthread canceller([&] {
            while (reached.load() < aim) {
                std::this_thread::yield();
            }
            if (!from_within) {
                stop.request_stop();
            }
        });
        const auto actual = parallel.execute(
            block, {.stop = stop.get_token(),
                    .on_commit = [&](std::uint32_t, const Receipt&, std::span<const std::byte>) {
                        if (++reached == aim && from_within) {
                            stop.request_stop();
                        }
                    }});
        reached = 1'000;
        canceller.join();
        if (actual.has_value()) {
            ++completed;
            const auto expected = serial.execute(block);
            ASSERT_TRUE(expected.has_value() && *expected == *actual) << "round " << round;
        } else {
            ++cancelled;
            ASSERT_EQ(parallel_store.digest(), before) << "round " << round;
            ASSERT_EQ(parallel_store.recompute_digest(), before) << "round " << round;
            ASSERT_EQ(parallel.previous_block_digest(), chained);
        }
    }
    EXPECT_GT(cancelled, 0U);
    EXPECT_GT(completed, 0U);
}

}  // namespace
}  // namespace lockstep::test
