#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bench/race.hpp"
#include "engine/contract/block.hpp"

namespace lockstep::bench {

/// One contestant on a workload of its own.
template <class Workload>
class Lane {
  public:
    using M = typename Workload::Machine;

    Lane(Workload workload, const Entrant& entrant)
        : workload_(std::make_unique<Workload>(std::move(workload))),
          source_(workload_->source()),
          contestant_(populated_contestant(*workload_, entrant)) {
        for (std::uint64_t i = workload_->prelude(); i > 0; --i) {
            static_cast<void>(contestant_->execute(source_.next()));
        }
    }
    /// Executes the next blocks, one right after the other; nanoseconds per transaction.
    [[nodiscard]] double lap(std::uint32_t count = 1) {
        std::vector<Block<typename M::Transaction>> blocks;
        std::size_t transactions = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            blocks.push_back(source_.next());
            transactions += blocks.back().transactions.size();
        }
        const Cost cost = cost_of([&] {
            for (const auto& block : blocks) {
                static_cast<void>(contestant_->execute(block));
            }
        });
        return cost.wall_ns / static_cast<double>(transactions);
    }

  private:
    std::unique_ptr<Workload> workload_;
    typename Workload::Source source_;
    std::unique_ptr<Contestant<M>> contestant_;
};

/// Runs lanes of different workloads in turn, so that their paces can be compared; the figures of
/// each lane by lap.
[[nodiscard]] inline std::vector<std::vector<double>> interleave(
    const std::vector<std::function<double()>>& lanes, const Laps& laps) {
    std::vector<std::vector<double>> figures(lanes.size());
    const auto start = std::chrono::steady_clock::now();
    for (std::uint32_t i = 0; i < laps.warm_ups + laps.at_most; ++i) {
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        if (i >= laps.warm_ups + laps.at_least && spent.count() > laps.seconds) {
            break;
        }
        for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
            const std::size_t turn = (lane + i) % lanes.size();
            const double figure = lanes[turn]();
            if (i >= laps.warm_ups) {
                figures[turn].push_back(figure);
            }
        }
    }
    return figures;
}

/// Median over laps of the ratio of two lanes.
[[nodiscard]] inline double median_ratio(const std::vector<double>& above,
                                         const std::vector<double>& below) {
    std::vector<double> ratios;
    for (std::size_t lap = 0; lap < above.size(); ++lap) {
        ratios.push_back(above[lap] / below[lap]);
    }
    return median(std::move(ratios));
}

}  // namespace lockstep::bench
