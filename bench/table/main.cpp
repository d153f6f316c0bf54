// The short form of the benchmarks: every workload once, all executors interleaved, one row each.

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "bench/provenance.hpp"
#include "bench/table/recorded.hpp"

namespace lockstep::bench {
namespace {

struct Options {
    TableOptions table;
    std::string json;    ///< file to write; empty: none
    std::string commit;  ///< for its provenance
};

/// Runs whoever was asked for. False when digests differ.
Result<bool, Error> run_all(const TableOptions& options, nlohmann::json& rows) {
    if (!options.recorded_path.empty()) {
        return run_recorded(options, rows);
    }
    return run_rows(options, rows, [&](const Sizes& sizes, auto&& visit) {
        options.grid ? for_each_payment(sizes, visit) : for_each_workload(sizes, visit);
    });
}

[[noreturn]] void usage(int code) {
    std::fprintf(code == 0 ? stdout : stderr,
                 "usage: bench_table [--small] [--filter TEXT] [--txns N] [--accounts N]\n"
                 "                   [--repetitions N] [--workers N]... [--baselines]\n"
                 "                   [--grid] [--recorded FILE]\n"
                 "                   [--json FILE] [--commit TEXT]\n");
    std::exit(code);
}

std::uint32_t number(const char* text) {
    std::uint32_t value = 0;
    const std::string_view view(text);
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
    if (error != std::errc{} || end != view.data() + view.size() || value == 0) {
        usage(1);
    }
    return value;
}

Options parse(int argc, char** argv) {
    Options options;
    if (const std::uint32_t cores = std::thread::hardware_concurrency(); cores > 2) {
        options.table.workers.push_back(cores);
    }
    bool own_workers = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name(argv[i]);
        const auto value = [&] { return i + 1 < argc ? argv[++i] : (usage(1), nullptr); };
        if (name == "--small") {
            options.table.sizes = Sizes::small();
            options.table.repetitions = 1;
        } else if (name == "--filter") {
            options.table.filter = value();
        } else if (name == "--txns") {
            options.table.sizes.txns = number(value());
        } else if (name == "--accounts") {
            options.table.sizes.accounts = number(value());
        } else if (name == "--repetitions") {
            options.table.repetitions = number(value());
        } else if (name == "--json") {
            options.json = value();
        } else if (name == "--commit") {
            options.commit = value();
        } else if (name == "--baselines") {
            options.table.rivals = true;
        } else if (name == "--grid") {
            options.table.grid = true;
        } else if (name == "--recorded") {
            options.table.recorded_path = value();
        } else if (name == "--workers") {
            if (!own_workers) {
                options.table.workers.clear();
            }
            own_workers = true;
            options.table.workers.push_back(number(value()));
        } else {
            usage(name == "--help" ? 0 : 1);
        }
    }
    return options;
}

int run(const Options& options) {
    std::printf("%u cores. Blocks of %u transactions, %u interleaved repetitions, medians.\n",
                std::thread::hardware_concurrency(), options.table.sizes.txns,
                options.table.repetitions);
    std::printf(
        "ns: per transaction. speed, serial: against the serial twin, more is better.\n"
        "cpu: processor time against the twin's. exec: executions for each transaction.\n"
        "Last columns: of the last executor.\n\n");
    print_header(options.table);
    nlohmann::json rows = nlohmann::json::array();
    const Result<bool, Error> equal = run_all(options.table, rows);
    if (!equal) {
        std::fprintf(stderr, "%s\n", equal.error().describe().c_str());
        return 5;
    }
    if (!options.json.empty() &&
        !write_json(options.json,
                    {{"provenance", provenance(options.commit)}, {"workloads", rows}})) {
        return 5;
    }
    return *equal ? 0 : 2;
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
    return lockstep::bench::run(lockstep::bench::parse(argc, argv));
}
