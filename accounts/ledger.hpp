#pragma once

#include <cstdint>

#include "accounts/cell.hpp"
#include "accounts/ids.hpp"
#include "accounts/position.hpp"
#include "accounts/state_key.hpp"
#include "engine/base/access.hpp"
#include "engine/base/checked.hpp"

namespace lockstep {

/// The number in a cell; 0 when absent.
template <class View>
[[nodiscard]] Int128 number_at(View& view, const StateKey& key) {
    const Cell* cell = view.read(key);
    return cell == nullptr ? 0 : cell->number();
}

/// Adds without touching the cell when there is nothing to add. False on overflow.
template <class View>
[[nodiscard]] bool post(View& view, const StateKey& key, Int128 amount) {
    return amount == 0 || view.add(key, amount, Bounds{});
}

/// Two addends of one number that is kept as high * 2^96 + low, both cells commutative.
struct WideAddends {
    Int128 high = 0;
    Int128 low = 0;
};

/// Splits so that |low| < 2^96. Values within 2^95 have no high part, so they cost one cell.
[[nodiscard]] constexpr WideAddends split_wide(Int128 value) noexcept {
    constexpr Int128 kLimit = Int128{1} << 95;
    if (value >= -kLimit && value <= kLimit) {
        return {.high = 0, .low = value};
    }
    const Int128 high = value >> 96;
    return {.high = high, .low = value - (high << 96)};
}

/// Adds to the market's sum of q * F0 + rem.
template <class View>
[[nodiscard]] bool post_claims(View& view, MarketId market, Int128 claims) {
    const WideAddends parts = split_wide(claims);
    return post(view, market_key(CellKind::kClaimsLow, market), parts.low) &&
           post(view, market_key(CellKind::kClaimsHigh, market), parts.high);
}

/// Books the counterpart of funding that positions received: the clearing account pays it.
template <class View>
[[nodiscard]] bool post_funding(View& view, MarketId market, const FundingFlow& flow) {
    return post(view, market_key(CellKind::kFundClear, market), -flow.paid) &&
           post_claims(view, market, flow.claims) &&
           post(view, market_key(CellKind::kSocialClaims, market), -flow.social);
}

/// The per-market sums of I3.
struct FundingSums {
    Int128 clearing = 0;       ///< quanta
    Int128 claims_low = 0;     ///< Q32
    Int128 claims_high = 0;    ///< Q32, times 2^96
    Int128 social_claims = 0;  ///< Q32
    Int128 dust = 0;           ///< Q32
};

/// I3: clearing * 2^32 + social_claims - claims - dust == 0, in exact arithmetic.
[[nodiscard]] bool funding_balances(const FundingSums& sums) noexcept;

template <class View>
[[nodiscard]] FundingSums load_funding_sums(View& view, MarketId market) {
    return {.clearing = number_at(view, market_key(CellKind::kFundClear, market)),
            .claims_low = number_at(view, market_key(CellKind::kClaimsLow, market)),
            .claims_high = number_at(view, market_key(CellKind::kClaimsHigh, market)),
            .social_claims = number_at(view, market_key(CellKind::kSocialClaims, market)),
            .dust = number_at(view, market_key(CellKind::kDust, market))};
}

}  // namespace lockstep
