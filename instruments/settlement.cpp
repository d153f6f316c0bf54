#include "instruments/settlement.hpp"

#include <algorithm>

#include "engine/base/rounding.hpp"

namespace lockstep {

void PriceAverage::cover(std::int64_t price, std::int64_t from_ms, std::int64_t to_ms,
                         const MarketTerms& terms) noexcept {
    const std::int64_t begin = std::max(from_ms, terms.expiry_ms - terms.settle_window_ms);
    const std::int64_t end = std::min(to_ms, terms.expiry_ms);
    if (begin >= end) {
        return;
    }
    sum += Int128{price} * (end - begin);
    millis += end - begin;
}

std::optional<std::int64_t> PriceAverage::value() const noexcept {
    if (millis <= 0) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(floor_div(sum, millis).value());
}

std::optional<std::int64_t> PriceAverage::final_value(const MarketTerms& terms) const noexcept {
    return millis >= terms.settle_window_ms - millis ? value() : std::nullopt;
}

std::int64_t PriceAverage::forward(std::int64_t index, std::int64_t window_ms) const noexcept {
    const std::int64_t left = std::max<std::int64_t>(0, window_ms - millis);
    const Checked mean =
        floor_div(Checked{sum} + Checked{index} * left, Checked{millis} + Int128{left});
    return mean.ok() ? static_cast<std::int64_t>(mean.value()) : index;
}

std::int64_t option_payoff(OptionSide side, std::int64_t price, std::int64_t strike) noexcept {
    return std::max<std::int64_t>(0, side == OptionSide::kCall ? price - strike : strike - price);
}

std::int64_t option_mark(const MarketTerms& terms, std::int64_t published,
                         std::int64_t forward) noexcept {
    const std::int64_t intrinsic = option_payoff(terms.option_side, forward, terms.strike);
    if (published == kNoPrice) {
        return intrinsic;
    }
    const std::int64_t bound = terms.option_side == OptionSide::kCall ? forward : terms.strike;
    return std::clamp(published, intrinsic, std::max(intrinsic, bound));
}

Checked inverse_unit_q32(std::int64_t contract, std::int64_t price) noexcept {
    return floor_div(Checked{contract} * (Int128{1} << 32), price);
}

}  // namespace lockstep
