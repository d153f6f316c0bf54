#include "bench/bars/bars.hpp"
#include "bench/lanes.hpp"
#include "bench/workloads/counter.hpp"

namespace lockstep::bench {
namespace {

CounterWorkload counter(const BarSizes& sizes, CounterMode mode) {
    return {.name = "counter",
            .machine = {.mode = mode, .work_rounds = rounds_for(460)},
            .accounts = sizes.of(100'000, 200),
            .txns = sizes.of(10'000, 100)};
}

std::function<double()> lane(const BarSizes& sizes, CounterMode mode) {
    const auto runner = std::make_shared<Lane<CounterWorkload>>(counter(sizes, mode),
                                                                Entrant::engine(sizes.workers));
    return [runner] { return runner->lap(); };
}

}  // namespace

void measure_deltas(const BarSizes& sizes, Scoreboard& board) {
    const auto ns =
        interleave({lane(sizes, CounterMode::kUnbounded), lane(sizes, CounterMode::kBoundedLoose)},
                   sizes.laps(1.5));
    board.add({.name = "bounded deltas, bound far, against unbounded ones",
               .value = median_ratio(ns[1], ns[0]),
               .bar = Figure::Bar::kAtMost,
               .target = 1.10,
               .unit = "x time of unbounded"});

    const CounterWorkload near = counter(sizes, CounterMode::kBoundedTight);
    Race race(near);
    race.enter(Entrant::twin()).enter(Entrant::engine(sizes.workers));
    const RaceResult result = race.run(sizes.laps(1.2));
    if (!result.equal()) {
        board.wrong_result("bounded deltas, bound near");
    }
    board.add({.name = "bounded deltas, bound near: equal to serial, and speed",
               .value = result.equal() ? result.speed(1) : 0,
               .bar = Figure::Bar::kAtLeast,
               .target = 1.0,
               .unit = "x T",
               .note = result.equal() ? "digests equal" : "digests differ"});
}

}  // namespace lockstep::bench
