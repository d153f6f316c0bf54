#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/virtual/critical_path.hpp"
#include "engine/virtual/virtual_costs.hpp"

namespace lockstep {

/// What a scaling measurement does.
struct ScalingOptions {
    std::vector<std::uint32_t> workers = {1, 2};  ///< on real cores; the first must be 1
    std::vector<std::uint32_t> cores = {1, 2, 4, 8, 16, 32, 64, 128};  ///< virtual ones
    std::uint32_t warm_ups = 2;  ///< blocks before those that count
    std::uint32_t blocks = 5;    ///< blocks that count, at most; medians of them are reported
    /// No further block is measured after this much time, but three are in any case.
    std::chrono::milliseconds time_max = std::chrono::hours(1);
    VirtualCosts costs;  ///< of lines, spinning and sleeping; those of work are measured
    /// Called now and then with done and total steps.
    std::function<void(std::uint64_t, std::uint64_t)> progress;
};

/// Quartiles of the speed-ups of the single blocks over one worker, in thousandths.
struct SpeedupSpread {
    std::uint64_t lower = 0;
    std::uint64_t upper = 0;
};

/// A run on real cores. Times are those of one block.
struct MeasuredRun {
    std::uint32_t workers = 0;
    Picoseconds time = 0;
    SpeedupSpread spread;
    /// How much longer this many cores take, in thousandths, for work that shares nothing: what the
    /// machine itself withholds.
    std::uint64_t core_slowdown_permille = 1000;
};

/// A run on virtual cores.
struct PredictedRun {
    std::uint32_t cores = 0;
    Picoseconds time = 0;
    SpeedupSpread spread;
    std::array<Picoseconds, kWorkKinds> spent{};  ///< of all cores, per block
};

struct ScalingReport {
    std::uint64_t transactions = 0;  ///< per block; of blocks that differ, the middle
    Picoseconds loop = 0;            ///< the best serial loop
    std::vector<MeasuredRun> measured;
    std::vector<PredictedRun> predicted;
    CriticalPath path;   ///< of the calls of the machine alone, sum over the blocks
    VirtualCosts costs;  ///< as used
    bool agree = true;   ///< whether all executors, virtual ones included, had equal block digests

    [[nodiscard]] Picoseconds one_worker() const { return measured.front().time; }
    /// Predicted time for `cores`, 0 when it was not asked for.
    [[nodiscard]] Picoseconds predicted_time(std::uint32_t cores) const {
        for (const PredictedRun& run : predicted) {
            if (run.cores == cores) {
                return run.time;
            }
        }
        return 0;
    }
    /// How far the prediction for the machine at hand was from the measurement, in thousandths of
    /// it; above 0: slower than predicted. 0 when either is missing.
    [[nodiscard]] std::int64_t error_permille(const MeasuredRun& run) const {
        const Picoseconds ideal = predicted_time(run.workers);
        const auto here = static_cast<std::int64_t>(ideal * run.core_slowdown_permille / 1000);
        return ideal == 0 ? 0
                          : (static_cast<std::int64_t>(run.time) - here) * 1000 /
                                static_cast<std::int64_t>(run.time);
    }
};

/// Measures `workload` on real cores and predicts it on virtual ones; see ScalingMeasurement in
/// measure_scaling.hpp, which whoever has a workload of his own includes. It takes long to compile;
/// the library has it for the workloads of stress_workloads.hpp.
template <class Workload>
[[nodiscard]] ScalingReport measure_scaling(const Workload& workload,
                                            const ScalingOptions& options);

/// The middle value; of an even number the lower one. REQUIRES: not empty.
[[nodiscard]] Picoseconds middle(std::vector<Picoseconds> values);

/// How much less each block took than with one worker. REQUIRES: equally many, and some.
[[nodiscard]] SpeedupSpread spread_of(const std::vector<Picoseconds>& one_worker,
                                      const std::vector<Picoseconds>& times);

}  // namespace lockstep
