#include "accounts/account.hpp"

#include <gtest/gtest.h>

#include <map>

#include "accounts/positions.hpp"
#include "engine/base/random.hpp"
#include "tests/support/map_view.hpp"

namespace lockstep::test {
namespace {

constexpr AccountId kAccount = make_account(7, 1);

/// A position in which every field differs from 0.
Position position_of(Random& random) {
    return {.lots = static_cast<std::int64_t>(random.below(1000)) + 1,
            .remainder = static_cast<std::uint32_t>(random.next()),
            .epoch = static_cast<std::uint32_t>(random.below(9)) + 1,
            .cost = -Int128{static_cast<std::int64_t>(random.next() >> 1)} << 20,
            .since = {.funding = Int128{1} << 80, .social = 3}};
}

/// What the blocks of an account say, with the layout checked on the way.
std::map<std::uint32_t, Position> positions_of(MapView& view) {
    std::map<std::uint32_t, Position> out;
    const AccountBlocks blocks(view, kAccount, *view.read(account_key(kAccount)));
    const AccountHead head = blocks.head();
    const std::uint32_t last_block = blocks.size() - 1;
    for (std::uint32_t block = 0; block < blocks.size(); ++block) {
        const PositionSpan span = blocks.span(block);
        for (std::size_t i = 0; i < span.size(); ++i) {
            EXPECT_TRUE(out.empty() || out.rbegin()->first < raw(span.market(i)));
            out[raw(span.market(i))] = span.position(i);
        }
        const bool full = span.size() == (block == 0 ? AccountLayout::kHeadPositions
                                                     : AccountLayout::kBlockPositions);
        EXPECT_TRUE(full || block == AccountLayout::blocks(head.positions()));
    }
    EXPECT_EQ(head.positions(), out.size());
    EXPECT_EQ(last_block, AccountLayout::blocks(out.size()));
    EXPECT_EQ(view.read(positions_key(kAccount, last_block + 1)), nullptr);
    return out;
}

TEST(Account, HoldsWhatItWasGiven) {
    MapView view;
    view.write(account_key(kAccount), new_account());
    Cell& head = *view.change(account_key(kAccount));
    set_delegate(head, make_account(5, 6));
    set_salt_below(head, 9);
    set_fee_tier(head, 7);
    set_frozen(head, FrozenBy::kVenue, true);
    EXPECT_TRUE(add_volume(view, kAccount, Int128{1} << 90));
    const AccountHead read(*view.read(account_key(kAccount)));
    EXPECT_EQ(read.delegate(), make_account(5, 6));
    EXPECT_EQ(read.salt_below(), 9U);
    EXPECT_EQ(read.fee_tier(), 7);
    EXPECT_TRUE(read.frozen());
    EXPECT_EQ(read.volume(), Int128{1} << 90);
    EXPECT_EQ(read.assets(), 0U);
    EXPECT_EQ(read.positions(), 0U);
}

TEST(Account, CashOfManyAssetsOverflowsIntoCellsOfItsOwn) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        MapView view;
        Random random(seed);
        view.write(account_key(kAccount), new_account());
        std::map<std::uint32_t, Int128> expected;
        for (int step = 0; step < 500; ++step) {
            const auto asset = static_cast<std::uint32_t>(random.below(kMaxAssets));
            const Int128 amount = static_cast<std::int64_t>(random.next());
            ASSERT_TRUE(credit(view, kAccount, AssetId{asset}, amount));
            expected[asset] += amount;
            const AccountHead head(*view.read(account_key(kAccount)));
            ASSERT_EQ(cash_of(view, kAccount, head, AssetId{asset}), expected[asset]);
        }
        const AccountHead head(*view.read(account_key(kAccount)));
        for (std::uint32_t asset = 0; asset < kMaxAssets; ++asset) {
            EXPECT_EQ(cash_of(view, kAccount, head, AssetId{asset}), expected[asset]);
            EXPECT_EQ((head.assets() >> asset & 1U) != 0, expected[asset] != 0);
        }
        EXPECT_EQ(head.inline_assets(), AccountLayout::kInlineAssets);
    }
}

TEST(Account, CreditRefusesOverflowAndUnknownAccounts) {
    MapView view;
    EXPECT_FALSE(credit(view, kAccount, kNumeraire, 1));
    EXPECT_TRUE(credit(view, kAccount, kNumeraire, 0));
    view.write(account_key(kAccount), new_account());
    EXPECT_TRUE(credit(view, kAccount, kNumeraire, kInt128Max));
    EXPECT_FALSE(credit(view, kAccount, kNumeraire, 1));
}

/// Opens, changes and closes positions at random, up to `most` at a time, against a map.
void trade_at_random(std::uint64_t seed, std::size_t most) {
    MapView view;
    Random random(seed);
    view.write(account_key(kAccount), new_account());
    std::map<std::uint32_t, Position> expected;
    for (std::size_t step = 0; step < 40 * most; ++step) {
        const auto market = static_cast<std::uint32_t>(random.below(2 * most));
        if (random.below(8) == 0) {  // cash moves the positions of the head block
            ASSERT_TRUE(credit(view, kAccount, AssetId{market % kMaxAssets}, 1));
        }
        const AccountBlocks blocks(view, kAccount, *view.read(account_key(kAccount)));
        Position found{};
        const PositionPlace place = find_position(blocks, MarketId{market}, found);
        ASSERT_EQ(place.present, expected.contains(market));
        if (place.present) {
            ASSERT_EQ(found, expected[market]);
        }
        const Position next = position_of(random);
        if (place.present && random.below(2) == 0) {
            remove_position(view, kAccount, place);
            expected.erase(market);
        } else if (place.present) {
            store_position(view, kAccount, place, MarketId{market}, next);
            expected[market] = next;
        } else if (expected.size() < most) {
            insert_position(view, kAccount, place, MarketId{market}, next);
            expected[market] = next;
        }
        ASSERT_EQ(positions_of(view), expected);
    }
}

TEST(Account, PositionsAscendOverDenseBlocks) {
    trade_at_random(1, 5);
    trade_at_random(2, 20);
    trade_at_random(3, 64);
}

TEST(Account, BlocksFollowFromWhatTheAccountHolds) {
    MapView forwards;
    MapView backwards;
    Random random(4);
    const Position position = position_of(random);
    for (MapView* view : {&forwards, &backwards}) {
        view->write(account_key(kAccount), new_account());
        for (std::uint32_t i = 0; i < 30; ++i) {
            const MarketId market{view == &forwards ? i : 29 - i};
            const AccountBlocks blocks(*view, kAccount, *view->read(account_key(kAccount)));
            Position none{};
            insert_position(*view, kAccount, find_position(blocks, market, none), market, position);
        }
    }
    EXPECT_EQ(forwards.cells(), backwards.cells());
}

}  // namespace
}  // namespace lockstep::test
