#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "accounts/cell.hpp"

namespace lockstep {

/// A part of a sorted list of 32-bit ids. Part 0 holds the length of the whole list.
struct IdChunk {
    static constexpr std::size_t kIds = 160;

    std::uint32_t total = 0;  ///< in part 0; elsewhere 0
    std::array<std::uint32_t, kIds> ids{};

    [[nodiscard]] static IdChunk decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const IdChunk&, const IdChunk&) = default;
};

}  // namespace lockstep
