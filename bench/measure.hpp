#pragma once

#include <chrono>
#include <utility>
#include <vector>

namespace lockstep::bench {

/// Time that a piece of work took: on the wall, and on all cores of the process together.
struct Cost {
    double wall_ns = 0;
    double cpu_ns = 0;
};

/// User and system time of all threads that the process has now. From the clock of each thread,
/// since Linux counts other running threads into the clock of the process once in a tick only,
/// which may be longer than a block.
[[nodiscard]] double process_cpu_ns();

[[nodiscard]] double median(std::vector<double> values);

template <class Work>
[[nodiscard]] Cost cost_of(Work&& work) {
    const double cpu = process_cpu_ns();
    const auto start = std::chrono::steady_clock::now();
    std::forward<Work>(work)();
    const auto end = std::chrono::steady_clock::now();
    return {.wall_ns = std::chrono::duration<double, std::nano>(end - start).count(),
            .cpu_ns = process_cpu_ns() - cpu};
}

}  // namespace lockstep::bench
