#pragma once

#include <array>
#include <cstdint>

#include "scheduler/work_span.hpp"

namespace lockstep {

/// Virtual time; 2^64 of them are 213 days.
using Picoseconds = std::uint64_t;

/// What the operations of virtual cores cost. All figures are given, so a virtual run is a function
/// of costs, blocks and number of cores; `MeteredSync` measures those of a machine.
///
/// Lines: every atomic stands for a cache line of its own. It is in the cache of the core that
/// wrote it last and of those that have read it since; every other core has it transferred.
struct VirtualCosts {
    /// Per unit of each kind of work, as one worker alone needs it: its data is near.
    std::array<Picoseconds, kWorkKinds> work{};
    /// More per unit where another core wrote the plain data that the work reads. With N cores it
    /// is charged for (N - 1) / N of the units.
    std::array<Picoseconds, kWorkKinds> foreign{};
    /// Per call of the machine: choosing the transaction, taking and finishing it.
    Picoseconds dispatch = 0;

    /// A load of a line that another core wrote, overlapped with what else the core does.
    Picoseconds load_transfer = 20'000;
    /// A store to a line that another core has: until the store buffer is rid of it.
    Picoseconds store_transfer = 60'000;
    /// A read-modify-write of a line that another core has; nothing overlaps with it.
    Picoseconds rmw_transfer = 110'000;
    /// Any of these in work that runs over arrays or fetches ahead: bandwidth instead of latency.
    Picoseconds stream_transfer = 6'000;
    std::uint32_t store_buffer = 48;  ///< stores that may wait for their lines before a core stalls

    Picoseconds relax = 40'000;             ///< one round of spinning
    Picoseconds yield = 500'000;            ///< one round of yielding
    Picoseconds park = 1'500'000;           ///< going to sleep
    Picoseconds wake_call = 1'500'000;      ///< waking one sleeper, on the waker
    Picoseconds wake_latency = 30'000'000;  ///< from then until the sleeper runs

    [[nodiscard]] Picoseconds& of(Work kind) noexcept {
        return work[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] Picoseconds of(Work kind) const noexcept {
        return work[static_cast<std::size_t>(kind)];
    }
    friend bool operator==(const VirtualCosts&, const VirtualCosts&) = default;
};

}  // namespace lockstep
