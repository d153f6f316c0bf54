#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/virtual/virtual_cores.hpp"
#include "replay/command/commands.hpp"
#include "replay/command/named_files.hpp"
#include "replay/command/print_json.hpp"
#include "replay/command/progress_bar.hpp"
#include "replay/command/report_error.hpp"
#include "replay/command/stress_report.hpp"
#include "replay/digest/run_info.hpp"
#include "replay/format/output_file.hpp"
#include "replay/report/machine.hpp"
#include "replay/report/pages.hpp"
#include "replay/stress/scaling.hpp"
#include "replay/stress/stress_workloads.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kBlocksMax = 25;
constexpr std::uint32_t kQuickBlocks = 3;
constexpr std::uint32_t kAccountsMax = 10'000'000;
constexpr std::uint32_t kBlockSizeMax = 1'000'000;
constexpr std::uint32_t kWorkMax = 10'000'000;

struct StressOptions {
    std::vector<std::string> workloads;
    std::vector<std::uint32_t> accounts;
    std::vector<std::uint32_t> block_sizes;
    std::vector<std::uint32_t> work;
    std::vector<std::uint32_t> workers;
    std::vector<std::uint32_t> cores;
    std::uint64_t seed = 1;
    std::uint32_t seconds = 120;
    bool quick = false;
    std::string report;
    bool json = false;
};

/// One cell of the sweep, before it is measured.
struct SweepCell {
    bool venue = false;
    std::uint32_t accounts = 0;
    std::uint32_t block_size = 0;
    std::optional<std::uint32_t> work_ns;
};

template <class T>
void default_to(std::vector<T>& list, std::vector<T> values) {
    if (list.empty()) {
        list = std::move(values);
    }
}
void sort_unique(std::vector<std::uint32_t>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

/// Every number up to four, then doubling, and all cores that there are.
std::vector<std::uint32_t> workers_here() {
    const std::uint32_t here = std::clamp(std::thread::hardware_concurrency(), 1U, 128U);
    std::vector<std::uint32_t> out;
    for (std::uint32_t workers = 1; workers <= here; workers += workers < 4 ? 1 : workers) {
        out.push_back(workers);
    }
    out.push_back(here);
    return out;
}

void complete(StressOptions& options) {
    default_to(options.workloads, {"transfers", "venue"});
    default_to(options.accounts, options.quick ? std::vector<std::uint32_t>{10'000}
                                               : std::vector<std::uint32_t>{100, 100'000});
    default_to(options.block_sizes, options.quick ? std::vector<std::uint32_t>{2'000}
                                                  : std::vector<std::uint32_t>{10'000});
    default_to(options.work, options.quick ? std::vector<std::uint32_t>{2'000}
                                           : std::vector<std::uint32_t>{500, 2'000, 10'000});
    default_to(options.workers, workers_here());
    default_to(options.cores, {4, 8, 16, 32, 64, 128});
    options.workers.push_back(1);
    sort_unique(options.workers);
    // Where real cores exist, the prediction is checked.
    options.cores.insert(options.cores.end(), options.workers.begin(), options.workers.end());
    sort_unique(options.cores);
}

std::vector<SweepCell> cells_of(const StressOptions& options) {
    std::vector<SweepCell> out;
    for (const std::string& workload : options.workloads) {
        const bool venue = workload == "venue";
        for (const std::uint32_t accounts : options.accounts) {
            for (const std::uint32_t size : options.block_sizes) {
                for (const std::uint32_t work : options.work) {
                    out.push_back({.venue = venue,
                                   .accounts = accounts,
                                   .block_size = size,
                                   .work_ns = venue ? std::nullopt : std::optional(work)});
                    if (venue) {
                        break;  // its work is its own
                    }
                }
            }
        }
    }
    return out;
}

StressRow measure(const SweepCell& cell, const StressOptions& options, ScalingOptions scaling) {
    StressRow row{.workload = cell.venue ? "venue" : "transfers",
                  .accounts = cell.accounts,
                  .block_size = cell.block_size,
                  .work_ns = cell.work_ns,
                  .report = {}};
    if (cell.venue) {
        StressVenue venue;
        venue.options.seed = options.seed;
        venue.options.accounts = cell.accounts;
        venue.options.block_transactions = cell.block_size;
        row.report = measure_scaling(venue, scaling);
    } else {
        StressTransfers transfers{.machine = {.work_rounds = bench::rounds_for(*cell.work_ns)},
                                  .accounts = cell.accounts,
                                  .block_size = cell.block_size,
                                  .seed = options.seed};
        row.report = measure_scaling(transfers, scaling);
    }
    return row;
}

/// Why a cell cannot be measured; null when it can.
const char* refuse(const SweepCell& cell) {
    if (!cell.venue) {
        return nullptr;
    }
    WorkloadOptions options;
    options.accounts = cell.accounts;
    options.block_transactions = cell.block_size;
    return Workload::refuse(options);
}

int run_stress(StressOptions options) {
    complete(options);
    const std::vector<SweepCell> cells = cells_of(options);
    for (const SweepCell& cell : cells) {
        if (const char* reason = refuse(cell)) {
            return report_error({.code = ErrorCode::kUsage, .message = reason});
        }
    }
    if (const auto distinct = NamedFiles().writes("--report", options.report).prints().check();
        !distinct) {
        return report_error(distinct.error());
    }
    ProgressBar bar(cells.size() * 1000);
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    bool agree = true;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        ScalingOptions scaling;
        scaling.workers = options.workers;
        scaling.cores = options.cores;
        scaling.blocks = options.quick ? kQuickBlocks : kBlocksMax;
        scaling.time_max = std::chrono::milliseconds(options.seconds * 500ULL / cells.size());
        scaling.progress = [&](std::uint64_t done, std::uint64_t total) {
            bar.update(i * 1000 + done * 1000 / total,
                       "workload " + std::to_string(i + 1) + " of " + std::to_string(cells.size()));
        };
        const StressRow row = measure(cells[i], options, scaling);
        agree = agree && row.report.agree;
        bar.clear();
        rows.push_back(stress_json(row));
        if (!options.json) {
            print_stress_row(std::cout, row);
            std::cout << std::flush;
        }
    }
    nlohmann::ordered_json report = {{"seed", options.seed},
                                     {"cores_here", std::thread::hardware_concurrency()},
                                     {"build", build_description()},
                                     {"rows", std::move(rows)},
                                     {"verified", agree}};
    report["machine"] = describe_machine();
    if (options.json) {
        print_json(std::cout, report);
    }
    const int exit_code =
        agree ? 0
              : report_error({.code = ErrorCode::kDivergence,
                              .message = "executors ended on different block digests"});
#ifdef LOCKSTEP_BUILD_REPORT
    if (!options.report.empty()) {
        if (auto written = write_file(options.report, stress_page(report)); !written) {
            const int failed = report_error(written.error());
            return exit_code != 0 ? exit_code : failed;
        }
    }
#endif
    return exit_code;
}

}  // namespace

void register_stress_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<StressOptions>();
    CLI::App* const command = app.add_subcommand(
        "stress", "Measures how blocks scale here, and predicts how they would on more cores");
    command->add_option("--workload", options->workloads, "transfers, venue, or both (repeatable)")
        ->check(CLI::IsMember({"transfers", "venue"}));
    command
        ->add_option("--accounts", options->accounts, "owners of accounts: fewer, more conflicts")
        ->check(CLI::Range(2U, kAccountsMax))
        ->delimiter(',');
    command->add_option("--block-size", options->block_sizes, "transactions per block")
        ->check(CLI::Range(1U, kBlockSizeMax))
        ->delimiter(',');
    command->add_option("--work-ns", options->work, "nanoseconds of work in each transfer")
        ->check(CLI::Range(0U, kWorkMax))
        ->delimiter(',');
    command->add_option("--workers", options->workers, "real threads; default: up to all cores")
        ->check(CLI::Range(1U, VirtualCores::kCoresMax))
        ->delimiter(',');
    command->add_option("--cores", options->cores, "virtual cores; default: 4,8,16,32,64,128")
        ->check(CLI::Range(1U, VirtualCores::kCoresMax))
        ->delimiter(',');
    command->add_option("--seed", options->seed, "the same seed gives the same blocks")
        ->capture_default_str();
    command->add_option("--seconds", options->seconds, "aim at this much time for the whole sweep")
        ->check(CLI::Range(1U, 86'400U))
        ->capture_default_str();
    command->add_flag("--quick", options->quick, "a small sweep in seconds, with coarse figures");
#ifdef LOCKSTEP_BUILD_REPORT
    command->add_option("--report", options->report,
                        "write a page for the browser: curves and tables in one file");
#endif
    command->add_flag("--json", options->json, "print all figures as JSON");
    command->callback([options, &exit_code] { exit_code = run_stress(*options); });
}

}  // namespace lockstep
