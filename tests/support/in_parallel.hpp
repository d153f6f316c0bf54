#pragma once

#include "engine/parallel_executor.hpp"

namespace lockstep::test {

/// The options with the adaptive mode off. It would run some blocks serially, above all small ones,
/// which a test of the parallel way would not notice.
[[nodiscard]] inline ParallelOptions in_parallel(ParallelOptions options = {}) noexcept {
    options.adaptive = false;
    return options;
}

}  // namespace lockstep::test
