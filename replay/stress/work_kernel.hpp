#pragma once

#include <cstdint>

#include "engine/base/random.hpp"

namespace lockstep::bench {

/// A chain of dependent integer operations: work that no compiler removes and no cache miss
/// blurs. The result follows from the arguments alone.
[[nodiscard]] inline std::uint64_t mix_rounds(std::uint64_t seed, std::uint32_t rounds) noexcept {
    for (std::uint32_t i = 0; i < rounds; ++i) {
        seed = mix64(seed);
    }
    return seed;
}

/// Rounds of mix_rounds that take `nanoseconds` on this machine now. Measured once per process and
/// given to machines as a number, so that no machine reads a clock.
[[nodiscard]] std::uint32_t rounds_for(std::uint32_t nanoseconds);

/// Performs `rounds` of mix_rounds for their time alone.
void spend(std::uint64_t seed, std::uint32_t rounds);

}  // namespace lockstep::bench
