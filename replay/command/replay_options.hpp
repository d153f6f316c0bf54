#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "replay/command/access_sinks.hpp"
#include "replay/command/commands.hpp"
#include "replay/command/digest_sinks.hpp"
#include "replay/command/replay_divergence.hpp"
#include "replay/command/replay_range.hpp"
#include "replay/command/trace_sinks.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/report/report_sinks.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {

/// Options of every command that executes a log.
void add_workers_option(CLI::App& command, std::uint32_t& workers);
void add_torn_tail_flag(CLI::App& command, LogReaderOptions& reader);

/// What the user of `replay` has asked for.
struct ReplayCommandOptions {
    std::string log;
    ReplayOptions replay{.workers = default_workers()};
    LogReaderOptions reader;
    RangeOptions range;
    std::string result;
    DigestOptions digests;
    DivergenceOptions divergence;
    TraceOptions trace;
    ReportOptions report;
    AccessSinkOptions accesses;
    bool check_invariants = false;
    bool json = false;
};

/// Has the command fill them.
void add_replay_options(CLI::App& command, ReplayCommandOptions& options);

}  // namespace lockstep
