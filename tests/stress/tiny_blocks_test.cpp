#include "tests/stress/tiny_blocks.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

class TinyBlocksStress : public testing::TestWithParam<std::uint32_t> {};

TEST_P(TinyBlocksStress, EqualTheSerialExecutor) {  // [E1] [E2] [E3]
    constexpr std::uint64_t kBlocksPerSession = 100;
    TinyBlocks tiny(GetParam());
    TinyBlockCount count;
    const std::uint64_t sessions = scaled(2'500, 50);
    for (std::uint64_t i = 0; i < sessions; ++i) {
        const auto wrong = tiny.run_session(GetParam() * 1'000'000 + i, kBlocksPerSession, count);
        ASSERT_FALSE(wrong.has_value()) << *wrong << "\nagain: tiny_blocks_soak --workers "
                                        << GetParam() << " --seed " << GetParam() * 1'000'000 + i;
    }
    std::printf(
        "%llu blocks, %llu cancelled, %llu transactions, %llu executions, %llu aborts, "
        "%llu waits, %llu deferred\n",
        static_cast<unsigned long long>(count.blocks),
        static_cast<unsigned long long>(count.cancelled),
        static_cast<unsigned long long>(count.metrics.transactions),
        static_cast<unsigned long long>(count.metrics.executions),
        static_cast<unsigned long long>(count.metrics.aborts),
        static_cast<unsigned long long>(count.metrics.waits),
        static_cast<unsigned long long>(count.metrics.deferred));
    EXPECT_GE(count.blocks, sessions * kBlocksPerSession);
    EXPECT_GT(count.cancelled, 0U);
    EXPECT_GT(count.metrics.executions, count.metrics.transactions / 2);
}

INSTANTIATE_TEST_SUITE_P(Workers, TinyBlocksStress, testing::Values(2U, 3U, 4U));

}  // namespace
}  // namespace lockstep::test
