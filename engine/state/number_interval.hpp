#pragma once

#include <algorithm>

#include "engine/base/access.hpp"
#include "engine/base/int128.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep {

/// The numbers below a transaction for which all answers that it got about them hold.
///
/// Role:    a question is answered from a guess and narrows the interval to the numbers with the
///          same answer; a commit compares the committed number with the interval.
/// Threads: a plain value.
struct NumberInterval {
    Int128 lower = kInt128Min;  ///< inclusive
    Int128 upper = kInt128Max;  ///< inclusive

    /// Whether guess + delta >= amount.
    [[nodiscard]] bool ask_at_least(Int128 guess, Int128 delta, Int128 amount) noexcept {
        Int128 threshold = 0;  // truth: number >= threshold
        if (__builtin_sub_overflow(amount, delta, &threshold)) {
            return amount < 0;  // the threshold lies outside all numbers: true or false for any
        }
        if (guess >= threshold) {
            lower = std::max(lower, threshold);
            return true;
        }
        upper = std::min(upper, threshold - 1);
        return false;
    }
    /// Whether guess + delta lies in the bounds.
    [[nodiscard]] bool ask_fits(Int128 guess, Int128 delta, const Bounds& bounds) noexcept {
        if (bounds.lower > bounds.upper) {
            return false;
        }
        // bounds.lower - delta <= number <= bounds.upper - delta, clipped to the range of numbers.
        Int128 low = 0;
        Int128 high = 0;
        const bool low_outside = __builtin_sub_overflow(bounds.lower, delta, &low);
        const bool high_outside = __builtin_sub_overflow(bounds.upper, delta, &high);
        if ((low_outside && delta < 0) || (high_outside && delta > 0)) {
            return false;  // above or below every number
        }
        low = low_outside ? kInt128Min : low;
        high = high_outside ? kInt128Max : high;
        if (guess < low) {
            upper = std::min(upper, low - 1);
            return false;
        }
        if (guess > high) {
            lower = std::max(lower, high + 1);
            return false;
        }
        lower = std::max(lower, low);
        upper = std::min(upper, high);
        return true;
    }
    /// The number itself was told.
    void ask_number(Int128 guess) noexcept {
        lower = std::max(lower, guess);
        upper = std::min(upper, guess);
    }
    /// Two answers contradict each other: no number satisfies both.
    void admit_nothing() noexcept {
        lower = kInt128Max;
        upper = kInt128Min;
    }
};

/// What one transaction did to, or assumed about, the number in a cell.
template <Machine M>
struct NumberAccess : NumberInterval {
    bool checked = false;    ///< the interval is an assumption to validate
    bool moved = false;      ///< a non-zero addition was made
    bool has_below = false;  ///< `below` holds the committed value with additions folded in
    bool below_present = false;
    Int128 delta = 0;  ///< sum of the additions
    typename M::Value below{};
    typename M::Value own{};  ///< value shown to the transaction after its additions
};

}  // namespace lockstep
