#pragma once

#include <string>
#include <vector>

#include "instruments/solvency.hpp"
#include "instruments/venue.hpp"
#include "replay/driver.hpp"

namespace lockstep {

extern template class ReplayDriver<Venue>;

/// Replays logs of the venue.
using VenueDriver = ReplayDriver<Venue>;

/// Recomputes the venue's invariants and the state digest from every cell; one line per violation,
/// none when all hold. Cost: O(cells).
[[nodiscard]] std::vector<std::string> scan_invariants(const StateStore<Venue>& store);

/// Who owns what. Cost: as scan_invariants.
[[nodiscard]] SolvencyStatement scan_solvency(const StateStore<Venue>& store);

}  // namespace lockstep
