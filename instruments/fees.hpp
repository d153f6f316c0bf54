#pragma once

#include <cstdint>

#include "engine/base/checked.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

/// ceil(amount * ppm / 10^6): fees are taken rounded up, rebates (ppm < 0) paid rounded down.
[[nodiscard]] Checked fee_of(Checked amount, std::int32_t ppm) noexcept;

/// The same for an option: `underlying` is the underlying's notional; a fee is at most 12.5 % of
/// the premium, rounded up, and a rebate at most that, rounded down. So a rebate never exceeds a
/// fee of at least its rate.
[[nodiscard]] Checked option_fee_of(Checked underlying, Checked premium, std::int32_t ppm) noexcept;

/// True when no maker rebate of the schedule exceeds the taker fee of any tier, so that the fees of
/// a fill are never negative in total (I7) but for rounding, which the handler checks.
[[nodiscard]] bool fees_never_negative(const FeeTier* tiers, std::size_t count) noexcept;

}  // namespace lockstep
