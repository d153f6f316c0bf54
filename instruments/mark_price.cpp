#include "instruments/mark_price.hpp"

#include <algorithm>

#include "instruments/terms.hpp"

namespace lockstep {

std::int64_t median3(std::int64_t a, std::int64_t b, std::int64_t c) noexcept {
    return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

std::uint64_t ema_weight_q32(std::uint32_t decay_q32, std::int64_t seconds) noexcept {
    constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
    std::uint64_t power = kOne;
    std::uint64_t factor = decay_q32;
    auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds));
    for (; left > 0; left >>= 1) {
        if ((left & 1) != 0) {
            power = static_cast<std::uint64_t>((static_cast<UInt128>(power) * factor) >> 32);
        }
        factor = (factor * factor) >> 32;
    }
    return kOne - power;
}

Checked ema_step(Int128 average_q32, Int128 sample_q32, std::uint64_t weight_q32) noexcept {
    const Checked step = (Checked{sample_q32} - Checked{average_q32}) * Int128{weight_q32};
    return step.ok() ? Checked{average_q32} + (step.value() >> 32) : step;
}

std::int64_t middle(std::int64_t bid, std::int64_t ask) noexcept {
    return static_cast<std::int64_t>((Int128{bid} + ask) >> 1);
}

std::int64_t mark_price(const MarkInputs& inputs) noexcept {
    const std::int64_t external = inputs.external == kNoPrice ? inputs.index : inputs.external;
    if (inputs.best_bid == kNoPrice || inputs.best_ask == kNoPrice) {
        return external;
    }
    const Int128 carried = Int128{inputs.index} + (inputs.basis_q32 >> 32);
    const auto average =
        static_cast<std::int64_t>(std::clamp<Int128>(carried, -kMaxPrice, kMaxPrice));
    const std::int64_t last =
        inputs.last == kNoPrice ? middle(inputs.best_bid, inputs.best_ask) : inputs.last;
    return median3(average, median3(inputs.best_bid, inputs.best_ask, last), external);
}

}  // namespace lockstep
