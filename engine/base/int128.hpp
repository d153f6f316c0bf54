#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "engine/base/result.hpp"

namespace lockstep {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

inline constexpr Int128 kInt128Max = static_cast<Int128>((static_cast<UInt128>(1) << 127) - 1);
inline constexpr Int128 kInt128Min = -kInt128Max - 1;

/// Magnitude of `value`, defined for every value including kInt128Min.
[[nodiscard]] constexpr UInt128 magnitude(Int128 value) noexcept {
    return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

[[nodiscard]] constexpr std::uint64_t low64(Int128 value) noexcept {
    return static_cast<std::uint64_t>(static_cast<UInt128>(value));
}

[[nodiscard]] constexpr std::uint64_t high64(Int128 value) noexcept {
    return static_cast<std::uint64_t>(static_cast<UInt128>(value) >> 64);
}

[[nodiscard]] constexpr Int128 make_int128(std::uint64_t high, std::uint64_t low) noexcept {
    return static_cast<Int128>((static_cast<UInt128>(high) << 64) | low);
}

/// a + b modulo 2^128, for sums whose range is checked elsewhere.
[[nodiscard]] constexpr Int128 wrapping_add(Int128 a, Int128 b) noexcept {
    return static_cast<Int128>(static_cast<UInt128>(a) + static_cast<UInt128>(b));
}

/// Decimal text; independent of the locale.
[[nodiscard]] std::string to_string(Int128 value);

enum class ParseError : std::uint8_t { kEmpty, kNotANumber, kOutOfRange };

/// Reads an optional sign and decimal digits; the whole text must be consumed.
[[nodiscard]] Result<Int128, ParseError> parse_int128(std::string_view text);

}  // namespace lockstep
