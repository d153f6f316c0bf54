#pragma once

#include <cstdint>

namespace lockstep {

/// Nanoseconds of a clock that never goes back, for measuring; no result depends on it.
[[nodiscard]] std::uint64_t steady_nanoseconds() noexcept;

}  // namespace lockstep
