#include "accounts/expiring_table.hpp"

#include <gtest/gtest.h>

#include <map>

#include "accounts/nonces.hpp"
#include "engine/base/random.hpp"
#include "tests/support/map_view.hpp"

namespace lockstep::test {
namespace {

constexpr ExpiringTable kTable(CellKind::kOrders, 5);

std::uint64_t value_of(MapView& view, std::uint64_t key, std::int64_t now_ms) {
    return ExpiringTable::value(kTable.find(view, key), now_ms);
}
bool store(MapView& view, const TableEntry& entry, std::int64_t now_ms) {
    return kTable.store(view, kTable.find(view, entry.key), entry, now_ms);
}

TEST(ExpiringTable, FindsWhatLivesAndForgetsTheRest) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        MapView view;
        Random random(seed);
        std::map<std::uint64_t, TableEntry> expected;
        std::size_t cells_most = 0;
        for (std::int64_t now = 0; now < 4'000; ++now) {
            const std::uint64_t key = mix64(random.below(3'000));
            const auto known = expected.find(key);
            const bool alive = known != expected.end() && known->second.until_ms >= now;
            const std::int64_t until =
                alive ? known->second.until_ms : now + static_cast<std::int64_t>(random.below(600));
            ASSERT_EQ(value_of(view, key, now), alive ? known->second.value : 0);
            const TableEntry entry{.key = key, .value = random.next() | 1U, .until_ms = until};
            ASSERT_TRUE(store(view, entry, now));
            expected[key] = entry;
            ASSERT_EQ(value_of(view, key, now), entry.value);
            cells_most = std::max(cells_most, view.cells().size());
        }
        for (const auto& [key, entry] : expected) {
            if (entry.until_ms >= 4'000) {
                EXPECT_EQ(value_of(view, key, 4'000), entry.value);
            }
        }
        EXPECT_GT(cells_most, 30U);   // some 300 live entries, 12 to a page
        EXPECT_LT(cells_most, 200U);  // of 4,000 that there were
    }
}

/// Keys that collide share their value, for as long as the longer one lasts.
TEST(ExpiringTable, KeepsAKeyForItsLongestTime) {
    MapView view;
    ASSERT_TRUE(store(view, {.key = 5, .value = 1, .until_ms = 100}, 0));
    ASSERT_TRUE(store(view, {.key = 5, .value = 3, .until_ms = 50}, 0));
    EXPECT_EQ(value_of(view, 5, 100), 3U);
    EXPECT_EQ(value_of(view, 5, 101), 0U);
}

TEST(ExpiringTable, DoesNotGrowWithWhatHasExpired) {
    MapView view;
    for (std::int64_t now = 0; now < 10'000; ++now) {
        const TableEntry entry{
            .key = mix64(static_cast<std::uint64_t>(now)), .value = 1, .until_ms = now + 20};
        ASSERT_TRUE(store(view, entry, now));
    }
    EXPECT_LE(view.cells().size(), 3U);  // for 21 entries that live
}

/// A table that was large goes back to one page, however it is used from then on.
TEST(ExpiringTable, ShrinksWithWhatLives) {
    MapView view;
    for (std::uint64_t i = 0; i < 3'000; ++i) {
        ASSERT_TRUE(store(view, {.key = mix64(i), .value = 1, .until_ms = 10}, 0));
    }
    EXPECT_GT(view.cells().size(), 100U);
    for (std::int64_t now = 11; now < 6'000; ++now) {
        const TableEntry entry{
            .key = mix64(static_cast<std::uint64_t>(now) << 20), .value = 2, .until_ms = now + 3};
        ASSERT_TRUE(store(view, entry, now));
        ASSERT_EQ(value_of(view, entry.key, now), 2U);
    }
    EXPECT_EQ(view.cells().size(), 1U);
}

TEST(ExpiringTable, StopsAtItsLastLevel) {
    MapView view;
    std::uint64_t stored = 0;
    // Keys that agree in all bits that the tree looks at.
    while (stored < 100 && store(view, {.key = stored << 32, .value = 1, .until_ms = 9}, 0)) {
        ++stored;
    }
    EXPECT_EQ(stored, TablePage::kEntries);
    for (std::uint64_t i = 0; i < stored; ++i) {
        EXPECT_EQ(value_of(view, i << 32, 9), 1U);
    }
}

TEST(NonceBits, TellNoncesAndBucketsApart) {
    std::map<std::tuple<StateKey, std::uint64_t, std::uint64_t, std::int64_t>, int> seen;
    for (const AccountId signer : {AccountId{1}, make_account(9)}) {
        for (std::uint64_t nonce = 0; nonce < 70'000; nonce += 7) {
            for (const std::int64_t until : {std::int64_t{0}, NonceBits::kBucketMs * 5 + 3}) {
                const NonceBits bits = NonceBits::of(signer, nonce, until);
                ++seen[{bits.table.root(), bits.key, bits.bit, bits.until_ms}];
                EXPECT_GE(bits.until_ms, until);
                EXPECT_LT(bits.until_ms, until + NonceBits::kBucketMs);
            }
        }
    }
    EXPECT_EQ(seen.size(), 2U * 2U * 10'000U);
    const NonceBits last = NonceBits::of(AccountId{1}, NonceBits::kLimit - 1,
                                         std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(last.until_ms, std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace lockstep::test
