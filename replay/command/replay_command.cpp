#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "replay/command/access_sinks.hpp"
#include "replay/command/commands.hpp"
#include "replay/command/describe_accesses.hpp"
#include "replay/command/digest_sinks.hpp"
#include "replay/command/named_files.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/progress_bar.hpp"
#include "replay/command/replay_divergence.hpp"
#include "replay/command/replay_range.hpp"
#include "replay/command/replay_report.hpp"
#include "replay/command/report_error.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/command/trace_sinks.hpp"
#include "replay/command/whole_numbers.hpp"
#include "replay/divergence/side.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/format/output_file.hpp"
#include "replay/format/read_ahead.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {
namespace {

struct ReplayCommandOptions {
    std::string log;
    ReplayOptions replay{.workers =
                             std::clamp(std::thread::hardware_concurrency(), 1U, kWorkersMax)};
    LogReaderOptions reader;
    RangeOptions range;
    std::string result;
    DigestOptions digests;
    DivergenceOptions divergence;
    TraceOptions trace;
    std::string report;
    AccessSinkOptions accesses;
    bool check_invariants = false;
    bool json = false;
};

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

/// Blocks of the log in order, read ahead where the log is a file and there is a core for it.
class BlockSource {
  public:
    BlockSource(LogReader& log, const ReplayCommandOptions& options) : log_(log) {
        // A pipe may keep its reader waiting for longer than a replay that has failed.
        std::error_code ignored;
        if (std::thread::hardware_concurrency() > 1 &&
            std::filesystem::is_regular_file(options.log, ignored)) {
            ahead_.emplace(log, options.replay.blocks_max);
        }
    }
    [[nodiscard]] Result<std::optional<LogBlock>, Error> next() {
        return ahead_ ? ahead_->next() : log_.next();
    }
    /// Of the block that next() returned last.
    [[nodiscard]] ReadAhead::Place place() const {
        return ahead_ ? ahead_->place()
                      : ReadAhead::Place{.digest = log_.block_digest(), .offset = log_.offset()};
    }
    /// Leaves the log to others.
    void finish() { ahead_.reset(); }

  private:
    LogReader& log_;
    std::optional<ReadAhead> ahead_;
};

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

/// Replays `log` and fills the report; the error also goes into it.
Result<void, Error> replay(const ReplayCommandOptions& options, LogReader& log,
                           std::optional<ReplayRange>& range, DigestSinks& digests,
                           DivergenceFollowUp& follow_up, ReplayReport& report) {
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
    const Venue venue;
    VenueDriver driver(venue, options.replay);
    if (traces.active()) {
        driver.add_sink([&](const LogBlock& block, const BlockResult& result) {
            return traces.take(block, result);
        });
    }
    accesses.join(driver);
    ProgressBar bar(size_of(options.log));
    BlockSource source(log, options);
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
    driver.add_sink([&](const LogBlock& block, const BlockResult& result) -> Result<void, Error> {
        if (follow_up.needs_blocks()) {
            follow_up.take(result);
        }
        bar.update(source.place().offset, block.header.height);
        return {};
    });
    std::optional<std::uint64_t> last;
    bool log_ended = false;
    driver.add_sink([&last](const LogBlock& block, const BlockResult&) -> Result<void, Error> {
        last = block.header.height;
        return {};
    });
    const auto start = std::chrono::steady_clock::now();
    const auto processor_start = processor_time();
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
    if (done && range) {
        done = range->end(driver, last, log_ended);
    }
    report.wall = std::chrono::steady_clock::now() - start;
    report.cpu = processor_time() - processor_start;
    bar.clear();
    report.summary = driver.summary();
    report.torn_tail = done ? log.torn_tail() : std::nullopt;
    report_accesses(options.accesses, driver, accesses, report);
    if (!done) {
        return done;
    }
    if (auto closed = digests.close(driver.summary().blocks < options.replay.blocks_max,
                                    run_info(options.replay));
        !closed) {
        return closed;
    }
    for (auto closed : {accesses.close(), traces.close()}) {
        if (!closed) {
            return closed;
        }
    }
    report.solvency = scan_solvency(driver.store());
    if (auto whole = check_invariants(driver, options.log, report); !whole) {
        return whole;
    }
    return follow_up.needs_blocks() ? follow_up.bisect_blocks() : Result<void, Error>{};
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
    files.writes("--record-schedule", options.trace.schedule).writes("--report", options.report);
    files.reads("--from", options.range.from).reads("--to", options.range.to);
    files.writes("--result", options.result);
    return files.prints().check();
}

/// Writes the report where it was asked for; the exit code of what failed first.
int write_result(const std::string& path, const ReplayReport& report, int exit_code) {
    if (path.empty()) {
        return exit_code;
    }
    const auto written = write_file(path, json_text(report_json(report)));
    const int failed = written ? 0 : report_error(written.error());
    return exit_code != 0 ? exit_code : failed;
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
    std::optional<ReplayRange> range;
    if (options.range.active()) {
        auto opened = ReplayRange::open(options.range, *log);
        if (!opened) {
            return report_error(opened.error());
        }
        range.emplace(std::move(*opened));
        options.digests.part = true;
        options.replay.blocks_max = std::min(options.replay.blocks_max, range->blocks_max());
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
    if (auto done = replay(options, *log, range, digests, follow_up, report); !done) {
        report.error = std::move(done.error());
        if (report.error->file.empty()) {
            report.error->file = options.log;
        }
    }
    report.compared = digests.compared();
    if (range) {
        report.range = range->report();
    }
    if (auto explained = explain(digests, header, follow_up, report); !explained) {
        return report_error(explained.error());
    }
    if (options.json) {
        print_json(std::cout, report_json(report));
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
    const int exit_code = report.error ? report_error(*report.error) : 0;
    return write_result(options.result, report, write_result(options.report, report, exit_code));
}

}  // namespace

void register_replay_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<ReplayCommandOptions>();
    CLI::App* const command =
        app.add_subcommand("replay", "Executes a log and reports digests, rates and differences");
    command->add_option("LOG", options->log, "log file, or - for standard input")->required();
    command
        ->add_option("--workers", options->replay.workers,
                     "workers of the parallel executor; 0: the serial executor")
        ->check(CLI::Range(0U, kWorkersMax))
        ->capture_default_str();
    command->add_flag("--verify", options->replay.verify,
                      "execute serially as well and compare every block byte for byte");
    command->add_flag("--check-invariants", options->check_invariants,
                      "scan the whole state after every block, not only after the last");
    command->add_option("--digests", options->digests.write, "write a digest file");
    command->add_flag("--effects", options->digests.effects,
                      "with --digests: one digest per transaction, so that a comparison can name "
                      "the transaction");
    command->add_option("--against", options->digests.against,
                        "compare with a digest file and name the first difference");
    command->add_option("--access-lists", options->accesses.write,
                        "record what each transaction touches in an access list file");
    command->add_option("--use-access-lists", options->accesses.use,
                        "execute with recorded access lists as knowledge and name where they "
                        "are wrong");
    demand_whole_number(*command->add_flag(
        "--conflicts{20}", options->accesses.conflicts,
        "report the cells over which most transactions wait for each other, 20 or "
        "--conflicts=N of them, and the longest chain of such transactions; implied "
        "by --report"));
    command->add_option("--bisect", options->divergence.bisect,
                        "command that, with a height behind it, prints the other side's state or "
                        "block digest at that height: finds the divergent block in log2(blocks) "
                        "questions");
    command->add_option("--bundle", options->divergence.bundle,
                        "write the divergent block, its cells and the results: see diverge --run");
    command->add_option("--bundle-block", options->divergence.bundle_block,
                        "with --bundle: pack the block of this height, diverging or not");
    command->add_option("--trace", options->trace.trace,
                        "execute once more under observation and write what each worker did, as a "
                        "Chrome trace for Perfetto");
    command->add_option("--record-schedule", options->trace.schedule,
                        "the same as the order in which workers began and ended tasks");
    auto* const from = command->add_option(
        "--from", options->range.from,
        "begin with the state of a snapshot of this log (see split), behind its block");
    auto* const to = command->add_option("--to", options->range.to,
                                         "compare the state at the end with that of a snapshot");
    auto* const blocks =
        command->add_option("--blocks", options->range.blocks,
                            "replay the blocks of heights A..B, or A.. to the end of the log");
    for (const char* const whole_log : {"--access-lists", "--use-access-lists", "--bisect",
                                        "--bundle", "--trace", "--record-schedule"}) {
        for (CLI::Option* const part : {from, to, blocks}) {
            part->excludes(whole_log);
        }
    }
    command->add_option("--result", options->result,
                        "write the report as JSON to a file, for join");
    command->add_option("--report", options->report, "write the report as JSON to a file");
    command->add_flag("--json", options->json, "print JSON");
    command->add_option("--limit-blocks", options->replay.blocks_max, "stop after so many blocks");
    command->add_flag("--allow-torn-tail", options->reader.allow_torn_tail,
                      "accept a log without its end, as a stopped writer leaves it");
    command->callback([options, &exit_code] {
        if (options->accesses.conflicts == 0 && !options->report.empty()) {
            options->accesses.conflicts = kConflictsShown;
        }
        exit_code = run_replay(*options);
    });
}

}  // namespace lockstep
