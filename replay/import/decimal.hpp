#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/int128.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// A decimal number as it was written: `units` times ten to the power of minus `scale`.
///
/// Role:    prices, sizes and fees of recorded data, exactly; no floating point takes part.
/// Bounds:  at most 30 digits behind the point; the magnitude of units fits 127 bits.
struct Decimal {
    Int128 units = 0;
    std::uint8_t scale = 0;

    /// The same number with the least scale that holds it.
    [[nodiscard]] Decimal shortest() const noexcept;
    /// units at another scale; empty when digits would be lost or the value leaves 128 bits.
    [[nodiscard]] std::optional<Int128> at_scale(std::uint8_t other) const noexcept;
    /// units at another scale, nearest, ties away from zero; empty when out of range.
    [[nodiscard]] std::optional<Int128> rounded_to(std::uint8_t other) const noexcept;
    /// Decimal text with exactly `scale` digits behind the point.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Decimal&, const Decimal&) = default;
};

inline constexpr std::uint8_t kDecimalScaleMax = 30;

/// Ten to the power of `exponent`, exponent <= 38.
[[nodiscard]] Int128 power_of_ten(std::uint32_t exponent) noexcept;

/// Reads `[+-]digits[.digits][e[+-]digits]`, with at least one digit before or behind the point.
/// The whole text must be consumed: no blanks, no "nan", no thousands separators.
[[nodiscard]] Result<Decimal, ParseError> parse_decimal(std::string_view text);

/// Reads decimal digits without a sign; the whole text must be consumed.
[[nodiscard]] Result<std::uint64_t, ParseError> parse_unsigned(std::string_view text);

/// Words for a ParseError.
[[nodiscard]] std::string_view describe(ParseError error) noexcept;

}  // namespace lockstep
