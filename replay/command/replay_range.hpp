#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/split/snapshot_file.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {

/// Which part of a log is to be replayed, and from which state.
struct RangeOptions {
    std::string from;    ///< snapshot before the first block; empty: the empty state
    std::string to;      ///< snapshot to compare the end with; empty: none
    std::string blocks;  ///< "A..B", heights; "A.." to the end of the log; empty: all there are

    [[nodiscard]] bool active() const { return !from.empty() || !to.empty() || !blocks.empty(); }
};

/// A range of a log as one worker of many replays it.
///
/// Role:   a range begins with the state of a snapshot and has to end with that of the next one.
///         What it reports is enough to tell that ranges chain (`lockstep join`).
/// Order:  open, begin, the replay, end; report at any time.
class ReplayRange {
  public:
    /// Reads what the snapshots say of themselves, and moves the log to the first block.
    ///
    /// Errors: kUsage when range, snapshots and log do not fit; kCorrupt, kEnvironment.
    [[nodiscard]] static Result<ReplayRange, Error> open(const RangeOptions& options,
                                                         LogReader& log);
    /// How many blocks there are at most.
    [[nodiscard]] std::uint64_t blocks_max() const noexcept { return blocks_max_; }

    /// Gives the driver its first state.
    [[nodiscard]] Result<void, Error> begin(VenueDriver& driver);
    /// Whether the range may begin with a block. Errors: kUsage when it needs a snapshot.
    [[nodiscard]] Result<void, Error> begins_with(std::uint64_t height);
    /// `last`: height of the last block replayed, none when there was none. `whole`: the log ended
    /// behind it. Errors: kDivergence when the state is not that of the next snapshot, naming the
    /// modules that differ; kCorrupt when the log ended early.
    [[nodiscard]] Result<void, Error> end(const VenueDriver& driver,
                                          std::optional<std::uint64_t> last, bool whole);

    [[nodiscard]] nlohmann::ordered_json report() const;

  private:
    explicit ReplayRange(RangeOptions options) : options_(std::move(options)) {}
    [[nodiscard]] Result<void, Error> parse_blocks();
    [[nodiscard]] Result<void, Error> open_snapshots(LogReader& log);

    RangeOptions options_;
    std::optional<std::uint64_t> first_;  ///< asked for
    std::optional<std::uint64_t> last_;   ///< asked for
    std::uint64_t blocks_max_ = UINT64_MAX;
    std::optional<VenueSnapshot> from_;
    std::optional<VenueSnapshot> to_;
    std::optional<std::uint64_t> began_;  ///< the first block that was replayed
    std::optional<std::uint64_t> ended_;  ///< the last block that was replayed
    std::optional<bool> agrees_;          ///< with the next snapshot
    bool whole_ = false;
};

}  // namespace lockstep
