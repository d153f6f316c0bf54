#include "instruments/authority.hpp"

#include <variant>

namespace lockstep {
namespace {

using Right = Authority::Right;

Authority of_owner(AccountId account) noexcept {
    return {.right = Right::kOwner, .account = account};
}
Authority of_delegate(AccountId account) noexcept {
    return {.right = Right::kDelegate, .account = account};
}
Authority of_role(Role role) noexcept {
    return {.right = Right::kRole, .role = role};
}

/// Governance sets parameters, the bridge brings deposits, the matcher brings fills, the oracle
/// brings prices; nothing else, and no role moves what belongs to a user.
struct AuthorityOf {
    Authority operator()(const CreateAccount& tx) const noexcept {
        return {.right = Right::kOwner,
                .account = tx.account,
                .role = Role::kBridge,
                .signer_must_exist = false};
    }
    Authority operator()(const Withdraw& tx) const noexcept { return of_owner(tx.account); }
    Authority operator()(const Transfer& tx) const noexcept { return of_owner(tx.from); }
    Authority operator()(const InsuranceDeposit& tx) const noexcept { return of_owner(tx.account); }
    Authority operator()(const SetDelegate& tx) const noexcept { return of_owner(tx.account); }
    Authority operator()(const SetFrozen& tx) const noexcept {
        return {.right = Right::kOwner,
                .account = tx.account,
                .role = Role::kGovernance,
                .always = true};
    }
    /// Nothing keeps an owner from taking an order back.
    Authority operator()(const CancelOrders& tx) const noexcept {
        return {.right = Right::kDelegate, .account = tx.account, .always = true};
    }
    Authority operator()(const RealisePnl& tx) const noexcept { return of_delegate(tx.account); }
    Authority operator()(const Liquidate& tx) const noexcept { return of_owner(tx.liquidator); }
    Authority operator()(const SettleBatch&) const noexcept { return {}; }
    Authority operator()(const Deposit&) const noexcept { return of_role(Role::kBridge); }
    Authority operator()(const Trade&) const noexcept { return of_role(Role::kMatcher); }
    Authority operator()(const Batch&) const noexcept { return of_role(Role::kMatcher); }
    Authority operator()(const OracleUpdate&) const noexcept { return of_role(Role::kOracle); }
    Authority operator()(const BookUpdate&) const noexcept { return of_role(Role::kOracle); }
    /// Parameters and fee tiers.
    template <class Other>
    Authority operator()(const Other&) const noexcept {
        return {.right = Right::kRole, .role = Role::kGovernance, .always = true};
    }
};

}  // namespace

Authority authority_of(const Payload& payload) noexcept {
    return std::visit(AuthorityOf{}, payload);
}

AccountId venue_signer(const Payload& payload) noexcept {
    return role_account(authority_of(payload).role.value_or(Role::kGovernance));
}

}  // namespace lockstep
