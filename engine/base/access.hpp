#pragma once

#include <cstdint>

#include "engine/base/int128.hpp"

namespace lockstep {

/// Inclusive limits of a cell that receives commutative additions.
struct Bounds {
    Int128 lower = kInt128Min;
    Int128 upper = kInt128Max;

    [[nodiscard]] constexpr bool contain(Int128 value) const noexcept {
        return lower <= value && value <= upper;
    }
    friend bool operator==(const Bounds&, const Bounds&) = default;
};

/// How a declared key will be used. A hint: it may be wrong, and changes speed only.
enum class Access : std::uint8_t {
    kRead,   ///< read, or a predicate
    kWrite,  ///< written or erased, perhaps read before
    kAdd,    ///< added to
};

}  // namespace lockstep
