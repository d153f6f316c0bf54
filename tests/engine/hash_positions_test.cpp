#include "engine/base/hash_positions.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/base/chunk_pool.hpp"
#include "engine/base/random.hpp"

namespace lockstep {
namespace {

/// Every position is found under its hash, however few bits hashes have, and nothing else is.
TEST(HashPositions, FindsEachPlaceAndNothingElse) {
    ChunkPool pool(1);
    Arena arena(pool, 0);
    Random random(3);
    for (const std::uint64_t hashes : {1U, 7U, 1'000'000U}) {
        for (const std::size_t count : {9U, 16U, 17U, 300U}) {
            std::vector<std::uint64_t> hash;
            for (std::size_t position = 0; position < count; ++position) {
                hash.push_back(random.below(hashes));
            }
            const HashPositions table(arena, count,
                                      [&](std::size_t position) { return hash[position]; });
            ASSERT_FALSE(table.empty());
            for (std::size_t sought = 0; sought < count; ++sought) {
                EXPECT_EQ(table.find(count, hash[sought],
                                     [&](std::size_t position) { return position == sought; }),
                          sought);
            }
            EXPECT_EQ(table.find(count, hash[0], [](std::size_t) { return false; }), count);
        }
    }
}

TEST(HashPositions, IsNotMadeForFewPlaces) {
    ChunkPool pool(1);
    Arena arena(pool, 0);
    const HashPositions table(arena, HashPositions::kScannedMax, [](std::size_t) { return 0U; });
    EXPECT_TRUE(table.empty());
    EXPECT_TRUE(HashPositions().empty());
    EXPECT_EQ(arena.bytes_used(), 0U);
}

TEST(HashPositions, HoldsTheLargestNumberOfPlaces) {
    constexpr std::size_t kMost = HashPositions::kPositionsMax;
    ChunkPool pool(1);
    Arena arena(pool, 0);
    const HashPositions table(arena, kMost, [](std::size_t position) { return position; });
    for (const std::size_t position : {std::size_t{0}, kMost / 2, kMost - 1}) {
        EXPECT_EQ(table.find(kMost, position, [&](std::size_t at) { return at == position; }),
                  position);
    }
}

}  // namespace
}  // namespace lockstep
