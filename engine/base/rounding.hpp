#pragma once

#include <cstdint>

#include "engine/base/checked.hpp"

namespace lockstep {

/// Named roundings of a quotient. `/` truncates toward zero and is never used on signed money.
/// A divisor <= 0 gives an overflowed value: the transaction fails, the block goes on.

namespace internal {

struct Division {
    Int128 quotient;
    Int128 remainder;
};

/// a / b truncated, b > 0; 64-bit division where both fit, which is several times faster.
[[nodiscard]] constexpr Division divide(Int128 a, Int128 b) noexcept {
    const auto narrow_a = static_cast<std::int64_t>(a);
    const auto narrow_b = static_cast<std::int64_t>(b);
    if (narrow_a == a && narrow_b == b) {
        return {narrow_a / narrow_b, narrow_a % narrow_b};
    }
    return {a / b, a % b};
}

}  // namespace internal

/// floor(a / b), b > 0.
[[nodiscard]] constexpr Checked floor_div(Checked a, Checked b) noexcept {
    if (!a.ok() || !b.ok() || b.value() <= 0) {
        return Checked::overflowed();
    }
    const internal::Division parts = internal::divide(a.value(), b.value());
    return Checked{parts.quotient - (parts.remainder < 0 ? 1 : 0)};
}

/// ceil(a / b), b > 0.
[[nodiscard]] constexpr Checked ceil_div(Checked a, Checked b) noexcept {
    if (!a.ok() || !b.ok() || b.value() <= 0) {
        return Checked::overflowed();
    }
    const internal::Division parts = internal::divide(a.value(), b.value());
    return Checked{parts.quotient + (parts.remainder > 0 ? 1 : 0)};
}

/// Nearest integer to a / b with ties toward +infinity, b > 0.
[[nodiscard]] constexpr Checked nearest_div(Checked a, Checked b) noexcept {
    return floor_div(Checked{2} * a + b, Checked{2} * b);
}

/// floor(a * b / c) with a 256-bit product, c > 0; overflowed when the quotient leaves 128 bits.
[[nodiscard]] Checked mul_div_floor(Checked a, Checked b, Checked c) noexcept;

/// ceil(a * b / c) with a 256-bit product, c > 0; overflowed when the quotient leaves 128 bits.
[[nodiscard]] Checked mul_div_ceil(Checked a, Checked b, Checked c) noexcept;

/// Largest r with r * r <= a; 0 for a <= 0.
[[nodiscard]] UInt128 integer_sqrt(UInt128 a) noexcept;

}  // namespace lockstep
