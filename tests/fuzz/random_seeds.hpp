#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/random.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace lockstep::fuzz {

/// Seeds of a target for which random bytes are as good as any, since every input means something:
/// `count` of them, each `step` bytes longer than the one before.
[[nodiscard]] inline std::vector<Bytes> random_seeds(std::uint64_t count, std::uint64_t step) {
    std::vector<Bytes> out;
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        Random random(seed);
        Bytes& input = out.emplace_back();
        for (std::uint64_t i = 0; i < step * (seed + 1); ++i) {
            input.push_back(static_cast<std::byte>(random.next()));
        }
    }
    return out;
}

}  // namespace lockstep::fuzz
