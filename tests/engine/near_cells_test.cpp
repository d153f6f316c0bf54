#include "engine/near_cells.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "engine/base/random.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

using Cells = NearCells<ProgramMachine, StdSync>;

TEST(NearCells, FindTheCellsThatTheStoreFindsWhateverHappensBetweenBlocks) {  // [NC1]
    for (const std::uint64_t universe : {40ULL, 2'000ULL, 12'000ULL}) {
        StateStore<ProgramMachine> store;
        Cells cells(store);
        Random random(universe);
        const auto draw = [&] { return static_cast<std::uint32_t>(random.below(universe)); };
        for (std::uint64_t i = 0; i < universe; ++i) {
            const Int128 value = 1;
            store.set(static_cast<std::uint32_t>(i), &value);
        }
        for (int block = 0; block < 60; ++block) {
            cells.begin_block();
            std::vector<std::uint32_t> keys(100);
            for (std::uint32_t& key : keys) {
                key = draw();
                cells.expect(key);
            }
            cells.fetch();
            keys.push_back(draw());  // nobody announced it
            for (const std::uint32_t key : keys) {
                auto& cell = cells.at(key);
                ASSERT_EQ(cell.key, key);
                ASSERT_EQ(&cell, &store.cell(store.intern(key)));
                ASSERT_EQ(&cell, &cells.at(key));
            }
            store.adopt_interned();
            // Others free cells and give them to other keys.
            for (int i = 0; i < 200; ++i) {
                const Int128 value = i;
                store.set(draw(), random.chance(1, 2) ? &value : nullptr);
            }
        }
    }
}

TEST(NearCells, ForgetAbsentCellsWithTheBlockThatInternedThem) {  // [NC2]
    StateStore<ProgramMachine> store;
    Cells cells(store);
    cells.begin_block();
    auto& absent = cells.at(1);
    EXPECT_EQ(&cells.at(1), &absent);
    store.adopt_interned();  // frees the cell
    cells.begin_block();
    auto& other = cells.at(2);
    EXPECT_EQ(&other, &absent);  // it has another key now
    EXPECT_NE(&cells.at(1), &other);
    EXPECT_EQ(&cells.at(1), &store.cell(store.intern(1)));
}

}  // namespace
}  // namespace lockstep::test
