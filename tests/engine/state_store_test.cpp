#include "engine/state/state_store.hpp"

#include <gtest/gtest.h>

#include <map>

#include "engine/base/random.hpp"
#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

TEST(StateStore, AgreesWithAMapUnderRandomSetsAndErases) {
    StateStore<ProgramMachine> store;
    std::map<std::uint32_t, Int128> model;
    Random random(11);
    for (int i = 0; i < 50'000; ++i) {
        const auto key = static_cast<std::uint32_t>(random.below(700));
        if (random.chance(2, 5)) {
            store.set(key, nullptr);
            model.erase(key);
        } else {
            const Int128 value = random.between(-1'000, 1'000);
            store.set(key, &value);
            model[key] = value;
        }
        const auto probe = static_cast<std::uint32_t>(random.below(700));
        const Int128* found = store.get(probe);
        ASSERT_EQ(found != nullptr, model.contains(probe));
        if (found != nullptr) {
            ASSERT_EQ(*found, model[probe]);
        }
    }
    EXPECT_EQ(store.size(), model.size());
    EXPECT_EQ(store.digest(), store.recompute_digest());  // [SS2]
    auto expected = model.begin();
    store.for_each([&](std::uint32_t key, const Int128& value) {
        ASSERT_NE(expected, model.end());
        EXPECT_EQ(key, expected->first);
        EXPECT_EQ(value, expected->second);
        ++expected;
    });
    EXPECT_EQ(expected, model.end());
}

TEST(StateStore, InternedCellsThatStayAbsentLeaveNoTrace) {  // [SS1]
    StateStore<ProgramMachine> store;
    const CellId kept = store.intern(1);
    const CellId dropped = store.intern(2);
    EXPECT_NE(kept, dropped);
    EXPECT_EQ(store.intern(1), kept);
    store.cell(kept).present = true;
    store.commit_new_keys();
    EXPECT_EQ(store.find(1), kept);
    EXPECT_EQ(store.find(2), kNoCell);
    EXPECT_EQ(store.intern(3), dropped);  // the number is used again
}

}  // namespace
}  // namespace lockstep::test
