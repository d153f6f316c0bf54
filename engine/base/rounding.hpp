#pragma once

#include "engine/base/checked.hpp"

namespace lockstep {

/// Named roundings of a quotient. `/` truncates toward zero and is never used on signed money.
/// A divisor <= 0 gives an overflowed value: the transaction fails, the block goes on.

/// floor(a / b), b > 0.
[[nodiscard]] constexpr Checked floor_div(Checked a, Checked b) noexcept {
    if (!a.ok() || !b.ok() || b.value() <= 0) {
        return Checked::overflowed();
    }
    const Int128 quotient = a.value() / b.value();
    return Checked{quotient - ((a.value() % b.value() < 0) ? 1 : 0)};
}

/// ceil(a / b), b > 0.
[[nodiscard]] constexpr Checked ceil_div(Checked a, Checked b) noexcept {
    if (!a.ok() || !b.ok() || b.value() <= 0) {
        return Checked::overflowed();
    }
    const Int128 quotient = a.value() / b.value();
    return Checked{quotient + ((a.value() % b.value() > 0) ? 1 : 0)};
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
