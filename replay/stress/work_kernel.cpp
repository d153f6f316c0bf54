#include "replay/stress/work_kernel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>

namespace lockstep::bench {
namespace {

/// Keeps `value` from being optimised away.
void keep(std::uint64_t value) {
    static std::atomic<std::uint64_t> kept{0};
    kept.store(value, std::memory_order_relaxed);  // relaxed: nobody reads it
}

/// Picoseconds that one round takes.
std::uint64_t picoseconds_per_round() {
    constexpr std::uint32_t kRounds = 1'000'000;
    std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
    for (std::uint64_t i = 0; i < 5; ++i) {
        const auto start = std::chrono::steady_clock::now();
        keep(mix_rounds(i, kRounds));
        const auto taken = std::chrono::nanoseconds(std::chrono::steady_clock::now() - start);
        best = std::min(best, static_cast<std::uint64_t>(taken.count()) * 1000 / kRounds);
    }
    return std::max<std::uint64_t>(best, 1);
}

}  // namespace

std::uint32_t rounds_for(std::uint32_t nanoseconds) {
    static const std::uint64_t per_round = picoseconds_per_round();
    return static_cast<std::uint32_t>((std::uint64_t{nanoseconds} * 1000 + per_round / 2) /
                                      per_round);
}

void spend(std::uint64_t seed, std::uint32_t rounds) {
    keep(mix_rounds(seed, rounds));
}

}  // namespace lockstep::bench
