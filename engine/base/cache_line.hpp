#pragma once

#include <cstddef>

namespace lockstep {

/// Bytes that move between cores together. Fixed, since the standard's constant differs per
/// compiler.
inline constexpr std::size_t kCacheLineSize = 64;

}  // namespace lockstep
