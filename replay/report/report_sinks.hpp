#pragma once

#include <string>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/command/access_sinks.hpp"
#include "replay/command/replay_report.hpp"
#include "replay/report/block_series.hpp"
#ifdef LOCKSTEP_BUILD_STRESS
#include "replay/report/block_sample.hpp"
#endif

namespace lockstep {

struct ReportOptions {
    std::string page;   ///< file to write the page to; empty: none
    std::string names;  ///< csv with names of markets and accounts; empty: none
};

/// What a replay gathers for its page beside what it reports anyway.
class ReportSinks {
  public:
    explicit ReportSinks(ReportOptions options) : options_(std::move(options)) {}
    ReportSinks(const ReportSinks&) = delete;
    ReportSinks& operator=(const ReportSinks&) = delete;

    /// Reads the names. Errors: those of NameBook::read.
    [[nodiscard]] Result<void, Error> open(ReplayReport& report) const;
    /// Joins a driver behind the access sinks; both must not outlive this object.
    void join(VenueDriver& driver, const AccessSinks& accesses);
    /// What the blocks so far and the state behind them tell.
    void describe(const VenueDriver& driver, ReplayReport& report) const;
    /// Executes some blocks again, on more and other cores. Takes seconds.
    /// Errors: kDivergence when an executor comes to another result than the replay.
    [[nodiscard]] Result<void, Error> measure(ReplayReport& report);
    /// Writes the page of a finished report. Errors: kEnvironment.
    [[nodiscard]] Result<void, Error> write(const nlohmann::ordered_json& report) const;

  private:
    ReportOptions options_;
    BlockSeries series_;
#ifdef LOCKSTEP_BUILD_STRESS
    BlockSample sample_;
#endif
};

}  // namespace lockstep
