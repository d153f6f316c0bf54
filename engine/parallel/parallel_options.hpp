#pragma once

#include <cstdint>

namespace lockstep {

inline constexpr std::uint32_t kShardsByWorkers = ~std::uint32_t{0};

/// Tuning of the parallel executor; none of it can change a result.
struct ParallelOptions {
    std::uint32_t chunk_max = 32;  ///< transactions per claim, at most
    std::uint32_t claims_min = 8;  ///< of each worker and block: small blocks have smaller chunks
    std::uint32_t window = 4096;   ///< how far execution may run ahead of the frontier
    bool use_declared = true;      ///< ask the machine for declared keys
    bool plan = true;              ///< change cells in place where all accesses are known
    /// Shards of cells that are linked side by side: a power of two up to 64, 0: one worker links
    /// all, kShardsByWorkers: two for each worker where there are more than two.
    std::uint32_t link_shards = kShardsByWorkers;
    bool revalidate = true;  ///< idle workers look for stale incarnations early
    bool learn = true;       ///< speculate less where it fails: SpeculationDepth
    /// Run blocks serially where that has proved faster; counted as ExecutionMetrics::fallbacks.
    /// Off where ways are compared, for then it has to be known which one ran. A block whose
    /// accesses are recorded never runs serially.
    bool adaptive = true;
};

}  // namespace lockstep
