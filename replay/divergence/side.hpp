#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "replay/bundle/bundle_file.hpp"
#include "replay/digest/digest_file.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {

/// The header of digest files of this log, as the venue computes them.
[[nodiscard]] DigestHeader digest_header(const LogReader& log);

/// How `options` replay, on this build.
[[nodiscard]] RunInfo run_info(const ReplayOptions& options);

/// One run that is compared with another, block by block: a digest file, a bundle, or a log, which
/// is executed here.
///
/// Threads: one; a log has workers of its own.
class Side {
  public:
    Side() = default;
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    virtual ~Side() = default;

    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual const DigestHeader& header() const = 0;
    /// The next block; nothing after the last one.
    [[nodiscard]] virtual Result<std::optional<DigestRecord>, Error> next() = 0;

    /// Who computed the last block, as far as it is known.
    [[nodiscard]] virtual std::optional<RunInfo> run() const = 0;
    /// The last block's transactions; null when this side has digests only.
    [[nodiscard]] virtual const LogBlock* block() const { return nullptr; }
    /// The last block with everything that a bundle has; null when this side is no bundle.
    [[nodiscard]] virtual const BundleBlock* bundle() const { return nullptr; }
    /// True when heights may be missing: a bundle tells of some blocks only.
    [[nodiscard]] virtual bool partial() const { return false; }
    /// The log that this side executes; empty when it executes none.
    [[nodiscard]] virtual std::string log() const { return {}; }
};

/// A side that is a file of results: digests or a bundle.
/// Errors: kCorrupt for other files and damaged ones; kEnvironment.
[[nodiscard]] Result<std::unique_ptr<Side>, Error> open_stored_side(const std::string& path);

/// What a bundle keeps of a side, whose last block has this record.
[[nodiscard]] BundleSide side_for_bundle(const Side& side, const DigestRecord& record);

/// What kind of file this is follows from its first bytes. `replay`: how logs are executed.
/// Errors: kCorrupt for other files and damaged ones; kEnvironment.
[[nodiscard]] Result<std::unique_ptr<Side>, Error> open_side(const std::string& path,
                                                             const ReplayOptions& replay);

}  // namespace lockstep
