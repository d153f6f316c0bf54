#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "replay/command/commands.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/progress_bar.hpp"
#include "replay/command/replay_report.hpp"
#include "replay/command/report_error.hpp"
#include "replay/digest/digest_file.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/format/output_file.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kWorkersMax = 256;

struct Options {
    std::string log;
    ReplayOptions replay{.workers =
                             std::clamp(std::thread::hardware_concurrency(), 1U, kWorkersMax)};
    LogReaderOptions reader;
    std::string digests;
    bool effects = false;
    std::string against;
    std::string report;
    bool json = false;
};

/// Writes and compares digests as blocks come out.
class DigestSinks {
  public:
    Result<void, Error> open(const Options& options, const LogReader& log) {
        const DigestHeader header{.chain_id = log.header().chain_id,
                                  .log = log.header_digest(),
                                  .build = build_description()};
        effects_ = options.effects;
        if (!options.digests.empty()) {
            auto writer = DigestWriter::create(options.digests, header);
            if (!writer) {
                return failure(std::move(writer.error()));
            }
            writer_.emplace(std::move(*writer));
        }
        if (!options.against.empty()) {
            auto reader = DigestReader::open(options.against);
            if (!reader) {
                return failure(std::move(reader.error()));
            }
            if (reader->header().log != header.log) {
                return failure(Error{.code = ErrorCode::kCorrupt,
                                     .message = "holds digests of another log",
                                     .file = options.against});
            }
            expected_.emplace(std::move(*reader));
        }
        return {};
    }

    [[nodiscard]] bool active() const { return writer_ || expected_; }

    Result<void, Error> take(const BlockResult& result) {
        const DigestRecord actual = make_digest_record(result, true);
        if (expected_) {
            auto expected = expected_->next();
            if (!expected) {
                return failure(std::move(expected.error()));
            }
            if (!*expected) {
                return failure(Difference{.block = actual.height,
                                          .transaction = {},
                                          .what = "the digest file ends before this block"}
                                   .error(expected_->name()));
            }
            if (const auto difference = first_difference(**expected, actual)) {
                return failure(difference->error(expected_->name()));
            }
        }
        return writer_ ? writer_->append(effects_ ? actual : make_digest_record(result, false))
                       : Result<void, Error>{};
    }

    /// `complete`: the log was replayed to its end, so the digest file must end here too.
    Result<void, Error> close(bool complete) {
        if (expected_ && complete) {
            auto more = expected_->next();
            if (!more) {
                return failure(std::move(more.error()));
            }
            if (*more) {
                return failure(Difference{.block = (*more)->height,
                                          .transaction = {},
                                          .what = "the log ends before this block"}
                                   .error(expected_->name()));
            }
        }
        return writer_ ? writer_->close() : Result<void, Error>{};
    }

  private:
    std::optional<DigestWriter> writer_;
    std::optional<DigestReader> expected_;
    bool effects_ = false;
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

/// Replays `log` and fills the report; the error also goes into it.
Result<void, Error> replay(const Options& options, LogReader& log, ReplayReport& report) {
    DigestSinks digests;
    if (auto opened = digests.open(options, log); !opened) {
        return opened;
    }
    const Venue venue;
    VenueDriver driver(venue, options.replay);
    ProgressBar bar(size_of(options.log));
    if (digests.active()) {
        driver.add_sink(
            [&](const LogBlock&, const BlockResult& result) { return digests.take(result); });
    }
    driver.add_sink([&](const LogBlock& block, const BlockResult&) -> Result<void, Error> {
        bar.update(log.offset(), block.header.height);
        return {};
    });
    const auto start = std::chrono::steady_clock::now();
    const auto processor_start = processor_time();
    auto done = driver.run([&] { return log.next(); });
    report.wall = std::chrono::steady_clock::now() - start;
    report.cpu = processor_time() - processor_start;
    bar.clear();
    report.summary = driver.summary();
    report.torn_tail = log.torn_tail();
    if (!done) {
        return done;
    }
    if (auto closed = digests.close(driver.summary().blocks < options.replay.blocks_max); !closed) {
        return closed;
    }
    report.violations = scan_invariants(driver.store());
    if (!report.violations->empty()) {
        return failure(Error{.code = ErrorCode::kInvariant,
                             .message = report.violations->front(),
                             .file = options.log});
    }
    return {};
}

int run(const Options& options) {
    auto log = LogReader::open(options.log, options.reader);
    if (!log) {
        return report_error(log.error());
    }
    ReplayReport report{.log = options.log,
                        .header = log->header(),
                        .log_digest = log->header_digest(),
                        .workers = options.replay.workers,
                        .summary = {},
                        .violations = {},
                        .against = {},
                        .torn_tail = {},
                        .error = {}};
    if (!options.against.empty()) {
        report.against = options.against;
    }
    if (auto done = replay(options, *log, report); !done) {
        report.error = std::move(done.error());
        if (report.error->file.empty()) {
            report.error->file = options.log;
        }
    }
    if (options.json) {
        print_json(std::cout, report_json(report));
    } else {
        print_report(std::cout, report);
    }
    std::cout.flush();
    if (report.torn_tail) {
        std::cerr << "lockstep: torn tail left out: " << report.torn_tail->describe() << '\n';
    }
    const int exit_code = report.error ? report_error(*report.error) : 0;
    if (!options.report.empty()) {
        if (auto written = write_file(options.report, json_text(report_json(report))); !written) {
            const int failed = report_error(written.error());
            return exit_code != 0 ? exit_code : failed;
        }
    }
    return exit_code;
}

}  // namespace

void register_replay_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<Options>();
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
    command->add_option("--digests", options->digests, "write a digest file");
    command->add_flag("--effects", options->effects,
                      "with --digests: one digest per transaction, so that a comparison can name "
                      "the transaction");
    command->add_option("--against", options->against,
                        "compare with a digest file and name the first difference");
    command->add_option("--report", options->report, "write the report as JSON to a file");
    command->add_flag("--json", options->json, "print JSON");
    command->add_option("--limit-blocks", options->replay.blocks_max, "stop after so many blocks");
    command->add_flag("--allow-torn-tail", options->reader.allow_torn_tail,
                      "accept a log without its end, as a stopped writer leaves it");
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace lockstep
