#include "engine/contract/access_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

using List = AccessList<ProgramMachine::Key>;
using Entry = CellAccess<ProgramMachine::Key>;
using Mismatches = AccessMismatches<ProgramMachine::Key>;

/// The same machine without ranges: its dependences are taken from what is validated.
struct PlainMachine : ProgramMachine {
    static constexpr bool kScans = false;
};
static_assert(kScans<ProgramMachine> && !kScans<PlainMachine>);

/// A serial and a parallel executor over states of their own.
template <class M>
struct PairOf {
    PairOf(std::uint32_t workers, std::uint32_t universe, ParallelOptions options = {})
        : machine(make_machine(universe)),
          pool(workers),
          parallel(machine, parallel_store, pool, kProgramLimits, in_parallel(options)) {}

    static M make_machine(std::uint32_t universe) {
        M machine;
        machine.universe = universe;
        return machine;
    }

    M machine;
    StateStore<M> serial_store;
    StateStore<M> parallel_store;
    SerialExecutor<M> serial{machine, serial_store, kProgramLimits};
    WorkerPool pool;
    ParallelExecutor<M> parallel;
};

using Pair = PairOf<ProgramMachine>;

constexpr BlockShape kShapes[] = {
    {.transactions_max = 12, .universe = 3, .delay_max = 200},
    {.transactions_min = 10, .transactions_max = 60, .universe = 12, .delay_max = 200},
    {.transactions_max = 30, .universe = 10, .delay_max = 200, .scans = true},
    {.transactions_min = 5,
     .transactions_max = 40,
     .universe = 8,
     .steps_max = 16,
     .changes = true},
    {.transactions_min = 50, .transactions_max = 200, .universe = 2'000},
    {.transactions_min = 5, .transactions_max = 20, .universe = 60, .steps_max = 60, .scans = true},
};

/// Differences between a list and what a block touched, by the definition.
Mismatches compare(std::uint64_t height, const List& listed, const List& touched) {
    Mismatches out;
    for (std::size_t i = 0; i < std::max(listed.size(), touched.size()); ++i) {
        compare_accesses(height, i, listed.of(i), touched.of(i), out);
        compare_scans(height, i, listed.scans_of(i), touched.scans_of(i), out);
    }
    return out;
}

template <class M>
void expect_same_recordings() {
    for (const BlockShape& base : kShapes) {
        for (const Hints hints : {Hints::kNone, Hints::kExact, Hints::kMixed}) {
            for (std::uint32_t workers = 1; workers <= 4; ++workers) {
                BlockShape shape = base;
                shape.hints = hints;
                shape.scans = shape.scans && kScans<M>;
                PairOf<M> pair(workers, shape.universe);
                Random random(mix64(workers + 10 * shape.universe));
                for (std::uint64_t i = 1; i <= scaled(25, 5); ++i) {
                    const Block<Program> block = random_block(random, shape, i);
                    List expected;
                    List actual;
                    const auto serial = pair.serial.execute(block, {}, {.recorded = &expected});
                    const auto parallel = pair.parallel.execute(block, {}, {.recorded = &actual});
                    ASSERT_TRUE(serial.has_value() && parallel.has_value());
                    ASSERT_TRUE(*serial == *parallel);
                    ASSERT_EQ(expected.size(), block.transactions.size());
                    ASSERT_TRUE(expected == actual) << "universe " << shape.universe << " workers "
                                                    << workers << " block " << i;
                }
            }
        }
    }
}

TEST(AccessListRecording, IsTheSameForEveryExecutorWorkerCountAndHint) {
    expect_same_recordings<ProgramMachine>();
}

TEST(AccessListRecording, IsTheSameWithoutScans) {
    expect_same_recordings<PlainMachine>();
}

TEST(AccessListKnowledge, OfTheBlockItselfIsConfirmed) {
    for (const BlockShape& base : kShapes) {
        for (std::uint32_t workers = 1; workers <= 4; ++workers) {
            BlockShape shape = base;
            shape.limits = false;
            Pair pair(workers, shape.universe);
            Random random(mix64(workers + 100 * shape.universe));
            for (std::uint64_t i = 1; i <= scaled(50, 5); ++i) {
                const Block<Program> block = random_block(random, shape, i);
                List known;
                List again;
                Mismatches mismatches;
                const auto serial = pair.serial.execute(block, {}, {.recorded = &known});
                const auto parallel = pair.parallel.execute(
                    block, {}, {.known = &known, .recorded = &again, .mismatches = &mismatches});
                ASSERT_TRUE(serial.has_value() && parallel.has_value());
                ASSERT_TRUE(*serial == *parallel) << "block " << i;
                ASSERT_TRUE(known == again);
                ASSERT_EQ(mismatches.count, 0U);
            }
        }
    }
}

/// But for comparisons with sums in progress: no list says how they will come out. Nor does one
/// tell of changes that were taken back or cancel out, which planned blocks have to know.
TEST(AccessListKnowledge, GivesOneExecutionPerTransaction) {
    for (std::uint32_t workers = 1; workers <= 4; ++workers) {
        for (const bool plan : {false, true}) {
            const BlockShape shape{.transactions_min = 10,
                                   .transactions_max = 100,
                                   .universe = 10,
                                   .delay_max = 200,
                                   .hostile = !plan,
                                   .limits = false};
            Pair pair(workers, shape.universe, {.plan = plan});
            Random random(mix64(workers));
            for (std::uint64_t i = 1; i <= scaled(100, 10); ++i) {
                Block<Program> block = random_block(random, shape, i);
                for (Program& program : block.transactions) {
                    for (Step& step : program.steps) {
                        step.bounds = {};
                        const bool goes_back = step.op == Op::kRollback ||
                                               step.op == Op::kRejectIfOdd ||
                                               step.op == Op::kEmit;  // too many events are a fault
                        if (step.op == Op::kAtLeast || step.op == Op::kExists ||
                            (plan && goes_back)) {
                            step.op = Op::kRead;  // of a sum, too
                        }
                        if (plan && step.op == Op::kAdd) {
                            step.operand = 1 + std::abs(step.operand);  // none cancel out
                        }
                    }
                }
                List known;
                const auto serial = pair.serial.execute(block, {}, {.recorded = &known});
                const auto parallel = pair.parallel.execute(block, {}, {.known = &known});
                ASSERT_TRUE(serial.has_value() && parallel.has_value());
                ASSERT_TRUE(*serial == *parallel) << "block " << i;
            }
            const ExecutionMetrics& metrics = pair.parallel.metrics();
            EXPECT_EQ(metrics.executions, metrics.transactions);
            EXPECT_EQ(metrics.aborts, 0U);
            EXPECT_EQ(metrics.abandoned_plans, 0U);
            EXPECT_EQ(metrics.planned != 0, plan);
        }
    }
}

/// A list that is wrong in one of many ways.
List spoil(Random& random, const List& list, const List& foreign, std::uint32_t universe) {
    const auto any_access = [&] {
        return Entry{.key = static_cast<std::uint32_t>(random.below(universe + 3)),
                     .dependence = static_cast<Dependence>(random.below(3)),
                     .effect = static_cast<Effect>(random.below(3))};
    };
    const std::uint64_t way = random.below(7);
    if (way == 0) {
        return foreign;
    }
    List out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        std::vector<Entry> accesses(list.of(i).begin(), list.of(i).end());
        switch (way) {
            case 1:  // holes
                std::erase_if(accesses, [&](const Entry&) { return random.chance(1, 3); });
                break;
            case 2:  // strangers
                for (std::uint64_t k = random.below(4); k > 0; --k) {
                    accesses.push_back(any_access());
                }
                break;
            case 3:  // other kinds of access
                for (Entry& entry : accesses) {
                    entry.dependence = static_cast<Dependence>(random.below(3));
                    entry.effect = static_cast<Effect>(random.below(3));
                }
                break;
            case 4:  // backwards and twice
                std::reverse(accesses.begin(), accesses.end());
                accesses.insert(accesses.end(), list.of(i).begin(), list.of(i).end());
                break;
            case 5:  // everyone writes everything
                for (std::uint32_t key = 0; key < std::min(universe, 40U); ++key) {
                    accesses.push_back(
                        {.key = key, .dependence = Dependence::kValue, .effect = Effect::kWrite});
                }
                std::sort(accesses.begin(), accesses.end(),
                          [](const Entry& a, const Entry& b) { return a.key < b.key; });
                break;
            default:  // the transaction before
                accesses.assign(list.of(i - 1).begin(), list.of(i - 1).end());
                break;
        }
        out.append(accesses);
        if (way == 1 && random.chance(1, 40)) {
            break;  // too short
        }
    }
    for (std::uint64_t k = random.below(3); k > 0; --k) {
        out.append(std::vector<Entry>{any_access()});  // too long
    }
    return out;
}

TEST(AccessListKnowledge, ThatIsWrongChangesNothingAndIsNamed) {
    for (const BlockShape& base : kShapes) {
        for (std::uint32_t workers = 1; workers <= 4; ++workers) {
            BlockShape shape = base;
            shape.hints = Hints::kMixed;
            Pair pair(workers, shape.universe);
            Random random(mix64(workers + 1000 * shape.universe));
            List foreign;
            for (std::uint64_t i = 1; i <= scaled(50, 10); ++i) {
                const Block<Program> block = random_block(random, shape, i);
                List right;
                const auto serial = pair.serial.execute(block, {}, {.recorded = &right});
                const List wrong = spoil(random, right, foreign, shape.universe);
                List recorded;
                Mismatches mismatches;
                const auto parallel = pair.parallel.execute(
                    block, {}, {.known = &wrong, .recorded = &recorded, .mismatches = &mismatches});
                ASSERT_TRUE(serial.has_value() && parallel.has_value());
                ASSERT_TRUE(*serial == *parallel) << "block " << i;
                ASSERT_TRUE(right == recorded) << "block " << i;
                ASSERT_TRUE(mismatches == compare(i, wrong, right)) << "block " << i;
                foreign = std::move(right);
            }
            EXPECT_EQ(pair.parallel_store.digest(), pair.parallel_store.recompute_digest());
        }
    }
}

TEST(AccessListMismatch, SaysBlockTransactionKeyAndBothSides) {
    const Block<Program> block{
        .header = {.height = 9},
        .transactions = {
            {.steps = {{.op = Op::kRead, .key = 1}, {.op = Op::kWrite, .key = 2}}},
            {.steps = {{.op = Op::kAdd, .key = 3, .operand = 4}, {.op = Op::kExists, .key = 5}}}}};
    const Entry reads_1{.key = 1, .dependence = Dependence::kValue};
    const Entry writes_2{.key = 2, .effect = Effect::kWrite};
    const Entry adds_3{.key = 3, .dependence = Dependence::kPredicate, .effect = Effect::kAdd};
    const Entry asks_5{.key = 5, .dependence = Dependence::kPredicate};
    const Entry reads_7{.key = 7, .dependence = Dependence::kValue};
    const Entry reads_5{.key = 5, .dependence = Dependence::kValue};
    List wrong;
    wrong.append(std::vector<Entry>{reads_1});
    wrong.append(std::vector<Entry>{adds_3, reads_5, reads_7});
    List right;
    right.append(std::vector<Entry>{reads_1, writes_2});
    right.append(std::vector<Entry>{adds_3, asks_5});
    const std::vector<AccessMismatch<std::uint32_t>> expected = {
        {.block = 9, .transaction = 0, .key = 2, .listed = {}, .touched = writes_2},
        {.block = 9, .transaction = 1, .key = 5, .listed = reads_5, .touched = asks_5},
        {.block = 9, .transaction = 1, .key = 7, .listed = reads_7, .touched = {}}};
    Pair pair(2, 8);
    for (const bool parallel : {false, true}) {
        List recorded;
        Mismatches mismatches;
        const AccessOptions<std::uint32_t> accesses{
            .known = &wrong, .recorded = &recorded, .mismatches = &mismatches};
        const auto result = parallel ? pair.parallel.execute(block, {}, accesses)
                                     : pair.serial.execute(block, {}, accesses);
        ASSERT_TRUE(result.has_value());
        EXPECT_TRUE(recorded == right);
        EXPECT_EQ(mismatches.count, 3U);
        EXPECT_TRUE(mismatches.named == expected);
    }
}

TEST(AccessListMismatch, CountsAllAndNamesTheFirst) {
    List none;
    List many;
    std::vector<Entry> accesses;
    for (std::uint32_t key = 0; key < 100; ++key) {
        accesses.push_back({.key = key, .effect = Effect::kWrite});
    }
    many.append(accesses);
    const Mismatches mismatches = compare(1, none, many);
    EXPECT_EQ(mismatches.count, 100U);
    EXPECT_EQ(mismatches.named.size(), Mismatches::kNamedMax);
    EXPECT_EQ(mismatches.named.front().key, 0U);
}

TEST(AccessListRecording, HoldsNoSkippedTransactionAndNoEffectOfAFaultedOne) {
    const Block<Program> block{.header = {.height = 1, .weight_limit = 1},
                               .transactions = {{.steps = {{.op = Op::kRead, .key = 1},
                                                           {.op = Op::kWrite, .key = 2},
                                                           {.op = Op::kAdd, .key = 3, .operand = 1},
                                                           {.op = Op::kEmit, .key = 0},
                                                           {.op = Op::kEmit, .key = 0},
                                                           {.op = Op::kEmit, .key = 0},
                                                           {.op = Op::kEmit, .key = 0},
                                                           {.op = Op::kEmit, .key = 0}}},
                                                {.steps = {{.op = Op::kWrite, .key = 4}}},
                                                {.steps = {{.op = Op::kWrite, .key = 5}}}}};
    Pair pair(2, 8);
    for (const bool parallel : {false, true}) {
        List recorded;
        const auto result = parallel ? pair.parallel.execute(block, {}, {.recorded = &recorded})
                                     : pair.serial.execute(block, {}, {.recorded = &recorded});
        ASSERT_TRUE(result.has_value());
        ASSERT_EQ(result->receipts[0].disposition, Disposition::kFaulted);
        ASSERT_EQ(result->receipts[2].disposition, Disposition::kSkipped);
        ASSERT_EQ(recorded.size(), 3U);
        const std::vector<Entry> faulted = {{.key = 1, .dependence = Dependence::kValue},
                                            {.key = 3, .dependence = Dependence::kPredicate}};
        EXPECT_TRUE(std::ranges::equal(recorded.of(0), faulted));
        EXPECT_EQ(recorded.of(1).size(), 1U);
        EXPECT_TRUE(recorded.of(2).empty());
    }
}

}  // namespace
}  // namespace lockstep::test
