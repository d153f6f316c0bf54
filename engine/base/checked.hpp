#pragma once

#include "engine/base/int128.hpp"

namespace lockstep {

/// A 128-bit integer whose overflow is remembered instead of undefined.
///
/// Role:     all money arithmetic of handlers. Write the formula, ask ok() once at the end.
/// Overflow: after an operation leaves the range, ok() is false for that value and for every value
///           computed from it; value() is then 0 and must not be used.
/// Cost:     one flag test per operation, no branch on the happy path.
class Checked {
  public:
    constexpr Checked() noexcept = default;
    // NOLINTNEXTLINE(google-explicit-constructor) formulas mix it with plain numbers
    constexpr Checked(Int128 value) noexcept : value_(value) {}

    [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
    [[nodiscard]] constexpr Int128 value() const noexcept { return value_; }

    friend constexpr Checked operator+(Checked a, Checked b) noexcept {
        Int128 out = 0;
        const bool bad = __builtin_add_overflow(a.value_, b.value_, &out);
        return {out, a.ok_ && b.ok_ && !bad};
    }
    friend constexpr Checked operator-(Checked a, Checked b) noexcept {
        Int128 out = 0;
        const bool bad = __builtin_sub_overflow(a.value_, b.value_, &out);
        return {out, a.ok_ && b.ok_ && !bad};
    }
    friend constexpr Checked operator*(Checked a, Checked b) noexcept {
        Int128 out = 0;
        const bool bad = __builtin_mul_overflow(a.value_, b.value_, &out);
        return {out, a.ok_ && b.ok_ && !bad};
    }
    friend constexpr Checked operator-(Checked a) noexcept { return Checked{0} - a; }
    constexpr Checked& operator+=(Checked b) noexcept { return *this = *this + b; }
    constexpr Checked& operator-=(Checked b) noexcept { return *this = *this - b; }

    /// A value that is already out of range.
    [[nodiscard]] static constexpr Checked overflowed() noexcept { return {0, false}; }

  private:
    constexpr Checked(Int128 value, bool ok) noexcept : value_(ok ? value : 0), ok_(ok) {}

    Int128 value_ = 0;
    bool ok_ = true;
};

[[nodiscard]] constexpr Checked abs(Checked a) noexcept {
    return a.value() < 0 ? -a : a;
}

}  // namespace lockstep
