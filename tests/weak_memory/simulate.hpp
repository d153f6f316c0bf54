#pragma once

#include <cstdint>
#include <cstdio>
#include <sstream>

#include "tests/weak_memory/relacy_sync.hpp"
#include "tests/weak_memory/simulation.hpp"

namespace lockstep::test {

/// Runs iterations of a Relacy test suite under its random scheduler until one goes wrong. Only
/// once per process: Relacy does not survive a second simulation.
template <class Suite>
Verdict simulate(std::uint64_t iterations) {
    std::ostringstream text;
    rl::test_params params;
    params.iteration_count = iterations;
    params.search_type = rl::sched_random;
    params.execution_depth_limit = 200'000;
    params.output_stream = &text;
    params.progress_stream = &text;
    params.output_history = true;  // no second run for the sake of a history
    rl::simulate<Suite>(params);
    Verdict verdict{.wrong = params.test_result != rl::test_result_success,
                    .iterations = iterations};
    if (verdict.wrong) {
        verdict.iterations = params.stop_iteration;
    }
    std::snprintf(verdict.what, sizeof verdict.what, "%s", rl::test_result_str(params.test_result));
    return verdict;
}

}  // namespace lockstep::test
