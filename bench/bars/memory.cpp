#include <algorithm>
#include <cstdio>

#include "bench/bars/allocation_count.hpp"
#include "bench/bars/bars.hpp"
#include "bench/workloads/wide.hpp"
#include "engine/parallel_executor.hpp"

namespace lockstep::bench {

void measure_memory(const BarSizes& sizes, Scoreboard& board) {
    const WideWorkload workload{.name = "wide",
                                .machine = {},
                                .keys = sizes.of(100'000, 500),
                                .txns = sizes.of(10'000, 200)};
    constexpr int kWarmUps = 8;
    StateStore<WideMachine> store;
    workload.populate(store);
    auto source = workload.source();
    const auto block = source.next();  // always the same one: its cells exist, its size is known

    const Allocations before = allocations();
    WorkerPool pool(sizes.workers);
    ParallelExecutor<WideMachine> engine(workload.machine, store, pool, {}, {.adaptive = false});
    const auto execute = [&] { LOCKSTEP_CHECK(engine.execute(block).has_value()); };
    for (int i = 0; i < kWarmUps; ++i) {
        execute();
    }
    const Allocations warm = allocations();
    const std::uint64_t arena_before = engine.metrics().memory_bytes;
    constexpr int kBlocks = 16;
    for (int i = 0; i < kBlocks; ++i) {
        execute();
    }
    const Allocations after = allocations();

    const double txns = workload.txns;
    const auto arenas = static_cast<double>(engine.metrics().memory_bytes - arena_before);
    char note[96];
    std::snprintf(note, sizeof note, "held after %d blocks; %.0f of them for versions and accesses",
                  kWarmUps + kBlocks, arenas / kBlocks / txns);
    board.add({.name = "engine memory, 4 reads and writes of 48 bytes",
               .value = static_cast<double>(after.live_bytes - before.live_bytes) / txns,
               .bar = Figure::Bar::kAtMost,
               .target = 400,
               .unit = "bytes/transaction",
               .note = note});
    const auto calls = static_cast<double>(after.calls - warm.calls) / kBlocks;
    std::snprintf(note, sizeof note, "%.1f a block of %u transactions", calls, workload.txns);
    board.add({.name = "allocations per access in steady state (0 to three digits)",
               .value = calls / (txns * 2 * WideMachine::kWrites),
               .bar = Figure::Bar::kAtMost,
               .target = 0.0005,
               .unit = "calls/access",
               .note = note});
}

}  // namespace lockstep::bench
