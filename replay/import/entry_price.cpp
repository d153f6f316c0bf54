#include "replay/import/entry_price.hpp"

#include <algorithm>

#include "engine/base/rounding.hpp"

namespace lockstep {
namespace {

constexpr Int128 kOne = Int128{1} << 64;

/// 10^exponent for 0 <= exponent <= 38, else overflowed.
Checked power(std::int64_t exponent) {
    return exponent >= 0 && exponent <= 38
               ? Checked{power_of_ten(static_cast<std::uint32_t>(exponent))}
               : Checked::overflowed();
}

/// Price distance in Q64 ticks that `units` quanta of profit make on one lot of `closed`, rounded
/// down and up: units * 10^(price + size - profit scale) / closed.
struct Distance {
    Checked low;
    Checked high;
};
Distance distance_of(const EntryScales& scales, Checked units, std::int64_t closed) {
    const std::int64_t exponent =
        std::int64_t{scales.price_scale} + scales.size_scale - scales.profit_scale;
    const Checked numerator = exponent >= 0 ? units * power(exponent) : units;
    const Checked divisor = exponent >= 0 ? Checked{closed} : Checked{closed} * power(-exponent);
    return {mul_div_floor(numerator, kOne, divisor), mul_div_ceil(numerator, kOne, divisor)};
}

/// Width of the entry grid in Q64 ticks, rounded up.
Checked grid_of(const EntryScales& scales) {
    const std::int64_t exponent = std::int64_t{scales.price_scale} - scales.entry_scale;
    return exponent >= 0 ? power(exponent) * kOne : ceil_div(kOne, power(-exponent));
}

bool overlap(Checked a_low, Checked a_high, Checked b_low, Checked b_high) {
    return a_low.ok() && a_high.ok() && b_low.ok() && b_high.ok() &&
           a_low.value() <= b_high.value() && b_low.value() <= a_high.value();
}

}  // namespace

ProfitMatch EntryPrice::fill(const EntryScales& scales, std::int64_t before, std::int64_t lots,
                             std::int64_t price, const Decimal& profit) {
    const bool opens = before == 0 || (before > 0) == (lots > 0);
    if (opens) {
        open(before, lots, price);
        return profit.units == 0 ? ProfitMatch::kNothingClosed : ProfitMatch::kDifferent;
    }
    const std::int64_t size = before > 0 ? before : -before;
    const std::int64_t closed = std::min(size, lots > 0 ? lots : -lots);
    const ProfitMatch match = close(scales, before > 0 ? closed : -closed, price, profit);
    if (before + lots == 0) {
        known_.reset();
    } else if (closed == size) {  // through zero: a new position at this price
        open(0, before + lots, price);
    }
    return match;
}

void EntryPrice::open(std::int64_t before, std::int64_t lots, std::int64_t price) {
    const Checked here = Checked{price} * kOne;
    if (before == 0) {
        known_ = Range{here, here};
        opened_here_ = true;
        return;
    }
    if (!known_) {
        return;
    }
    const Checked old_size = abs(Checked{before});
    const Checked new_size = abs(Checked{before} + lots);
    const Checked added = abs(Checked{lots});
    known_ =
        Range{mul_div_floor(known_->low, old_size, new_size) + mul_div_floor(here, added, new_size),
              mul_div_ceil(known_->high, old_size, new_size) + mul_div_ceil(here, added, new_size)};
}

/// `closed` is signed like the position.
ProfitMatch EntryPrice::close(const EntryScales& scales, std::int64_t closed, std::int64_t price,
                              const Decimal& profit) {
    const auto printed = profit.rounded_to(scales.profit_scale);
    if (!printed) {
        known_.reset();
        return ProfitMatch::kDifferent;
    }
    // profit = (price - entry) * closed, so entry = price - profit / closed, a quantum either way.
    const std::int64_t sign = closed > 0 ? 1 : -1;
    const Checked units = Checked{*printed} * sign;
    const Checked here = Checked{price} * kOne;
    const Checked low = here - distance_of(scales, units + 1, closed * sign).high;
    const Checked high = here - distance_of(scales, units - 1, closed * sign).low;
    const Checked floored_high = high + grid_of(scales);
    if (!low.ok() || !floored_high.ok()) {
        known_.reset();
        return ProfitMatch::kDifferent;
    }
    if (!known_) {
        known_ = Range{low, floored_high};
        opened_here_ = false;
        return ProfitMatch::kFirstClose;
    }
    if (!overlap(known_->low, known_->high, low, floored_high)) {
        known_ = Range{low, floored_high};
        return ProfitMatch::kDifferent;
    }
    const bool exact = overlap(known_->low, known_->high, low, high);
    known_ = Range{std::max(known_->low.value(), low.value()),
                   std::min(known_->high.value(), floored_high.value())};
    return exact ? ProfitMatch::kExact : ProfitMatch::kFloored;
}

}  // namespace lockstep
