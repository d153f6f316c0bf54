#include "engine/state/number_interval.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "engine/base/random.hpp"

namespace lockstep {
namespace {

Int128 small(Random& random) {
    return random.between(-12, 12);
}

/// A question about number + delta, and its true answer for any number.
struct Question {
    Int128 delta = 0;
    Int128 amount = 0;
    Bounds bounds = {};
    bool at_least = false;

    [[nodiscard]] bool truth(Int128 number) const {
        return at_least ? number + delta >= amount : bounds.contain(number + delta);
    }
    [[nodiscard]] bool ask(NumberInterval& interval, Int128 guess) const {
        return at_least ? interval.ask_at_least(guess, delta, amount)
                        : interval.ask_fits(guess, delta, bounds);
    }
};

TEST(NumberInterval, HoldsNumbersOnlyForWhichEveryAnswerIsTheSame) {
    Random random(5);
    for (int round = 0; round < 20'000; ++round) {
        const Int128 guess = small(random);
        NumberInterval interval;
        std::vector<Question> questions;
        for (std::uint64_t i = random.below(5); i > 0; --i) {
            questions.push_back({.delta = small(random),
                                 .amount = small(random),
                                 .bounds = {.lower = small(random), .upper = small(random)},
                                 .at_least = random.chance(1, 2)});
            const Question& asked = questions.back();
            ASSERT_EQ(asked.ask(interval, guess), asked.truth(guess));
        }
        ASSERT_TRUE(interval.lower <= guess && guess <= interval.upper);
        for (Int128 number = -40; number <= 40; ++number) {
            if (interval.lower <= number && number <= interval.upper) {
                for (const Question& question : questions) {
                    ASSERT_EQ(question.truth(number), question.truth(guess)) << "round " << round;
                }
            }
        }
    }
}

TEST(NumberInterval, AnswersAtTheEndsOfAllNumbers) {
    NumberInterval interval;
    EXPECT_TRUE(interval.ask_at_least(0, kInt128Max, kInt128Min));
    EXPECT_FALSE(interval.ask_at_least(0, kInt128Min, kInt128Max));
    EXPECT_FALSE(interval.ask_fits(0, -1, {.lower = kInt128Max, .upper = kInt128Max}));
    EXPECT_TRUE(interval.ask_fits(0, 1, {.lower = kInt128Min, .upper = kInt128Max}));
    EXPECT_EQ(interval.upper, kInt128Max - 1);  // one more would leave the range of numbers
}

TEST(NumberInterval, AdmitsOneNumberOnceItWasToldAndNoneAfterAContradiction) {
    NumberInterval interval;
    interval.ask_number(7);
    EXPECT_EQ(interval.lower, 7);
    EXPECT_EQ(interval.upper, 7);
    interval.admit_nothing();
    EXPECT_GT(interval.lower, interval.upper);
}

}  // namespace
}  // namespace lockstep
