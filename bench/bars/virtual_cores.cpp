#include <cmath>
#include <cstdio>

#include "bench/bars/bars.hpp"
#include "replay/stress/scaling.hpp"
#include "replay/stress/stress_workloads.hpp"

namespace lockstep::bench {

namespace {

ScalingReport scaling_of(std::uint32_t work_ns, const BarSizes& sizes, Scoreboard& board) {
    StressTransfers workload;
    workload.machine.work_rounds = rounds_for(work_ns);
    workload.accounts = sizes.of(100'000, 200);
    workload.block_size = sizes.of(10'000, 100);
    ScalingOptions options;
    options.workers = {1, 2};
    options.cores = {1, 2, 32, 64};
    options.blocks = sizes.of(9, 3);
    ScalingReport report = measure_scaling(workload, options);
    if (!report.agree) {
        board.wrong_result("virtual cores");
    }
    return report;
}

void add_predictions(const ScalingReport& report, const std::string& work, Scoreboard& board) {
    for (const auto& [cores, target] : {std::pair{32U, 24.0}, std::pair{64U, 40.0}}) {
        const auto predicted = static_cast<double>(report.predicted_time(cores));
        char note[64];
        std::snprintf(note, sizeof note, "%.1f x T", static_cast<double>(report.loop) / predicted);
        board.add({.name = "transfers, " + work + " of work, 100k accounts, predicted on " +
                           std::to_string(cores) + " virtual cores",
                   .value = static_cast<double>(report.one_worker()) / predicted,
                   .bar = Figure::Bar::kAtLeast,
                   .target = target,
                   .unit = "x one worker",
                   .note = note});
    }
}

void add_errors(const ScalingReport& report, const std::string& work, Scoreboard& board) {
    for (const MeasuredRun& run : report.measured) {
        board.add({.name = "prediction against measurement, " + work + " of work, " +
                           std::to_string(run.workers) +
                           (run.workers == 1 ? " worker" : " workers"),
                   .value = std::abs(static_cast<double>(report.error_permille(run))) / 10,
                   .bar = Figure::Bar::kAtMost,
                   .target = 10,
                   .unit = "% off"});
    }
}

}  // namespace

void measure_virtual_cores(const BarSizes& sizes, Scoreboard& board) {
    for (const auto& [work_ns, work] :
         {std::pair{500U, "500 ns"}, std::pair{2'000U, "2 us"}, std::pair{10'000U, "10 us"}}) {
        const ScalingReport report = scaling_of(work_ns, sizes, board);
        add_predictions(report, work, board);
        add_errors(report, work, board);
    }
}

}  // namespace lockstep::bench
