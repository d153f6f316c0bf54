#include "replay/generate/zipf.hpp"

#include "engine/base/check.hpp"
#include "engine/base/int128.hpp"
#include "engine/base/rounding.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kWeightBits = 40;

/// Fourth root of `value` in Q48, value below 2^32.
UInt128 fourth_root_q48(std::uint64_t value) noexcept {
    const UInt128 square_root_q48 = integer_sqrt(UInt128{value} << 96);
    return integer_sqrt(square_root_q48 << 48);
}

}  // namespace

std::uint64_t Zipf::weight(std::uint32_t index, std::uint32_t quarters) noexcept {
    const UInt128 root = fourth_root_q48(std::uint64_t{index} + 1);
    UInt128 weight_q48 = UInt128{1} << (kWeightBits + 24);  // 24 guard bits
    for (std::uint32_t i = 0; i < quarters; ++i) {
        weight_q48 = (weight_q48 << 48) / root;
    }
    const UInt128 weight = weight_q48 >> 24;
    return weight == 0 ? 1 : static_cast<std::uint64_t>(weight);
}

Zipf::Zipf(std::uint32_t count, std::uint32_t quarters) {
    LOCKSTEP_CHECK(count >= 1 && count <= kCountMax && quarters <= kQuartersMax);
    std::vector<UInt128> share(count);  // weight * count, to be levelled to total_ per column
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t own = quarters == 0 ? 1 : weight(i, quarters);
        total_ += own;
        share[i] = UInt128{own} * count;
    }
    columns_.resize(count);
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < count; ++i) {
        (share[i] < total_ ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
        const std::uint32_t low = small.back();
        const std::uint32_t high = large.back();
        small.pop_back();
        columns_[low] = {.threshold = static_cast<std::uint64_t>(share[low]), .alias = high};
        share[high] -= total_ - share[low];
        if (share[high] < total_) {
            large.pop_back();
            small.push_back(high);
        }
    }
    for (const std::vector<std::uint32_t>* rest : {&small, &large}) {
        for (const std::uint32_t i : *rest) {
            columns_[i] = {.threshold = total_, .alias = i};
        }
    }
}

std::uint32_t Zipf::draw(Random& random) const noexcept {
    const auto place = static_cast<std::uint32_t>(random.below(columns_.size()));
    const Column& column = columns_[place];
    return random.below(total_) < column.threshold ? place : column.alias;
}

}  // namespace lockstep
