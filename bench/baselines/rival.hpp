#pragma once

#include <array>
#include <cstdint>

namespace lockstep::bench {

/// The rival ways to execute a block.
enum class Rival : std::uint8_t {
    kOrderedLocks,
    kBlockStm,
    kOrderedMerge,
    kChunkRestart,
    kReservations
};

inline constexpr std::array kRivals = {Rival::kOrderedLocks, Rival::kBlockStm, Rival::kOrderedMerge,
                                       Rival::kChunkRestart, Rival::kReservations};

/// The name in tables.
[[nodiscard]] constexpr const char* name_of(Rival rival) noexcept {
    switch (rival) {
        case Rival::kOrderedLocks:
            return "ordered_locks";
        case Rival::kBlockStm:
            return "block_stm";
        case Rival::kOrderedMerge:
            return "ordered_merge";
        case Rival::kChunkRestart:
            return "chunk_restart";
        case Rival::kReservations:
            break;
    }
    return "reservations";
}

}  // namespace lockstep::bench
