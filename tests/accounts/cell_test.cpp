#include "accounts/cell.hpp"

#include <gtest/gtest.h>

#include "accounts/position.hpp"
#include "accounts/records.hpp"
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

TEST(Cell, RecordsComeBackAsTheyWentIn) {
    const Position position{.lots = -7,
                            .remainder = 0xdeadbeef,
                            .epoch = 3,
                            .cost = -(Int128{1} << 90),
                            .since = {.funding = Int128{5} << 80, .social = 11}};
    EXPECT_EQ(Position::decode(position.encode()), position);
    const AccountRecord account{.delegate = make_account(5, 6),
                                .salt_below = 9,
                                .assets = 3,
                                .fee_tier = 7,
                                .frozen = true};
    EXPECT_EQ(AccountRecord::decode(account.encode()), account);
    const NonceRecord nonces{.bucket = 77, .used = {1, 2, 3, ~std::uint64_t{0}}};
    EXPECT_EQ(NonceRecord::decode(nonces.encode()), nonces);
    const OrderFillRecord fill{.filled = 12, .good_til_ms = -1};
    EXPECT_EQ(OrderFillRecord::decode(fill.encode()), fill);
}

TEST(StateKey, OrdersByKindThenItemThenChunkThenOwner) {
    const StateKey base{CellKind::kCash, 5, 2, 0};
    EXPECT_LT(base, (StateKey{CellKind::kCash, 6, 2, 0}));
    EXPECT_LT((StateKey{CellKind::kCash, 6, 2, 0}), (StateKey{CellKind::kCash, 5, 2, 1}));
    EXPECT_LT((StateKey{CellKind::kCash, 9, 2, 9}), (StateKey{CellKind::kCash, 0, 3, 0}));
    EXPECT_LT((StateKey{CellKind::kCash, 9, 9, 9}), (StateKey{CellKind::kPosition, 0, 0, 0}));
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
    EXPECT_EQ((StateKey{CellKind::kCash, 1, 0, 0}).hash(),
              mix64(mix64(1) ^ (std::uint64_t{3} << 56)));
    EXPECT_NE((StateKey{CellKind::kCash, 1, 0, 0}).hash(),
              (StateKey{CellKind::kCash, 1, 1, 0}).hash());
}

TEST(StateKey, OrdersOfOneAccountDifferByTheirDigest) {
    EXPECT_EQ(order_key(AccountId{4}, 17).kind(), CellKind::kOrderFill);
    EXPECT_NE(order_key(AccountId{4}, 17), order_key(AccountId{4}, 18));
    EXPECT_EQ(order_key(AccountId{4}, ~std::uint64_t{0}).kind(), CellKind::kOrderFill);
}

}  // namespace
}  // namespace lockstep::test
