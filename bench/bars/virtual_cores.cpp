#include <cmath>
#include <cstdio>

#include "bench/bars/bars.hpp"
#include "replay/stress/measure_scaling.hpp"
#include "replay/stress/stress_workloads.hpp"

namespace lockstep::bench {

void measure_virtual_cores(const BarSizes& sizes, Scoreboard& board) {
    constexpr std::uint32_t kWorkNs = 500;
    StressTransfers workload;
    workload.machine.work_rounds = rounds_for(kWorkNs);
    workload.accounts = sizes.of(100'000, 200);
    workload.block_size = sizes.of(10'000, 100);
    ScalingOptions options;
    options.workers = {1, 2};
    options.cores = {1, 2, 32, 64};
    options.blocks = sizes.of(9, 3);
    const ScalingReport report = ScalingMeasurement(workload, options).run();
    if (!report.agree) {
        board.wrong_result("virtual cores");
    }
    const std::string label = "transfers, 500 ns of work, 100k accounts, predicted on ";
    for (const auto& [cores, target] : {std::pair{32U, 24.0}, std::pair{64U, 40.0}}) {
        const auto predicted = static_cast<double>(report.predicted_time(cores));
        char note[64];
        std::snprintf(note, sizeof note, "%.1f x T", static_cast<double>(report.loop) / predicted);
        board.add({.name = label + std::to_string(cores) + " virtual cores",
                   .value = static_cast<double>(report.one_worker()) / predicted,
                   .bar = Figure::Bar::kAtLeast,
                   .target = target,
                   .unit = "x one worker",
                   .note = note});
    }
    for (const MeasuredRun& run : report.measured) {
        board.add({.name = "prediction against measurement, " + std::to_string(run.workers) +
                           (run.workers == 1 ? " worker" : " workers"),
                   .value = std::abs(static_cast<double>(report.error_permille(run))) / 10,
                   .bar = Figure::Bar::kAtMost,
                   .target = 10,
                   .unit = "% off"});
    }
}

}  // namespace lockstep::bench
