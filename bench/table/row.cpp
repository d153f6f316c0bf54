#include "bench/table/row.hpp"

#include <algorithm>

namespace lockstep::bench {
namespace {

double per_transaction(std::uint64_t count, const RaceResult& result) {
    return static_cast<double>(count) / static_cast<double>(result.transactions);
}

/// The value that `share` of the laps do not exceed.
double quantile(std::vector<double> values, double share) {
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(share * last + 0.5)];
}

}  // namespace

void print_header(const TableOptions& options) {
    std::printf("%-40s %9s %9s %9s", "workload", "twin ns", "bare ns", "serial");
    const std::vector<Entrant> names = entrants(options.workers, options.rivals);
    for (std::size_t i = 3; i < names.size(); ++i) {
        std::printf("  %18s cpu exec", names[i].name().c_str());
    }
    std::printf("  exec/txn valid/txn abort/txn\n");
}

nlohmann::json json_of(const std::string& workload, const RaceResult& result) {
    nlohmann::json runners = nlohmann::json::array();
    for (std::size_t i = 0; i < result.tracks.size(); ++i) {
        const Track& track = result.tracks[i];
        const ExecutionMetrics& metrics = track.metrics;
        runners.push_back(
            {{"name", track.name},
             {"ns_per_transaction", result.ns(i)},
             {"speed_against_twin", result.speed(i)},
             {"cpu_seconds_per_transaction", result.cpu_ns(i) * 1e-9},
             {"block_ms_p50", quantile(track.block_ns, 0.50) * 1e-6},
             {"block_ms_p99", quantile(track.block_ns, 0.99) * 1e-6},
             {"executions_per_transaction", per_transaction(metrics.executions, result)},
             {"validations_per_transaction", per_transaction(metrics.validations, result)},
             {"aborts_per_transaction", per_transaction(metrics.aborts, result)},
             {"arena_bytes_per_transaction", per_transaction(metrics.memory_bytes, result)}});
    }
    return {{"workload", workload},
            {"laps", result.tracks[0].wall_ns.size()},
            {"ceiling", median(result.ceiling)},
            {"digests_equal", result.equal()},
            {"runners", runners}};
}

void print_row(const std::string& workload, const RaceResult& result) {
    std::printf("%-40s %9.0f %9.0f %8.2fx", workload.c_str(), result.ns(0), result.ns(1),
                result.speed(2));
    for (std::size_t i = 3; i < result.tracks.size(); ++i) {
        std::printf("  %8.0f ns %5.2fx %4.2f %4.2f", result.ns(i), result.speed(i), result.cpu(i),
                    per_transaction(result.tracks[i].metrics.executions, result));
    }
    const ExecutionMetrics& metrics = result.tracks.back().metrics;
    std::printf("  %8.3f %9.3f %9.3f\n", per_transaction(metrics.executions, result),
                per_transaction(metrics.validations, result),
                per_transaction(metrics.aborts, result));
    std::fflush(stdout);
}

}  // namespace lockstep::bench
