#pragma once

#include <array>
#include <cstdint>

namespace lockstep::bench {

/// The rival ways to execute a block.
enum class Rival : std::uint8_t { kOrderedLocks, kBlockStm, kReservations };

inline constexpr std::array kRivals = {Rival::kOrderedLocks, Rival::kBlockStm,
                                       Rival::kReservations};

/// The name in tables.
[[nodiscard]] constexpr const char* name_of(Rival rival) noexcept {
    switch (rival) {
        case Rival::kOrderedLocks:
            return "ordered_locks";
        case Rival::kBlockStm:
            return "block_stm";
        case Rival::kReservations:
            break;
    }
    return "reservations";
}

}  // namespace lockstep::bench
