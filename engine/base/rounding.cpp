#include "engine/base/rounding.hpp"

namespace lockstep {
namespace {

struct UInt256 {
    UInt128 high;
    UInt128 low;
};

constexpr UInt128 kLowMask = ~std::uint64_t{0};

UInt256 multiply(UInt128 a, UInt128 b) noexcept {
    const UInt128 low_low = (a & kLowMask) * (b & kLowMask);
    const UInt128 low_high = (a & kLowMask) * (b >> 64);
    const UInt128 high_low = (a >> 64) * (b & kLowMask);
    const UInt128 high_high = (a >> 64) * (b >> 64);
    const UInt128 middle = (low_low >> 64) + (low_high & kLowMask) + (high_low & kLowMask);
    return {high_high + (low_high >> 64) + (high_low >> 64) + (middle >> 64),
            (middle << 64) | (low_low & kLowMask)};
}

struct Division {
    UInt128 quotient;
    bool exact;
    bool fits;
};

/// Schoolbook binary division; 128 steps, only taken when the product leaves 128 bits.
Division divide(UInt256 a, UInt128 b) noexcept {
    if (a.high == 0) {
        return {a.low / b, a.low % b == 0, true};
    }
    if (a.high >= b) {
        return {0, false, false};
    }
    UInt128 rest = a.high;
    UInt128 quotient = 0;
    for (int bit = 127; bit >= 0; --bit) {
        const bool carry = (rest >> 127) != 0;
        rest = (rest << 1) | ((a.low >> bit) & 1);
        quotient <<= 1;
        if (carry || rest >= b) {
            rest -= b;
            quotient |= 1;
        }
    }
    return {quotient, rest == 0, true};
}

Checked signed_quotient(Checked a, Checked b, Checked c, bool round_up) noexcept {
    if (!a.ok() || !b.ok() || !c.ok() || c.value() <= 0) {
        return Checked::overflowed();
    }
    const bool negative = (a.value() < 0) != (b.value() < 0);
    Division d = divide(multiply(magnitude(a.value()), magnitude(b.value())), magnitude(c.value()));
    if (!d.fits) {
        return Checked::overflowed();
    }
    if (!d.exact && negative != round_up) {  // away from zero
        d.quotient += 1;
        if (d.quotient == 0) {
            return Checked::overflowed();
        }
    }
    const UInt128 limit = magnitude(kInt128Min);
    if (d.quotient > (negative ? limit : limit - 1)) {
        return Checked::overflowed();
    }
    return Checked{static_cast<Int128>(negative ? UInt128{0} - d.quotient : d.quotient)};
}

}  // namespace

Checked mul_div_floor(Checked a, Checked b, Checked c) noexcept {
    return signed_quotient(a, b, c, false);
}

Checked mul_div_ceil(Checked a, Checked b, Checked c) noexcept {
    return signed_quotient(a, b, c, true);
}

UInt128 integer_sqrt(UInt128 a) noexcept {
    UInt128 root = 0;
    UInt128 bit = UInt128{1} << 126;
    while (bit > a) {
        bit >>= 2;
    }
    while (bit != 0) {
        if (a >= root + bit) {
            a -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    return root;
}

}  // namespace lockstep
