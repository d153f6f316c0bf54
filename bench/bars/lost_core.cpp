#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "bench/bars/bars.hpp"
#include "bench/lanes.hpp"
#include "bench/workloads.hpp"

namespace lockstep::bench {
namespace {

using Transfers = TransferWorkload<true>;

/// A thread that keeps one core busy as long as it lives.
class BusyNeighbour {
  public:
    BusyNeighbour() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

  private:
    void run(const std::stop_token& stop) {
        cpu_set_t allowed;
        CPU_ZERO(&allowed);
        if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
            std::size_t last = 0;
            for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
                last = CPU_ISSET(core, &allowed) ? core : last;
            }
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(last, &one);
            static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof one, &one));
        }
        std::uint64_t value = 1;
        while (!stop.stop_requested()) {
            value = mix_rounds(value, 1'000);
        }
        // relaxed: keeps the work alive.
        sink_.store(value, std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> sink_{0};  // relaxed: see run; nobody reads it
    std::jthread thread_;
};

}  // namespace

void measure_lost_core(const BarSizes& sizes, Scoreboard& board) {
    const double seconds = sizes.small ? 0.001 : 0.4 * sizes.patience;
    const std::uint32_t rounds = sizes.of(5, 1);
    Transfers workload{.name = "transfers",
                       .machine = {.work_rounds = rounds_for(460)},
                       .accounts = sizes.of(100'000, 200),
                       .txns = sizes.of(10'000, 100)};
    Lane<Transfers> lane(std::move(workload), Entrant::engine(sizes.workers));
    Ceiling ceiling(sizes.workers);
    const auto throughput = [&] {  // transactions per nanosecond over many blocks
        double spent = 0;
        std::uint32_t laps = 0;
        do {
            spent += lane.lap();
            ++laps;
        } while (spent * 1e-9 * sizes.of(10'000, 100) < seconds);
        return laps / spent;
    };
    static_cast<void>(throughput());

    std::vector<double> shares;
    std::vector<double> kept;
    for (std::uint32_t i = 0; i < rounds; ++i) {
        const double quiet = throughput();
        const double quiet_ceiling = ceiling.throughput(seconds);
        const BusyNeighbour neighbour;
        const double busy = throughput();
        const double busy_ceiling = ceiling.throughput(seconds);
        kept.push_back(busy / quiet);
        shares.push_back(busy / quiet / (busy_ceiling / quiet_ceiling));
    }
    char note[96];
    std::snprintf(note, sizeof note, "keeps %.2f of its throughput", median(kept));
    board.add({.name = "a worker loses its core: throughput against what is left of the cores",
               .value = median(shares),
               .bar = Figure::Bar::kAtLeast,
               .target = 0.85,
               .unit = "of proportional",
               .note = note});
}

}  // namespace lockstep::bench
