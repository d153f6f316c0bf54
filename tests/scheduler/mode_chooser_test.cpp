#include "scheduler/mode_chooser.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace lockstep::test {
namespace {

/// Runs blocks of 1000 transactions whose costs are given; counts how they ran.
struct Stream {
    ModeChooser chooser;
    std::uint64_t serial_blocks = 0;
    std::uint64_t parallel_blocks = 0;
    std::chrono::nanoseconds spent{0};

    void run(std::uint64_t blocks, std::chrono::nanoseconds serial,
             std::chrono::nanoseconds parallel) {
        serial_blocks = 0;
        parallel_blocks = 0;
        spent = {};
        for (std::uint64_t i = 0; i < blocks; ++i) {
            const bool is_serial = chooser.prefers_serial(1'000);
            const auto cost = is_serial ? serial : parallel;
            ++(is_serial ? serial_blocks : parallel_blocks);
            spent += cost;
            chooser.record(is_serial, 1'000, static_cast<std::uint64_t>(cost.count()));
        }
    }
};

using std::chrono::microseconds;

TEST(ModeChooser, TakesTheCheaperWay) {
    Stream stream;
    stream.run(200, microseconds(100), microseconds(200));
    EXPECT_GE(stream.serial_blocks, 190U);
    stream.run(200, microseconds(100), microseconds(50));
    EXPECT_GE(stream.parallel_blocks, 120U);
    stream.run(200, microseconds(100), microseconds(50));
    EXPECT_GE(stream.parallel_blocks, 190U);
}

TEST(ModeChooser, ProbesCostASmallShareOfTheTimeHoweverBadTheOtherWayIs) {
    for (const std::uint64_t factor : {2U, 4U, 8U}) {
        Stream stream;
        stream.run(10, microseconds(100), microseconds(100 * factor));  // the first tries
        stream.run(2'000, microseconds(100), microseconds(100 * factor));
        EXPECT_LE(stream.spent, microseconds(2'000 * 104)) << factor;
        EXPECT_GT(stream.parallel_blocks, 0U) << factor;
    }
}

TEST(ModeChooser, ReturnsWithinTheDistanceOfAProbeWhenTheOtherWayBecomesBetter) {
    Stream stream;
    stream.run(300, microseconds(100), microseconds(300));
    stream.run(400, microseconds(100), microseconds(60));
    EXPECT_GE(stream.parallel_blocks, 250U);
    stream.run(20, microseconds(100), microseconds(60));
    EXPECT_GE(stream.parallel_blocks, 18U);
}

TEST(ModeChooser, ProbesSoonWhenTheCostOfItsWayChanges) {
    Stream stream;
    stream.run(300, microseconds(100), microseconds(1'000));  // probes once in 512 blocks
    stream.run(12, microseconds(300), microseconds(150));
    EXPECT_GE(stream.parallel_blocks, 6U);
}

TEST(ModeChooser, LeavesParallelBlocksThatBecameSlow) {
    Stream stream;
    stream.run(100, microseconds(100), microseconds(50));
    EXPECT_GE(stream.parallel_blocks, 90U);
    stream.run(20, microseconds(100), microseconds(400));
    EXPECT_GE(stream.serial_blocks, 14U);
}

TEST(ModeChooser, IsSerialWhereTheOtherCoresWouldGainNextToNothing) {
    Stream stream;
    stream.run(200, microseconds(100), microseconds(99));
    EXPECT_GE(stream.serial_blocks, 180U);
}

TEST(ModeChooser, IsNotMisledByOneBlockThatTookLong) {
    Stream stream;
    stream.run(20, microseconds(100), microseconds(800));
    stream.run(1, microseconds(150), microseconds(800));
    stream.run(10, microseconds(100), microseconds(800));
    EXPECT_EQ(stream.parallel_blocks, 0U);
}

}  // namespace
}  // namespace lockstep::test
