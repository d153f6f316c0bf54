#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/contract/access_list.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/planned/unit_members.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test::units {
namespace {

constexpr std::uint32_t kUnitCells = 4;
constexpr std::uint32_t kUnits = 6;
constexpr std::uint32_t kKeys = kUnits * kUnitCells;
constexpr std::uint32_t kWorkersMax = 4;

/// Groups of four cells conflict together. `kOrdered`: keys are kept in order, so that new cells
/// are made beside the index.
template <bool kOrdered>
struct UnitMachine : ProgramMachine {
    static constexpr bool kScans = kOrdered;
    static constexpr Key unit(Key key) { return key - key % kUnitCells; }
};
static_assert(kHasUnits<UnitMachine<true>> && !kHasUnits<ProgramMachine>);

using Key = ProgramMachine::Key;
using List = AccessList<Key>;

/// One state through the serial executor and through one that plans.
template <class M>
struct Twin {
    explicit Twin(std::uint32_t workers, ParallelOptions options = {})
        : pool(workers),
          parallel(machine, parallel_store, pool, kProgramLimits, in_parallel(options)) {
        machine.universe = kKeys;
    }

    /// Compares everything; the lists, too, where `recorded` asks for them. `known`: instead of
    /// what programs declare.
    void run(const Block<Program>& block, bool recorded, const List* known = nullptr) {
        List expected_list;
        List actual_list;
        const auto expected = serial.execute(block, {}, {.recorded = &expected_list});
        const auto actual = parallel.execute(
            block, {}, {.known = known, .recorded = recorded ? &actual_list : nullptr});
        ASSERT_TRUE(expected.has_value() && actual.has_value());
        ASSERT_EQ(expected->receipts, actual->receipts);
        ASSERT_TRUE(*expected == *actual);                            // [E1]
        ASSERT_EQ(parallel_store.recompute_digest(), actual->state);  // [SS2]
        ASSERT_EQ(parallel_store.size(), serial_store.size());
        if (recorded) {
            ASSERT_EQ(expected_list, actual_list);
        }
    }

    M machine;
    StateStore<M> serial_store;
    StateStore<M> parallel_store;
    SerialExecutor<M> serial{machine, serial_store, kProgramLimits};
    WorkerPool pool;
    ParallelExecutor<M> parallel;
};

Block<Program> block_of(std::uint64_t height, std::vector<Program> programs) {
    return {.header = {.height = height, .time_ms = static_cast<std::int64_t>(height)},
            .transactions = std::move(programs)};
}

Key any_cell(Random& random, std::uint32_t unit) {
    return unit * kUnitCells + static_cast<Key>(random.below(kUnitCells));
}

/// `doubts`: adders ask how large sums in progress are, and may be told wrongly.
Step use_of(Random& random, std::uint32_t unit, Access access, bool doubts) {
    static constexpr std::array kReads = {Op::kRead, Op::kRead, Op::kExists, Op::kAtLeast};
    static constexpr std::array kAdds = {Op::kAdd, Op::kAdd, Op::kAdd, Op::kAtLeast};
    static constexpr std::array kWrites = {Op::kRead,    Op::kWrite,  Op::kErase, Op::kAdd,
                                           Op::kAtLeast, Op::kExists, Op::kSave,  Op::kRollback};
    Step step{.key = any_cell(random, unit), .operand = random.between(-6, 9)};
    step.op = access == Access::kRead  ? kReads[random.below(kReads.size())]
              : access == Access::kAdd ? kAdds[random.below(kAdds.size())]
                                       : kWrites[random.below(kWrites.size())];
    if (access == Access::kAdd && !doubts) {
        step.op = Op::kAdd;
    } else if (step.op == Op::kAdd && random.chance(1, 3)) {
        step.bounds = {.lower = -40, .upper = 200'000'000};
    }
    return step;
}

/// Uses some units in a way each, and declares any of their cells.
Program unit_program(Random& random, bool doubts) {
    Program program;
    std::array<std::uint32_t, kUnits> units{};
    for (std::uint32_t unit = 0; unit < kUnits; ++unit) {
        units[unit] = unit;
    }
    for (std::uint64_t i = 0, count = 1 + random.below(3); i < count; ++i) {
        std::swap(units[i], units[i + random.below(kUnits - i)]);
        const auto access = static_cast<Access>(random.below(3));
        program.declared.emplace_back(any_cell(random, units[i]), access);
        if (access == Access::kWrite && random.chance(1, 2)) {  // the stronger one counts
            program.declared.emplace_back(any_cell(random, units[i]),
                                          random.chance(1, 2) ? Access::kRead : Access::kAdd);
        }
        for (std::uint64_t uses = 1 + random.below(6); uses > 0; --uses) {
            program.steps.push_back(use_of(random, units[i], access, doubts));
        }
    }
    for (std::size_t i = program.steps.size(); i > 1; --i) {
        std::swap(program.steps[i - 1], program.steps[random.below(i)]);
    }
    program.steps.push_back(random.chance(1, 6) ? Step{.op = Op::kRejectIfOdd}
                                                : Step{.op = Op::kEmit, .operand = 1});
    program.delay = static_cast<std::uint32_t>(random.below(200));
    return program;
}

std::vector<Program> unit_programs(Random& random, std::size_t count, bool doubts) {
    std::vector<Program> programs;
    for (std::size_t i = 0; i < count; ++i) {
        programs.push_back(unit_program(random, doubts));
    }
    return programs;
}

template <class M>
class PlannedUnits : public testing::Test {};
using Machines = testing::Types<UnitMachine<false>, UnitMachine<true>>;
TYPED_TEST_SUITE(PlannedUnits, Machines);

TYPED_TEST(PlannedUnits, AreUsedAsDeclared) {
    for (std::uint32_t workers = 1; workers <= kWorkersMax; ++workers) {
        Random random(workers);
        Twin<TypeParam> twin(workers, {.link_shards = workers % 2 == 0 ? 4U : 0U});
        const std::uint64_t blocks = scaled(150, 30);
        for (std::uint64_t height = 1; height <= blocks; ++height) {
            twin.run(block_of(height, unit_programs(random, 80, false)), height % 2 == 0);
            if (this->HasFatalFailure()) {
                return;
            }
        }
        EXPECT_EQ(twin.parallel.metrics().abandoned_plans, 0U);
        EXPECT_GT(twin.parallel.metrics().planned, 0U);
        for (std::uint64_t height = blocks + 1; height <= 2 * blocks; ++height) {
            twin.run(block_of(height, unit_programs(random, 20, true)), height % 2 == 0);
            if (this->HasFatalFailure()) {
                return;
            }
        }
    }
}

/// Sums of cells that a writer above did not look at wait for the next one who does.
TYPED_TEST(PlannedUnits, KeepTheSumsOfCellsThatNobodyLooksAt) {
    for (std::uint32_t workers = 1; workers <= kWorkersMax; ++workers) {
        Random random(workers);
        Twin<TypeParam> twin(workers);
        for (std::uint64_t height = 1; height <= scaled(100, 20); ++height) {
            std::vector<Program> programs(60);
            for (Program& program : programs) {
                const auto access =
                    random.chance(2, 3) ? Access::kAdd : static_cast<Access>(random.below(2));
                const Key cell = any_cell(random, 0);
                const Op op = access == Access::kAdd    ? Op::kAdd
                              : access == Access::kRead ? Op::kRead
                              : random.chance(1, 2)     ? Op::kErase
                                                        : Op::kAdd;
                program.steps = {{.op = op, .key = cell, .operand = 5},
                                 {.op = Op::kEmit, .operand = 1}};
                program.declared = {{any_cell(random, 0), access}};
            }
            twin.run(block_of(height, std::move(programs)), height % 2 == 0);
            if (this->HasFatalFailure()) {
                return;
            }
        }
        EXPECT_EQ(twin.parallel.metrics().abandoned_plans, 0U);
        EXPECT_GT(twin.parallel.metrics().planned, 0U);
    }
}

/// More cells than are remembered, of many units, again and again.
TYPED_TEST(PlannedUnits, MayHaveMoreCellsThanAreRemembered) {
    Random random(3);
    Twin<TypeParam> twin(2);
    const std::uint32_t keys = 40 * kUnitCells;
    twin.machine.universe = keys;
    for (std::uint64_t height = 1; height <= 20; ++height) {
        std::vector<Program> programs(10);
        for (Program& program : programs) {
            for (std::uint32_t i = 0; i < 300; ++i) {
                const auto key = static_cast<Key>(random.below(keys));
                program.declared.emplace_back(key, Access::kWrite);
                program.steps.push_back(
                    {.op = random.chance(1, 2) ? Op::kAdd : Op::kRead, .key = key, .operand = 3});
            }
        }
        twin.run(block_of(height, std::move(programs)), true);
    }
    EXPECT_EQ(twin.parallel.metrics().planned, 20U);
}

TYPED_TEST(PlannedUnits, AreAbandonedWhereAUseIsNotCovered) {
    constexpr std::array kUncovered = {
        std::pair(Op::kWrite, Access::kRead), std::pair(Op::kErase, Access::kRead),
        std::pair(Op::kAdd, Access::kRead),   std::pair(Op::kWrite, Access::kAdd),
        std::pair(Op::kErase, Access::kAdd),  std::pair(Op::kRead, Access::kAdd),
        std::pair(Op::kExists, Access::kAdd)};
    for (const auto& [op, access] : kUncovered) {
        for (Key cell = 0; cell < 2; ++cell) {
            Twin<TypeParam> twin(2);
            const Program program{.steps = {{.op = op, .key = cell, .operand = 3}},
                                  .declared = {{2, access}}};
            twin.run(block_of(1, {program, program}), false);
            EXPECT_EQ(twin.parallel.metrics().abandoned_plans, 1U) << static_cast<int>(op);
        }
    }
    Twin<TypeParam> twin(2);
    twin.run(block_of(1, {{.steps = {{.op = Op::kRead, .key = kUnitCells}},
                           .declared = {{kUnitCells - 1, Access::kWrite}}}}),
             false);
    EXPECT_EQ(twin.parallel.metrics().abandoned_plans, 1U) << "another unit";
}

TYPED_TEST(PlannedUnits, FollowAccessLists) {
    for (std::uint32_t workers = 1; workers <= kWorkersMax; ++workers) {
        Random random(workers + 50);
        Twin<TypeParam> twin(workers);
        Twin<TypeParam> oracle(1);
        for (std::uint64_t height = 1; height <= scaled(60, 20); ++height) {
            std::vector<Program> programs = unit_programs(random, 60, false);
            for (Program& program : programs) {
                program.declared.clear();
                std::erase_if(program.steps, [](const Step& step) {
                    return step.op == Op::kRejectIfOdd || step.op == Op::kRollback;
                });
                for (Step& step : program.steps) {  // lists tell neither who asked for presence,
                    if (step.op == Op::kExists || step.op == Op::kAtLeast) {
                        step.op = Op::kRead;
                    }  // nor of additions in vain
                    step.bounds = {};
                    step.operand = 1 + std::max<std::int64_t>(step.operand, 0);
                }
            }
            const auto block = block_of(height, std::move(programs));
            List list;
            ASSERT_TRUE(oracle.serial.execute(block, {}, {.recorded = &list}).has_value());
            twin.run(block, true, &list);
            if (this->HasFatalFailure()) {
                return;
            }
        }
        EXPECT_EQ(twin.parallel.metrics().abandoned_plans, 0U);
        EXPECT_GT(twin.parallel.metrics().planned, 0U);
    }
}

/// Lists that name other cells of the same units, fewer of them, or other ways to use them.
TYPED_TEST(PlannedUnits, BearHostileAccessLists) {
    for (std::uint32_t workers = 1; workers <= kWorkersMax; ++workers) {
        Random random(workers + 90);
        Twin<TypeParam> twin(workers);
        Twin<TypeParam> oracle(1);
        for (std::uint64_t height = 1; height <= scaled(100, 30); ++height) {
            const auto block = block_of(height, unit_programs(random, 60, random.chance(1, 4)));
            List right;
            ASSERT_TRUE(oracle.serial.execute(block, {}, {.recorded = &right}).has_value());
            const std::uint64_t way = random.below(4);
            List wrong;
            for (std::size_t i = 0; i < right.size(); ++i) {
                std::vector<CellAccess<Key>> accesses(right.of(i).begin(), right.of(i).end());
                for (CellAccess<Key>& access : accesses) {
                    if (way == 0 || random.chance(1, 8)) {  // one cell stands for its unit
                        access.key = any_cell(random, access.key / kUnitCells);
                    }
                    if (way == 1 && random.chance(1, 8)) {
                        access.effect = static_cast<Effect>(random.below(3));
                        access.dependence = static_cast<Dependence>(random.below(3));
                    }
                }
                if (way == 2) {
                    std::erase_if(accesses, [&](const auto&) { return random.chance(1, 8); });
                } else if (way == 3) {
                    std::reverse(accesses.begin(), accesses.end());
                }
                wrong.append(accesses);
            }
            twin.run(block, true, &wrong);
            if (this->HasFatalFailure()) {
                return;
            }
        }
        EXPECT_GT(twin.parallel.metrics().planned + twin.parallel.metrics().abandoned_plans, 0U);
    }
}

/// Hints of every quality, over keys of which four each are one unit.
TYPED_TEST(PlannedUnits, EqualTheSerialExecutorWhateverIsDeclared) {
    for (std::uint32_t workers = 1; workers <= kWorkersMax; ++workers) {
        Random random(workers + 130);
        Twin<TypeParam> twin(workers);
        BlockShape shape{.transactions_max = 40, .universe = kKeys, .delay_max = 100};
        shape.scans = TypeParam::kScans;
        for (std::uint64_t height = 1; height <= scaled(150, 40); ++height) {
            shape.hints = random.chance(2, 3) ? Hints::kExact : Hints::kMixed;
            twin.run(random_block(random, shape, height), height % 2 == 0);
            if (this->HasFatalFailure()) {
                return;
            }
        }
    }
}

TEST(UnitMembers, RemembersTheNewest) {
    struct Cell {
        Key key = 0;
    };
    struct Use {
        const Cell* cell = nullptr;
    };
    using Members = UnitMembers<Key, Use>;
    std::array<Cell, 2 * Members::kMax> cells{};
    Members members;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i].key = static_cast<Key>(i);
        EXPECT_EQ(members.find(cells[i].key), nullptr);
        EXPECT_EQ(members.remember({&cells[i]}).cell, &cells[i]);
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const Use* const found = members.find(cells[i].key);
        EXPECT_EQ(found != nullptr, i >= Members::kMax);
        EXPECT_TRUE(found == nullptr || found->cell == &cells[i]);
    }
    members.clear();
    EXPECT_EQ(members.find(cells.back().key), nullptr);
}

}  // namespace
}  // namespace lockstep::test::units
