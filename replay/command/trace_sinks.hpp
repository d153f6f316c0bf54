#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/contract/block.hpp"
#include "replay/format/block_codec.hpp"

namespace lockstep {

struct TraceOptions {
    std::string trace;     ///< Chrome trace to write; empty: none
    std::string schedule;  ///< schedule file to write; empty: none
};

/// Watches the workers of a parallel executor of its own.
///
/// Role:    executes every block of a replay once more under observation, so that the replay's own
///          times stay what they are; compares both results byte for byte.
/// Threads: one caller; the observed executor has as many workers as the replay, at least one.
class TraceSinks {
  public:
    TraceSinks();
    TraceSinks(const TraceSinks&) = delete;
    TraceSinks& operator=(const TraceSinks&) = delete;
    ~TraceSinks();

    /// Does nothing when nothing is to be written.
    [[nodiscard]] Result<void, Error> open(const TraceOptions& options, std::uint32_t workers);
    [[nodiscard]] bool active() const { return observed_ != nullptr; }
    /// Errors: kDivergence when the observed executor gives another result.
    [[nodiscard]] Result<void, Error> take(const LogBlock& block, const BlockResult& result);
    [[nodiscard]] Result<void, Error> close();

  private:
    struct Observed;
    std::unique_ptr<Observed> observed_;
};

}  // namespace lockstep
