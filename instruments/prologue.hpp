#pragma once

#include <cstdint>

#include "accounts/account.hpp"
#include "accounts/nonces.hpp"
#include "accounts/state_key.hpp"
#include "instruments/authority.hpp"
#include "instruments/context.hpp"

namespace lockstep {

/// Marks the nonce as spent; kNonceUsed when it was. Looked up by bits of 64 nonces, kept until the
/// last of them can have been asked for.
template <class View>
[[nodiscard]] Status spend_nonce(View& view, const Envelope& envelope, std::int64_t now_ms) {
    const NonceBits nonce = NonceBits::of(envelope.signer, envelope.nonce, envelope.valid_until_ms);
    const TablePlace place = nonce.table.find(view, nonce.key);
    const std::uint64_t spent = ExpiringTable::value(place, now_ms);
    if ((spent & nonce.bit) != 0) {
        return Status::kNonceUsed;
    }
    const TableEntry entry{
        .key = nonce.key, .value = spent | nonce.bit, .until_ms = nonce.until_ms};
    return nonce.table.store(view, place, entry, now_ms) ? Status::kApplied : Status::kNonceWindow;
}

/// The head block of an account; the venue's own need none.
template <class View>
[[nodiscard]] Status load_account(View& view, AccountId account, const Cell*& cell) {
    cell = view.read(account_key(account));
    if (cell == nullptr) {
        return is_venue(account) ? Status::kApplied : Status::kNoAccount;
    }
    return AccountHead(*cell).frozen() ? Status::kAccountFrozen : Status::kApplied;
}

/// True when the signer acts for the account: an account of the same owner. The venue's keys act
/// only for themselves.
[[nodiscard]] constexpr bool acts_for(AccountId signer, AccountId account) noexcept {
    return is_venue(signer) ? signer == account : owner_of(signer) == owner_of(account);
}

/// Check order: account of the signer exists, frozen (the venue's keys need none), right.
template <class View>
[[nodiscard]] Status authorise(View& view, AccountId signer, const Authority& authority) {
    if (authority.signer_must_exist && !is_venue(signer)) {
        const Cell* cell = nullptr;
        const Status status = load_account(view, signer, cell);
        if (status != Status::kApplied && !(authority.always && status == Status::kAccountFrozen)) {
            return status;
        }
    }
    if (authority.right == Authority::Right::kAnyone ||
        (authority.role.has_value() && has_role(signer, *authority.role))) {
        return Status::kApplied;
    }
    if (authority.right == Authority::Right::kRole) {
        return Status::kUnauthorised;
    }
    if (acts_for(signer, authority.account)) {
        return Status::kApplied;
    }
    if (authority.right == Authority::Right::kDelegate && signer != kNobody) {
        const Cell* cell = view.read(account_key(authority.account));
        if (cell != nullptr && AccountHead(*cell).delegate() == signer) {
            return Status::kApplied;
        }
    }
    return Status::kUnauthorised;
}

/// Checks common to all transactions, in the fixed order of 4.3: signer exists and is not frozen,
/// its right, expiry, nonce window, nonce, pause. From the nonce on it is spent even if the
/// transaction fails.
template <class View>
[[nodiscard]] Status run_prologue(View& view, const VenueContext& context, const Envelope& envelope,
                                  const Authority& authority) {
    if (envelope.nonce >= NonceBits::kLimit || envelope.valid_until_ms < 0) {
        return Status::kMalformed;
    }
    if (const Status status = authorise(view, envelope.signer, authority);
        status != Status::kApplied) {
        return status;
    }
    if (envelope.valid_until_ms < context.time_ms) {
        return Status::kExpiredTx;
    }
    if (envelope.valid_until_ms - context.time_ms > context.venue.valid_window_ms) {
        return Status::kNonceWindow;
    }
    if (const Status status = spend_nonce(view, envelope, context.time_ms);
        status != Status::kApplied) {
        return status;
    }
    return context.venue.paused && !authority.always ? Status::kPaused : Status::kApplied;
}

}  // namespace lockstep
