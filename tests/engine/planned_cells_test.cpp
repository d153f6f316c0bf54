#include "engine/planned/planned_cells.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "engine/planned/plan.hpp"
#include "tests/support/block_parts.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kKeyRead = 1;
constexpr std::uint32_t kKeyWritten = 2;
constexpr std::uint32_t kKeyAdded = 3;
constexpr std::uint32_t kKeyUndeclared = 4;

/// One transaction that declared a key of each kind, one that adds as well, and one that reads the
/// sum.
struct PlannedCellsTest : testing::Test {
    PlannedCellsTest() {
        for (const std::uint32_t key : {kKeyRead, kKeyWritten, kKeyAdded, kKeyUndeclared}) {
            parts.set(key, 10 * key);
        }
        planned.prepare();
        parts.link(plan, *planned.workers.front());
        cells.begin(0, true);
    }

    BlockParts parts{
        {declaring(
             {{kKeyRead, Access::kRead}, {kKeyWritten, Access::kWrite}, {kKeyAdded, Access::kAdd}}),
         declaring({{kKeyAdded, Access::kAdd}}), declaring({{kKeyAdded, Access::kRead}})}};
    PlannedRun<ProgramMachine, StdSync> planned{parts.run};
    Plan<ProgramMachine, StdSync> plan{planned};
    PlannedCells<ProgramMachine, StdSync>& cells = planned.workers.front()->cells;
};

TEST_F(PlannedCellsTest, GiveCellsAsTheyWereDeclared) {
    const Int128* const read = cells.read(kKeyRead);
    EXPECT_TRUE(read != nullptr && *read == 10);
    EXPECT_EQ(cells.to_change(kKeyWritten), &parts.cell(kKeyWritten));
    EXPECT_EQ(cells.read(kKeyWritten), &parts.cell(kKeyWritten).value);
    auto* const sum = cells.shared_sum(kKeyAdded);
    ASSERT_NE(sum, nullptr);
    EXPECT_EQ(sum, cells.shared_sum(kKeyAdded)) << "one for a cell";
    EXPECT_EQ(sum->cell, &parts.cell(kKeyAdded));
    EXPECT_EQ(cells.shared_sum(kKeyWritten), nullptr);
    EXPECT_FALSE(cells.stopped());
}

TEST_F(PlannedCellsTest, StopAtWhatTheDeclarationDoesNotCover) {
    EXPECT_EQ(cells.read(kKeyUndeclared), nullptr);
    EXPECT_TRUE(cells.stopped());
    cells.begin(0, false);
    EXPECT_FALSE(cells.stopped());
    EXPECT_EQ(cells.to_change(kKeyRead), nullptr);
    EXPECT_TRUE(cells.stopped());
    cells.begin(0, false);
    EXPECT_EQ(cells.read(kKeyAdded), nullptr);
    EXPECT_TRUE(cells.stopped());
    cells.begin(0, false);
    EXPECT_EQ(cells.to_change(kKeyAdded), nullptr);
    EXPECT_TRUE(cells.stopped());
}

TEST_F(PlannedCellsTest, ShowReadersWhatWasAddedBelow) {
    auto* const additions = parts.cell(kKeyAdded).slot.additions.load(std::memory_order_relaxed);
    ASSERT_NE(additions, nullptr) << "made when the accesses were linked";
    additions->commit(nullptr, 5);
    cells.begin(2, false);
    const Int128* const seen = cells.read(kKeyAdded);
    ASSERT_TRUE(seen != nullptr && *seen == 35);
    EXPECT_EQ(cells.read(kKeyAdded), seen);
    EXPECT_TRUE(parts.cell(kKeyAdded).value == 30) << "the cell stays as it is";
    cells.fold_sum(parts.cell(kKeyAdded));
    EXPECT_TRUE(parts.cell(kKeyAdded).value == 35);
    cells.fold_sum(parts.cell(kKeyAdded));
    EXPECT_TRUE(parts.cell(kKeyAdded).value == 35) << "once";
}

TEST_F(PlannedCellsTest, RecordWhatWasTouched) {
    cells.record(kKeyWritten, Dependence::kPredicate);
    cells.record(kKeyWritten, Dependence::kValue);
    cells.record(kKeyWritten, Dependence::kPredicate);
    cells.record_effect(parts.cell(kKeyWritten), Effect::kWrite);
    const std::vector<CellAccess<std::uint32_t>> touched{
        {.key = kKeyWritten, .dependence = Dependence::kValue, .effect = Effect::kWrite}};
    EXPECT_EQ(cells.recorded(), touched);
}

TEST_F(PlannedCellsTest, KnowAListThatSaysAllOfIt) {
    const std::vector<CellAccess<std::uint32_t>> listed{
        {.key = kKeyRead, .dependence = Dependence::kValue},
        {.key = kKeyWritten, .effect = Effect::kWrite},
        {.key = kKeyAdded, .effect = Effect::kAdd}};
    cells.record(kKeyRead, Dependence::kValue);
    cells.record_effect(parts.cell(kKeyWritten), Effect::kWrite);
    EXPECT_FALSE(cells.touched_as(listed)) << "nothing was added";
    cells.record_effect(parts.cell(kKeyAdded), Effect::kAdd);
    EXPECT_TRUE(cells.touched_as(listed));
    cells.record(kKeyWritten, Dependence::kPredicate);
    EXPECT_FALSE(cells.touched_as(listed));
}

}  // namespace
}  // namespace lockstep::test
