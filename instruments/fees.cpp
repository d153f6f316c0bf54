#include "instruments/fees.hpp"

#include <algorithm>

#include "engine/base/rounding.hpp"

namespace lockstep {

Checked fee_of(Checked amount, std::int32_t ppm) noexcept {
    return ceil_div(amount * ppm, kPpm);
}

Checked option_fee_of(Checked underlying, Checked premium, std::int32_t ppm) noexcept {
    const Checked fee = fee_of(underlying, ppm);
    const Checked most = ceil_div(premium, 8);
    if (!fee.ok() || !most.ok()) {
        return Checked::overflowed();
    }
    const Int128 bound = fee.value() > 0 ? most.value() : premium.value() / 8;
    return std::clamp(fee.value(), -bound, bound);
}

bool fees_never_negative(const FeeTier* tiers, std::size_t count) noexcept {
    std::int32_t maker = 0;
    std::int32_t taker = 0;
    for (std::size_t i = 0; i < count; ++i) {
        maker = i == 0 ? tiers[i].maker_ppm : std::min(maker, tiers[i].maker_ppm);
        taker = i == 0 ? tiers[i].taker_ppm : std::min(taker, tiers[i].taker_ppm);
    }
    return std::int64_t{maker} + taker >= 0;
}

}  // namespace lockstep
