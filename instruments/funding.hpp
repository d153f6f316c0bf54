#pragma once

#include <cstdint>

#include "engine/base/checked.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

/// Funding rates are quoted for this many milliseconds.
inline constexpr std::int64_t kFundingQuoteMs = 28'800'000;
/// Longest time charged at once when it exceeds the funding interval: after downtime, the rest is
/// forgiven.
inline constexpr std::int64_t kFundingCatchUpMs = 3'600'000;

/// How far the impact prices lie outside the index, in ppb of the index; floor. Index > 0.
[[nodiscard]] Checked funding_premium_ppb(std::int64_t impact_bid, std::int64_t impact_ask,
                                          std::int64_t index) noexcept;

/// The 8-hour rate: mean premium P, plus interest pulled towards P within the clamp, then capped.
[[nodiscard]] Checked funding_rate_ppb(Checked mean_premium_ppb,
                                       const FundingTerms& terms) noexcept;

/// Q32 quanta that one lot pays at `rate_ppb` over `elapsed_ms`; floor. Linear markets.
[[nodiscard]] Checked linear_funding_delta(Checked rate_ppb, std::int64_t elapsed_ms,
                                           std::int64_t index, std::int64_t multiplier) noexcept;

/// The same for an inverse contract: its value in coin is KC / index, floored in Q32 once.
[[nodiscard]] Checked inverse_funding_delta(Checked rate_ppb, std::int64_t elapsed_ms,
                                            std::int64_t index, std::int64_t contract) noexcept;

/// Whether an index may rise that far: what the largest position owes by it leaves room in 128
/// bits.
[[nodiscard]] inline bool funding_index_fits(Checked index, std::int64_t max_lots) noexcept {
    const Checked worst = abs(index) * max_lots;
    return worst.ok() && worst.value() <= Int128{1} << 125;
}

/// A price with a decimal exponent: value * 10^exponent.
struct ScaledPrice {
    std::int64_t value = 0;
    int exponent = 0;
};

/// The funding index step of dYdX v4 (x/perpetuals, GetFundingIndexDelta), truncated toward zero:
/// rate_ppm / 10^6 per 8 hours * seconds * price, in quote quanta (1e-6) per base quantum
/// (10^base_exponent), times 10^6.
[[nodiscard]] Checked dydx_funding_index_delta(int base_exponent, ScaledPrice price,
                                               std::int64_t rate_ppm,
                                               std::int64_t seconds) noexcept;

}  // namespace lockstep
