// The short form of the benchmarks: every workload once, all executors interleaved, one row each.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/contestants.hpp"
#include "bench/measure.hpp"
#include "bench/workloads.hpp"

namespace lockstep::bench {
namespace {

struct Options {
    Sizes sizes;
    std::uint32_t repetitions = 9;
    std::vector<std::uint32_t> workers = {1, 2};
    std::string filter;
};

constexpr std::uint32_t kWarmUps = 2;

/// What one entrant did over all repetitions.
struct Series {
    std::vector<double> wall_ns;  ///< per transaction
    std::vector<double> cpu_ns;   ///< per transaction
    Digest last;
};

void print_header(const Options& options) {
    std::printf("%-40s %9s %9s %9s", "workload", "twin ns", "bare ns", "serial");
    for (const std::uint32_t workers : options.workers) {
        std::printf("  %2u wk ns  speed   cpu", workers);
    }
    std::printf("  exec/txn valid/txn abort/txn\n");
}

/// Runs all entrants over the same blocks and prints their row. False when digests differ.
template <class Workload>
bool run_row(const Workload& workload, const Options& options) {
    using M = typename Workload::Machine;
    const std::vector<Entrant> names = entrants(options.workers);
    std::vector<std::unique_ptr<Contestant<M>>> contestants;
    for (const Entrant& entrant : names) {
        contestants.push_back(make_contestant(workload, entrant));
    }
    std::vector<Series> series(contestants.size());
    ExecutionMetrics before;
    auto source = workload.source();
    for (std::uint64_t i = workload.prelude(); i > 0; --i) {
        const auto block = source.next();
        for (const auto& contestant : contestants) {
            static_cast<void>(contestant->execute(block));
        }
    }
    for (std::uint32_t r = 0; r < kWarmUps + options.repetitions; ++r) {
        const auto block = source.next();
        const auto txns = static_cast<double>(block.transactions.size());
        if (r == kWarmUps) {
            before = contestants.back()->metrics();
        }
        for (std::size_t i = 0; i < contestants.size(); ++i) {
            const std::size_t turn = (i + r) % contestants.size();  // nobody is always first
            const Cost cost =
                cost_of([&] { series[turn].last = contestants[turn]->execute(block); });
            if (r >= kWarmUps) {
                series[turn].wall_ns.push_back(cost.wall_ns / txns);
                series[turn].cpu_ns.push_back(cost.cpu_ns / txns);
            }
        }
    }

    const double twin = median(series[0].wall_ns);
    std::printf("%-40s %9.0f %9.0f %8.2fx", workload.name.c_str(), twin, median(series[1].wall_ns),
                twin / median(series[2].wall_ns));
    for (std::size_t i = 3; i < series.size(); ++i) {
        std::vector<double> speedups;
        for (std::size_t r = 0; r < series[i].wall_ns.size(); ++r) {
            speedups.push_back(series[0].wall_ns[r] / series[i].wall_ns[r]);
        }
        std::printf("  %8.0f %5.2fx %5.2f", median(series[i].wall_ns), median(speedups),
                    median(series[i].cpu_ns) / median(series[0].cpu_ns));
    }
    const ExecutionMetrics after = contestants.back()->metrics();
    const auto txns = static_cast<double>(after.transactions - before.transactions);
    std::printf("  %8.3f %9.3f %9.3f\n",
                static_cast<double>(after.executions - before.executions) / txns,
                static_cast<double>(after.validations - before.validations) / txns,
                static_cast<double>(after.aborts - before.aborts) / txns);
    std::fflush(stdout);

    bool equal = true;
    for (std::size_t i = 2; i < series.size(); ++i) {
        if (series[i].last != series[0].last) {
            std::fprintf(stderr, "%s: %s differs from the serial twin\n", workload.name.c_str(),
                         names[i].name().c_str());
            equal = false;
        }
    }
    return equal;
}

[[noreturn]] void usage(int code) {
    std::fprintf(code == 0 ? stdout : stderr,
                 "usage: bench_table [--small] [--filter TEXT] [--txns N] [--accounts N]\n"
                 "                   [--repetitions N] [--workers N]...\n");
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
        options.workers.push_back(cores);
    }
    bool own_workers = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name(argv[i]);
        const auto value = [&] { return i + 1 < argc ? argv[++i] : (usage(1), nullptr); };
        if (name == "--small") {
            options.sizes = Sizes::small();
            options.repetitions = 1;
        } else if (name == "--filter") {
            options.filter = value();
        } else if (name == "--txns") {
            options.sizes.txns = number(value());
        } else if (name == "--accounts") {
            options.sizes.accounts = number(value());
        } else if (name == "--repetitions") {
            options.repetitions = number(value());
        } else if (name == "--workers") {
            if (!own_workers) {
                options.workers.clear();
            }
            own_workers = true;
            options.workers.push_back(number(value()));
        } else {
            usage(name == "--help" ? 0 : 1);
        }
    }
    return options;
}

int run(const Options& options) {
    std::printf("%u cores. Blocks of %u transactions, %u interleaved repetitions, medians.\n",
                std::thread::hardware_concurrency(), options.sizes.txns, options.repetitions);
    for (const std::uint32_t workers : options.workers) {
        if (workers > 1) {
            std::printf("Threads that share nothing: %.2fx on %u.\n", no_sharing_speedup(workers),
                        workers);
        }
    }
    std::printf(
        "ns: per transaction. speed, serial: against the serial twin, more is better.\n"
        "cpu: processor time against the twin's. Last columns: of the last executor.\n\n");
    print_header(options);
    bool equal = true;
    for_each_workload(options.sizes, [&](const auto& workload) {
        if (workload.name.find(options.filter) != std::string::npos) {
            equal = run_row(workload, options) && equal;
        }
    });
    return equal ? 0 : 2;
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
    return lockstep::bench::run(lockstep::bench::parse(argc, argv));
}
