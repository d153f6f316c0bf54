#include "engine/in_place/cell_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "engine/base/random.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

using Cells = CellCache<ProgramMachine, StdSync>;
using Keys = std::vector<std::uint32_t>;

/// Takes the keys of a group of transactions; some announcements break off.
void prefetched(Cells& cells, std::span<const Keys> transactions, std::size_t first,
                Random& random) {
    const std::size_t last = std::min<std::size_t>(transactions.size(), first + Cells::kGroup);
    for (std::size_t i = first; i < last; ++i) {
        const bool breaks_off = random.chance(1, 10);
        cells.prefetch_next([&](auto&& sink) {
            for (const std::uint32_t key : transactions[i]) {
                sink(key);
            }
            if (breaks_off) {
                throw std::runtime_error("no hint");
            }
        });
    }
}

TEST(CellCache, FindTheCellsThatTheStoreFindsWhateverHappensBetweenBlocks) {  // [NC1]
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
            std::vector<Keys> transactions(random.below(40));
            for (Keys& keys : transactions) {
                keys.resize(random.below(random.chance(1, 20) ? 300 : 6));
                std::generate(keys.begin(), keys.end(), draw);
            }
            cells.begin_block();
            for (std::size_t i = 0; i < transactions.size(); ++i) {
                if (i == 0) {
                    prefetched(cells, transactions, 0, random);
                    cells.advance();
                    prefetched(cells, transactions, Cells::kGroup, random);
                }
                if (i % Cells::kGroup == 0) {
                    cells.advance();
                    prefetched(cells, transactions, i + 2 * Cells::kGroup, random);
                }
                cells.begin_transaction();
                Keys keys = transactions[i];
                keys.push_back(draw());  // nobody prefetched it
                if (random.chance(1, 2)) {
                    std::swap(keys.front(), keys.back());
                }
                for (const std::uint32_t key : keys) {
                    const CellId known = store.find(key, ProgramMachine::hash(key));
                    const Int128* const read = cells.read(key);
                    ASSERT_EQ(read, known != kNoCell ? store.cell(known).get() : nullptr);
                    auto& cell = *cells.to_change(key);
                    ASSERT_EQ(cell.key, key);
                    ASSERT_EQ(&cell, &store.cell(store.intern(key)));
                    ASSERT_EQ(&cell, cells.to_change(key));
                }
            }
            store.commit_new_keys();
            // Others free cells and give them to other keys.
            for (int i = 0; i < 200; ++i) {
                const Int128 value = i;
                store.set(draw(), random.chance(1, 2) ? &value : nullptr);
            }
        }
    }
}

TEST(CellCache, ForgetAbsentCellsWithTheBlockThatInternedThem) {  // [NC1]
    StateStore<ProgramMachine> store;
    Cells cells(store);
    cells.begin_block();
    EXPECT_EQ(cells.read(1), nullptr);
    EXPECT_EQ(store.find(1, ProgramMachine::hash(1)), kNoCell);  // a read makes none
    auto& absent = *cells.to_change(1);
    EXPECT_EQ(cells.to_change(1), &absent);
    store.commit_new_keys();  // frees the cell
    cells.begin_block();
    auto& other = *cells.to_change(2);
    EXPECT_EQ(&other, &absent);  // it has another key now
    EXPECT_NE(cells.to_change(1), &other);
    EXPECT_EQ(cells.to_change(1), &store.cell(store.intern(1)));
}

}  // namespace
}  // namespace lockstep::test
