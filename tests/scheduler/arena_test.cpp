#include "engine/base/arena.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace lockstep::test {
namespace {

struct Counted {
    static inline int alive = 0;
    int value = 7;
    Counted() { ++alive; }
    ~Counted() { --alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
};

TEST(Arena, GivesAlignedInitialisedDisjointArrays) {
    ChunkPool pool(1);
    Arena arena(pool, 0);
    std::set<std::uintptr_t> starts;
    for (std::size_t count = 1; count < 200; ++count) {
        static_cast<void>(arena.make_array<char>(1));
        const std::uint64_t* numbers = arena.make_array<std::uint64_t>(count);
        const auto address = reinterpret_cast<std::uintptr_t>(numbers);
        EXPECT_EQ(address % alignof(std::uint64_t), 0U);
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(numbers[i], 0U);
            EXPECT_TRUE(starts.insert(address + i * sizeof(std::uint64_t)).second);
        }
    }
}

TEST(Arena, DestroysEverythingAtReset) {
    ChunkPool pool(1);
    Arena arena(pool, 0);
    EXPECT_EQ(arena.make<Counted>()->value, 7);
    static_cast<void>(arena.make_array<Counted>(10));
    EXPECT_EQ(Counted::alive, 11);
    EXPECT_EQ(arena.bytes_used(), 11 * sizeof(Counted));
    arena.reset();
    EXPECT_EQ(Counted::alive, 0);
    EXPECT_EQ(arena.bytes_used(), 0U);
}

TEST(Arena, KeepsItsMemoryForTheNextBlock) {
    ChunkPool pool(1);
    Arena arena(pool, 0);
    const std::uint64_t* first = arena.make_array<std::uint64_t>(100);
    arena.reset();
    EXPECT_EQ(arena.make_array<std::uint64_t>(100), first);
}

TEST(Arena, TakesArraysLargerThanAChunk) {
    ChunkPool pool(1);
    Arena arena(pool, 0);
    constexpr std::size_t kLarge = std::size_t{1} << 20;
    std::uint8_t* large = arena.make_array<std::uint8_t>(kLarge);
    large[kLarge - 1] = 1;
    std::uint8_t* small = arena.make_array<std::uint8_t>(1);
    EXPECT_TRUE(small < large || small >= large + kLarge);
}

}  // namespace
}  // namespace lockstep::test
