#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "replay/command/digest_sinks.hpp"
#include "replay/divergence/bisect.hpp"

namespace lockstep {

/// What a replay does about another side that is not a file, and about what differs.
struct DivergenceOptions {
    std::string bisect;  ///< command that tells digests of the other side; empty: none
    std::string bundle;  ///< bundle to write; empty: none
    /// Which block the bundle holds; nothing: the one that diverged.
    std::optional<std::uint64_t> bundle_block;
};

/// Explains a replay that ended in a divergence, or finds one.
///
/// Role:    keeps the digests of all blocks when there is a command to ask; re-executes the log
///          serially to show or to pack one block.
/// Threads: one.
class DivergenceFollowUp {
  public:
    DivergenceFollowUp(DivergenceOptions options, std::string log, const RunInfo& run)
        : options_(std::move(options)), log_(std::move(log)), run_(run) {}

    [[nodiscard]] bool needs_blocks() const { return !options_.bisect.empty(); }
    void take(const BlockResult& result) {
        heights_.push_back(
            {.height = result.header.height, .state = result.state, .block = result.block});
    }

    /// Asks the command. REQUIRES a complete replay. Errors: kDivergence; kEnvironment.
    [[nodiscard]] Result<void, Error> bisect_blocks();
    /// The bisection for reports; null when there was none.
    [[nodiscard]] const nlohmann::ordered_json& bisection() const { return bisection_; }

    /// Both sides of a divergence that ended the replay, for reports; null when there is none. The
    /// log is executed again unless it came through a pipe.
    [[nodiscard]] Result<nlohmann::ordered_json, Error> explain(const DigestSinks& digests,
                                                                const DigestHeader& header);
    /// Writes the bundle that was asked for; `divergent`: the height that diverged, if any.
    [[nodiscard]] Result<void, Error> write_bundle(const DigestSinks& digests,
                                                   const DigestHeader& header,
                                                   std::optional<std::uint64_t> divergent);

  private:
    [[nodiscard]] Result<const Reexecution*, Error> reexecute_block(std::uint64_t height);

    DivergenceOptions options_;
    std::string log_;
    RunInfo run_;
    std::vector<HeightDigests> heights_;
    nlohmann::ordered_json bisection_;
    std::optional<Reexecution> here_;
};

}  // namespace lockstep
