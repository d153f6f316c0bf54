#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/ceiling.hpp"
#include "bench/contestants/contestant.hpp"
#include "bench/measure.hpp"

namespace lockstep::bench {

/// How long to run.
struct Laps {
    std::uint32_t warm_ups = 2;         ///< blocks that are not counted
    std::uint32_t at_least = 5;         ///< counted blocks
    std::uint32_t at_most = 25;         ///< counted blocks
    double seconds = 0.5;               ///< between the two: until this much time has passed
    std::uint32_t ceiling_workers = 0;  ///< threads of the ceiling beside the laps; 0: none
};

/// What one runner did.
struct Track {
    std::string name;
    std::vector<double> wall_ns = {};   ///< per transaction, by lap
    std::vector<double> cpu_ns = {};    ///< the same
    std::vector<double> block_ns = {};  ///< per block
    ExecutionMetrics metrics = {};      ///< of the counted laps
    Digest last = {};                   ///< block digest of the last lap
};

/// What a race gave. All ratios are medians over laps of the ratio within one lap.
struct RaceResult {
    std::vector<Track> tracks;
    std::vector<double> ceiling;      ///< by lap
    std::uint64_t transactions = 0;   ///< of the counted laps
    std::vector<std::string> differ;  ///< runners whose digest is not that of the first

    [[nodiscard]] double ns(std::size_t runner) const { return median(tracks[runner].wall_ns); }
    [[nodiscard]] double cpu_ns(std::size_t runner) const { return median(tracks[runner].cpu_ns); }
    /// How many times faster than `base`.
    [[nodiscard]] double speed(std::size_t runner, std::size_t base = 0) const {
        return by_lap([&](std::size_t lap) {
            return tracks[base].wall_ns[lap] / tracks[runner].wall_ns[lap];
        });
    }
    /// The same as a share of the ceiling at the time.
    [[nodiscard]] double share_of_ceiling(std::size_t runner, std::size_t base = 0) const {
        return by_lap([&](std::size_t lap) {
            return tracks[base].wall_ns[lap] / tracks[runner].wall_ns[lap] / ceiling[lap];
        });
    }
    /// Nanoseconds per transaction above `base`.
    [[nodiscard]] double excess_ns(std::size_t runner, std::size_t base = 0) const {
        return by_lap([&](std::size_t lap) {
            return tracks[runner].wall_ns[lap] - tracks[base].wall_ns[lap];
        });
    }
    /// Processor time against `base`.
    [[nodiscard]] double cpu(std::size_t runner, std::size_t base = 0) const {
        return by_lap(
            [&](std::size_t lap) { return tracks[runner].cpu_ns[lap] / tracks[base].cpu_ns[lap]; });
    }
    [[nodiscard]] bool equal() const noexcept { return differ.empty(); }

    /// Median over laps of `figure(lap)`.
    template <class Figure>
    [[nodiscard]] double by_lap(Figure&& figure) const {
        std::vector<double> values;
        for (std::size_t lap = 0; lap < tracks[0].wall_ns.size(); ++lap) {
            values.push_back(figure(lap));
        }
        return median(std::move(values));
    }
};

[[nodiscard]] inline ExecutionMetrics difference(const ExecutionMetrics& after,
                                                 const ExecutionMetrics& before) {
    return {.transactions = after.transactions - before.transactions,
            .executions = after.executions - before.executions,
            .validations = after.validations - before.validations,
            .aborts = after.aborts - before.aborts,
            .waits = after.waits - before.waits,
            .deferred = after.deferred - before.deferred,
            .fallbacks = after.fallbacks - before.fallbacks,
            .planned = after.planned - before.planned,
            .abandoned_plans = after.abandoned_plans - before.abandoned_plans,
            .memory_bytes = after.memory_bytes - before.memory_bytes};
}

/// Runs the same blocks on several contestants, one block each in rotating order, so that a
/// neighbour on the machine disturbs all alike. Blocks without transactions are no laps.
template <class Workload>
class Race {
  public:
    using M = typename Workload::Machine;

    explicit Race(const Workload& workload)
        : workload_(workload), source_(workload.source()), set_up_(workload.prelude()) {}

    /// Those whose block digests are compared have to end on those of the first.
    Race& enter(const Entrant& entrant) {
        return enter(entrant.name(), populated_contestant(workload_, entrant),
                     entrant.kind != Kind::kBareTwin);
    }
    Race& enter(std::string name, std::unique_ptr<Contestant<M>> contestant, bool digests = true) {
        result_.tracks.push_back({.name = std::move(name)});
        runners_.push_back({std::move(contestant), digests});
        return *this;
    }

    /// REQUIRES: somebody has entered; called once.
    [[nodiscard]] RaceResult run(const Laps& laps) {
        for (; set_up_ > 0; --set_up_) {
            const auto block = source_.next();
            for (const Runner& runner : runners_) {
                static_cast<void>(runner.contestant->execute(block));
            }
        }
        for (std::uint32_t i = 0; i < laps.warm_ups; ++i) {
            lap(i, false);
        }
        std::vector<ExecutionMetrics> before;
        for (const Runner& runner : runners_) {
            before.push_back(runner.contestant->metrics());
        }
        const std::unique_ptr<Ceiling> ceiling =
            laps.ceiling_workers == 0 ? nullptr : std::make_unique<Ceiling>(laps.ceiling_workers);
        const auto start = std::chrono::steady_clock::now();
        for (std::uint32_t i = 0; i < laps.at_most; ++i) {
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
            if (i >= laps.at_least && spent.count() > laps.seconds) {
                break;
            }
            if (ceiling != nullptr) {
                result_.ceiling.push_back(ceiling->sample());
            }
            lap(i, true);
        }
        for (std::size_t i = 0; i < runners_.size(); ++i) {
            Track& track = result_.tracks[i];
            track.metrics = difference(runners_[i].contestant->metrics(), before[i]);
            if (runners_[i].digests && track.last != result_.tracks[0].last) {
                result_.differ.push_back(track.name);
            }
        }
        return std::move(result_);
    }

  private:
    struct Runner {
        std::unique_ptr<Contestant<M>> contestant;
        bool digests = true;
    };

    void lap(std::uint32_t number, bool counts) {
        auto block = source_.next();
        for (; block.transactions.empty(); block = source_.next()) {
            for (const Runner& runner : runners_) {
                static_cast<void>(runner.contestant->execute(block));
            }
        }
        const auto txns = static_cast<double>(block.transactions.size());
        if (counts) {
            result_.transactions += block.transactions.size();
        }
        for (std::size_t i = 0; i < runners_.size(); ++i) {
            const std::size_t turn = (i + number) % runners_.size();  // nobody is always first
            Track& track = result_.tracks[turn];
            const Cost cost =
                cost_of([&] { track.last = runners_[turn].contestant->execute(block).block; });
            if (counts) {
                track.block_ns.push_back(cost.wall_ns);
                track.wall_ns.push_back(cost.wall_ns / txns);
                track.cpu_ns.push_back(cost.cpu_ns / txns);
            }
        }
    }

    const Workload& workload_;
    typename Workload::Source source_;
    std::uint64_t set_up_;
    std::vector<Runner> runners_;
    RaceResult result_;
};

}  // namespace lockstep::bench
