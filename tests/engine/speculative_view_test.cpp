#include "engine/speculative/speculative_view.hpp"

#include <gtest/gtest.h>

#include "tests/engine/speculative_parts.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kSpeculativeViewKey = 7;

bool view_shows(const Int128* value, std::int64_t number) {
    return value != nullptr && *value == number;
}

TEST(SpeculativeView, ReadsTheNewestVersionBelow) {
    SpeculativeParts parts(4);
    parts.set(kSpeculativeViewKey, 10);
    EXPECT_TRUE(view_shows(parts.begin(1).read(kSpeculativeViewKey), 10));
    parts.write(0, kSpeculativeViewKey, 20);
    parts.write(2, kSpeculativeViewKey, 40);
    EXPECT_TRUE(view_shows(parts.begin(1).read(kSpeculativeViewKey), 20));
    EXPECT_TRUE(view_shows(parts.begin(2).read(kSpeculativeViewKey), 20))
        << "its own version is of another incarnation";
    EXPECT_TRUE(view_shows(parts.begin(3).read(kSpeculativeViewKey), 40));
}

TEST(SpeculativeView, StopsAtAnEstimateAndSaysWhose) {
    SpeculativeParts parts(4);
    parts.write(1, kSpeculativeViewKey, 20, VersionState::kPending);
    auto& view = parts.begin(3);
    EXPECT_EQ(view.read(kSpeculativeViewKey), nullptr);
    EXPECT_EQ(view.blocked_on(), 1U);
    EXPECT_TRUE(view.stopped());
    EXPECT_FALSE(view.deferred());
    EXPECT_FALSE(view.exists(kSpeculativeViewKey + 1)) << "a refused access answers at once";
    EXPECT_EQ(parts.begin(1).read(kSpeculativeViewKey), nullptr);
    EXPECT_EQ(parts.worker().view.blocked_on(), kNoTxn) << "the estimate is not below";
}

TEST(SpeculativeView, LooksThroughVersionsThatWereDropped) {
    SpeculativeParts parts(4);
    parts.write(0, kSpeculativeViewKey, 20);
    parts.write(1, kSpeculativeViewKey, 30, VersionState::kDropped);
    EXPECT_TRUE(view_shows(parts.begin(3).read(kSpeculativeViewKey), 20));
}

TEST(SpeculativeView, DefersTheReadOfASumInProgress) {
    SpeculativeParts parts(4);
    parts.add(1, kSpeculativeViewKey);
    EXPECT_EQ(parts.begin(1).read(kSpeculativeViewKey), nullptr);
    EXPECT_FALSE(parts.worker().view.deferred()) << "no transaction below adds";
    EXPECT_EQ(parts.begin(2).read(kSpeculativeViewKey), nullptr);
    EXPECT_TRUE(parts.worker().view.deferred());
}

TEST(SpeculativeView, SeesCommittedSumsAtTheFrontier) {
    SpeculativeParts parts(4);
    parts.set(kSpeculativeViewKey, 10);
    parts.add(1, kSpeculativeViewKey).commit(nullptr, 5);
    EXPECT_TRUE(view_shows(parts.begin(2, 2).read(kSpeculativeViewKey), 15));
    EXPECT_FALSE(parts.worker().view.deferred());
}

TEST(SpeculativeView, RollsItsOwnWritesBack) {
    SpeculativeParts parts(2);
    parts.set(kSpeculativeViewKey, 10);
    auto& view = parts.begin(1);
    view.write(kSpeculativeViewKey, 11);
    const auto before = view.savepoint();
    *view.change(kSpeculativeViewKey) = 12;
    view.erase(kSpeculativeViewKey + 1);
    EXPECT_TRUE(view.add(kSpeculativeViewKey + 2, 3));
    view.rollback(before);
    EXPECT_TRUE(view_shows(view.read(kSpeculativeViewKey), 11));
    view.complete_record();
    const auto& record = parts.speculation.records[1];
    std::uint32_t effects = 0;
    for (const auto& entry : record.accesses()) {
        effects += entry.has_effect() ? 1U : 0U;
    }
    EXPECT_EQ(effects, 1U);
}

TEST(SpeculativeView, RecordsReadsVersionsAndAssumptions) {
    SpeculativeParts parts(2);
    parts.set(kSpeculativeViewKey, 10);
    auto& view = parts.begin(1);
    EXPECT_TRUE(view_shows(view.read(kSpeculativeViewKey), 10));
    EXPECT_TRUE(view.add(kSpeculativeViewKey + 1, 3, {.lower = 0, .upper = 9}));
    EXPECT_FALSE(view.at_least(kSpeculativeViewKey + 2, 1));
    view.complete_record();
    const auto& record = parts.speculation.records[1];
    ASSERT_EQ(record.plain_reads().size(), 1U);
    EXPECT_EQ(record.plain_reads().front().seen, nullptr) << "the base value";
    ASSERT_EQ(record.accesses().size(), 2U);
    EXPECT_TRUE(record.checks_numbers);
    const auto& added = *record.accesses()[0].number;
    EXPECT_TRUE(added.delta == 3 && added.lower == -3 && added.upper == 6);
    const auto& asked = *record.accesses()[1].number;
    EXPECT_TRUE(asked.delta == 0 && asked.upper == 0);
}

TEST(SpeculativeView, TurnsAnAdditionToWhatItHasReadIntoAVersion) {
    SpeculativeParts parts(2);
    parts.set(kSpeculativeViewKey, 10);
    auto& view = parts.begin(1);
    EXPECT_TRUE(view_shows(view.read(kSpeculativeViewKey), 10));
    EXPECT_TRUE(view.add(kSpeculativeViewKey, 5));
    view.complete_record();
    const auto& record = parts.speculation.records[1];
    ASSERT_EQ(record.accesses().size(), 1U);
    const auto& entry = record.accesses().front();
    EXPECT_TRUE(entry.materialized && view_shows(entry.own->get(), 15));
}

}  // namespace
}  // namespace lockstep::test
