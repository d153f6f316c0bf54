#include "engine/contract/step_budget.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "engine/base/random.hpp"
#include "engine/serial/serial_view.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

TEST(StepBudget, CountsAsTheSerialViewDoes) {
    const StateStore<ProgramMachine> store;
    Random random(1);
    for (int execution = 0; execution < 300; ++execution) {
        const TxnLimits limits{.steps = random.below(40)};
        StepBudget budget(limits);
        SerialView<ProgramMachine> view(store, limits);
        for (int refused = 0; refused < 20;) {
            // Small ones hit the limit exactly, now and then.
            const std::uint64_t steps = random.chance(1, 50) ? ~std::uint64_t{0} : random.below(4);
            const bool granted = view.consume(steps);
            ASSERT_EQ(steps == 1 ? budget.step() : budget.charge(steps), granted);
            ASSERT_EQ(budget.stopped(), view.stopped());
            ASSERT_EQ(budget.exceeded(), view.stopped());
            refused += granted ? 0 : 1;
        }
        budget.begin();
        view.reset();
        ASSERT_TRUE(budget.charge(limits.steps));
        ASSERT_TRUE(view.consume(limits.steps));
    }
}

TEST(StepBudget, RefusesAllAfterAHaltWithoutBeingExceeded) {
    StepBudget budget(TxnLimits{.steps = 10});
    EXPECT_TRUE(budget.step());
    budget.halt();
    EXPECT_TRUE(budget.stopped());
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_FALSE(i % 2 == 0 ? budget.step() : budget.charge(0));
    }
    EXPECT_FALSE(budget.exceeded());
    budget.begin();
    EXPECT_FALSE(budget.stopped());
    EXPECT_TRUE(budget.charge(10));
    EXPECT_FALSE(budget.step());
    EXPECT_TRUE(budget.exceeded());
    budget.halt();
    EXPECT_TRUE(budget.exceeded());
}

}  // namespace
}  // namespace lockstep::test
