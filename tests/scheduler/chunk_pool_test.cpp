#include "engine/base/chunk_pool.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace lockstep::test {
namespace {

constexpr std::size_t kChunkBytes = ChunkPool::kChunkSize;

/// Takes `count` chunks for a user; where they are.
std::vector<const std::byte*> take(ChunkPool& pool, std::uint32_t user, std::size_t count,
                                   std::vector<Chunk>& taken) {
    std::vector<const std::byte*> places;
    for (std::size_t i = 0; i < count; ++i) {
        taken.push_back(pool.take(user, 1));
        places.push_back(taken.back().memory.get());
    }
    return places;
}

TEST(ChunkPool, GivesEachUserWhatItHadInTheSameOrder) {
    ChunkPool pool(2);
    std::vector<Chunk> taken[2];
    const auto first = take(pool, 0, 3, taken[0]);
    const auto second = take(pool, 1, 3, taken[1]);
    pool.give_back(0, taken[0]);
    pool.give_back(1, taken[1]);
    EXPECT_TRUE(taken[0].empty());
    EXPECT_EQ(take(pool, 1, 3, taken[1]), second);
    EXPECT_EQ(take(pool, 0, 3, taken[0]), first);
}

TEST(ChunkPool, MakesNoMoreThanAllTogetherNeeded) {
    ChunkPool pool(2);
    std::set<const std::byte*> places;
    for (const std::size_t share : {8U, 5U, 1U, 9U, 0U, 10U, 4U}) {  // of ten
        std::vector<Chunk> taken[2];
        for (std::uint32_t user = 0; user < 2; ++user) {
            for (const auto* place :
                 take(pool, user, user == 0 ? share : 10 - share, taken[user])) {
                places.insert(place);
            }
        }
        pool.give_back(0, taken[0]);
        pool.give_back(1, taken[1]);
    }
    EXPECT_EQ(places.size(), 10U);
}

TEST(ChunkPool, FindsLargeChunksAgainBetweenSmallOnes) {
    ChunkPool pool(1);
    std::vector<Chunk> taken;
    taken.push_back(pool.take(0, 1));
    taken.push_back(pool.take(0, 3 * kChunkBytes));
    taken.push_back(pool.take(0, 1));
    EXPECT_EQ(taken[0].size, kChunkBytes);
    EXPECT_EQ(taken[1].size, 3 * kChunkBytes);
    const std::byte* const large = taken[1].memory.get();
    pool.give_back(0, taken);
    const Chunk again = pool.take(0, 2 * kChunkBytes);
    EXPECT_EQ(again.memory.get(), large);
    EXPECT_EQ(again.size, 3 * kChunkBytes);
}

}  // namespace
}  // namespace lockstep::test
