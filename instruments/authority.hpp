#pragma once

#include <cstdint>
#include <optional>

#include "accounts/ids.hpp"
#include "instruments/transaction.hpp"

namespace lockstep {

/// What a payload asks of its signer.
struct Authority {
    enum class Right : std::uint8_t {
        kAnyone,    ///< any existing account
        kRole,      ///< a key of the venue with `role`
        kOwner,     ///< an account of `account`'s owner
        kDelegate,  ///< the same, or the delegate of `account`
    };
    Right right = Right::kAnyone;
    AccountId account{};
    /// The venue's keys with it may sign as well (always so with kRole).
    std::optional<Role> role{};
    bool signer_must_exist = true;
    bool always = false;  ///< passes while the venue is paused, and from a frozen account
};

/// The right that a payload asks of its signer.
[[nodiscard]] Authority authority_of(const Payload& payload) noexcept;

/// The first of the venue's keys that may sign a payload; governance where none may.
[[nodiscard]] AccountId venue_signer(const Payload& payload) noexcept;

}  // namespace lockstep
