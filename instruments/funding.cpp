#include "instruments/funding.hpp"

#include <algorithm>

#include "engine/base/rounding.hpp"

namespace lockstep {
namespace {

Checked clamp(Checked value, Int128 low, Int128 high) noexcept {
    return value.ok() ? Checked{std::clamp(value.value(), low, high)} : value;
}

Checked truncated_div(Checked a, Checked b) noexcept {
    return a.value() < 0 ? ceil_div(a, b) : floor_div(a, b);
}

}  // namespace

Checked funding_premium_ppb(std::int64_t impact_bid, std::int64_t impact_ask,
                            std::int64_t index) noexcept {
    const Int128 above = std::max<Int128>(0, Int128{impact_bid} - index);
    const Int128 below = std::max<Int128>(0, Int128{index} - impact_ask);
    return floor_div(Checked{above - below} * kPpb, index);
}

Checked funding_rate_ppb(Checked mean_premium_ppb, const FundingTerms& terms) noexcept {
    const Checked pull =
        clamp(Checked{terms.interest_ppb} - mean_premium_ppb, -terms.clamp_ppb, terms.clamp_ppb);
    const Checked rate = mean_premium_ppb + pull;
    return clamp(rate, -terms.cap_ppb, terms.cap_ppb);
}

Checked linear_funding_delta(Checked rate_ppb, std::int64_t elapsed_ms, std::int64_t index,
                             std::int64_t multiplier) noexcept {
    return mul_div_floor(rate_ppb * elapsed_ms * index, Checked{multiplier} * (Int128{1} << 32),
                         Checked{kPpb} * kFundingQuoteMs);
}

Checked inverse_funding_delta(Checked rate_ppb, std::int64_t elapsed_ms, std::int64_t index,
                              std::int64_t contract) noexcept {
    const Checked value = floor_div(Checked{contract} * (Int128{1} << 32), index);
    return mul_div_floor(rate_ppb * elapsed_ms, value, Checked{kPpb} * kFundingQuoteMs);
}

Checked dydx_funding_index_delta(int base_exponent, ScaledPrice price, std::int64_t rate_ppm,
                                 std::int64_t seconds) noexcept {
    constexpr int kQuoteExponent = -6;
    constexpr std::int64_t kQuoteSeconds = 28'800;
    int exponent = price.exponent + base_exponent - kQuoteExponent;
    Checked numerator = Checked{rate_ppm} * seconds * price.value;
    Checked denominator = kQuoteSeconds;
    for (; exponent > 0 && numerator.ok(); --exponent) {
        numerator = numerator * 10;
    }
    for (; exponent < 0 && denominator.ok(); ++exponent) {
        denominator = denominator * 10;
    }
    return truncated_div(numerator, denominator);
}

}  // namespace lockstep
