#pragma once

#include <algorithm>
#include <bit>

#include "accounts/owner.hpp"
#include "instruments/events.hpp"
#include "instruments/portfolio.hpp"
#include "instruments/prologue.hpp"

namespace lockstep {

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const CreateAccount& tx) {
    if (view.exists(account_key(tx.account))) {
        return Status::kExists;
    }
    open_account(view, tx.account);
    return Status::kApplied;
}

/// A deposit to an account that does not exist yet creates it.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const Deposit& tx) {
    if (context.asset(tx.asset) == nullptr) {
        return Status::kAssetUnknown;
    }
    if (tx.amount <= 0) {
        return Status::kAmount;
    }
    const StateKey used{CellKind::kDepositUsed, tx.reference, raw(tx.asset)};
    if (view.exists(used)) {
        return Status::kDepositReplay;
    }
    if (!view.exists(account_key(tx.account))) {
        open_account(view, tx.account);
    }
    if (!credit(view, tx.account, tx.asset, tx.amount) ||
        !post(view, asset_key(CellKind::kAssetTotal, tx.asset), tx.amount)) {
        return Status::kOverflow;
    }
    view.write(used, Cell::of_number(1));
    emit(view, EventType::kCashMoved,
         CashEvent{.account = tx.account, .asset = tx.asset, .amount = tx.amount}.encode());
    return Status::kApplied;
}

/// Checks that `amount` of cash can leave `account`: cash only, and initial margin without any
/// unrealised profit.
template <class View>
[[nodiscard]] Status check_cash_out(View& view, const VenueContext& context, AccountId account,
                                    AssetId asset, Int128 amount) {
    if (context.asset(asset) == nullptr) {
        return Status::kAssetUnknown;
    }
    if (amount <= 0) {
        return Status::kAmount;
    }
    const Cell* cell = nullptr;
    if (const Status status = load_account(view, account, cell); status != Status::kApplied) {
        return status;
    }
    if (cell == nullptr || cash_of(view, account, AccountHead(*cell), asset) < amount) {
        return Status::kInsufficientCash;
    }
    if (!credit(view, account, asset, -amount)) {
        return Status::kOverflow;
    }
    cell = view.read(account_key(account));
    if (cell == nullptr) {
        return Status::kInconsistent;
    }
    const AccountHead head(*cell);
    if (head.positions() == 0 && std::popcount(head.assets()) <= 1) {
        return Status::kApplied;  // nothing but this cash, which stays >= 0
    }
    expect_positions(view, ExpectedAccount{account, cell});
    const MarginPolicy policy = MarginPolicy::of_cash_out();
    const AccountBlocks blocks(view, account, *cell);
    return policy.judge(
        view, context, blocks, nullptr, [] { return Risk{}; }, [] { return Checked{0}; });
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const Withdraw& tx) {
    const Status status = check_cash_out(view, context, tx.account, tx.asset, tx.amount);
    if (status != Status::kApplied) {
        return status;
    }
    if (!post(view, asset_key(CellKind::kAssetTotal, tx.asset), -tx.amount)) {
        return Status::kOverflow;
    }
    emit(view, EventType::kCashMoved,
         CashEvent{.account = tx.account, .asset = tx.asset, .amount = -tx.amount}.encode());
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const Transfer& tx) {
    if (tx.from == tx.to) {
        return Status::kSelfTransfer;
    }
    if (!view.exists(account_key(tx.to))) {
        return Status::kNoAccount;
    }
    const Status status = check_cash_out(view, context, tx.from, tx.asset, tx.amount);
    if (status != Status::kApplied) {
        return status;
    }
    if (!credit(view, tx.to, tx.asset, tx.amount)) {
        return Status::kOverflow;
    }
    emit(view, EventType::kCashMoved,
         CashEvent{.account = tx.from, .asset = tx.asset, .amount = -tx.amount}.encode());
    emit(view, EventType::kCashMoved,
         CashEvent{.account = tx.to, .asset = tx.asset, .amount = tx.amount}.encode());
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const InsuranceDeposit& tx) {
    const Status status = check_cash_out(view, context, tx.account, tx.asset, tx.amount);
    if (status != Status::kApplied) {
        return status;
    }
    if (!post(view, asset_key(CellKind::kInsurance, tx.asset), tx.amount)) {
        return Status::kOverflow;
    }
    emit(view, EventType::kCashMoved,
         CashEvent{.account = tx.account, .asset = tx.asset, .amount = -tx.amount}.encode());
    return Status::kApplied;
}

/// Changes the head block of one account, frozen or not.
template <class View, class Change>
[[nodiscard]] Status change_account(View& view, AccountId account, Change&& change) {
    Cell* const head = view.change(account_key(account));
    if (head == nullptr) {
        return Status::kNoAccount;
    }
    change(*head);
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const SetDelegate& tx) {
    return change_account(view, tx.account, [&](Cell& head) { set_delegate(head, tx.delegate); });
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope& envelope,
                            const SetFrozen& tx) {
    const FrozenBy who =
        has_role(envelope.signer, Role::kGovernance) ? FrozenBy::kVenue : FrozenBy::kOwner;
    return change_account(view, tx.account, [&](Cell& head) { set_frozen(head, who, tx.frozen); });
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const SetFeeTier& tx) {
    if (tx.tier >= kMaxFeeTiers) {
        return Status::kParamRange;
    }
    return change_account(view, tx.account, [&](Cell& head) { set_fee_tier(head, tx.tier); });
}

/// The bound only rises: a cancelled order stays cancelled.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const CancelOrders& tx) {
    return change_account(view, tx.account, [&](Cell& head) {
        set_salt_below(head, std::max(AccountHead(head).salt_below(), tx.salt_below));
    });
}

}  // namespace lockstep
