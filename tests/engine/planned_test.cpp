#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "engine/contract/access_list.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kKeys = 400;

/// The same blocks through the serial executor and through one that plans.
struct Planner {
    explicit Planner(std::uint32_t workers)
        : pool(workers), parallel(machine, parallel_store, pool, kProgramLimits, in_parallel()) {}

    /// Runs a block, compares everything, lists and reported commits included.
    void run(const Block<Program>& block, bool with_lists = true) {
        AccessList<ProgramMachine::Key> expected_list;
        AccessList<ProgramMachine::Key> actual_list;
        std::vector<std::pair<std::uint32_t, Digest>> commits;
        const ExecuteOptions options{.on_commit = [&commits](std::uint32_t index,
                                                             const Receipt& receipt,
                                                             std::span<const std::byte>) {
            commits.emplace_back(index, receipt.effects);
        }};
        const auto expected = serial.execute(block, {}, {.recorded = &expected_list});
        const auto actual = with_lists
                                ? parallel.execute(block, options, {.recorded = &actual_list})
                                : parallel.execute(block, options);
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_EQ(expected->receipts, actual->receipts);
        ASSERT_TRUE(*expected == *actual);                            // [E1]
        ASSERT_EQ(parallel_store.recompute_digest(), actual->state);  // [SS2]
        ASSERT_EQ(commits.size(), block.transactions.size());
        for (std::uint32_t i = 0; i < commits.size(); ++i) {
            ASSERT_EQ(commits[i], std::pair(i, expected->receipts[i].effects));
        }
        if (with_lists) {
            ASSERT_EQ(expected_list, actual_list);
        }
    }

    ProgramMachine machine{.universe = kKeys};
    StateStore<ProgramMachine> serial_store;
    StateStore<ProgramMachine> parallel_store;
    SerialExecutor<ProgramMachine> serial{machine, serial_store, kProgramLimits};
    WorkerPool pool;
    ParallelExecutor<ProgramMachine> parallel;
};

Block<Program> block_of(std::uint64_t height, std::vector<Program> programs) {
    return {.header = {.height = height, .time_ms = static_cast<std::int64_t>(height)},
            .transactions = std::move(programs)};
}

/// Reads, writes and adds to some keys of many, and declares all of them.
Program declared_program(Random& random) {
    Program program;
    for (std::uint64_t i = 1 + random.below(6); i > 0; --i) {
        const auto key = static_cast<std::uint32_t>(random.below(kKeys / 2));
        switch (random.below(4)) {
            case 0:
                program.steps.push_back({.op = Op::kRead, .key = key});
                program.declared.emplace_back(key, Access::kRead);
                break;
            case 1:
                program.steps.push_back({.op = Op::kAdd, .key = key, .operand = 3});
                program.declared.emplace_back(key, Access::kAdd);
                break;
            case 2:
                program.steps.push_back({.op = Op::kErase, .key = key});
                program.declared.emplace_back(key, Access::kWrite);
                break;
            default:
                program.steps.push_back({.op = Op::kWrite, .key = key});
                program.declared.emplace_back(key, Access::kWrite);
                break;
        }
    }
    program.delay = static_cast<std::uint32_t>(random.below(200));
    return program;
}

std::vector<Program> declared_programs(Random& random, std::size_t count) {
    std::vector<Program> programs;
    for (std::size_t i = 0; i < count; ++i) {
        programs.push_back(declared_program(random));
    }
    return programs;
}

constexpr std::uint32_t kWorkersMax = 4;

/// Runs blocks of what `make(random)` returns with one worker and more, and adds up what each
/// executor measured; compares access lists in every block of `lists_every`.
template <class Make>
ExecutionMetrics run_blocks(std::uint32_t seed, std::uint64_t blocks, std::uint64_t lists_every,
                            Make&& make) {
    ExecutionMetrics sum;
    for (std::uint32_t workers = 1; workers <= kWorkersMax; ++workers) {
        Random random(workers + seed);
        Planner pair(workers);
        for (std::uint64_t height = 1; height <= blocks; ++height) {
            pair.run(block_of(height, make(random)), height % lists_every == 0);
            if (testing::Test::HasFatalFailure()) {
                return sum;
            }
        }
        sum += pair.parallel.metrics();
    }
    return sum;
}

TEST(PlannedBlocks, RunEveryTransactionOnceWhereAllIsDeclared) {
    for (std::uint32_t workers = 1; workers <= 4; ++workers) {
        Random random(workers);
        Planner pair(workers);
        const std::uint64_t blocks = scaled(60);
        for (std::uint64_t height = 1; height <= blocks; ++height) {
            pair.run(block_of(height, declared_programs(random, 200)), height % 2 == 0);
            if (HasFatalFailure()) {
                return;
            }
        }
        const ExecutionMetrics& metrics = pair.parallel.metrics();
        EXPECT_EQ(metrics.abandoned_plans, 0U);
        EXPECT_GT(metrics.planned, 0U);  // but where many writers wait for readers
        EXPECT_EQ(metrics.aborts, 0U);
    }
}

/// A few cells that many transactions declare: groups of every kind, one above the other.
TEST(PlannedBlocks, OrderTheAccessesToHotCells) {
    constexpr std::uint32_t kHot = 4;
    constexpr std::array kOps = {Op::kRead, Op::kAdd, Op::kWrite};
    constexpr std::array kKinds = {Access::kRead, Access::kAdd, Access::kWrite};
    const ExecutionMetrics metrics = run_blocks(20, scaled(60, 20), 2, [&](Random& random) {
        std::vector<Program> programs(200);
        for (Program& program : programs) {
            for (std::uint32_t key = 0; key < kHot; ++key) {
                const std::size_t kind = random.below(kOps.size());
                program.steps.push_back({.op = kOps[kind], .key = key, .operand = 3});
                program.declared.emplace_back(key, kKinds[kind]);
            }
        }
        return programs;
    });
    EXPECT_GT(metrics.planned, 0U);
    EXPECT_EQ(metrics.abandoned_plans, 0U);
}

/// Reads and changes that were not declared: their blocks run speculatively in the end.
TEST(PlannedBlocks, AreAbandonedWhereDeclarationsAreIncomplete) {
    constexpr std::array kOps = {Op::kRead, Op::kRead, Op::kWrite, Op::kErase, Op::kAdd};
    const ExecutionMetrics metrics = run_blocks(30, scaled(200, 40), 2, [&](Random& random) {
        std::vector<Program> programs = declared_programs(random, 60);
        const bool complete = random.chance(1, 2);
        for (Program& program : programs) {
            if (!complete && random.chance(1, 16)) {
                program.steps.insert(
                    program.steps.begin() +
                        static_cast<std::ptrdiff_t>(random.below(program.steps.size())),
                    {.op = kOps[random.below(kOps.size())],
                     .key = static_cast<std::uint32_t>(random.below(kKeys)),
                     .operand = 7});
            }
        }
        return programs;
    });
    EXPECT_GT(metrics.planned, 0U);
    EXPECT_GT(metrics.abandoned_plans, 0U);
}

TEST(PlannedBlocks, AreNotTriedAgainAtOnce) {
    Random random(7);
    Planner pair(2);
    std::vector<Program> programs = declared_programs(random, 100);
    programs[60].steps.push_back({.op = Op::kWrite, .key = kKeys - 1});
    pair.run(block_of(1, programs));
    EXPECT_EQ(pair.parallel.metrics().abandoned_plans, 1U);
    EXPECT_EQ(pair.parallel.metrics().planned, 0U);
    for (std::uint64_t height = 2; height <= 3; ++height) {
        pair.run(block_of(height, programs));
    }
    EXPECT_EQ(pair.parallel.metrics().abandoned_plans, 1U);
    pair.run(block_of(4, programs));
    EXPECT_EQ(pair.parallel.metrics().abandoned_plans, 2U);
}

/// Each kind of access covers its own uses only.
TEST(PlannedBlocks, AreAbandonedWhereAnAccessIsOfAnotherKind) {
    constexpr std::array kUncovered = {
        std::pair(Op::kWrite, Access::kRead), std::pair(Op::kErase, Access::kRead),
        std::pair(Op::kAdd, Access::kRead),   std::pair(Op::kWrite, Access::kAdd),
        std::pair(Op::kErase, Access::kAdd),  std::pair(Op::kRead, Access::kAdd),
        std::pair(Op::kExists, Access::kAdd), std::pair(Op::kScan, Access::kWrite)};
    for (const auto& [op, access] : kUncovered) {
        Planner pair(2);
        const Program program{.steps = {{.op = op, .key = 1, .operand = 3}},
                              .declared = {{1, access}}};
        pair.run(block_of(1, {program, program}));
        EXPECT_EQ(pair.parallel.metrics().abandoned_plans, 1U) << static_cast<int>(op);
    }
}

/// What declares only a part tells who waits for whom, and nothing more.
struct PartlyDeclaringMachine : ProgramMachine {
    static constexpr bool declares_all(const Context&) { return false; }
};

TEST(PlannedBlocks, NeedAMachineThatDeclaresAll) {
    Random random(5);
    PartlyDeclaringMachine machine;
    machine.universe = kKeys;
    StateStore<PartlyDeclaringMachine> store;
    WorkerPool pool(2);
    ParallelExecutor<PartlyDeclaringMachine> parallel(machine, store, pool, kProgramLimits,
                                                      in_parallel());
    const auto block = block_of(1, declared_programs(random, 100));
    AccessList<ProgramMachine::Key> list;
    ASSERT_TRUE(parallel.execute(block, {}, {.recorded = &list}).has_value());
    EXPECT_EQ(parallel.metrics().planned + parallel.metrics().abandoned_plans, 0U);
    ASSERT_TRUE(
        parallel.execute(block_of(2, block.transactions), {}, {.known = &list}).has_value());
    EXPECT_EQ(parallel.metrics().planned, 1U) << "an access list is enough";
}

/// Writes the keys whose cells held something when the block started.
struct LookingMachine : ProgramMachine {
    template <class State, class Sink>
    void declare(const Program& program, const Context&, const State& state, Sink&& sink) const {
        for (const auto& [key, access] : program.declared) {
            sink(key, state.get(key) != nullptr ? Access::kWrite : Access::kRead);
        }
    }
    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context&) const {
        for (const auto& [key, access] : program.declared) {
            if (const Int128* const value = view.read(key)) {
                view.write(key, *value + 1);
            }
        }
        return {};
    }
};
static_assert(kDeclares<LookingMachine> && kDeclaresByState<LookingMachine>);

TEST(PlannedBlocks, MayBeDeclaredByTheStateAtTheirStart) {
    constexpr std::uint32_t kTransactions = 200;
    for (std::uint32_t workers = 1; workers <= kWorkersMax; ++workers) {
        Random random(workers);
        LookingMachine machine;
        machine.universe = kKeys;
        StateStore<LookingMachine> serial_store;
        StateStore<LookingMachine> store;
        for (std::uint32_t key = 0; key < kKeys; key += 2) {
            const Int128 value = key;
            serial_store.set(key, &value);
            store.set(key, &value);
        }
        SerialExecutor<LookingMachine> serial(machine, serial_store, kProgramLimits);
        WorkerPool pool(workers);
        ParallelExecutor<LookingMachine> parallel(machine, store, pool, kProgramLimits,
                                                  in_parallel());
        for (std::uint64_t height = 1; height <= 20; ++height) {
            std::vector<Program> programs(kTransactions);
            for (Program& program : programs) {
                for (int i = 0; i < 4; ++i) {
                    program.declared.emplace_back(static_cast<std::uint32_t>(random.below(kKeys)),
                                                  Access::kRead);
                }
            }
            const auto block = block_of(height, std::move(programs));
            const auto expected = serial.execute(block);
            const auto actual = parallel.execute(block);
            ASSERT_TRUE(expected.has_value() && actual.has_value() && *expected == *actual);
        }
        EXPECT_EQ(parallel.metrics().abandoned_plans, 0U);
        EXPECT_GT(parallel.metrics().planned, 0U);
    }
}

/// Whoever rejects a transaction takes its writes back.
TEST(PlannedBlocks, BearChangesThatAreTakenBack) {
    Random random(11);
    Planner pair(2);
    const std::uint64_t blocks = scaled(40);
    for (std::uint64_t height = 1; height <= blocks; ++height) {
        std::vector<Program> programs = declared_programs(random, 100);
        for (Program& program : programs) {
            if (random.chance(1, 4)) {
                const auto key = static_cast<std::uint32_t>(kKeys / 2 + random.below(kKeys / 2));
                program.declared.emplace_back(key, Access::kWrite);
                program.steps.push_back({.op = Op::kWrite, .key = key, .operand = 5});
                program.steps.push_back({.op = Op::kRead, .key = key});
                program.steps.push_back({.op = Op::kAdd, .key = key, .operand = 5});
                program.steps.push_back({.op = Op::kRead, .key = key});
                program.steps.insert(program.steps.end(), 10, {.op = Op::kEmit});  // too much
            }
        }
        pair.run(block_of(height, std::move(programs)));
        if (HasFatalFailure()) {
            return;
        }
    }
    EXPECT_GT(pair.parallel.metrics().planned, 0U);
    EXPECT_EQ(pair.parallel.metrics().abandoned_plans, 0U);
}

TEST(PlannedBlocks, AreAbandonedWhereTheWeightEnds) {
    Random random(8);
    Planner pair(2);
    Block<Program> block = block_of(1, declared_programs(random, 100));
    block.header.weight_limit = 70;
    pair.run(block);
    EXPECT_EQ(pair.parallel.metrics().abandoned_plans, 1U);
}

TEST(PlannedBlocks, CheckWhatWasAssumedOfSums) {
    Planner pair(2);
    std::uint64_t height = 0;
    for (int i = 0; i < 20; ++i) {
        std::vector<Program> programs;
        for (int j = 0; j < 64; ++j) {
            programs.push_back({.steps = {{.op = Op::kAdd,
                                           .key = 1,
                                           .operand = j % 3 == 0 ? -4 : 3,
                                           .bounds = {.lower = 0, .upper = 9}},
                                          {.op = Op::kEmit, .operand = 1}},
                                .declared = {{1, Access::kAdd}},
                                .delay = 100});
        }
        pair.run(block_of(++height, std::move(programs)));
    }
    EXPECT_GT(pair.parallel.metrics().planned + pair.parallel.metrics().abandoned_plans, 0U);
}

/// Sums are read, overwritten, added to again, and compared with.
TEST(PlannedBlocks, FoldSumsInTheirOrder) {
    const ExecutionMetrics metrics = run_blocks(20, scaled(100, 40), 1, [](Random& random) {
        std::vector<Program> programs;
        for (int i = 0; i < 40; ++i) {
            const auto key = static_cast<std::uint32_t>(random.below(3));
            const std::uint64_t kind = random.below(10);
            const Op op = kind < 6    ? Op::kAdd
                          : kind == 6 ? Op::kRead
                          : kind == 7 ? Op::kWrite
                          : kind == 8 ? Op::kErase
                                      : Op::kAtLeast;
            const Access access = op == Op::kAdd || op == Op::kAtLeast ? Access::kAdd
                                  : op == Op::kRead                    ? Access::kRead
                                                                       : Access::kWrite;
            programs.push_back(
                {.steps = {{.op = op, .key = key, .operand = 2}, {.op = Op::kEmit, .operand = 1}},
                 .declared = {{key, access}}});
        }
        return programs;
    });
    EXPECT_GT(metrics.planned, 0U);
}

/// A list knows what nobody declares; right ones give planned blocks, wrong ones do no harm.
TEST(PlannedBlocks, FollowAccessLists) {
    Random random(9);
    Planner pair(2);
    for (std::uint64_t height = 1; height <= scaled(40, 20); ++height) {
        std::vector<Program> programs = declared_programs(random, 100);
        for (Program& program : programs) {
            program.declared.clear();
        }
        const auto block = block_of(height, std::move(programs));
        AccessList<ProgramMachine::Key> list;
        AccessMismatches<ProgramMachine::Key> wrong;
        const auto expected = pair.serial.execute(block, {}, {.recorded = &list});
        if (height % 10 == 0) {
            AccessList<ProgramMachine::Key> damaged;
            for (std::size_t i = 0; i < list.size(); ++i) {
                damaged.append(i < 20 ? decltype(list.of(i)){} : list.of(i));
            }
            list = damaged;
        }
        const auto actual =
            pair.parallel.execute(block, {}, {.known = &list, .mismatches = &wrong});
        ASSERT_TRUE(expected.has_value() && actual.has_value() && *expected == *actual);
        EXPECT_EQ(wrong.count != 0, height % 10 == 0);
    }
    EXPECT_GT(pair.parallel.metrics().planned, 0U);
}

/// Somebody whose list is empty writes what a list above says will be written.
TEST(PlannedBlocks, AreAbandonedWhereAListIsWrong) {
    Planner pair(2);
    const auto block = block_of(
        1, {{.steps = {{.op = Op::kWrite, .key = 1}}}, {.steps = {{.op = Op::kErase, .key = 1}}}});
    AccessList<ProgramMachine::Key> right;
    const auto expected = pair.serial.execute(block, {}, {.recorded = &right});
    AccessList<ProgramMachine::Key> wrong;
    wrong.append({});
    wrong.append(right.of(1));
    AccessMismatches<ProgramMachine::Key> mismatches;
    const auto actual =
        pair.parallel.execute(block, {}, {.known = &wrong, .mismatches = &mismatches});
    ASSERT_TRUE(expected.has_value() && actual.has_value() && *expected == *actual);
    EXPECT_EQ(mismatches.count, 1U);
    EXPECT_EQ(pair.parallel.metrics().abandoned_plans, 1U);
}

/// Runs out of memory behind its last step, where a program says so.
struct ExhaustedMachine : ProgramMachine {
    static constexpr std::uint32_t kExhausted = 12'345;

    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context& context) const {
        Program steps = program;
        steps.delay = 0;
        const TxnOutcome outcome = ProgramMachine::execute(view, steps, context);
        if (program.delay == kExhausted) {
            throw std::bad_alloc();
        }
        return outcome;
    }
};

TEST(PlannedBlocks, LeaveNothingBehindWhenMemoryRunsOut) {
    Random random(12);
    ExhaustedMachine machine;
    machine.universe = kKeys;
    StateStore<ExhaustedMachine> store;
    WorkerPool pool(2);
    ParallelExecutor<ExhaustedMachine> parallel(machine, store, pool, kProgramLimits,
                                                in_parallel());
    for (std::uint64_t height = 1; height <= scaled(40); ++height) {
        std::vector<Program> programs = declared_programs(random, 60);
        ASSERT_TRUE(parallel.execute(block_of(height, programs)).has_value());
        const Digest before = store.digest();
        const std::size_t cells = store.size();
        programs[random.below(60)].delay = ExhaustedMachine::kExhausted;
        const auto failed = parallel.execute(block_of(height, programs));
        ASSERT_FALSE(failed.has_value());
        ASSERT_EQ(store.digest(), before);  // [E3]
        ASSERT_EQ(store.recompute_digest(), before);
        ASSERT_EQ(store.size(), cells);
    }
    EXPECT_GT(parallel.metrics().planned, 0U);
    EXPECT_EQ(parallel.metrics().abandoned_plans, 0U);
}

TEST(PlannedBlocks, AreNotTriedWhereTheyAreSwitchedOff) {
    Random random(10);
    const ProgramMachine machine{.universe = kKeys};
    StateStore<ProgramMachine> store;
    WorkerPool pool(2);
    ParallelExecutor<ProgramMachine> parallel(machine, store, pool, kProgramLimits,
                                              in_parallel({.plan = false}));
    ASSERT_TRUE(parallel.execute(block_of(1, declared_programs(random, 100))).has_value());
    EXPECT_EQ(parallel.metrics().planned + parallel.metrics().abandoned_plans, 0U);
    EXPECT_EQ(parallel.metrics().transactions, 100U);
}

}  // namespace
}  // namespace lockstep::test
