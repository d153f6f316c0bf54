#pragma once

#include <string>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/state/snapshot.hpp"
#include "engine/state/state_store.hpp"
#include "instruments/venue.hpp"
#include "replay/format/log_reader.hpp"

namespace lockstep {

/// Whose snapshots these are: the venue, with the version of its cells.
inline constexpr std::string_view kVenueSnapshots = "lockstep venue 1";

/// What a file says of the state of the venue in it.
struct VenueSnapshot {
    SnapshotManifest manifest;
    Digest log;      ///< LogReader::header_digest of the log that led to it
    LogPlace place;  ///< behind the last block
};

/// Writes the state of the venue behind a block of a log: frames of replay/format, one for each
/// chunk, then one that has the manifest.
///
/// `log`, `place`: LogReader::header_digest, and its place behind that block.
/// The bytes follow from log and height alone. Errors: kEnvironment; the file is whole or not
/// there.
[[nodiscard]] Result<VenueSnapshot, Error> write_venue_snapshot(const std::string& path,
                                                                const StateStore<Venue>& state,
                                                                const Digest& block,
                                                                const Digest& log,
                                                                const LogPlace& place);
/// What a file says of itself; every frame of it has passed its checks.
///
/// Errors: kCorrupt, kEnvironment.
[[nodiscard]] Result<VenueSnapshot, Error> read_venue_snapshot(const std::string& path);
/// Fills an empty state. `snapshot`: what read_venue_snapshot said of the file.
///
/// Errors: kCorrupt, kEnvironment.
[[nodiscard]] Result<void, Error> load_venue_snapshot(const std::string& path,
                                                      const VenueSnapshot& snapshot,
                                                      StateStore<Venue>& state);

}  // namespace lockstep
