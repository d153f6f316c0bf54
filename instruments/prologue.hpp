#pragma once

#include <cstdint>

#include "accounts/records.hpp"
#include "accounts/state_key.hpp"
#include "instruments/context.hpp"

namespace lockstep {

/// Where a nonce is kept.
struct NoncePlace {
    StateKey key{};
    std::int64_t bucket = 0;
    std::size_t word = 0;
    std::uint64_t bit = 0;
};

[[nodiscard]] constexpr NoncePlace nonce_place(const Envelope& envelope) noexcept {
    const std::int64_t bucket = envelope.valid_until_ms / NonceRecord::kBucketMs;
    const std::uint64_t stripe = envelope.nonce % NonceRecord::kStripes;
    const std::uint64_t row = envelope.nonce / NonceRecord::kStripes;
    const auto slot = static_cast<std::uint64_t>(bucket % NonceRecord::kRing);
    return {.key = {CellKind::kNonces, raw(envelope.signer),
                    static_cast<std::uint32_t>(row / NonceRecord::kBits),
                    static_cast<std::uint32_t>(slot * NonceRecord::kStripes + stripe)},
            .bucket = bucket,
            .word = static_cast<std::size_t>(row % NonceRecord::kBits / 64),
            .bit = std::uint64_t{1} << (row % 64)};
}

/// Marks the nonce as spent; kNonceUsed when it was.
template <class View>
[[nodiscard]] Status spend_nonce(View& view, const Envelope& envelope) {
    const NoncePlace place = nonce_place(envelope);
    NonceRecord record;
    if (const Cell* cell = view.read(place.key)) {
        record = NonceRecord::decode(*cell);
    }
    if (record.bucket > place.bucket) {
        return Status::kNonceUsed;  // the ring is longer than the window: not reachable in order
    }
    if (record.bucket < place.bucket) {
        record = {.bucket = place.bucket};
    }
    if ((record.used[place.word] & place.bit) != 0) {
        return Status::kNonceUsed;
    }
    record.used[place.word] |= place.bit;
    view.write(place.key, record.encode());
    return Status::kApplied;
}

/// The record of an account; the venue's own always exist.
template <class View>
[[nodiscard]] Status load_account(View& view, AccountId account, AccountRecord& record) {
    const Cell* cell = view.read(account_key(account));
    if (cell == nullptr) {
        return is_venue(account) ? Status::kApplied : Status::kNoAccount;
    }
    record = AccountRecord::decode(*cell);
    return record.frozen ? Status::kAccountFrozen : Status::kApplied;
}

/// What a payload asks of its signer.
struct Authority {
    enum class Right : std::uint8_t {
        kAnyone,    ///< any existing account
        kVenue,     ///< an account of owner 0
        kOwner,     ///< the venue, or an account of `account`'s owner
        kDelegate,  ///< the same, or the delegate of `account`
    };
    Right right = Right::kAnyone;
    AccountId account{};
    bool signer_must_exist = true;
};

template <class View>
[[nodiscard]] Status authorise(View& view, AccountId signer, const Authority& authority) {
    if (is_venue(signer)) {
        return Status::kApplied;
    }
    AccountRecord record{};
    if (authority.signer_must_exist) {
        if (const Status status = load_account(view, signer, record); status != Status::kApplied) {
            return status;
        }
    }
    switch (authority.right) {
        case Authority::Right::kAnyone:
            return Status::kApplied;
        case Authority::Right::kVenue:
            return Status::kUnauthorised;
        case Authority::Right::kOwner:
        case Authority::Right::kDelegate:
            break;
    }
    if (owner_of(signer) == owner_of(authority.account)) {
        return Status::kApplied;
    }
    if (authority.right == Authority::Right::kDelegate) {
        const Cell* cell = view.read(account_key(authority.account));
        if (cell != nullptr && AccountRecord::decode(*cell).delegate == signer) {
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
    if (envelope.nonce >= NonceRecord::kLimit || envelope.valid_until_ms < 0) {
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
    if (const Status status = spend_nonce(view, envelope); status != Status::kApplied) {
        return status;
    }
    return context.venue.paused && !is_venue(envelope.signer) ? Status::kPaused : Status::kApplied;
}

}  // namespace lockstep
