// Who may do what: ways in which trust could be abused, each shut by a rule of its own; named after
// the audit that found them.

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace lockstep::test
