#pragma once

#include <cstdint>
#include <vector>

namespace lockstep::test {

/// What the iterations of one simulation came to. Plain bytes: it crosses a pipe.
struct Verdict {
    bool wrong = false;
    std::uint64_t iterations = 0;
    char what[60] = {};  ///< in Relacy's words
};

/// One thing that is simulated.
struct Simulation {
    const char* id;
    const char* name;
    std::uint64_t iterations;  ///< without a mutation
    Verdict (*run)(std::uint64_t iterations);
};

/// Data structures of scheduler/ on their own.
[[nodiscard]] std::vector<Simulation> simulations_of_parts();
/// Blocks of few transactions through the whole executor.
[[nodiscard]] std::vector<Simulation> simulations_of_blocks();

}  // namespace lockstep::test
