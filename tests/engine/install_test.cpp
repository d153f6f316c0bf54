#include "engine/speculative/install.hpp"

#include <gtest/gtest.h>

#include "tests/engine/speculative_parts.hpp"

namespace lockstep::test {
namespace {

constexpr std::uint32_t kInstallKey = 7;

/// Versions and sums of a block of four transactions; all of them committed unless a test says
/// otherwise.
struct InstallTest : testing::Test {
    InstallTest() {
        parts.set(kInstallKey, 10);
        parts.run.committed = 4;
    }
    /// Installs everything, twice over where a cell is listed twice; folds the sums.
    void install() {
        const std::size_t cells = installer.list();
        installer.install(parts.worker(), 0, cells);
        parts.store.commit_new_keys();
        installer.forget_emptied();
        auto& common = parts.worker().common;
        parts.store.fold(common.sums, common.present_change);
    }
    [[nodiscard]] bool holds(std::int64_t number) const {
        const Int128* const value = parts.store.get(kInstallKey);
        return value != nullptr && *value == number;
    }
    /// [SS2] [SS3]
    [[nodiscard]] bool store_is_whole() {
        const auto& slot = parts.cell(kInstallKey).slot;
        return parts.store.recompute_digest() == parts.store.digest() &&
               slot.newest.load(std::memory_order_relaxed) == nullptr &&
               slot.additions.load(std::memory_order_relaxed) == nullptr &&
               slot.committed == nullptr;
    }

    SpeculativeParts parts{4};
    Install<ProgramMachine, StdSync> installer{parts.speculation};
};

TEST_F(InstallTest, KeepsTheNewestCommittedVersion) {
    parts.write(0, kInstallKey, 20);
    parts.write(2, kInstallKey, 40);
    parts.run.committed = 2;
    install();
    EXPECT_TRUE(holds(20)) << "transaction 2 was skipped";
    EXPECT_TRUE(store_is_whole());
}

TEST_F(InstallTest, AddsSumsOnceToACellThatIsListedTwice) {
    auto& version = parts.write(0, kInstallKey, 20);
    parts.add(1, kInstallKey).commit(&version, 5);
    EXPECT_EQ(parts.worker().touched.size(), 2U);
    install();
    EXPECT_TRUE(holds(25));
    EXPECT_TRUE(store_is_whole());
}

TEST_F(InstallTest, LeavesOutSumsThatAVersionHasReplaced) {
    parts.add(0, kInstallKey).commit(nullptr, 5);
    parts.write(1, kInstallKey, 20);
    install();
    EXPECT_TRUE(holds(20));
}

TEST_F(InstallTest, TakesErasedCellsOutOfTheIndex) {
    parts.write(1, kInstallKey, 0).erased = true;
    EXPECT_EQ(parts.store.size(), 1U);
    install();
    EXPECT_EQ(parts.store.size(), 0U);
    EXPECT_EQ(parts.store.find(kInstallKey), kNoCell);
    EXPECT_TRUE(parts.store.digest() == Digest{});
}

TEST_F(InstallTest, OnlyEmptiesSlotsOfABlockThatIsNotKept) {
    parts.write(1, kInstallKey, 20);
    parts.add(2, kInstallKey).commit(nullptr, 5);
    parts.run.keep = false;
    install();
    EXPECT_TRUE(holds(10));
    EXPECT_TRUE(store_is_whole());
}

}  // namespace
}  // namespace lockstep::test
