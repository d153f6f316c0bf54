#include "engine/planned/plan.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "tests/support/block_parts.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kPlanKey = 7;

/// The plan of a block.
struct Planned : BlockParts {
    explicit Planned(std::vector<Program> programs, TxnIndex near = 4)
        : BlockParts(std::move(programs)), planned(run), plan(planned) {
        planned.prepare();
        planned.plan.near = near;
        link(plan, *planned.workers.front());
    }
    /// The transactions of the group below an access of `txn`, newest first.
    std::vector<TxnIndex> below(TxnIndex txn, std::size_t position = 0) {
        std::vector<TxnIndex> found;
        const auto& block = planned.plan;
        for (AccessHandle at = block.txns[txn].accesses()[position].below; at != kNoAccess;
             at = block.at(at).older()) {
            found.push_back(block.txn_of(at));
        }
        return found;
    }

    /// Whether a transaction changes the cell of its only access as a whole.
    [[nodiscard]] bool alone(TxnIndex txn) {
        return planned.plan.txns[txn].accesses().front().is(Access::kWrite);
    }
    /// Cells with a sum beside them.
    [[nodiscard]] std::size_t sums() { return planned.workers.front()->added.size(); }

    PlannedRun<ProgramMachine, StdSync> planned;
    Plan<ProgramMachine, StdSync> plan;
};
using PlanGroup = std::vector<TxnIndex>;

TEST(Plan, PutsReadsAndAdditionsSideBySideAndEachWriteAlone) {
    Planned block({declaring({{kPlanKey, Access::kWrite}}), declaring({{kPlanKey, Access::kRead}}),
                   declaring({{kPlanKey, Access::kRead}}), declaring({{kPlanKey, Access::kAdd}}),
                   declaring({{kPlanKey, Access::kAdd}}), declaring({{kPlanKey, Access::kWrite}}),
                   declaring({{kPlanKey, Access::kWrite}})});
    EXPECT_EQ(block.below(0), PlanGroup{});
    EXPECT_EQ(block.below(1), PlanGroup{0});
    EXPECT_EQ(block.below(2), PlanGroup{0});
    EXPECT_EQ(block.below(3), (PlanGroup{2, 1}));
    EXPECT_EQ(block.below(4), (PlanGroup{2, 1}));
    EXPECT_EQ(block.below(5), (PlanGroup{4, 3}));
    EXPECT_EQ(block.below(6), PlanGroup{5});
}

/// A block of `size` in which some transactions add to a cell.
std::vector<Program> adding(TxnIndex size, std::initializer_list<TxnIndex> adders) {
    std::vector<Program> programs(size);
    for (const TxnIndex txn : adders) {
        programs[txn] = declaring({{kPlanKey, Access::kAdd}});
    }
    return programs;
}

TEST(Plan, TakesALoneAdditionForAWrite) {
    Planned block({declaring({{kPlanKey, Access::kRead}}), declaring({{kPlanKey, Access::kAdd}}),
                   declaring({{kPlanKey, Access::kRead}}), declaring({{kPlanKey, Access::kWrite}}),
                   declaring({{kPlanKey, Access::kAdd}})});
    EXPECT_TRUE(block.alone(1));
    EXPECT_EQ(block.below(1), PlanGroup{0});
    EXPECT_EQ(block.below(2), PlanGroup{1});
    EXPECT_TRUE(block.alone(4)) << "a write is no addition to join";
    EXPECT_EQ(block.below(4), PlanGroup{3});
    EXPECT_EQ(block.sums(), 0U);
}

TEST(Plan, PutsAdditionsSideBySideOnceTwoAreNear) {
    Planned apart(adding(6, {0, 5}), 4);
    EXPECT_TRUE(apart.alone(0) && apart.alone(5));
    EXPECT_EQ(apart.below(5), PlanGroup{0});
    EXPECT_EQ(apart.sums(), 0U);

    Planned near(adding(20, {0, 4, 19}), 4);
    EXPECT_FALSE(near.alone(0) || near.alone(4) || near.alone(19));
    EXPECT_EQ(near.below(4), PlanGroup{});
    EXPECT_EQ(near.below(19), PlanGroup{});
    EXPECT_EQ(near.sums(), 1U);

    Planned one_worker(adding(2, {0, 1}), 0);
    EXPECT_TRUE(one_worker.alone(0) && one_worker.alone(1));
}

TEST(Plan, KeepsCellsApart) {
    Planned block({declaring({{kPlanKey, Access::kWrite}, {kPlanKey + 1, Access::kRead}}),
                   declaring({{kPlanKey + 1, Access::kWrite}, {kPlanKey + 2, Access::kWrite}})});
    EXPECT_EQ(block.below(1, 0), PlanGroup{0});
    EXPECT_EQ(block.below(1, 1), PlanGroup{});
    EXPECT_EQ(block.planned.plan.txns[1].accesses()[1].cell, &block.cell(kPlanKey + 2));
}

TEST(Plan, TakesAKeyThatIsDeclaredInTwoWaysForWritten) {
    Planned block({declaring({{kPlanKey, Access::kRead}, {kPlanKey, Access::kRead}}),
                   declaring({{kPlanKey, Access::kRead}, {kPlanKey, Access::kAdd}})});
    ASSERT_EQ(block.planned.plan.txns[0].accesses().size(), 1U);
    EXPECT_TRUE(block.planned.plan.txns[0].accesses().front().is(Access::kRead));
    ASSERT_EQ(block.planned.plan.txns[1].accesses().size(), 1U);
    EXPECT_TRUE(block.planned.plan.txns[1].accesses().front().is(Access::kWrite));
}

TEST(Plan, ForgetsTheBlockBefore) {
    Planned first({declaring({{kPlanKey, Access::kWrite}})});
    first.run.block_number = first.store.next_block_number();
    first.planned.prepare();
    first.link(first.plan, *first.planned.workers.front());
    EXPECT_EQ(first.below(0), PlanGroup{});
}

}  // namespace
}  // namespace lockstep::test
