#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "accounts/state_key.hpp"
#include "engine/base/error.hpp"
#include "instruments/solvency.hpp"
#include "replay/command/digest_sinks.hpp"
#include "replay/conflict_survey.hpp"
#include "replay/driver.hpp"
#include "replay/format/log_header.hpp"
#include "replay/report/name_book.hpp"

namespace lockstep {

/// Everything that `lockstep replay` says at its end.
struct ReplayReport {
    std::string log;
    LogHeader header;
    Digest log_digest;
    std::uint32_t workers = 0;
    ReplaySummary summary;
    std::chrono::nanoseconds wall{0};  ///< reading, decoding and comparing included
    std::chrono::nanoseconds cpu{0};   ///< of the process over the same time
    /// Violated invariants; nothing when they were not checked.
    std::optional<std::vector<std::string>> violations;
    std::optional<SolvencyStatement> solvency;  ///< at the end; nothing: it was not reached
    std::optional<std::string> against;         ///< the digest file or bundle to compare with
    std::optional<Compared> compared;           ///< how far that went; nothing: it was not opened
    /// Where the access lists that were used differ from the run; nothing when none were.
    std::optional<AccessMismatches<StateKey>> mismatches;
    std::optional<std::vector<CellTraffic>> conflicts;  ///< most conflicting cells, when asked for
    std::optional<ConflictChains> chains;               ///< with them
    NameBook names;                                     ///< of markets and accounts
    nlohmann::ordered_json series;      ///< block by block; this and the next three: with a page
    nlohmann::ordered_json markets;     ///< at the end
    nlohmann::ordered_json scaling;     ///< on other numbers of cores; null: not measured
    nlohmann::ordered_json machine;     ///< that it ran on
    nlohmann::ordered_json divergence;  ///< both sides of what --against found; null: nothing
    nlohmann::ordered_json bisection;   ///< what --bisect found; null: not asked for
    nlohmann::ordered_json range;       ///< which part of the log it was; null: not asked for
    std::optional<Error> torn_tail;     ///< where an allowed torn tail was cut
    std::optional<Error> error;         ///< what ended the replay early, or failed at its end
};

/// The report for programs. Rates are null when nothing was executed.
[[nodiscard]] nlohmann::ordered_json report_json(const ReplayReport& report);

/// The report for people.
void print_report(std::ostream& out, const ReplayReport& report);

}  // namespace lockstep
