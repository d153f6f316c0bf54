#pragma once

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/race.hpp"
#include "bench/workloads.hpp"

namespace lockstep::bench {

/// What the table is asked for.
struct TableOptions {
    Sizes sizes;
    std::uint32_t repetitions = 9;
    std::vector<std::uint32_t> workers = {1, 2};
    std::string filter;         ///< part of the names of the workloads that run
    bool rivals = false;        ///< the baselines as well
    bool grid = false;          ///< W1 in full instead of every workload
    std::string recorded_path;  ///< W12 instead of every workload; empty: no
};

void print_header(const TableOptions& options);
void print_row(const std::string& workload, const RaceResult& result);
[[nodiscard]] nlohmann::json json_of(const std::string& workload, const RaceResult& result);

/// Runs all entrants over the same blocks and prints their row. False when digests differ.
template <class Workload>
[[nodiscard]] bool run_row(const Workload& workload, const TableOptions& options,
                           std::uint32_t laps, nlohmann::json& rows) {
    constexpr std::uint32_t kWarmUps = 2;
    Race race(workload);
    for (const Entrant& entrant : entrants(options.workers, options.rivals)) {
        race.enter(entrant);
    }
    const RaceResult result = race.run({.warm_ups = kWarmUps,
                                        .at_least = laps,
                                        .at_most = laps,
                                        .ceiling_workers = options.workers.back()});
    print_row(workload.name, result);
    rows.push_back(json_of(workload.name, result));
    for (const std::string& name : result.differ) {
        std::fprintf(stderr, "%s: %s differs from the serial twin\n", workload.name.c_str(),
                     name.c_str());
    }
    return result.equal();
}

/// Runs a row for every workload that `visit_all(sizes, visit)` names and the filter lets through.
/// False when digests differ.
template <class VisitAll>
[[nodiscard]] bool run_rows(const TableOptions& options, nlohmann::json& rows,
                            VisitAll&& visit_all) {
    bool equal = true;
    visit_all(options.sizes, [&](const auto& workload) {
        if (workload.name.find(options.filter) != std::string::npos) {
            equal = run_row(workload, options, options.repetitions, rows) && equal;
        }
    });
    return equal;
}

}  // namespace lockstep::bench
