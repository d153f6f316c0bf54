#include "scheduler/plan_chooser.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace lockstep::test {
namespace {

/// Blocks until the next one that is planned.
std::uint32_t pause_of(PlanChooser& chooser) {
    std::uint32_t blocks = 0;
    while (!chooser.plans()) {
        ++blocks;
    }
    return blocks;
}

TEST(PlanChooser, PausesTwiceAsLongAfterEachFailure) {
    PlanChooser chooser;
    EXPECT_EQ(pause_of(chooser), 0U);
    for (std::uint32_t expected = 2; expected <= 1024; expected *= 2) {
        chooser.record_failure();
        EXPECT_EQ(pause_of(chooser), expected);
    }
    chooser.record_failure();
    EXPECT_EQ(pause_of(chooser), 1024U);
}

TEST(PlanChooser, TrustsAgainAfterSuccesses) {
    PlanChooser chooser;
    for (int i = 0; i < 5; ++i) {
        chooser.record_failure();
        pause_of(chooser);
    }
    chooser.record_success(1'000, 0);
    chooser.record_failure();
    EXPECT_EQ(pause_of(chooser), 32U);
    for (int i = 0; i < 20; ++i) {
        chooser.record_success(1'000, 0);
        EXPECT_EQ(pause_of(chooser), 0U);
    }
    chooser.record_failure();
    EXPECT_EQ(pause_of(chooser), 2U);
}

TEST(PlanChooser, TakesManyWaitsForReadersForAFailure) {
    PlanChooser chooser;
    chooser.record_success(1'000, 100);
    EXPECT_EQ(pause_of(chooser), 0U);
    chooser.record_success(1'000, 200);
    EXPECT_EQ(pause_of(chooser), 2U);
}

}  // namespace
}  // namespace lockstep::test
