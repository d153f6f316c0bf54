#pragma once

#include <cstdint>

namespace lockstep::bench {

/// What went through operator new of this program; it replaces the global one.
struct Allocations {
    std::uint64_t calls = 0;      ///< so far
    std::int64_t live_bytes = 0;  ///< usable bytes of blocks that are not freed
};
[[nodiscard]] Allocations allocations() noexcept;

}  // namespace lockstep::bench
