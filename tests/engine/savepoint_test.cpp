#include <gtest/gtest.h>

#include <vector>

#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

/// Transactions that nest savepoints and return to any of them; the first step says how many
/// operations there are, and the seed that they follow from.
struct NestingMachine : ProgramMachine {
    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context&) const {
        Random random(static_cast<std::uint64_t>(program.steps.front().operand));
        std::vector<typename View::Savepoint> saved;
        std::uint64_t acc = 0;
        for (std::uint32_t i = 0; i < program.steps.front().key; ++i) {
            if (random.chance(1, 4)) {
                saved.push_back(view.savepoint());
            } else if (!saved.empty() && random.chance(1, 5)) {
                saved.resize(1 + random.below(saved.size()));
                view.rollback(saved.back());
                if (random.chance(1, 2)) {
                    saved.pop_back();
                }
            } else {
                access(view, random, acc);
            }
            if (!saved.empty() && random.chance(1, 64)) {
                saved.clear();  // what they would undo remains
            }
        }
        ByteWriter out;
        out.put(acc);
        view.emit(1, out.bytes());
        return {};
    }

  private:
    template <class View>
    void access(View& view, Random& random, std::uint64_t& acc) const {
        const auto key = static_cast<Key>(random.below(universe));
        switch (random.below(7)) {
            case 0:
                view.write(key, static_cast<std::int64_t>(acc % 1'000));
                break;
            case 1:
                view.erase(key);
                break;
            case 2:
                acc = mix64(acc + view.add(key, random.between(-9, 9), {.lower = -20}));
                break;
            case 3:
                if (Int128* const value = view.change(key)) {
                    *value += static_cast<std::int64_t>(acc % 8);
                }
                break;
            case 4:
                acc = mix64(acc + view.exists(key));
                break;
            case 5:
                view.emit(2, {});
                break;
            default:
                if (const Int128* const value = view.read(key)) {
                    acc = mix64(acc ^ low64(*value));
                }
        }
    }
};

/// The transactions declare all, some or none of their keys.
Block<Program> nesting_block(Random& random, std::uint64_t height, std::uint32_t universe) {
    Block<Program> block{.header = {.height = height}, .transactions = {}};
    for (std::uint64_t i = 1 + random.below(20); i > 0; --i) {
        Program program;
        program.steps = {{.key = static_cast<std::uint32_t>(random.below(120)),
                          .operand = random.between(0, 1'000'000'000)}};
        const std::uint64_t declared = random.below(3);
        for (std::uint32_t key = 0; key < universe; ++key) {
            if (declared == 2 || (declared == 1 && random.chance(1, 2))) {
                program.declared.emplace_back(key, Access::kWrite);
            }
        }
        block.transactions.push_back(program);
    }
    return block;
}

TEST(Savepoints, NestAlikeInEveryExecutor) {
    NestingMachine machine;
    machine.universe = 5;
    for (std::uint32_t workers = 1; workers <= 4; ++workers) {
        for (const bool plan : {false, true}) {
            StateStore<NestingMachine> stores[3];
            SerialExecutor<NestingMachine> serial(machine, stores[0], kProgramLimits);
            InPlaceExecutor<NestingMachine> in_place(machine, stores[1], kProgramLimits);
            WorkerPool pool(workers);
            ParallelExecutor<NestingMachine> parallel(machine, stores[2], pool, kProgramLimits,
                                                      in_parallel({.plan = plan}));
            Random random(workers * 2 + (plan ? 1 : 0));
            for (std::uint64_t height = 1; height <= scaled(300, 20); ++height) {
                const Block<Program> block = nesting_block(random, height, machine.universe);
                AccessList<NestingMachine::Key> lists[2];
                const auto expected = serial.execute(block, {}, {.recorded = &lists[0]});
                const auto alone = in_place.execute(block);
                const auto together = parallel.execute(block, {}, {.recorded = &lists[1]});
                ASSERT_TRUE(expected.has_value() && alone.has_value() && together.has_value());
                ASSERT_TRUE(*expected == *alone) << "block " << height;
                ASSERT_TRUE(*expected == *together) << "block " << height;
                ASSERT_EQ(lists[0], lists[1]) << "block " << height;
            }
        }
    }
}

/// Writes many cells, then takes many savepoints, one in the other.
struct DeepMachine : ProgramMachine {
    static constexpr std::uint32_t kCells = 5'000;
    static constexpr std::uint32_t kDepth = 20'000;

    template <class View>
    TxnOutcome execute(View& view, const Program&, const Context&) const {
        for (Key key = 0; key < kCells; ++key) {
            view.write(key, key);
        }
        std::vector<typename View::Savepoint> saved;
        for (std::uint32_t depth = 0; depth < kDepth; ++depth) {
            saved.push_back(view.savepoint());
            view.write(depth % kCells, depth);
        }
        view.rollback(saved[kDepth / 2]);
        view.rollback(saved[kDepth / 4]);
        return {};
    }
};

TEST(Savepoints, CostWhatChangesSinceThenCostHoweverDeep) {
    const DeepMachine machine;
    StateStore<DeepMachine> stores[2];
    SerialExecutor<DeepMachine> serial(machine, stores[0]);
    InPlaceExecutor<DeepMachine> in_place(machine, stores[1]);
    const Block<Program> block{.header = {.height = 1}, .transactions = {Program{}, Program{}}};
    const auto expected = serial.execute(block);
    const auto actual = in_place.execute(block);
    ASSERT_TRUE(expected.has_value() && actual.has_value());
    EXPECT_TRUE(*expected == *actual);
    // 20,000 / 4 writes remain: those of depths 0 to 4,999.
    ASSERT_NE(stores[0].get(4'999), nullptr);
    EXPECT_EQ(*stores[0].get(4'999), 4'999);
}

}  // namespace
}  // namespace lockstep::test
