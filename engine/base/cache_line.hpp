#pragma once

#include <cstddef>

namespace lockstep {

/// Bytes that move between cores together. Fixed, since the standard's constant differs per
/// compiler.
inline constexpr std::size_t kCacheLineSize = 64;

enum class Prefetch { kToRead, kToWrite };

/// Starts fetching the cache lines of `size` bytes from `memory` on. The empty statement keeps
/// compilers from taking a function that only prefetches for one without effects.
template <Prefetch kPurpose>
inline void prefetch_lines(const void* memory, std::size_t size) noexcept {
    const auto* bytes = static_cast<const std::byte*>(memory);
    for (std::size_t line = 0; line < size; line += kCacheLineSize) {
        __builtin_prefetch(bytes + line, kPurpose == Prefetch::kToWrite ? 1 : 0);
        // tidy: allow(banned) an assembler statement, not an access
        asm volatile("");
    }
}

}  // namespace lockstep
