#include "bench/work_kernel.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace lockstep::bench {
namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

/// Keeps `value` alive without storing it anywhere.
void keep(std::uint64_t value) {
    asm volatile("" : : "r"(value) : "memory");
}

double nanoseconds_per_round() {
    constexpr std::uint32_t kRounds = 1'000'000;
    double best = std::numeric_limits<double>::max();
    for (int i = 0; i < 5; ++i) {
        const auto start = Clock::now();
        keep(mix_rounds(static_cast<std::uint64_t>(i), kRounds));
        best = std::min(best, nanoseconds_since(start) / kRounds);
    }
    return best;
}

double run_on(unsigned workers, std::uint32_t rounds_each) {
    const auto start = Clock::now();
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < workers; ++i) {
        threads.emplace_back([=] { keep(mix_rounds(i, rounds_each)); });
    }
    keep(mix_rounds(0, rounds_each));
    threads.clear();
    return nanoseconds_since(start);
}

}  // namespace

std::uint32_t rounds_for(std::uint32_t nanoseconds) {
    static const double per_round = nanoseconds_per_round();
    return static_cast<std::uint32_t>(std::lround(nanoseconds / per_round));
}

double no_sharing_speedup(unsigned workers) {
    const std::uint32_t rounds = rounds_for(20'000'000);
    std::vector<double> ratios;
    for (int i = 0; i < 5; ++i) {
        const double one = run_on(1, rounds);
        ratios.push_back(workers * one / run_on(workers, rounds));
    }
    std::sort(ratios.begin(), ratios.end());
    return ratios[ratios.size() / 2];
}

}  // namespace lockstep::bench
