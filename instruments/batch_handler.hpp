#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "instruments/trade_handler.hpp"

namespace lockstep {

/// An account that an atomic batch touches, with its risk before the first fill.
struct BatchAccount {
    AccountId account{};
    bool takes = false;
    Risk before{};
    Checked costs{};  ///< of its fills so far
};

template <class View>
[[nodiscard]] Risk assess_stored(View& view, const VenueContext& context, AccountId account,
                                 Int128 profit_cap) {
    const Cell* cell = view.read(account_key(account));
    if (cell == nullptr) {
        return {};
    }
    expect_positions(view, ExpectedAccount{account, cell});
    return assess(view, context, AccountBlocks(view, account, *cell), profit_cap, nullptr);
}

/// The accounts of the fills, each once, in the order of their first appearance.
[[nodiscard]] inline std::size_t collect_accounts(
    std::span<const Trade> fills, std::array<BatchAccount, 2 * kMaxBatch>& accounts) noexcept {
    std::size_t count = 0;
    for (const Trade& fill : fills) {
        for (const bool buyer : {true, false}) {
            const AccountId account = buyer ? fill.buyer.account : fill.seller.account;
            const bool takes = buyer == fill.buyer_is_taker;
            const auto end = accounts.begin() + static_cast<std::ptrdiff_t>(count);
            const auto found = std::find_if(accounts.begin(), end, [&](const BatchAccount& known) {
                return known.account == account;
            });
            if (found != end) {
                found->takes = found->takes || takes;
            } else {
                accounts[count++] = {.account = account, .takes = takes, .before = {}, .costs = {}};
            }
        }
    }
    return count;
}

/// All fills or none; the first failing fill decides the status. Margin is checked once at the end,
/// in between unchecked: an account may pass through states it could not rest in.
template <class View>
[[nodiscard]] Status settle_atomic(View& view, const VenueContext& context, const Batch& tx) {
    std::array<BatchAccount, 2 * kMaxBatch> accounts;
    const std::size_t count = collect_accounts(tx.fills, accounts);
    const MarginPolicy policy = MarginPolicy::of_fill(context);
    for (std::size_t i = 0; i < count; ++i) {
        accounts[i].before = assess_stored(view, context, accounts[i].account, policy.profit_cap);
    }
    for (const Trade& fill : tx.fills) {
        FillCosts costs;
        const Status status = settle_trade(view, context, fill, MarginCheck::kLater, &costs);
        if (status != Status::kApplied) {
            return status;
        }
        for (std::size_t i = 0; i < count; ++i) {
            accounts[i].costs += accounts[i].account == fill.buyer.account    ? costs.buyer
                                 : accounts[i].account == fill.seller.account ? costs.seller
                                                                              : Checked{0};
        }
        if (view.stopped()) {
            return Status::kInconsistent;
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        const AccountId account = accounts[i].account;
        const Cell* const cell = view.read(account_key(account));
        if (cell == nullptr) {
            continue;
        }
        expect_positions(view, ExpectedAccount{account, cell});
        const AccountBlocks blocks(view, account, *cell);
        const Status status = policy.judge(
            view, context, blocks, nullptr, [&] { return accounts[i].before; },
            [&] { return accounts[i].costs; });
        if (status != Status::kApplied) {
            return margin_status(status, accounts[i].takes);
        }
    }
    return Status::kApplied;
}

/// Each fill on its own; its status goes into a BatchLeg event.
template <class View>
[[nodiscard]] Status settle_independent(View& view, const VenueContext& context, const Batch& tx) {
    for (std::size_t i = 0; i < tx.fills.size(); ++i) {
        const auto start = view.savepoint();
        const Status status = settle_trade(view, context, tx.fills[i], MarginCheck::kNow);
        if (status != Status::kApplied) {
            view.rollback(start);
        }
        EventBytes<6> event;
        event.put(static_cast<std::uint32_t>(i)).put(status);
        emit(view, EventType::kBatchLeg, event);
        if (view.stopped()) {
            return Status::kInconsistent;
        }
    }
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const Batch& tx) {
    if (tx.fills.empty() || tx.fills.size() > kMaxBatch) {
        return Status::kBatchSize;
    }
    return tx.atomic ? settle_atomic(view, context, tx) : settle_independent(view, context, tx);
}

}  // namespace lockstep
