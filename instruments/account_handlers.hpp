#pragma once

#include <algorithm>

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
    view.write(account_key(tx.account), AccountRecord{}.encode());
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
    AccountRecord record{};
    const Cell* cell = view.read(account_key(tx.account));
    if (cell != nullptr) {
        record = AccountRecord::decode(*cell);
    } else {
        view.write(account_key(tx.account), record.encode());
    }
    if (!credit(view, tx.account, record, tx.asset, tx.amount) ||
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
    AccountRecord record{};
    if (const Status status = load_account(view, account, record); status != Status::kApplied) {
        return status;
    }
    const StateKey cash = cash_key(account, asset);
    if (!view.at_least(cash, amount)) {
        return Status::kInsufficientCash;
    }
    if (!post(view, cash, -amount)) {
        return Status::kOverflow;
    }
    const OpenMarkets open = OpenMarkets::load(view, CellKind::kOpenMarkets, raw(account));
    if (open.ids().empty() && (record.assets & (record.assets - 1)) == 0) {
        return Status::kApplied;  // nothing but this cash, which stays >= 0
    }
    expect_exposures(view, Exposure{account, &record, &open});
    const Risk risk = assess(view, context, account, record, open, 0, nullptr);
    return risk.covers_initial() ? Status::kApplied : Status::kMargin;
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
    const Cell* cell = view.read(account_key(tx.to));
    if (cell == nullptr) {
        return Status::kNoAccount;
    }
    AccountRecord receiver = AccountRecord::decode(*cell);
    const Status status = check_cash_out(view, context, tx.from, tx.asset, tx.amount);
    if (status != Status::kApplied) {
        return status;
    }
    if (!credit(view, tx.to, receiver, tx.asset, tx.amount)) {
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

/// Reads, changes and writes one account's record, frozen or not.
template <class View, class Change>
[[nodiscard]] Status change_account(View& view, AccountId account, Change&& change) {
    const Cell* cell = view.read(account_key(account));
    if (cell == nullptr) {
        return Status::kNoAccount;
    }
    AccountRecord record = AccountRecord::decode(*cell);
    change(record);
    view.write(account_key(account), record.encode());
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const SetDelegate& tx) {
    return change_account(view, tx.account,
                          [&](AccountRecord& record) { record.delegate = tx.delegate; });
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&, const SetFrozen& tx) {
    return change_account(view, tx.account,
                          [&](AccountRecord& record) { record.frozen = tx.frozen; });
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const SetFeeTier& tx) {
    if (tx.tier >= kMaxFeeTiers) {
        return Status::kParamRange;
    }
    return change_account(view, tx.account,
                          [&](AccountRecord& record) { record.fee_tier = tx.tier; });
}

/// The bound only rises: a cancelled order stays cancelled.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const CancelOrders& tx) {
    return change_account(view, tx.account, [&](AccountRecord& record) {
        record.salt_below = std::max(record.salt_below, tx.salt_below);
    });
}

}  // namespace lockstep
