#include "accounts/cell.hpp"

#include <gtest/gtest.h>

#include <compare>
#include <set>

#include "accounts/expiring_table.hpp"
#include "accounts/owner.hpp"
#include "accounts/state_key.hpp"

namespace lockstep::test {
namespace {

TEST(Cell, StoresLittleEndianBytesOnEveryHost) {
    Cell cell;
    cell.store(4, std::uint32_t{0x01020304});
    EXPECT_EQ(cell.bytes()[4], std::byte{4});
    EXPECT_EQ(cell.bytes()[7], std::byte{1});
    cell.set_number(-2);
    EXPECT_EQ(cell.bytes()[0], std::byte{0xfe});
    EXPECT_EQ(cell.bytes()[15], std::byte{0xff});
    EXPECT_EQ(cell.number(), -2);
}

TEST(Cell, AbsentNumberIsZero) {
    EXPECT_EQ(Cell{}.number(), 0);
    EXPECT_EQ(Cell::of_number(kInt128Min).number(), kInt128Min);
    EXPECT_EQ(Cell::of_number(kInt128Max).number(), kInt128Max);
}

TEST(Cell, CopiesAndComparesTheBytesInUse) {
    Cell cell;
    cell.resize(100);
    cell.store(92, std::uint64_t{7});
    Cell copy = cell;
    EXPECT_EQ(copy, cell);
    EXPECT_EQ(copy.size(), 100U);
    copy.resize(99);
    EXPECT_NE(copy, cell);
    copy.resize(100);
    EXPECT_EQ(copy.load<std::uint64_t>(92), 7U);  // little-endian: the byte cut off was 0
    EXPECT_EQ(copy, cell);
    EXPECT_EQ(cell.load<std::uint64_t>(93), 0U);  // not all of it within the value
    EXPECT_EQ(Cell::of_bytes(cell.bytes()), cell);
}

TEST(Cell, OpensAndClosesGaps) {
    Cell cell;
    cell.store(0, std::uint32_t{0x04030201});
    cell.insert_zeros(2, 3);
    ASSERT_EQ(cell.size(), 7U);
    EXPECT_EQ(cell.load<std::uint32_t>(0), 0x00000201U);
    EXPECT_EQ(cell.load<std::uint16_t>(5), 0x0403U);
    cell.remove_bytes(2, 3);
    EXPECT_EQ(cell.load<std::uint32_t>(0), 0x04030201U);
    cell.remove_bytes(3, 2);  // more than there is
    EXPECT_EQ(cell.size(), 4U);
    cell.resize(Cell::kCapacity);
    cell.insert_zeros(0, 1);  // no room
    EXPECT_EQ(cell.size(), Cell::kCapacity);
}

TEST(StateKey, OrdersByKindThenItemThenChunkThenOwner) {
    const StateKey base{CellKind::kCash, 5, 2, 0};
    EXPECT_LT(base, (StateKey{CellKind::kCash, 6, 2, 0}));
    EXPECT_LT((StateKey{CellKind::kCash, 6, 2, 0}), (StateKey{CellKind::kCash, 5, 2, 1}));
    EXPECT_LT((StateKey{CellKind::kCash, 9, 2, 9}), (StateKey{CellKind::kCash, 0, 3, 0}));
    EXPECT_LT((StateKey{CellKind::kCash, 9, 9, 9}), (StateKey{CellKind::kPositions, 0, 0, 0}));
}

TEST(StateKey, GivesItsPartsBack) {
    const StateKey key{CellKind::kNonces, 0xfedcba9876543210U, 0xffffffff, 0xabcdef};
    EXPECT_EQ(key.kind(), CellKind::kNonces);
    EXPECT_EQ(key.item(), 0xffffffffU);
    EXPECT_EQ(key.chunk(), 0xabcdefU);
    EXPECT_EQ(key.owner(), 0xfedcba9876543210U);
    EXPECT_EQ(StateKey::from_words(key.tag(), key.owner()), key);
}

TEST(StateKey, HashIsFixed) {
    EXPECT_EQ((StateKey{CellKind::kCash, 1, 0, 0}).hash(), 0xaf7c86cdacdacdc0U);
    EXPECT_NE((StateKey{CellKind::kCash, 1, 0, 0}).hash(),
              (StateKey{CellKind::kCash, 1, 1, 0}).hash());
}

/// Keys as a venue has them fill an index of twice their number about as evenly as chance does,
/// whichever bits of the hash choose the place.
TEST(StateKey, HashSpreadsAccountsMarketsAndPages) {
    for (const unsigned shift : {0U, 20U, 32U, 44U}) {
        std::set<std::uint64_t> places;
        std::size_t keys = 0;
        for (std::uint64_t owner = 1; owner <= 4'096; ++owner) {
            const AccountId account = make_account(owner);
            for (const StateKey& key :
                 {account_key(account), order_table(account).root(), positions_key(account, 1),
                  ExpiringTable(CellKind::kNonces, 1, static_cast<std::uint32_t>(owner)).root(),
                  market_key(CellKind::kVolume, MarketId{static_cast<std::uint32_t>(owner)})}) {
                places.insert(key.hash() >> shift & 0xffffU);
                ++keys;
            }
        }
        // Chance: 65,536 * (1 - (1 - 1 / 65,536)^20,480) = 17,591 of them.
        EXPECT_GT(places.size(), 17'300U) << keys << " keys, shift " << shift;
    }
}

TEST(StateKey, OrdersLikeItsWords) {
    const StateKey low = StateKey::from_words(1, ~std::uint64_t{0});
    const StateKey high = StateKey::from_words(2, 0);
    EXPECT_LT(low, high);
    EXPECT_GT(high, low);
    EXPECT_EQ(low <=> low, std::strong_ordering::equal);
}

TEST(StateKey, UnitsAreOwnersAndTheSumsOfAMarket) {
    const AccountId account = make_account(4, 2);
    for (const StateKey& key :
         {account_key(account), cash_key(account, AssetId{7}), positions_key(account, 3),
          ExpiringTable(CellKind::kOrders, raw(account)).page_key(9),
          ExpiringTable(CellKind::kNonces, raw(account)).root(), owner_key(account),
          owner_lots_key(account, MarketId{5})}) {
        EXPECT_EQ(unit_key(key), account_key(make_account(4)));
    }
    const ExpiringTable matcher(CellKind::kNonces, raw(AccountId{1}), 17);
    EXPECT_EQ(unit_key(matcher.page_key(5)), matcher.root());
    EXPECT_EQ(unit_key(market_key(CellKind::kDust, MarketId{5})),
              market_key(CellKind::kVolume, MarketId{5}));
    EXPECT_EQ(unit_key(market_key(CellKind::kTick, MarketId{5})),
              market_key(CellKind::kTick, MarketId{5}));
    EXPECT_EQ(unit_key(asset_key(CellKind::kAssetTotal, AssetId{1})),
              asset_key(CellKind::kAssetTotal, AssetId{1}));
}

}  // namespace
}  // namespace lockstep::test
