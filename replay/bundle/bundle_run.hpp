#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "replay/bundle/block_recorder.hpp"
#include "replay/bundle/bundle_file.hpp"

namespace lockstep {

struct BundleRunOptions {
    std::uint32_t workers = 2;  ///< of the parallel executor; 0: the serial executor alone
    std::uint32_t repeat = 10;  ///< parallel executions; the first that differs from serial counts
};

/// What this build makes of the block of a bundle.
struct BundleRun {
    DigestRecord serial;
    BlockDetails<Venue> details;           ///< of the serial execution
    std::optional<DigestRecord> parallel;  ///< nothing without workers
    /// Cells that this execution touched and the bundle does not hold; they were taken as absent.
    /// When there are any, digests that depend on them say nothing.
    std::vector<StateKey> missing;
};

/// Executes the block of a bundle alone.
///
/// The state digest before the block comes from the bundle; the block changes the difference that
/// its own cells make. Threads: one caller; the workers are its own.
/// Errors: kEnvironment of the executors; kCorrupt when the bundle's cells and sums cannot belong
/// together.
[[nodiscard]] Result<BundleRun, Error> run_bundle(const BundleBlock& bundle,
                                                  const BundleRunOptions& options);

}  // namespace lockstep
