#include "engine/planned/plan.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/block_parts.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kPlanKey = 7;

/// The plan of a block.
struct Planned : BlockParts {
    explicit Planned(std::vector<Program> programs)
        : BlockParts(std::move(programs)), planned(run), plan(planned) {
        planned.prepare();
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
