#include "engine/piece_list.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace lockstep {
namespace {

TEST(PieceList, KeepsItemsInOrderAndInTheirPlaces) {
    constexpr std::size_t kMany = 5'000;  // several pieces
    PieceList<std::size_t> list;
    EXPECT_EQ(list.size(), 0U);
    const std::size_t* first = nullptr;
    for (std::size_t round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < kMany; ++i) {
            std::size_t& item = list.append_any();
            item = i + round;
            EXPECT_EQ(list.size(), i + 1);
            first = first == nullptr ? &item : first;
        }
        std::size_t seen = 0;
        for (std::size_t piece = 0; piece < list.pieces(); ++piece) {
            for (const std::size_t item : list.piece(piece)) {
                ASSERT_EQ(item, seen++ + round);
            }
        }
        EXPECT_EQ(seen, kMany);
        EXPECT_EQ(list.piece(0).data(), first) << "memory is kept";
        list.clear();
        EXPECT_EQ(list.size(), 0U);
    }
}

}  // namespace
}  // namespace lockstep
