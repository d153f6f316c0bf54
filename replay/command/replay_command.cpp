#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "replay/command/block_source.hpp"
#include "replay/command/commands.hpp"
#include "replay/command/describe_accesses.hpp"
#include "replay/command/named_files.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/progress_bar.hpp"
#include "replay/command/replay_options.hpp"
#include "replay/command/replay_report.hpp"
#include "replay/command/report_error.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/divergence/side.hpp"

namespace lockstep {
namespace {

/// Processor time of all threads of this process.
std::chrono::nanoseconds processor_time() {
    timespec time = {};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t size_of(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    return error ? 0 : size;
}

/// "12,000 blocks, 310,000 transactions /s"
std::string progress_text(const ReplaySummary& summary, std::chrono::milliseconds elapsed) {
    const auto milliseconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed.count(), 1));
    return grouped(summary.blocks) + " blocks, " +
           grouped(summary.transactions * 1000 / milliseconds) + " transactions /s";
}

/// What the access lists of a run tell.
void report_accesses(const AccessSinkOptions& options, const VenueDriver& driver,
                     const AccessSinks& accesses, ReplayReport& report) {
    if (!options.use.empty()) {
        report.mismatches = driver.mismatches();
    }
    if (options.conflicts != 0) {
        report.conflicts = accesses.conflicts().top(options.conflicts);
        report.chains = accesses.conflicts().chains();
    }
}

/// Scans the whole state behind a block; a violation is an error.
Result<void, Error> check_invariants(const VenueDriver& driver, const std::string& log,
                                     ReplayReport& report,
                                     std::optional<std::uint64_t> block = {}) {
    report.violations = scan_invariants(driver.store());
    if (report.violations->empty()) {
        return {};
    }
    return failure(Error{.code = ErrorCode::kInvariant,
                         .message = report.violations->front(),
                         .file = log,
                         .block = block});
}

/// `limited`: by a number of blocks, which the bar counts then.
void show_progress(ProgressBar& bar, const ReplaySummary& so_far, const BlockSource& source,
                   bool limited) {
    if (bar.is_due()) {
        bar.update(limited ? so_far.blocks : source.place().offset,
                   progress_text(so_far, bar.elapsed()));
    }
}

/// Runs the blocks, or the range of them that was asked for, through the driver.
Result<void, Error> run_blocks(BlockSource& source, std::optional<ReplayRange>& range,
                               VenueDriver& driver) {
    std::optional<std::uint64_t> last;
    bool log_ended = false;
    driver.add_sink([&last](const LogBlock& block, const BlockResult&) -> Result<void, Error> {
        last = block.header.height;
        return {};
    });
    auto done = range ? range->begin(driver) : Result<void, Error>{};
    if (done) {
        done = driver.run([&] {
            auto block = source.next();
            log_ended = block && !*block;
            if (range && block && *block) {
                if (auto fits = range->begins_with((*block)->header.height); !fits) {
                    block = failure(std::move(fits.error()));
                }
            }
            return block;
        });
    }
    source.finish();
    return done && range ? range->end(driver, last, log_ended) : done;
}

/// Completes the files that were written block by block.
Result<void, Error> close_outputs(const ReplayCommandOptions& options, const VenueDriver& driver,
                                  DigestSinks& digests, AccessSinks& accesses, TraceSinks& traces) {
    const bool complete = driver.summary().blocks < options.replay.blocks_max;
    if (auto closed = digests.close(complete, run_info(options.replay)); !closed) {
        return closed;
    }
    if (auto closed = accesses.close(); !closed) {
        return closed;
    }
    return traces.close();
}

/// Replays `log` and fills the report; the error also goes into it.
Result<void, Error> replay(const ReplayCommandOptions& options, LogReader& log,
                           std::optional<ReplayRange>& range, DigestSinks& digests,
                           DivergenceFollowUp& follow_up, ReportSinks& page, ReplayReport& report) {
    if (auto opened = digests.open(options.digests, log); !opened) {
        return opened;
    }
    AccessSinks accesses(options.accesses);
    if (auto opened = accesses.open(log); !opened) {
        return opened;
    }
    TraceSinks traces;
    if (auto opened = traces.open(options.trace, options.replay.workers); !opened) {
        return opened;
    }
    if (auto opened = page.open(report); !opened) {
        return opened;
    }
    const Venue venue;
    VenueDriver driver(venue, options.replay);
    if (traces.active()) {
        driver.add_sink([&](const LogBlock& block, const BlockResult& result) {
            return traces.take(block, result);
        });
    }
    accesses.join(driver);
    page.join(driver, accesses);
    const bool limited = options.replay.blocks_max != ReplayOptions{}.blocks_max;
    ProgressBar bar(limited ? options.replay.blocks_max : size_of(options.log));
    BlockSource source(log, options.log, options.replay.blocks_max);
    if (digests.active()) {
        driver.add_sink([&](const LogBlock&, const BlockResult& result) {
            return digests.take(result, source.place().digest);
        });
    }
    if (options.check_invariants) {
        driver.add_sink([&](const LogBlock& block, const BlockResult&) {
            return check_invariants(driver, options.log, report, block.header.height);
        });
    }
    driver.add_sink([&](const LogBlock&, const BlockResult& result) -> Result<void, Error> {
        if (follow_up.needs_blocks()) {
            follow_up.take(result);
        }
        show_progress(bar, driver.summary(), source, limited);
        return {};
    });
    const auto start = std::chrono::steady_clock::now();
    const auto processor_start = processor_time();
    auto done = run_blocks(source, range, driver);
    report.wall = std::chrono::steady_clock::now() - start;
    report.cpu = processor_time() - processor_start;
    bar.clear();
    report.summary = driver.summary();
    report.torn_tail = done ? log.torn_tail() : std::nullopt;
    report_accesses(options.accesses, driver, accesses, report);
    page.describe(driver, report);
    if (!done) {
        return done;
    }
    if (auto closed = close_outputs(options, driver, digests, accesses, traces); !closed) {
        return closed;
    }
    report.solvency = scan_solvency(driver.store());
    if (auto whole = check_invariants(driver, options.log, report); !whole) {
        return whole;
    }
    auto measured = page.measure(report);
    return measured && follow_up.needs_blocks() ? follow_up.bisect_blocks() : measured;
}

/// Says what a divergence is, and packs the block that was asked for.
Result<void, Error> explain(const DigestSinks& digests, const DigestHeader& header,
                            DivergenceFollowUp& follow_up, ReplayReport& report) {
    auto divergence = follow_up.explain(digests, header);
    if (!divergence) {
        return failure(std::move(divergence.error()));
    }
    report.divergence = std::move(*divergence);
    report.bisection = follow_up.bisection();
    const bool diverged = report.error && report.error->code == ErrorCode::kDivergence;
    return follow_up.write_bundle(digests, header, diverged ? report.error->block : std::nullopt);
}

Result<void, Error> check_files(const ReplayCommandOptions& options) {
    NamedFiles files;
    files.reads("LOG", options.log).reads_digests("--against", options.digests.against);
    files.reads("--use-access-lists", options.accesses.use);
    files.writes_digests("--digests", options.digests.write);
    files.writes("--access-lists", options.accesses.write);
    files.writes("--bundle", options.divergence.bundle).writes("--trace", options.trace.trace);
    files.writes("--record-schedule", options.trace.schedule)
        .writes("--report", options.report.page);
    files.reads("--names", options.report.names);
    files.reads("--from", options.range.from).reads("--to", options.range.to);
    files.writes("--result", options.result);
    return files.prints().check();
}

/// Writes the report where it was asked for.
Result<void, Error> write_result(const std::string& path, const nlohmann::ordered_json& report) {
    return path.empty() ? Result<void, Error>{} : write_file(path, json_text(report));
}

/// The part of the log that was asked for; nothing: all of it.
Result<std::optional<ReplayRange>, Error> open_range(ReplayCommandOptions& options,
                                                     LogReader& log) {
    if (!options.range.active()) {
        return std::nullopt;
    }
    auto range = ReplayRange::open(options.range, log);
    if (!range) {
        return failure(std::move(range.error()));
    }
    options.digests.part = true;
    options.replay.blocks_max = std::min(options.replay.blocks_max, range->blocks_max());
    return std::move(*range);
}

void print_outcome(const ReplayCommandOptions& options, const ReplayReport& report,
                   const nlohmann::ordered_json& json) {
    if (options.json) {
        print_json(std::cout, json);
    } else {
        print_report(std::cout, report);
        if (!report.divergence.is_null()) {
            std::cout << "divergence\n";
            print_fields(std::cout, report.divergence, 2);
        }
    }
    std::cout.flush();
    if (report.torn_tail) {
        std::cerr << "lockstep: torn tail left out: " << terminal_text(report.torn_tail->describe())
                  << '\n';
    }
}

int run_replay(ReplayCommandOptions options) {
    if (const auto distinct = check_files(options); !distinct) {
        return report_error(distinct.error());
    }
    if (options.replay.verify && options.replay.workers == 0) {
        return report_error({.code = ErrorCode::kUsage,
                             .message = "--verify compares with the serial executor, which is what "
                                        "--workers 0 runs"});
    }
    auto log = LogReader::open(options.log, options.reader);
    if (!log) {
        return report_error(log.error());
    }
    auto range = open_range(options, *log);
    if (!range) {
        return report_error(range.error());
    }
    ReplayReport report{.log = options.log,
                        .header = log->header(),
                        .log_digest = log->header_digest(),
                        .workers = options.replay.workers,
                        .summary = {},
                        .violations = {},
                        .solvency = {},
                        .against = {},
                        .compared = {},
                        .mismatches = {},
                        .conflicts = {},
                        .chains = {},
                        .names = {},
                        .series = nullptr,
                        .markets = nullptr,
                        .scaling = nullptr,
                        .machine = nullptr,
                        .divergence = nullptr,
                        .bisection = nullptr,
                        .range = nullptr,
                        .torn_tail = {},
                        .error = {}};
    if (!options.digests.against.empty()) {
        report.against = options.digests.against;
    }
    const DigestHeader header = digest_header(*log);
    DigestSinks digests;
    DivergenceFollowUp follow_up(options.divergence, options.log, run_info(options.replay));
    ReportSinks page(options.report);
    if (auto done = replay(options, *log, *range, digests, follow_up, page, report); !done) {
        report.error = std::move(done.error());
        if (report.error->file.empty()) {
            report.error->file = options.log;
        }
    }
    report.compared = digests.compared();
    if (*range) {
        report.range = (*range)->report();
    }
    if (auto explained = explain(digests, header, follow_up, report); !explained) {
        return report_error(explained.error());
    }
    const nlohmann::ordered_json json = report_json(report);
    print_outcome(options, report, json);
    int exit_code = report.error ? report_error(*report.error) : 0;
    for (const auto& written : {page.write(json), write_result(options.result, json)}) {
        if (!written) {
            const int failed = report_error(written.error());
            exit_code = exit_code != 0 ? exit_code : failed;
        }
    }
    return exit_code;
}

}  // namespace

void register_replay_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<ReplayCommandOptions>();
    CLI::App* const command =
        app.add_subcommand("replay", "Executes a log and reports digests, rates and differences");
    add_replay_options(*command, *options);
    command->callback([options, &exit_code] {
        if (options->accesses.conflicts == 0 && !options->report.page.empty()) {
            options->accesses.conflicts = kConflictsShown;
        }
        exit_code = run_replay(*options);
    });
}

}  // namespace lockstep
