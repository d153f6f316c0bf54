#include "accounts/expiring_table.hpp"

#include <gtest/gtest.h>

#include <map>

#include "accounts/nonces.hpp"
#include "engine/base/random.hpp"
#include "tests/support/map_view.hpp"

namespace lockstep::test {
namespace {

constexpr ExpiringTable kTable(CellKind::kOrders, 5);

std::uint64_t value_of(MapView& view, std::uint64_t key, std::int64_t until_ms) {
    return ExpiringTable::value(kTable.find(view, key), until_ms);
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
            ASSERT_EQ(value_of(view, key, until), alive ? known->second.value : 0);
            const TableEntry entry{.key = key, .value = random.next() | 1U, .until_ms = until};
            ASSERT_TRUE(store(view, entry, now));
            expected[key] = entry;
            ASSERT_EQ(value_of(view, key, until), entry.value);
            cells_most = std::max(cells_most, view.cells().size());
        }
        for (const auto& [key, entry] : expected) {
            if (entry.until_ms >= 4'000) {
                EXPECT_EQ(value_of(view, key, entry.until_ms), entry.value);
            }
        }
        EXPECT_GT(cells_most, 30U);   // some 300 live entries, 12 to a page
        EXPECT_LT(cells_most, 200U);  // of 4,000 that there were
    }
}

TEST(ExpiringTable, DoesNotGrowWithWhatHasExpired) {
    MapView view;
    for (std::int64_t now = 0; now < 10'000; ++now) {
        const TableEntry entry{
            .key = mix64(static_cast<std::uint64_t>(now)), .value = 1, .until_ms = now + 20};
        ASSERT_TRUE(store(view, entry, now));
    }
    EXPECT_LE(view.cells().size(), 16U);  // for 21 entries that live
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
