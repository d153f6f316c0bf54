#include "engine/base/error.hpp"

#include <gtest/gtest.h>

#include "engine/base/check.hpp"
#include "engine/base/result.hpp"

namespace lockstep {
namespace {

TEST(Error, DescribesEveryPartInOrder) {
    const Error error{.code = ErrorCode::kCorrupt,
                      .message = "checksum differs",
                      .file = "day.log",
                      .offset = 4096,
                      .block = 17,
                      .transaction = 3};
    EXPECT_EQ(error.describe(), "day.log: offset 4096: block 17: transaction 3: checksum differs");
}

TEST(Error, LeavesOutWhatIsAbsentButNotZero) {
    EXPECT_EQ((Error{.code = ErrorCode::kUsage, .message = "no input"}.describe()), "no input");
    EXPECT_EQ(
        (Error{.code = ErrorCode::kEnvironment, .message = "cannot open", .file = "x"}.describe()),
        "x: cannot open");
    EXPECT_EQ((Error{.code = ErrorCode::kCorrupt, .message = "empty", .block = 0}.describe()),
              "block 0: empty");
}

TEST(Error, ClassesAreTheExitCodesOfTheCommand) {
    EXPECT_EQ(static_cast<int>(ErrorCode::kUsage), 1);
    EXPECT_EQ(static_cast<int>(ErrorCode::kDivergence), 2);
    EXPECT_EQ(static_cast<int>(ErrorCode::kCorrupt), 3);
    EXPECT_EQ(static_cast<int>(ErrorCode::kInvariant), 4);
    EXPECT_EQ(static_cast<int>(ErrorCode::kEnvironment), 5);
}

TEST(Result, HoldsAValueOrItsFailure) {
    const Result<int, ErrorCode> good = 7;
    const Result<int, ErrorCode> bad = failure(ErrorCode::kCorrupt);
    EXPECT_TRUE(good.has_value());
    EXPECT_EQ(*good, 7);
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error(), ErrorCode::kCorrupt);
}

TEST(CheckDeathTest, AFalseConditionAbortsWithItsText) {
    EXPECT_DEATH(LOCKSTEP_CHECK(1 + 1 == 3), "1 \\+ 1 == 3");
    LOCKSTEP_CHECK(1 + 1 == 2);
}

}  // namespace
}  // namespace lockstep
