#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/base/arena.hpp"

namespace lockstep {

/// Positions in an array by the hashes of what stands there, for arrays too long to look through.
///
/// Threads: made by one, then read by any.
/// Cost:    four to eight bytes for each position; a look in most cases.
class HashPositions {
  public:
    static constexpr std::size_t kScannedMax = 8;  ///< so few are looked through as fast
    static constexpr std::size_t kPositionsMax = 0xffff;

    HashPositions() = default;
    /// Of `count` positions; `hash_of(position)` tells their hashes. Empty where they are few.
    template <class HashOf>
    HashPositions(Arena& arena, std::size_t count, HashOf&& hash_of) {
        if (count <= kScannedMax) {
            return;
        }
        auto* const slots = arena.make_array<std::uint16_t>(slots_of(count));
        const std::size_t mask = slots_of(count) - 1;
        for (std::size_t position = 0; position < count; ++position) {
            std::size_t at = static_cast<std::size_t>(hash_of(position)) & mask;
            while (slots[at] != 0) {
                at = (at + 1) & mask;
            }
            slots[at] = static_cast<std::uint16_t>(position + 1);
        }
        slots_ = slots;
    }
    [[nodiscard]] bool empty() const noexcept { return slots_ == nullptr; }
    /// The first position under a hash for which `fits(position)`, of the `count` there are;
    /// `count` when there is none. REQUIRES: not empty.
    template <class Fits>
    [[nodiscard]] std::size_t find(std::size_t count, std::uint64_t hash, Fits&& fits) const {
        const std::size_t mask = slots_of(count) - 1;
        for (std::size_t at = static_cast<std::size_t>(hash) & mask; slots_[at] != 0;
             at = (at + 1) & mask) {
            if (const std::size_t position = slots_[at] - std::size_t{1}; fits(position)) {
                return position;
            }
        }
        return count;
    }

  private:
    /// At least half of the slots are free, which ends every search.
    [[nodiscard]] static std::size_t slots_of(std::size_t count) noexcept {
        return std::bit_ceil(count * 2);
    }

    const std::uint16_t* slots_ = nullptr;  ///< positions counted from 1; 0: free
};

}  // namespace lockstep
