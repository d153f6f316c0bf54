#include "accounts/id_list.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "engine/base/random.hpp"
#include "tests/support/map_view.hpp"

namespace lockstep::test {
namespace {

using List = IdList<64>;

std::vector<std::uint32_t> load(MapView& view) {
    const List list = List::load(view, CellKind::kMarketList, 1);
    return {list.ids().begin(), list.ids().end()};
}

TEST(IdList, BehavesLikeASortedSet) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        MapView view;
        std::set<std::uint32_t> expected;
        Random random(seed);
        for (int step = 0; step < 400; ++step) {
            const auto id = static_cast<std::uint32_t>(random.below(90));
            List list = List::load(view, CellKind::kMarketList, 1);
            ASSERT_EQ(list.contains(id), expected.contains(id));
            if (random.chance(step < 200 ? 2 : 1, 3)) {
                if (!list.full()) {
                    list.insert(view, id);
                    expected.insert(id);
                }
            } else {
                list.remove(view, id);
                expected.erase(id);
            }
            ASSERT_EQ(load(view), std::vector<std::uint32_t>(expected.begin(), expected.end()));
            // No cell outlives its ids.
            ASSERT_EQ(view.cells().size(), (expected.size() + IdChunk::kIds - 1) / IdChunk::kIds);
        }
    }
}

TEST(IdList, InsertionAtTheEndWritesOnlyTheLastPartAndTheLength) {
    constexpr std::uint32_t kLast = 2 * IdChunk::kIds + 10;
    using Long = IdList<kLast + 1>;
    MapView view;
    const auto insert = [&](std::uint32_t id) {
        Long list = Long::load(view, CellKind::kMarketList, 1);
        list.insert(view, id);
    };
    for (std::uint32_t id = 1; id <= kLast; ++id) {
        insert(id);
    }
    const Cell middle = *view.read(StateKey(CellKind::kMarketList, 1, 0, 1));
    insert(kLast + 1);
    EXPECT_EQ(*view.read(StateKey(CellKind::kMarketList, 1, 0, 1)), middle);
    EXPECT_EQ(Long::load(view, CellKind::kMarketList, 1).ids().size(), kLast + 1);
}

TEST(IdList, ContradictingPartsStayWithinTheCapacity) {
    MapView view;
    IdChunk chunk{.total = 1'000'000};
    chunk.ids.fill(7);
    view.write(StateKey(CellKind::kMarketList, 1, 0, 0), chunk.encode());
    EXPECT_EQ(load(view).size(), 64U);
}

}  // namespace
}  // namespace lockstep::test
