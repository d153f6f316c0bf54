#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.hpp"
#include "engine/base/checked.hpp"
#include "engine/base/int128.hpp"

namespace lockstep {

/// What all positions of a market have been charged per lot since the market began (Q32 quanta).
struct FundingIndex {
    Int128 funding = 0;  ///< F: a long pays, a short receives
    Int128 social = 0;   ///< SL: both sides pay
    friend bool operator==(const FundingIndex&, const FundingIndex&) = default;
};

/// A position in cash-flow form: no entry price, hence no division and no order dependence (D2).
///
/// Profit since opening is `cost + q * price * multiplier`. Invariants [I5]: an account holds it
/// exactly when q != 0; 0 <= remainder < 2^32 by type.
struct Position {
    std::int64_t lots = 0;        ///< signed; > 0 is long
    std::uint32_t remainder = 0;  ///< Q32 quanta owed to the position
    std::uint32_t epoch = 0;      ///< last daily settlement that was realised
    Int128 cost = 0;              ///< quanta received less quanta paid, fees and funding included
    FundingIndex since{};         ///< index up to which funding is settled

    /// From 72 bytes in a block of an account:
    /// market u32 · remainder u32 · lots i64 · cost i128 · funding i128 · social i128 · epoch u32 ·
    /// u32 0.
    [[nodiscard]] static Position load(const std::byte* at) noexcept {
        return {.lots = load_value<std::int64_t>(at + 8),
                .remainder = load_value<std::uint32_t>(at + 4),
                .epoch = load_value<std::uint32_t>(at + 64),
                .cost = load_value<Int128>(at + 16),
                .since = {.funding = load_value<Int128>(at + 32),
                          .social = load_value<Int128>(at + 48)}};
    }
    /// Into the same place; the market stays.
    void store(std::byte* at) const noexcept {
        store_value(at + 4, remainder);
        store_value(at + 8, lots);
        store_value(at + 16, cost);
        store_value(at + 32, since.funding);
        store_value(at + 48, since.social);
        store_value(at + 64, epoch);
        store_value(at + 68, std::uint32_t{0});
    }
    friend bool operator==(const Position&, const Position&) = default;
};

/// What settling a position moved. The sums over all positions of a market are state (I3).
struct FundingFlow {
    Int128 paid = 0;    ///< quanta credited to the position (negative: charged); floor
    Int128 claims = 0;  ///< change of q * F0 + remainder, Q32
    Int128 social = 0;  ///< social loss now carried by the position, Q32, >= 0
};

/// Brings `position` up to `index`: credits the whole quanta of
/// `-q * (F - F0) - |q| * (SL - SL0) + remainder` and carries the fraction. Idempotent.
/// False, with `position` unchanged, on overflow.
[[nodiscard]] bool settle_funding(Position& position, const FundingIndex& index,
                                  FundingFlow& flow) noexcept;

/// Adds `lots` bought (sold if negative) against the cash flow `-cash_paid`. False on overflow.
[[nodiscard]] bool apply_fill(Position& position, std::int64_t lots, Int128 cash_paid) noexcept;

/// What a sweep at a fixed price moved into cash.
struct Sweep {
    Int128 cash = 0;
};

/// Realises `value`, the marked value of the position's lots: cash += cost + value; cost = -value.
/// Changes no equity. False on overflow.
[[nodiscard]] bool realise(Position& position, Int128 value, Sweep& sweep) noexcept;

}  // namespace lockstep
