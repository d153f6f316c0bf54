#include <algorithm>
#include <cstdio>

#include "bench/bars/bars.hpp"
#include "bench/lanes.hpp"
#include "bench/workloads.hpp"

namespace lockstep::bench {
namespace {

using Transfers = TransferWorkload<true>;

/// A lane of transfers through the engine alone, `blocks` of them a lap.
std::function<double()> lane(const BarSizes& sizes, std::uint32_t accounts, std::uint32_t txns,
                             std::uint32_t work_ns, std::uint32_t blocks = 1) {
    Transfers workload{.name = "transfers",
                       .machine = {.work_rounds = rounds_for(work_ns)},
                       .accounts = accounts,
                       .txns = txns};
    const auto runner =
        std::make_shared<Lane<Transfers>>(std::move(workload), Entrant::engine(sizes.workers));
    return [runner, blocks] { return runner->lap(blocks); };
}

void measure_accounts(const BarSizes& sizes, Scoreboard& board, std::uint32_t work_ns) {
    const std::uint32_t txns = sizes.of(10'000, 100);
    const auto ns = interleave({lane(sizes, sizes.of(10'000, 100), txns, work_ns),
                                lane(sizes, sizes.of(10'000'000, 2'000), txns, work_ns)},
                               sizes.laps(1.5));
    char note[64];
    std::snprintf(note, sizeof note, "%.0f and %.0f ns", median(ns[0]), median(ns[1]));
    board.add({.name = "growth from 10^4 to 10^7 accounts, transfers, " + std::to_string(work_ns) +
                       " ns of work",
               .value = median_ratio(ns[1], ns[0]),
               .bar = Figure::Bar::kAtMost,
               .target = 2.0,
               .unit = "x per transaction",
               .note = note});
}

void measure_block_sizes(const BarSizes& sizes, Scoreboard& board) {
    const std::uint32_t accounts = sizes.of(100'000, 200);
    // As many transactions in each lap, as a venue or a replay executes them: block after block.
    const auto laps = interleave({lane(sizes, accounts, sizes.of(1'000, 50), 460, 100),
                                  lane(sizes, accounts, sizes.of(10'000, 100), 460, 10),
                                  lane(sizes, accounts, sizes.of(100'000, 200), 460)},
                                 sizes.laps(5));
    const double ns[] = {median(laps[0]), median(laps[1]), median(laps[2])};
    char note[64];
    std::snprintf(note, sizeof note, "%.0f, %.0f and %.0f ns", ns[0], ns[1], ns[2]);
    board.add({.name = "blocks of 10^3, 10^4 and 10^5 transfers, 460 ns of work: spread",
               .value = *std::max_element(ns, ns + 3) / *std::min_element(ns, ns + 3),
               .bar = Figure::Bar::kAtMost,
               .target = 1.15,
               .unit = "x per transaction",
               .note = note});
}

}  // namespace

void measure_growth(const BarSizes& sizes, Scoreboard& board) {
    measure_accounts(sizes, board, 460);
    measure_accounts(sizes, board, 0);
    measure_block_sizes(sizes, board);
}

}  // namespace lockstep::bench
