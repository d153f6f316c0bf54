#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/check.hpp"
#include "engine/base/int128.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/virtual/metered_sync.hpp"
#include "engine/virtual/virtual_sync.hpp"
#include "replay/stress/scaling.hpp"
#include "replay/stress/serial_loop.hpp"
#include "replay/stress/work_kernel.hpp"

namespace lockstep {

/// Measures a workload on real cores and predicts it on virtual ones.
///
/// Method: the same blocks go through the serial loop, through the executor on each number of real
/// workers, and through a metered executor, one after the other for each block, each on a state of
/// its own. What the meter found, scaled so that its sum is the time of one unmetered worker, are
/// the costs of the virtual cores, which then execute the same blocks in virtual time.
/// Threads: one caller; makes worker pools.
template <class Workload>
class ScalingMeasurement {
  public:
    using M = typename Workload::Machine;
    using Blocks = std::vector<Block<typename M::Transaction>>;

    ScalingMeasurement(const Workload& workload, const ScalingOptions& options)
        : workload_(workload), options_(options) {
        LOCKSTEP_CHECK(!options.workers.empty() && options.workers.front() == 1 &&
                       options.blocks > 0);
        auto source = workload.source();
        prelude_ = workload.prelude();
        const std::uint64_t total = prelude_ + options.warm_ups + options.blocks;
        while (blocks_.size() < total) {
            blocks_.push_back(source.next());  // a block more costs little beside executing it
        }
        steps_ = total + options.cores.size() + 1;
    }

    [[nodiscard]] ScalingReport run() {
        report_.costs = options_.costs;
        measure();
        report_.transactions = middle_size();
        for (const std::uint32_t cores : options_.cores) {
            report_.predicted.push_back(predict(cores));
            step();
        }
        trace();
        return std::move(report_);
    }

  private:
    using Calls = std::vector<Picoseconds>;

    /// The executor on real threads.
    template <class Sync>
    struct Real {
        Real(const Workload& workload, std::uint32_t workers,
             ParallelOptions options = {.adaptive = false})
            : machine(workload.machine),
              pool(workers),
              executor(machine, store, pool, {}, options) {
            workload.populate(store);
        }
        const M machine;
        StateStore<M, Sync> store;
        WorkerPool pool;
        ParallelExecutor<M, Sync> executor;
    };
    struct Loop {
        explicit Loop(const Workload& workload) : machine(workload.machine), loop(machine, state) {
            workload.populate(state);
            loop.take_up_state();
        }
        const M machine;
        bench::FlatState<M> state;
        bench::SerialLoop<M, true> loop;
    };
    /// What the meter found, by block.
    struct Meters {
        std::array<std::vector<Picoseconds>, kWorkKinds> unit;
        std::vector<Picoseconds> dispatch;
        std::vector<Picoseconds> sum;
    };

    template <class Work_>
    [[nodiscard]] static Picoseconds time_of(Work_&& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const auto taken = std::chrono::steady_clock::now() - start;
        return static_cast<Picoseconds>(std::chrono::nanoseconds(taken).count()) * 1000;
    }
    void step() {
        ++step_;
        if (options_.progress) {
            options_.progress(step_, steps_);
        }
    }
    void compare(const Digest& digest, std::size_t block) {
        if (digests_.size() <= block) {
            digests_.push_back(digest);
        }
        report_.agree = report_.agree && digests_[block] == digest;
    }

    void measure() {
        Loop loop(workload_);
        std::vector<std::unique_ptr<Real<StdSync>>> real;
        for (const std::uint32_t workers : options_.workers) {
            real.push_back(std::make_unique<Real<StdSync>>(workload_, workers));
        }
        std::vector<std::unique_ptr<Real<MeteredSync>>> metered;
        for (std::uint32_t i = 0; i < kMeteredRuns; ++i) {
            // In shards, as on many cores.
            metered.push_back(std::make_unique<Real<MeteredSync>>(
                workload_, 1, ParallelOptions{.link_shards = kMeteredShards, .adaptive = false}));
        }
        WorkMeter::here().calibrate();
        std::vector<Picoseconds> loop_times;
        std::vector<std::vector<Picoseconds>> times(real.size());
        std::vector<std::vector<Picoseconds>> slowdowns(real.size());
        Meters meters;
        const auto deadline = std::chrono::steady_clock::now() + options_.time_max;
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            const bool counts = i >= prelude_ + options_.warm_ups;
            Digest digest;
            const Picoseconds looped =
                time_of([&] { digest = loop.loop.execute(blocks_[i]).block; });
            compare(digest, i);
            if (counts) {
                loop_times.push_back(looped);
            }
            for (std::size_t r = 0; r < real.size(); ++r) {
                BlockResult result;
                const Picoseconds time =
                    time_of([&] { result = must(real[r]->executor.execute(blocks_[i])); });
                compare(result.block, i);
                if constexpr (requires { workload_.agrees(i, result); }) {
                    report_.agree = report_.agree && workload_.agrees(i, result);
                }
                if (counts) {
                    times[r].push_back(time);
                    slowdowns[r].push_back(slowdown(real[r]->pool));
                }
            }
            Calls calls(blocks_[i].transactions.size(), ~Picoseconds{0});
            for (const auto& one : metered) {
                meter(*one, i, counts, calls, meters);
            }
            if (counts) {
                calls_.push_back(std::move(calls));
            }
            step();
            if (calls_.size() >= kBlocksMin && std::chrono::steady_clock::now() > deadline) {
                blocks_.resize(i + 1);
            }
        }
        report_.loop = middle(std::move(loop_times));
        for (std::size_t r = 0; r < real.size(); ++r) {
            report_.measured.push_back({.workers = options_.workers[r],
                                        .time = middle(times[r]),
                                        .spread = spread_of(times.front(), times[r]),
                                        .core_slowdown_permille = middle(slowdowns[r])});
        }
        one_worker_ = std::move(times.front());
        set_costs(meters);
    }
    [[nodiscard]] static BlockResult must(Result<BlockResult, Error> result) {
        LOCKSTEP_CHECK(result.has_value());
        return std::move(*result);
    }
    /// Of the blocks that count.
    [[nodiscard]] std::uint64_t middle_size() const {
        std::vector<Picoseconds> sizes;
        for (const Calls& calls : calls_) {
            sizes.push_back(calls.size());
        }
        return middle(std::move(sizes));
    }
    /// Work that shares nothing on all workers of a pool against one, in thousandths.
    [[nodiscard]] static std::uint64_t slowdown(WorkerPool& pool) {
        if (pool.workers() == 1) {
            return 1000;
        }
        const std::uint32_t rounds = bench::rounds_for(kSlowdownProbe);
        const Picoseconds alone = time_of([&] { bench::spend(1, rounds); });
        const Picoseconds all =
            time_of([&] { pool.run([&](std::uint32_t i) { bench::spend(i, rounds); }); });
        return std::max<std::uint64_t>(all * 1000 / std::max<Picoseconds>(alone, 1), 1000);
    }

    void meter(Real<MeteredSync>& one, std::size_t block, bool counts, Calls& calls,
               Meters& meters) {
        WorkMeter& meter = WorkMeter::here();
        meter.start(calls.size());
        const Digest digest = must(one.executor.execute(blocks_[block])).block;
        meter.stop();
        compare(digest, block);
        if (!counts) {
            return;
        }
        Picoseconds sum = meter.outside();
        for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
            const Picoseconds spent = meter.spent(static_cast<Work>(kind));
            sum += spent;
            const std::uint64_t units = meter.units(static_cast<Work>(kind));
            meters.unit[kind].push_back(units == 0 ? 0 : spent / units);
        }
        meters.dispatch.push_back(meter.outside() / std::max<std::size_t>(calls.size(), 1));
        meters.sum.push_back(sum);
        for (std::size_t i = 0; i < calls.size(); ++i) {
            calls[i] = std::min(calls[i], meter.calls()[i]);
        }
    }
    /// Scales what was metered to the time of an unmetered worker.
    void set_costs(const Meters& meters) {
        const Picoseconds metered = std::max<Picoseconds>(middle(meters.sum), 1);
        const Picoseconds plain = report_.one_worker();
        const auto scaled = [&](Picoseconds cost) {
            return static_cast<Picoseconds>(static_cast<UInt128>(cost) * plain / metered);
        };
        for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
            report_.costs.work[kind] = scaled(middle(meters.unit[kind]));
        }
        report_.costs.dispatch = scaled(middle(meters.dispatch));
        for (Calls& calls : calls_) {
            // The lesser of two measurements of each call: their mean becomes that of the calls.
            Picoseconds sum = 1;
            for (const Picoseconds call : calls) {
                sum += call;
            }
            const auto target =
                static_cast<UInt128>(report_.costs.of(Work::kExecute)) * calls.size();
            for (Picoseconds& call : calls) {
                call = static_cast<Picoseconds>(call * target / sum);
            }
        }
    }

    [[nodiscard]] PredictedRun predict(std::uint32_t count) {
        VirtualCores& cores = VirtualCores::here();
        cores.reset(count, report_.costs);
        const M machine = idle_machine();
        StateStore<M, VirtualSync> store;
        workload_.populate(store);
        VirtualPool pool;
        ParallelExecutor<M, VirtualSync, VirtualPool> executor(machine, store, pool, {},
                                                               {.adaptive = false});
        std::vector<Picoseconds> times;
        std::array<Picoseconds, kWorkKinds> before{};
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            const std::size_t first = prelude_ + options_.warm_ups;
            if (i == first) {
                for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
                    before[kind] = cores.spent(static_cast<Work>(kind));
                }
            }
            cores.set_calls(i >= first ? std::span<const Picoseconds>(calls_[i - first])
                                       : std::span<const Picoseconds>());
            const Picoseconds start = cores.now();
            compare(must(executor.execute(blocks_[i])).block, i);
            if (i >= first) {
                times.push_back(cores.now() - start);
            }
        }
        PredictedRun out{.cores = count,
                         .time = middle(times),
                         .spread = spread_of(one_worker_, times),
                         .spent = {}};
        for (std::size_t kind = 0; kind < kWorkKinds; ++kind) {
            out.spent[kind] = (cores.spent(static_cast<Work>(kind)) - before[kind]) / calls_.size();
        }
        cores.set_calls({});
        return out;
    }
    [[nodiscard]] M idle_machine() const {
        if constexpr (requires { workload_.idle_machine(); }) {
            return workload_.idle_machine();
        } else {
            return workload_.machine;
        }
    }

    void trace() {
        TracedMachine<M> machine{idle_machine()};
        StateStore<TracedMachine<M>> store;
        workload_.populate(store);
        SerialExecutor<TracedMachine<M>> executor(machine, store);
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            const std::size_t first = prelude_ + options_.warm_ups;
            const auto path =
                critical_path(executor, machine, blocks_[i],
                              i >= first ? std::span<const Picoseconds>(calls_[i - first])
                                         : std::span<const Picoseconds>());
            if (i >= first) {
                report_.path.length += path.length;
                report_.path.total += path.total;
                report_.path.transactions = std::max(report_.path.transactions, path.transactions);
            }
        }
        step();
    }

    static constexpr std::uint32_t kMeteredRuns = 2;
    static constexpr std::uint32_t kMeteredShards = 32;
    static constexpr std::size_t kBlocksMin = 3;
    static constexpr std::uint32_t kSlowdownProbe = 1'000'000;  // nanoseconds

    const Workload& workload_;
    const ScalingOptions& options_;
    Blocks blocks_;
    std::uint64_t prelude_ = 0;
    std::uint64_t step_ = 0;
    std::uint64_t steps_ = 0;
    ScalingReport report_;
    std::vector<Digest> digests_;          ///< by block
    std::vector<Calls> calls_;             ///< by block that counts
    std::vector<Picoseconds> one_worker_;  ///< times with one worker, by block that counts
};

template <class Workload>
ScalingReport measure_scaling(const Workload& workload, const ScalingOptions& options) {
    return ScalingMeasurement<Workload>(workload, options).run();
}

}  // namespace lockstep
