#pragma once

#include <bit>
#include <cstdint>

#include "engine/base/int128.hpp"

namespace lockstep {

/// A number of 128 bits in one word, so that no reader finds half of a new one.
///
/// Role:    exact where it has at most 57 bits with its sign; else rounded down to that many
///          leading bits. Enough for predictions.
/// Layout:  bits 0-6 how far the leading bits were shifted, bits 7-63 the leading bits.
class RoundedNumber {
  public:
    [[nodiscard]] static constexpr std::uint64_t pack(Int128 number) noexcept {
        const Int128 bits = number < 0 ? ~number : number;
        const auto width = static_cast<int>(high64(bits) != 0 ? 64 + std::bit_width(high64(bits))
                                                              : std::bit_width(low64(bits)));
        const int shift = width <= kBits ? 0 : width - kBits;
        return low64(number >> shift) << kShiftBits | static_cast<std::uint64_t>(shift);
    }
    [[nodiscard]] static constexpr Int128 unpack(std::uint64_t word) noexcept {
        const auto leading = static_cast<std::int64_t>(word) >> kShiftBits;
        return Int128{leading} << (word & kShiftMask);
    }

  private:
    static constexpr int kShiftBits = 7;
    static constexpr int kBits = 56;  ///< beside the sign
    static constexpr std::uint64_t kShiftMask = (std::uint64_t{1} << kShiftBits) - 1;
};

}  // namespace lockstep
