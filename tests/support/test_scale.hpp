#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace lockstep::test {

/// Size of the long tests in percent of their full size: the variable LOCKSTEP_TEST_SCALE, else
/// the build's default (100, less under sanitizers). At least 1.
inline std::uint64_t test_scale_percent() {
    const char* text = std::getenv("LOCKSTEP_TEST_SCALE");
    const std::uint64_t percent = text != nullptr && *text != '\0'
                                      ? std::strtoull(text, nullptr, 10)
                                      : std::uint64_t{LOCKSTEP_DEFAULT_TEST_SCALE};
    return std::max<std::uint64_t>(percent, 1);
}

/// `full` repetitions (seeds, blocks, rows) brought to the scale of this run, at least `floor`.
/// Scale counts of cases with it, never the sizes that make a case what it is.
inline std::uint64_t scaled(std::uint64_t full, std::uint64_t floor = 1) {
    return std::max(full * test_scale_percent() / 100, floor);
}

}  // namespace lockstep::test
