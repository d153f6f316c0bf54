#pragma once

#include <nlohmann/json.hpp>

#include "engine/state/state_store.hpp"
#include "instruments/venue.hpp"
#include "replay/report/name_book.hpp"

namespace lockstep {

/// The markets of a state, those with most volume first: one row each with what a trader asks for.
/// Lots and quanta are decimal strings, prices are ticks, rates are parts per billion of 8 hours.
///
/// Cost: O(cells).
[[nodiscard]] nlohmann::ordered_json describe_markets(const StateStore<Venue>& store,
                                                      const NameBook& names);

}  // namespace lockstep
