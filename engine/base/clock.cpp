#include "engine/base/clock.hpp"

#include <chrono>

namespace lockstep {

std::uint64_t steady_nanoseconds() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace lockstep
