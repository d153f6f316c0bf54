#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/checked.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

/// Time-weighted sum of index values: the averaging before expiry.
struct PriceAverage {
    Int128 sum = 0;           ///< price * milliseconds
    std::int64_t millis = 0;  ///< time covered by valid values

    /// Counts `price` for the part of [from_ms, to_ms] inside the window that ends at expiry.
    void cover(std::int64_t price, std::int64_t from_ms, std::int64_t to_ms,
               const MarketTerms& terms) noexcept;
    /// floor(sum / millis); none when nothing was covered.
    [[nodiscard]] std::optional<std::int64_t> value() const noexcept;
    /// The value, once at least half of the window is covered: less says nothing about the rest.
    [[nodiscard]] std::optional<std::int64_t> final_value(const MarketTerms& terms) const noexcept;
    /// Mark inside the window: the part already fixed, and `index` for what is left; floor.
    [[nodiscard]] std::int64_t forward(std::int64_t index, std::int64_t window_ms) const noexcept;
    friend bool operator==(const PriceAverage&, const PriceAverage&) = default;
};

/// Payoff of an option in ticks at price `price`: max(0, +-(price - strike)).
[[nodiscard]] std::int64_t option_payoff(OptionSide side, std::int64_t price,
                                         std::int64_t strike) noexcept;

/// Mark of an option: the published one within its no-arbitrage bounds, else intrinsic value.
[[nodiscard]] std::int64_t option_mark(const MarketTerms& terms, std::int64_t published,
                                       std::int64_t forward) noexcept;

/// Coin value of one inverse contract at `price`, Q32, floored once for all holders; price > 0.
[[nodiscard]] Checked inverse_unit_q32(std::int64_t contract, std::int64_t price) noexcept;

}  // namespace lockstep
