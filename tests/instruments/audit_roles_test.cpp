// Who may do what: ways in which trust could be abused, each shut by a rule of its own; named after
// the audit that found them.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "tests/instruments/venue_fixture.hpp"

namespace lockstep::test {
namespace {

constexpr std::array kAllRoles = {Role::kGovernance, Role::kBridge, Role::kMatcher, Role::kOracle};

/// A payload, and the role whose keys may sign it; none where no key of the venue may.
struct Right {
    Payload payload;
    std::optional<Role> role;
};

class RolesAudit : public testing::Test, protected TestVenue {
  protected:
    void SetUp() override {
        open();
        EXPECT_EQ(run_one(market(kPerp, MarketKind::kLinearPerpetual)), Status::kApplied);
        set_price(600'000);
        for (const AccountId account : {kAlice, kBob}) {
            deposit(account, 1'000'000'000);
        }
    }
    /// Every type of transaction, so that it would be applied if its signer may.
    std::vector<Right> rights() {
        CreateMarket create = market(MarketId{9}, MarketKind::kLinearPerpetual);
        return {
            {CreateAsset{.asset = AssetId{9}}, Role::kGovernance},
            {CreateFeed{.feed = FeedId{9}, .params = {}, .sources = {{.signer = kOracle}}},
             Role::kGovernance},
            {create, Role::kGovernance},
            {UpdateMarket{.market = kPerp, .params = create.params}, Role::kGovernance},
            {SetMarketStatus{.market = kPerp}, Role::kGovernance},
            {SetFeeSchedule{.market = kPerp, .fees = {}}, Role::kGovernance},
            {SetVenueParams{}, Role::kGovernance},
            {SettleMarket{.market = kPerp, .price = 1}, Role::kGovernance},
            {DelistMarket{.market = kPerp}, Role::kGovernance},
            {RemoveFeed{.feed = FeedId{9}}, Role::kGovernance},
            {PayOut{.to = kAlice, .amount = 1}, Role::kGovernance},
            {SetFeeTier{.account = kAlice}, Role::kGovernance},
            {SetFrozen{.account = kAlice}, Role::kGovernance},
            {price_update(600'000), Role::kOracle},
            {BookUpdate{.market = kPerp, .sequence = 1}, Role::kOracle},
            {CreateAccount{.account = kCarol}, Role::kBridge},
            {Deposit{.account = kAlice, .asset = kUsd, .amount = 1, .reference = 77},
             Role::kBridge},
            {trade(kAlice, kBob, 1, 600'000), Role::kMatcher},
            {Batch{.atomic = true, .fills = {trade(kAlice, kBob, 1, 600'000)}}, Role::kMatcher},
            {Withdraw{.account = kAlice, .asset = kUsd, .amount = 1}, std::nullopt},
            {Transfer{.from = kAlice, .to = kBob, .asset = kUsd, .amount = 1}, std::nullopt},
            {InsuranceDeposit{.account = kAlice, .asset = kUsd, .amount = 1}, std::nullopt},
            {SetDelegate{.account = kAlice, .delegate = kBob}, std::nullopt},
            {CancelOrders{.account = kAlice, .salt_below = 0}, std::nullopt},
            {RealisePnl{.account = kAlice, .market = kPerp}, std::nullopt},
            {Liquidate{.account = kBob, .market = kPerp, .liquidator = kAlice}, std::nullopt},
        };
    }
};

/// V6, R-SIGN-4: of the venue's keys only those of the right role may sign, for every type of
/// transaction; and none may sign what belongs to a user.
TEST_F(RolesAudit, V6EachRoleSignsItsOwnAndNothingElse) {
    const std::size_t types = rights().size();
    EXPECT_EQ(types + 1, std::variant_size_v<Payload>);  // all but SettleBatch, which is anyone's
    for (std::size_t i = 0; i < types; ++i) {
        for (const Role role : kAllRoles) {
            for (const std::uint16_t key : {std::uint16_t{0}, std::uint16_t{kRoleKeys - 1}}) {
                const Right right = rights().at(i);  // with fresh numbers
                const AccountId signer = role_account(role, key);
                // A source of a feed names one key.
                const bool may = right.role == role &&
                                 (key == 0 || !std::holds_alternative<OracleUpdate>(right.payload));
                EXPECT_EQ(run_one(right.payload, signer) == Status::kUnauthorised, !may)
                    << "type " << right.payload.index() << ", signer " << raw(signer);
            }
        }
    }
}

/// V6: the rest of owner 0 has no role, and no user has one.
TEST_F(RolesAudit, V6NobodyElseHasARole) {
    const AccountId rest =
        make_account(0, static_cast<std::uint16_t>(kAllRoles.size() * kRoleKeys));
    for (const Right& right : rights()) {
        EXPECT_EQ(run_one(right.payload, rest), Status::kUnauthorised) << right.payload.index();
        if (right.role.has_value() && !std::holds_alternative<SetFrozen>(right.payload)) {
            EXPECT_EQ(run_one(right.payload, kBob), Status::kUnauthorised) << right.payload.index();
        }
    }
    // Cash that a key of the venue holds is moved by that key alone.
    const AccountId treasury = role_account(Role::kGovernance, 3);
    deposit(treasury, 100);
    const Withdraw out{.account = treasury, .asset = kUsd, .amount = 1};
    EXPECT_EQ(run_one(out, role_account(Role::kMatcher)), Status::kUnauthorised);
    EXPECT_EQ(run_one(out, role_account(Role::kGovernance)), Status::kUnauthorised);
    EXPECT_EQ(run_one(out, treasury), Status::kApplied);
}

/// V7, R-CASH-6: what the venue froze only the venue frees, whoever of the owner's accounts asks.
TEST_F(RolesAudit, V7AnOwnerCannotUndoTheVenuesFreeze) {
    const AccountId other = make_account(1, 7);
    EXPECT_EQ(run_one(CreateAccount{.account = other}, kAlice), Status::kApplied);
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = true}), Status::kApplied);
    const Withdraw out{.account = kAlice, .asset = kUsd, .amount = 1};
    for (const AccountId signer : {other, kAlice}) {
        EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = false}, signer), Status::kApplied);
        EXPECT_EQ(run_one(out, signer), Status::kAccountFrozen);
        EXPECT_EQ(run_one(trade(kAlice, kBob, 1, 600'000)), Status::kAccountFrozen);
    }
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = true}, other), Status::kApplied);
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = false}), Status::kApplied);
    EXPECT_EQ(run_one(out, other), Status::kAccountFrozen);  // her own freeze is left
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = false}, kAlice), Status::kApplied);
    EXPECT_EQ(run_one(out, other), Status::kApplied);
}

/// V7, R-SETTLE-4: freezing oneself does not keep a position out of its settlement, and a frozen
/// owner can still take orders back.
TEST_F(RolesAudit, V7AFrozenAccountIsSettledAndCancelsLikeAnyOther) {
    EXPECT_EQ(run_one(trade(kAlice, kBob, 10, 600'000)), Status::kApplied);
    EXPECT_EQ(run_one(SetFrozen{.account = kAlice, .frozen = true}, kAlice), Status::kApplied);
    EXPECT_EQ(run_one(SetFrozen{.account = kBob, .frozen = true}), Status::kApplied);
    for (const AccountId account : {kAlice, kBob}) {
        EXPECT_EQ(run_one(CancelOrders{.account = account, .salt_below = 9}, account),
                  Status::kApplied);
    }
    EXPECT_EQ(run_one(SetMarketStatus{.market = kPerp, .status = MarketStatus::kClosing}),
              Status::kApplied);
    set_price(500'000);
    EXPECT_EQ(run_one(SettleBatch{.market = kPerp, .accounts = {kAlice, kBob}}), Status::kApplied);
    EXPECT_EQ(cash(kAlice), 1'000'000'000 - 10'000'000);
    EXPECT_EQ(cash(kBob), 1'000'000'000 + 10'000'000);
}

/// V9, R-SIGN-8: a pause stops fills and cash, never an owner who takes his orders back.
TEST_F(RolesAudit, V9APauseStopsFillsAndNoCancel) {
    const Trade fill = trade(kAlice, kBob, 1, 600'000);
    EXPECT_EQ(run_one(SetVenueParams{.paused = true}), Status::kApplied);
    EXPECT_EQ(run_one(fill), Status::kPaused);
    EXPECT_EQ(run_one(Batch{.atomic = false, .fills = {fill}}), Status::kPaused);
    EXPECT_EQ(run_one(Withdraw{.account = kAlice, .asset = kUsd, .amount = 1}, kAlice),
              Status::kPaused);
    EXPECT_EQ(run_one(Deposit{.account = kAlice, .asset = kUsd, .amount = 1, .reference = 88}),
              Status::kPaused);
    EXPECT_EQ(run_one(CancelOrders{.account = kAlice, .salt_below = fill.buyer.salt + 1}, kAlice),
              Status::kApplied);
    EXPECT_EQ(run_one(SetVenueParams{.paused = false}), Status::kApplied);
    EXPECT_EQ(run_one(fill), Status::kOrderCancelled);
}

/// V8, R-TRADE-2: an order is good for one side, one venue and one account's salt.
TEST_F(RolesAudit, V8AnOrderNamesItsSideAndItsVenue) {
    Trade fill = trade(kAlice, kBob, 1, 600'000);
    fill.buyer.side = OrderSide::kSell;
    EXPECT_EQ(run_one(fill), Status::kSide);
    fill.buyer.side = OrderSide::kBuy;
    fill.seller.side = OrderSide::kBuy;
    EXPECT_EQ(run_one(fill), Status::kSide);
    fill.seller.side = OrderSide::kSell;
    for (Order* order : {&fill.buyer, &fill.seller}) {
        order->domain = 7;
        EXPECT_EQ(run_one(fill), Status::kOrderDomain);
        order->domain = 0;
    }
    EXPECT_EQ(run_one(SetVenueParams{.domain = 7}), Status::kApplied);
    EXPECT_EQ(run_one(fill), Status::kOrderDomain);
    fill.buyer.domain = fill.seller.domain = 7;
    EXPECT_EQ(run_one(fill), Status::kApplied);
}

/// V8, R-TRADE-10: one object never fills as a buy and as a sell, nor beyond its size.
TEST_F(RolesAudit, V8OneOrderFillsOnceOnItsSide) {
    Trade open = trade(kAlice, kBob, 5, 600'000);
    EXPECT_EQ(run_one(open), Status::kApplied);
    Trade back = trade(kBob, kAlice, 5, 600'000);
    back.seller = open.buyer;
    EXPECT_EQ(run_one(back), Status::kSide);
    back.seller.side = OrderSide::kSell;  // other content, the same salt: its fills are spent
    EXPECT_EQ(run_one(back), Status::kOverfill);
    back.seller.lots = 10;  // a replacement of twice the size has half of it left
    EXPECT_EQ(run_one(back), Status::kApplied);
    EXPECT_EQ(position(kAlice), Position{});
}

/// V8: different salts of an account never share a place.
TEST(OrderKey, DifferentSaltsHaveDifferentKeys) {
    std::vector<std::uint64_t> keys;
    for (std::uint64_t salt = 0; salt < 1'000; ++salt) {
        for (const std::uint64_t base : {std::uint64_t{0}, std::uint64_t{1} << 56, ~salt - salt}) {
            keys.push_back(order_key({.salt = base + salt}));
        }
    }
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

}  // namespace
}  // namespace lockstep::test
