// Scans of key ranges: what they see, and that nobody slips into a range that was scanned.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

using Key = ProgramMachine::Key;
using Value = ProgramMachine::Value;
using Cells = std::vector<std::pair<Key, Value>>;

/// What a scan sees, by definition: the present cells, one after the other.
Cells scan_model(std::map<Key, Value>& cells, Key from, Key to, std::size_t limit,
                 const std::function<bool(Key)>& visit) {
    Cells out;
    for (std::uint64_t key = from; key < to && out.size() < limit; ++key) {
        const auto found = cells.find(static_cast<Key>(key));
        if (found != cells.end()) {
            out.emplace_back(*found);
            if (!visit(found->first)) {
                break;
            }
        }
    }
    return out;
}

TEST(Scan, SeesStateAndOwnChangesInOrder) {
    for (std::uint64_t seed = 0; seed < scaled(2'000, 200); ++seed) {
        Random random(seed);
        StateStore<ProgramMachine> store;
        std::map<Key, Value> model;
        for (std::uint64_t i = random.below(30); i > 0; --i) {
            const auto key = static_cast<Key>(random.below(40));
            const Value value = random.between(-100, 100);
            store.set(key, &value);
            model[key] = value;
        }
        for (std::uint64_t i = random.below(10); i > 0; --i) {
            const auto key = static_cast<Key>(random.below(40));
            store.set(key, nullptr);
            model.erase(key);
        }
        SerialView<ProgramMachine> view(store, kProgramLimits);
        const auto change = [&] {
            const auto key = static_cast<Key>(random.below(40));
            const Value value = random.between(1, 100);
            switch (random.below(3)) {
                case 0:
                    view.write(key, value);
                    model[key] = value;
                    break;
                case 1:
                    view.erase(key);
                    model.erase(key);
                    break;
                default:
                    ASSERT_TRUE(view.add(key, value));
                    model[key] += value;
                    break;
            }
        };
        for (int round = 0; round < 6; ++round) {
            change();
            const auto from = static_cast<Key>(random.below(42));
            const auto to = static_cast<Key>(random.below(42));
            const std::size_t limit = random.chance(1, 3) ? random.below(5) : 100;
            const std::uint64_t stop = random.chance(1, 3) ? random.below(40) : 100;
            Cells seen;
            const std::size_t visited =
                view.scan(from, to, limit, [&](Key key, const Value& value) {
                    seen.emplace_back(key, value);
                    return key != stop;
                });
            const Cells expected =
                scan_model(model, from, to, limit, [&](Key key) { return key != stop; });
            ASSERT_EQ(seen, expected) << "seed " << seed;
            ASSERT_EQ(visited, expected.size());
        }
    }
}

TEST(Scan, SeesWhatItsVisitorChangesAhead) {
    StateStore<ProgramMachine> store;
    const Value one = 1;
    for (const Key key : {1U, 2U, 3U, 5U}) {
        store.set(key, &one);
    }
    SerialView<ProgramMachine> view(store, kProgramLimits);
    std::vector<Key> seen;
    view.scan(0, 10, 100, [&](Key key, const Value&) {
        seen.push_back(key);
        if (key == 2) {
            view.erase(3);
            view.write(4, 7);
            view.write(1, 8);
        }
        return true;
    });
    EXPECT_EQ(seen, (std::vector<Key>{1, 2, 4, 5}));
}

TEST(Scan, EndsWhereTheStepsEnd) {
    StateStore<ProgramMachine> store;
    const Value one = 1;
    for (Key key = 0; key < 20; ++key) {
        store.set(key, &one);
    }
    SerialView<ProgramMachine> view(store, {.steps = 6});
    EXPECT_EQ(view.scan(0, 100, 100, [](Key, const Value&) { return true; }), 5U);
    EXPECT_TRUE(view.stopped());
}

TEST(Scan, ListsVisitedCellsAndTheRangeThatWasCovered) {
    const Block<Program> block{
        .header = {.height = 1},
        .transactions = {{.steps = {{.op = Op::kWrite, .key = 3}, {.op = Op::kWrite, .key = 5}}},
                         {.steps = {{.op = Op::kScan, .key = 2, .operand = 10}}},
                         {.steps = {{.op = Op::kErase, .key = 3}}},
                         {.steps = {{.op = Op::kScan, .key = 2, .operand = 10}}}}};
    const ProgramMachine machine{.universe = 20};
    for (const std::uint32_t workers : {0U, 1U, 3U}) {
        StateStore<ProgramMachine> store;
        SerialExecutor<ProgramMachine> serial(machine, store);
        WorkerPool pool(std::max(workers, 1U));
        ParallelExecutor<ProgramMachine> parallel(machine, store, pool, {}, in_parallel());
        AccessList<Key> list;
        const auto result = workers == 0 ? serial.execute(block, {}, {.recorded = &list})
                                         : parallel.execute(block, {}, {.recorded = &list});
        ASSERT_TRUE(result.has_value());
        const auto read_keys = [&](std::size_t transaction) {
            std::vector<Key> keys;
            for (const auto& access : list.of(transaction)) {
                if (access.dependence == Dependence::kValue) {
                    keys.push_back(access.key);
                }
            }
            return keys;
        };
        EXPECT_TRUE(list.scans_of(0).empty());
        ASSERT_EQ(list.scans_of(1).size(), 1U);
        EXPECT_EQ(list.scans_of(1)[0].from, 2U);
        ASSERT_FALSE(read_keys(1).empty());
        EXPECT_EQ(read_keys(1).front(), 3U);
        ASSERT_FALSE(read_keys(3).empty());
        EXPECT_EQ(read_keys(3).front(), 5U);  // 3 is gone: in the range, not among the cells
    }
}

/// Ranges of a hundred keys are scanned, then something is written; others put new keys into the
/// ranges and take keys out of them.
Block<Program> range_block(Random& random, std::uint64_t height, std::uint32_t universe,
                           bool declare) {
    Block<Program> block{.header = {.height = height}, .transactions = {}};
    for (std::uint64_t i = 20 + random.below(60); i > 0; --i) {
        const auto key = [&] { return static_cast<Key>(random.below(universe)); };
        Program program;
        switch (random.below(4)) {
            case 0:
                program.steps = {{.op = Op::kWrite, .key = key(), .operand = 5}};
                break;
            case 1:
                program.steps = {{.op = Op::kErase, .key = key()}};
                break;
            case 2:
                program.steps = {{.op = Op::kAdd, .key = key(), .operand = random.between(-3, 3)}};
                break;
            default:
                program.steps = {{.op = Op::kScan, .key = key(), .operand = 100},
                                 {.op = Op::kWrite, .key = key(), .operand = 5}};
                break;
        }
        program.delay = static_cast<std::uint32_t>(random.below(400));
        if (declare) {
            declare_hints(random, {.universe = universe, .hints = Hints::kExact}, program);
        }
        block.transactions.push_back(std::move(program));
    }
    return block;
}

TEST(Scan, OfAHundredKeysEqualsTheSerialExecutor) {
    constexpr std::uint32_t kUniverse = 600;
    const ProgramMachine machine{.universe = kUniverse};
    for (std::uint32_t workers = 1; workers <= 4; ++workers) {
        for (const bool declare : {false, true}) {
            StateStore<ProgramMachine> serial_store;
            StateStore<ProgramMachine> parallel_store;
            SerialExecutor<ProgramMachine> serial(machine, serial_store, kProgramLimits);
            WorkerPool pool(workers);
            ParallelExecutor<ProgramMachine> parallel(machine, parallel_store, pool, kProgramLimits,
                                                      in_parallel());
            Random random(workers * 2 + (declare ? 1 : 0));
            for (std::uint64_t height = 1; height <= scaled(60, 10); ++height) {
                const auto block = range_block(random, height, kUniverse, declare);
                AccessList<Key> expected_list;
                AccessList<Key> actual_list;
                const auto expected = serial.execute(block, {}, {.recorded = &expected_list});
                const auto actual = parallel.execute(block, {}, {.recorded = &actual_list});
                ASSERT_TRUE(expected.has_value() && actual.has_value());
                ASSERT_TRUE(*expected == *actual) << workers << " workers, block " << height;
                ASSERT_TRUE(expected_list == actual_list);
            }
            EXPECT_EQ(parallel_store.digest(), parallel_store.recompute_digest());
        }
    }
}

TEST(Scan, WithAListOfItsBlockIsNamedWhereTheRangeDiffers) {
    const auto scanning = [](std::int64_t span) {
        return Block<Program>{
            .header = {.height = 1},
            .transactions = {{.steps = {{.op = Op::kScan, .key = 2, .operand = span}}}}};
    };
    const ProgramMachine machine{.universe = 20};
    StateStore<ProgramMachine> store;
    SerialExecutor<ProgramMachine> serial(machine, store);
    AccessList<Key> list;
    ASSERT_TRUE(serial.execute(scanning(4), {}, {.recorded = &list}).has_value());
    AccessMismatches<Key> mismatches;
    ASSERT_TRUE(
        serial.execute(scanning(5), {}, {.known = &list, .mismatches = &mismatches}).has_value());
    ASSERT_EQ(mismatches.count, 1U);
    EXPECT_TRUE(mismatches.named[0].scan);
    EXPECT_EQ(mismatches.named[0].key, 2U);
}

}  // namespace
}  // namespace lockstep::test
