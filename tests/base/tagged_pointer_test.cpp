#include "engine/base/tagged_pointer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace lockstep {
namespace {

TEST(TaggedPointer, KeepsBothParts) {
    alignas(8) std::array<std::uint64_t, 2> numbers{};
    using Tagged = TaggedPointer<std::uint64_t, 8>;
    for (std::uintptr_t tag = 0; tag < 8; ++tag) {
        const Tagged tagged(&numbers[1], tag);
        EXPECT_EQ(tagged.get(), &numbers[1]);
        EXPECT_EQ(tagged.tag(), tag);
    }
    EXPECT_EQ(Tagged().get(), nullptr);
    EXPECT_EQ(Tagged().tag(), 0U);
    static_assert(sizeof(Tagged) == sizeof(void*));
}

}  // namespace
}  // namespace lockstep
