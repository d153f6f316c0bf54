#include <array>
#include <utility>

#include "bench/bars/bars.hpp"
#include "bench/workloads.hpp"

namespace lockstep::bench {
namespace {

using Transfers = TransferWorkload<true>;

Transfers transfers(std::uint32_t accounts, std::uint32_t txns, std::uint32_t work_ns) {
    return {.name = "transfers",
            .machine = {.work_rounds = rounds_for(work_ns)},
            .accounts = accounts,
            .txns = txns};
}

RaceResult against_twin(const Transfers& workload, std::uint32_t workers, const Laps& laps,
                        Scoreboard& board) {
    Race race(workload);
    race.enter(Entrant::twin()).enter(Entrant::engine(workers));
    RaceResult result = race.run(laps);
    if (!result.equal()) {
        board.wrong_result("transfers");
    }
    return result;
}

void measure_engine_cost(const BarSizes& sizes, Scoreboard& board) {
    const auto workload = transfers(sizes.of(10'000, 200), sizes.of(10'000, 100), 0);
    const RaceResult result = against_twin(workload, 1, sizes.laps(1.5), board);
    board.add({.name = "engine cost above T: 1 worker, 2r2w, 10k accounts, no work",
               .value = result.excess_ns(1),
               .bar = Figure::Bar::kAtMost,
               .target = 60,
               .unit = "ns/transaction",
               .note = "T " + std::to_string(static_cast<int>(result.ns(0))) + " ns"});
}

/// The least work at which the engine takes no longer than T, by interpolation between the tried
/// amounts. The largest amount when it always takes longer.
void measure_break_even(const BarSizes& sizes, Scoreboard& board) {
    constexpr std::array<std::uint32_t, 8> kWork = {0, 25, 50, 100, 200, 400, 800, 1600};
    double before_work = 0;
    double before_excess = 0;
    double value = kWork.back();
    for (const std::uint32_t work_ns : kWork) {
        const auto workload = transfers(sizes.of(10'000, 200), sizes.of(10'000, 100), work_ns);
        const RaceResult result = against_twin(workload, sizes.workers, sizes.laps(0.8), board);
        const double excess = result.excess_ns(1);
        if (excess <= 0) {
            value = work_ns == 0 ? 0
                                 : before_work + (work_ns - before_work) * before_excess /
                                                     (before_excess - excess);
            break;
        }
        before_work = work_ns;
        before_excess = excess;
    }
    board.add({.name = "break-even against T: 2 workers, 2r2w, 10k accounts",
               .value = value,
               .bar = Figure::Bar::kAtMost,
               .target = 100,
               .unit = "ns of work"});
}

void measure_speed(const BarSizes& sizes, Scoreboard& board, std::uint32_t accounts,
                   const std::string& label) {
    const auto workload = transfers(accounts, sizes.of(10'000, 100), 460);
    const RaceResult result =
        against_twin(workload, sizes.workers, sizes.laps_with_ceiling(1.5), board);
    char note[64];
    std::snprintf(note, sizeof note, "ceiling %.2f, cpu %.2f x T", median(result.ceiling),
                  result.cpu(1));
    board.add({.name = "transfers, 460 ns of work, " + label + " accounts, 2 workers",
               .value = result.speed(1),
               .bar = Figure::Bar::kAtLeast,
               .target = 1.7,
               .unit = "x T",
               .note = note});
}

}  // namespace

void measure_transfers(const BarSizes& sizes, Scoreboard& board) {
    measure_engine_cost(sizes, board);
    measure_break_even(sizes, board);
    measure_speed(sizes, board, sizes.of(10'000, 200), "10k");
    measure_speed(sizes, board, sizes.of(100'000, 400), "100k");
}

}  // namespace lockstep::bench
