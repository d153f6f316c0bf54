#pragma once

#include <cstdint>

#include "bench/bars/scoreboard.hpp"
#include "bench/race.hpp"

namespace lockstep::bench {

/// Sizes of the bars. Small ones only show that everything works.
struct BarSizes {
    bool small = false;
    double patience = 1;        ///< factor on the time that each figure takes
    std::uint32_t workers = 2;  ///< of the bars that speak of two

    [[nodiscard]] std::uint32_t of(std::uint32_t full, std::uint32_t little) const noexcept {
        return small ? little : full;
    }
    [[nodiscard]] Laps laps(double seconds) const noexcept {
        return small ? Laps{.warm_ups = 1, .at_least = 1, .at_most = 1, .seconds = 0}
                     : Laps{.warm_ups = 2,
                            .at_least = 5,
                            .at_most = 200,
                            .seconds = seconds * patience};
    }
    /// The same with the machine's ceiling beside every lap.
    [[nodiscard]] Laps laps_with_ceiling(double seconds) const noexcept {
        Laps out = laps(seconds);
        out.ceiling_workers = workers;
        return out;
    }
};

// The groups of figures, one file each. `T` is the serial twin.

/// Engine cost with one worker, break-even, transfers with work.
void measure_transfers(const BarSizes& sizes, Scoreboard& board);
/// Venue trades in large and small blocks, and in one market.
void measure_venue(const BarSizes& sizes, Scoreboard& board);
/// Bounded against unbounded additions to one cell.
void measure_deltas(const BarSizes& sizes, Scoreboard& board);
/// Every cell of W1 to W5 against T; processor time of a total chain.
void measure_floor(const BarSizes& sizes, Scoreboard& board);
/// A busy neighbour on one core.
void measure_lost_core(const BarSizes& sizes, Scoreboard& board);
/// Recorded trades and access traces with and without access lists, against what their critical
/// paths allow.
void measure_recorded(const BarSizes& sizes, Scoreboard& board);
/// Number of accounts and size of blocks.
void measure_growth(const BarSizes& sizes, Scoreboard& board);
/// Predicted scaling on virtual cores, and how good predictions for one and two cores are.
void measure_virtual_cores(const BarSizes& sizes, Scoreboard& board);
/// Bytes of the engine, and allocations.
void measure_memory(const BarSizes& sizes, Scoreboard& board);

}  // namespace lockstep::bench
