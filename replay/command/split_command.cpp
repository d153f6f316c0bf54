#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "replay/command/commands.hpp"
#include "replay/command/named_files.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/progress_bar.hpp"
#include "replay/command/range_list.hpp"
#include "replay/command/replay_options.hpp"
#include "replay/command/report_error.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/format/log_reader.hpp"
#include "replay/format/output_file.hpp"
#include "replay/split/snapshot_file.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep {
namespace {

struct SplitOptions {
    std::string log;
    std::string out;
    std::uint64_t every = 0;
    ReplayOptions replay{.workers = default_workers()};
    LogReaderOptions reader;
    bool json = false;
};

Result<void, Error> make_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        return failure(
            Error{.message = "cannot make the folder: " + error.message(), .file = path});
    }
    return {};
}

/// Executes a log once, and cuts it into ranges.
class Splitter {
  public:
    Splitter(const SplitOptions& options, LogReader& log)
        : options_(options), log_(log), driver_(venue_, options.replay) {
        list_.log = log.header_digest();
        list_.chain_id = log.header().chain_id;
    }

    [[nodiscard]] Result<RangeList, Error> run() {
        std::error_code ignored;
        const auto size = std::filesystem::file_size(options_.log, ignored);
        ProgressBar bar(ignored ? 0 : size);
        // The block that begins a range is known when the one before it has been executed.
        driver_.add_sink([&](const LogBlock& block, const BlockResult& result) {
            if (bar.is_due()) {
                bar.update(log_.offset(), "block " + grouped(block.header.height));
            }
            return take(block.header.height, result);
        });
        auto done = driver_.run([this]() -> Result<std::optional<LogBlock>, Error> {
            auto block = log_.next();
            if (block && *block && in_range_ == options_.every) {
                if (auto cut = end_range(true); !cut) {
                    return failure(std::move(cut.error()));
                }
            }
            if (block) {
                before_ = *block ? std::optional(log_.place()) : before_;
            }
            return block;
        });
        bar.clear();
        if (done && in_range_ > 0) {
            done = end_range(false);
        }
        if (!done) {
            return failure(std::move(done.error()));
        }
        list_.blocks = driver_.summary().blocks;
        list_.transactions = driver_.summary().transactions;
        return std::move(list_);
    }

  private:
    [[nodiscard]] Result<void, Error> take(std::uint64_t height, const BlockResult& result) {
        if (in_range_++ == 0) {
            first_ = height;
            transactions_ = 0;
        }
        last_ = height;
        transactions_ += result.receipts.size();
        return {};
    }
    /// `more`: the log goes on behind it.
    [[nodiscard]] Result<void, Error> end_range(bool more) {
        RangeList::Range range{.first = first_,
                               .last = last_,
                               .transactions = transactions_,
                               .state = driver_.summary().state,
                               .block = driver_.summary().block,
                               .snapshot = {}};
        in_range_ = 0;
        if (more) {
            range.snapshot = std::to_string(last_) + ".snapshot";
            const std::string path = range_file(options_.out, range.snapshot);
            const auto written = write_venue_snapshot(path, driver_.store(), range.block,
                                                      log_.header_digest(), *before_);
            if (!written) {
                return failure(written.error());
            }
        }
        list_.ranges.push_back(std::move(range));
        return {};
    }

    const SplitOptions& options_;
    LogReader& log_;
    Venue venue_;
    VenueDriver driver_;
    RangeList list_;
    std::optional<LogPlace> before_;  ///< behind the last block that was executed
    std::uint64_t in_range_ = 0;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t transactions_ = 0;
};

Result<RangeList, Error> split(const SplitOptions& options) {
    NamedFiles files;
    files.reads("LOG", options.log).writes("the list of ranges", range_list_path(options.out));
    files.writes("the list of jobs", jobs_path(options.out));
    if (auto distinct = files.check(); !distinct) {
        return failure(std::move(distinct.error()));
    }
    auto log = LogReader::open(options.log, options.reader);
    if (!log) {
        return failure(std::move(log.error()));
    }
    if (auto made = make_folder(options.out); !made) {
        return failure(std::move(made.error()));
    }
    auto list = Splitter(options, *log).run();
    if (!list) {
        if (list.error().file.empty()) {
            list.error().file = options.log;
        }
        return list;
    }
    list->torn_tail = log->torn_tail().has_value();
    std::string jobs;
    for (std::size_t i = 0; i < list->ranges.size(); ++i) {
        jobs += job_line(*list, options.out, i);
    }
    for (const auto& written :
         {write_file(jobs_path(options.out), jobs),
          write_file(range_list_path(options.out), json_text(range_list_json(*list)))}) {
        if (!written) {
            return failure(written.error());
        }
    }
    return list;
}

int run_split(const SplitOptions& options) {
    const auto list = split(options);
    if (!list) {
        return report_error(list.error());
    }
    const nlohmann::ordered_json json = range_list_json(*list);
    if (options.json) {
        print_json(std::cout, json);
    } else {
        print_fields(std::cout, {{"folder", options.out},
                                 {"ranges", list->ranges.size()},
                                 {"blocks", list->blocks},
                                 {"transactions", list->transactions},
                                 {"jobs", jobs_path(options.out)}});
    }
    return 0;
}

}  // namespace

void register_split_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<SplitOptions>();
    CLI::App* const command = app.add_subcommand(
        "split", "Cuts a log into ranges that many machines can replay, each from a snapshot");
    command->add_option("LOG", options->log, "log file")->required();
    command->add_option("--every", options->every, "blocks of a range")
        ->required()
        ->check(CLI::PositiveNumber);
    command->add_option("--out", options->out, "folder for snapshots and lists")->required();
    add_workers_option(*command, options->replay.workers);
    add_torn_tail_flag(*command, options->reader);
    command->add_flag("--json", options->json, "print JSON");
    command->callback([options, &exit_code] { exit_code = run_split(*options); });
}

}  // namespace lockstep
