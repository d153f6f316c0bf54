#include "engine/speculative/validator.hpp"

#include <gtest/gtest.h>

#include "tests/engine/speculative_parts.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kValidatorKey = 7;

/// Transaction 2 runs on what it finds; then a lower one commits what was not declared.
struct ValidatorTest : testing::Test {
    ValidatorTest() { parts.set(kValidatorKey, 10); }

    void commit(SpeculativeParts::Node& version) {
        parts.cell(kValidatorKey).slot.committed = &version;
        parts.speculation.undeclared.add(parts.store.intern(kValidatorKey));
    }
    void commit_addition(std::int64_t amount) {
        parts.add(1, kValidatorKey).commit(nullptr, amount);
        parts.speculation.undeclared.add(parts.store.intern(kValidatorKey));
    }
    [[nodiscard]] bool is_valid() {
        return validator.is_valid(parts.speculation.records[2], 2, validations);
    }

    SpeculativeParts parts{4};
    Validator<ProgramMachine, StdSync> validator{parts.speculation};
    std::uint64_t validations = 0;
};

TEST_F(ValidatorTest, TakesNoLookWhereOnlyDeclaredEffectsWereCommitted) {
    static_cast<void>(parts.begin(2).read(kValidatorKey));
    parts.worker().view.complete_record();
    EXPECT_TRUE(is_valid());
    EXPECT_EQ(validations, 0U);
}

TEST_F(ValidatorTest, ComparesReadsByVersionThenByValue) {
    static_cast<void>(parts.begin(2).read(kValidatorKey));
    parts.worker().view.complete_record();
    commit(parts.write(0, kValidatorKey, 10));
    EXPECT_TRUE(is_valid()) << "another version with the same value";
    commit(parts.write(1, kValidatorKey, 11));
    EXPECT_FALSE(is_valid());
    EXPECT_EQ(validations, 2U);
}

TEST_F(ValidatorTest, RefusesAReadThatMissedAnAddition) {
    static_cast<void>(parts.begin(2).read(kValidatorKey));
    parts.worker().view.complete_record();
    commit_addition(1);
    EXPECT_FALSE(is_valid());
}

TEST_F(ValidatorTest, AcceptsNumbersWithinWhatWasAssumed) {
    EXPECT_TRUE(parts.begin(2).add(kValidatorKey, -8, {.lower = 0, .upper = 100}));
    parts.worker().view.complete_record();
    commit_addition(-2);
    EXPECT_TRUE(is_valid());
    commit_addition(-1);
    EXPECT_FALSE(is_valid()) << "7 - 8 lies outside the bounds";
}

TEST_F(ValidatorTest, ComparesPresence) {
    EXPECT_FALSE(parts.begin(2).exists(kValidatorKey + 1));
    parts.worker().view.complete_record();
    EXPECT_TRUE(is_valid());
    parts.cell(kValidatorKey + 1).slot.committed = &parts.write(1, kValidatorKey + 1, 0);
    EXPECT_FALSE(is_valid());
}

TEST_F(ValidatorTest, FindsPhantoms) {
    static_cast<void>(parts.begin(2).scan(50, 60, 5, [](auto&&...) { return true; }));
    parts.speculation.scans[2] = parts.worker().view.keep_scans();
    parts.worker().view.complete_record();
    EXPECT_TRUE(is_valid());
    parts.begin(1).write(55, 1);
    parts.worker().view.complete_record();
    validator.record_effects(parts.speculation.records[1], 1);  // [RS1]
    EXPECT_FALSE(is_valid());
    validator.prepare();
    EXPECT_TRUE(is_valid()) << "newcomers are of one block";
}

TEST_F(ValidatorTest, ListsUndeclaredEffectsForLaterValidations) {
    parts.begin(1).write(kValidatorKey, 12);
    parts.worker().view.complete_record();
    auto& record = parts.speculation.records[1];
    EXPECT_EQ(parts.speculation.undeclared.count(), 0U);
    validator.record_effects(record, 1);
    EXPECT_EQ(parts.speculation.undeclared.count(), 1U);
    EXPECT_TRUE(parts.speculation.undeclared.may_contain(parts.store.intern(kValidatorKey)));
    EXPECT_EQ(parts.cell(kValidatorKey).slot.committed, record.accesses().front().own);
}

TEST_F(ValidatorTest, HintsOnlyWhereThereIsNothingToLookAt) {
    using Hint = CommitHint<StdSync>;
    const auto hint = [](const auto& record, std::uint64_t weight) {
        return Validator<ProgramMachine, StdSync>::hint_for(record, {.weight = weight});
    };
    SpeculativeParts::Speculation::Record record;
    record.as_declared = true;
    EXPECT_EQ(hint(record, 3), Hint::of(3));
    EXPECT_EQ(hint(record, Hint::kWeightMax + 1), 0U);
    record.checks_numbers = true;
    EXPECT_EQ(hint(record, 3), 0U);
    record.checks_numbers = false;
    record.as_declared = false;
    EXPECT_EQ(hint(record, 3), 0U);
}

TEST_F(ValidatorTest, GuessesStalenessAheadOfTheFrontier) {
    static_cast<void>(parts.begin(2).read(kValidatorKey));
    parts.worker().view.complete_record();
    const auto& record = parts.speculation.records[2];
    EXPECT_FALSE(validator.looks_stale(record, 2));
    parts.write(3, kValidatorKey, 99);
    EXPECT_FALSE(validator.looks_stale(record, 2)) << "above the transaction";
    parts.write(1, kValidatorKey, 99);
    EXPECT_TRUE(validator.looks_stale(record, 2));
}

}  // namespace
}  // namespace lockstep::test
