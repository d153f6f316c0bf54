// Google Benchmark over every workload and executor:
//   execute_block/<workload>/txns:N/<serial_twin | bare_twin | serial | workers:T>
// `--small` takes tiny sizes, to see that everything runs.

#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bench/contestants/contestant.hpp"
#include "bench/workloads.hpp"

namespace lockstep::bench {
namespace {

template <class Workload>
void execute_block(benchmark::State& state, const Workload& workload, const Entrant& entrant) {
    const auto contestant = populated_contestant(workload, entrant);
    auto source = workload.source();
    for (std::uint64_t i = workload.prelude(); i > 0; --i) {
        static_cast<void>(contestant->execute(source.next()));
    }
    std::int64_t txns = 0;
    for (auto _ : state) {
        state.PauseTiming();
        const auto block = source.next();
        txns += static_cast<std::int64_t>(block.transactions.size());
        state.ResumeTiming();
        benchmark::DoNotOptimize(contestant->execute(block));
    }
    state.SetItemsProcessed(txns);
    const ExecutionMetrics metrics = contestant->metrics();
    if (metrics.transactions > 0) {
        const auto of = [&](std::uint64_t count) {
            return static_cast<double>(count) / static_cast<double>(metrics.transactions);
        };
        state.counters["executions_per_txn"] = of(metrics.executions);
        state.counters["validations_per_txn"] = of(metrics.validations);
        state.counters["aborts_per_txn"] = of(metrics.aborts);
    }
}

void register_all(const Sizes& sizes) {
    for_each_workload(sizes, [&](const auto& workload) {
        for (const Entrant& entrant : entrants({1, 2})) {
            const std::string name = "execute_block/" + workload.name +
                                     "/txns:" + std::to_string(sizes.txns) + "/" + entrant.name();
            benchmark::RegisterBenchmark(name.c_str(),
                                         [workload, entrant](benchmark::State& state) {
                                             execute_block(state, workload, entrant);
                                         })
                ->UseRealTime()
                ->MeasureProcessCPUTime()
                ->Unit(benchmark::kMicrosecond);
        }
    });
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
    lockstep::bench::Sizes sizes;
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--small") == 0) {
            sizes = lockstep::bench::Sizes::small();
        } else {
            argv[kept++] = argv[i];
        }
    }
    argc = kept;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 1;
    }
    lockstep::bench::register_all(sizes);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
