#include "engine/contract/step_budget.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "engine/base/random.hpp"
#include "engine/serial/serial_view.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

/// What a call that charges steps comes to.
enum class Answer : std::uint8_t { kGranted, kRefused, kUnwound };

template <class Call>
Answer answer_of(Call&& call) {
    try {
        return call() ? Answer::kGranted : Answer::kRefused;
    } catch (const StopExecution&) {
        return Answer::kUnwound;
    }
}

TEST(StepBudget, CountsAsTheSerialViewDoes) {
    const StateStore<ProgramMachine> store;
    Random random(1);
    for (int execution = 0; execution < 300; ++execution) {
        const TxnLimits limits{.steps = random.below(40)};
        StepBudget budget(limits);
        SerialView<ProgramMachine> view(store, limits);
        for (Answer answer = Answer::kGranted; answer != Answer::kUnwound;) {
            // Small ones hit the limit exactly, now and then.
            const std::uint64_t steps = random.chance(1, 50) ? ~std::uint64_t{0} : random.below(4);
            answer = answer_of([&] { return view.consume(steps); });
            ASSERT_EQ(answer_of([&] { return steps == 1 ? budget.step() : budget.charge(steps); }),
                      answer);
            ASSERT_EQ(budget.stopped(), view.stopped());
            ASSERT_EQ(budget.exceeded(), view.stopped());
        }
        budget.begin();
        view.reset();
        ASSERT_EQ(answer_of([&] { return budget.charge(limits.steps); }),
                  answer_of([&] { return view.consume(limits.steps); }));
    }
}

TEST(StepBudget, RefusesAllAfterAHaltWithoutBeingExceeded) {
    StepBudget budget(TxnLimits{.steps = 10});
    EXPECT_TRUE(budget.step());
    budget.halt();
    EXPECT_TRUE(budget.stopped());
    for (std::uint64_t i = 0; i < kRefusalsBeforeUnwinding; ++i) {
        EXPECT_FALSE(i % 2 == 0 ? budget.step() : budget.charge(0));
    }
    EXPECT_THROW(static_cast<void>(budget.step()), StopExecution);
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
