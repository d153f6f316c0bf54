#include "engine/base/arena_list.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "engine/base/arena.hpp"
#include "engine/base/chunk_pool.hpp"

namespace lockstep {
namespace {

/// Appends, reads, clears, with memory that is used again.
template <class T, class Make>
void keep_in_order(Make make) {
    constexpr std::size_t kMany = 5'000;  // several chunks
    ChunkPool pool(1);
    Arena arena(pool, 0);
    ArenaList<T> list(arena);
    EXPECT_EQ(list.size(), 0U);
    for (std::size_t round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < kMany; ++i) {
            EXPECT_EQ(list.append(make(i + round)), make(i + round));
            ASSERT_EQ(list.size(), i + 1);
            static_cast<void>(arena.make_array<char>(i % 5));  // others take from the arena as well
        }
        std::size_t seen = 0;
        for (std::size_t chunk = 0; chunk < list.chunks(); ++chunk) {
            for (const T& item : list.chunk(chunk)) {
                ASSERT_EQ(item, make(seen++ + round));
            }
        }
        EXPECT_EQ(seen, kMany);
        arena.reset();
        list.clear();
        EXPECT_EQ(list.size(), 0U);
    }
}

TEST(ArenaList, KeepsItemsInOrder) {
    keep_in_order<std::size_t>([](std::size_t i) { return i; });
}

TEST(ArenaList, DestroysItemsThatNeedIt) {
    keep_in_order<std::string>([](std::size_t i) { return std::string(i % 100, 'x'); });
}

}  // namespace
}  // namespace lockstep
