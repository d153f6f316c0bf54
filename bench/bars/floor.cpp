#include <array>
#include <cstdio>
#include <limits>

#include "bench/bars/bars.hpp"
#include "bench/workloads.hpp"
#include "bench/workloads/counter.hpp"
#include "bench/workloads/order_book.hpp"

namespace lockstep::bench {
namespace {

constexpr double kFloor = 0.95;

/// Cells of one family: how many, how many below the floor, the worst.
struct Family {
    std::string name;
    std::uint32_t cells = 0;
    std::uint32_t below = 0;
    double worst = std::numeric_limits<double>::max();
    std::string worst_cell = {};
};

class FloorRun {
  public:
    FloorRun(const BarSizes& sizes, Scoreboard& board) : sizes_(sizes), board_(board) {}

    void start(std::string name) { family_ = {.name = std::move(name)}; }
    void finish() {
        char note[256];
        std::snprintf(note, sizeof note, "%u cells, %u below; worst: %s", family_.cells,
                      family_.below, family_.worst_cell.c_str());
        board_.add({.name = family_.name,
                    .value = family_.worst,
                    .bar = Figure::Bar::kAtLeast,
                    .target = kFloor,
                    .unit = "x T in the worst cell",
                    .note = note});
    }
    /// Races the adaptive engine against T. What looks too slow is measured again, longer.
    template <class Workload>
    void cell(const Workload& workload) {
        Laps laps = sizes_.laps(0.08);
        laps.warm_ups = sizes_.of(8, 1);  // the adaptive mode tries both ways first
        RaceResult result = race(workload, laps);
        if (!sizes_.small && result.speed(1) < kFloor) {
            laps.at_least = 15;
            laps.seconds = 0.4 * sizes_.patience;
            result = race(workload, laps);
        }
        const double speed = result.speed(1);
        ++family_.cells;
        family_.below += speed < kFloor ? 1U : 0U;
        if (speed < family_.worst) {
            family_.worst = speed;
            family_.worst_cell = workload.name;
        }
        last_cpu_ = result.cpu(1);
    }
    [[nodiscard]] double last_cpu() const noexcept { return last_cpu_; }

  private:
    template <class Workload>
    RaceResult race(const Workload& workload, const Laps& laps) {
        Race race(workload);
        race.enter(Entrant::twin()).enter(Entrant::engine(sizes_.workers, {.adaptive = true}));
        RaceResult result = race.run(laps);
        if (!result.equal()) {
            board_.wrong_result(workload.name);
        }
        return result;
    }

    const BarSizes& sizes_;
    Scoreboard& board_;
    Family family_;
    double last_cpu_ = 0;
};

TransferWorkload<true> transfers(TransferShape shape, TransferPattern pattern,
                                 std::uint32_t accounts, std::uint32_t txns, std::uint32_t work_ns,
                                 const HotSet& hot = {}) {
    char name[96];
    std::snprintf(name, sizeof name, "%s, %u accounts, block %u, %u ns",
                  shape == TransferShape::k2Reads2Writes ? "2r2w" : "8r5w", accounts, txns,
                  work_ns);
    return {.name = name,
            .machine = {.shape = shape, .work_rounds = rounds_for(work_ns)},
            .pattern = pattern,
            .accounts = accounts,
            .txns = txns,
            .hot = hot};
}

constexpr auto kShapes = {TransferShape::k2Reads2Writes, TransferShape::k8Reads5Writes};

/// W1: payments. Full: accounts x block x shape x work; the short form leaves out the cells that
/// take longest: 50,000 transactions but at two amounts of work, 10 us but in small blocks.
void run_payments(const BarSizes& sizes, FloorRun& run) {
    run.start("floor, W1 payments");
    for (const std::uint32_t accounts : {2U, 10U, 100U, 1'000U, 10'000U, 100'000U, 200'000U}) {
        if (sizes.small && accounts > 1'000) {
            continue;
        }
        for (const std::uint32_t txns : {1'000U, 10'000U, 50'000U}) {
            for (const std::uint32_t work_ns : {0U, 50U, 200U, 500U, 2'000U, 10'000U}) {
                const bool long_cell = (txns == 50'000 && work_ns != 0 && work_ns != 500) ||
                                       (txns == 10'000 && work_ns == 10'000);
                if (long_cell || (sizes.small && (txns > 1'000 || work_ns > 50))) {
                    continue;
                }
                for (const TransferShape shape : kShapes) {
                    run.cell(transfers(shape, TransferPattern::kUniform, accounts,
                                       sizes.of(txns, 50), work_ns));
                }
            }
        }
    }
    run.finish();
}

/// W2: each transfer spends what the one before paid, all of them or every second one.
void run_chains(const BarSizes& sizes, Scoreboard& board, FloorRun& run) {
    double worst_cpu = 0;
    run.start("floor, W2 chains");
    for (const TransferPattern pattern : {TransferPattern::kChain, TransferPattern::kHalfChain}) {
        for (const std::uint32_t work_ns : {0U, 50U, 200U, 500U, 2'000U}) {
            for (const TransferShape shape : kShapes) {
                auto workload = transfers(shape, pattern, sizes.of(100'000, 200),
                                          sizes.of(10'000, 50), work_ns);
                workload.name += pattern == TransferPattern::kChain ? ", chain" : ", half a chain";
                run.cell(workload);
                if (pattern == TransferPattern::kChain) {
                    worst_cpu = std::max(worst_cpu, run.last_cpu());
                }
            }
        }
    }
    run.finish();
    board.add({.name = "processor time of a total chain (W2, worst cell)",
               .value = worst_cpu,
               .bar = Figure::Bar::kAtMost,
               .target = 1.15,
               .unit = "x CPU of T"});
}

/// W3: a share of all places falls on a tenth of the accounts, or on 50 of them.
void run_hot(const BarSizes& sizes, FloorRun& run) {
    run.start("floor, W3 hot and cold");
    const std::uint32_t accounts = sizes.of(100'000, 200);
    for (const std::uint32_t percent : {0U, 10U, 30U, 80U}) {
        for (const std::uint32_t hot : {accounts / 10, sizes.of(50, 5)}) {
            for (const std::uint32_t work_ns : {0U, 500U, 2'000U}) {
                auto workload =
                    transfers(TransferShape::k2Reads2Writes, TransferPattern::kUniform, accounts,
                              sizes.of(10'000, 50), work_ns, {.percent = percent, .accounts = hot});
                workload.name += ", " + std::to_string(percent) + " % on " + std::to_string(hot);
                run.cell(workload);
            }
        }
    }
    run.finish();
}

void run_counters(const BarSizes& sizes, FloorRun& run) {
    constexpr std::array<std::pair<CounterMode, const char*>, 5> kModes = {
        {{CounterMode::kWrite, "write"},
         {CounterMode::kUnbounded, "unbounded"},
         {CounterMode::kBoundedLoose, "bound far"},
         {CounterMode::kBoundedTight, "bound near"},
         {CounterMode::kMilestone, "milestone"}}};
    run.start("floor, W4 one global counter");
    for (const auto& [mode, name] : kModes) {
        for (const std::uint32_t work_ns : {0U, 500U, 2'000U}) {
            run.cell(
                CounterWorkload{.name = std::string(name) + ", " + std::to_string(work_ns) + " ns",
                                .machine = {.mode = mode, .work_rounds = rounds_for(work_ns)},
                                .accounts = sizes.of(100'000, 200),
                                .txns = sizes.of(10'000, 50)});
        }
    }
    run.finish();
}

void run_order_books(const BarSizes& sizes, FloorRun& run) {
    run.start("floor, W5 order books");
    for (const std::uint32_t match : {0U, 25U, 80U}) {
        for (const bool skewed : {false, true}) {
            for (const std::uint32_t work_ns : {0U, 500U, 2'000U}) {
                for (const std::uint32_t txns : {400U, 10'000U}) {
                    char name[96];
                    std::snprintf(name, sizeof name, "%u %% take, %s, block %u, %u ns", match,
                                  skewed ? "skewed" : "even", txns, work_ns);
                    run.cell(OrderBookWorkload{.name = name,
                                               .machine = {.work_rounds = rounds_for(work_ns)},
                                               .accounts = sizes.of(100'000, 200),
                                               .match_percent = match,
                                               .skewed = skewed,
                                               .txns = sizes.of(txns, 50)});
                }
            }
        }
    }
    run.finish();
}

}  // namespace

void measure_floor(const BarSizes& sizes, Scoreboard& board) {
    FloorRun run(sizes, board);
    run_payments(sizes, run);
    run_chains(sizes, board, run);
    run_hot(sizes, run);
    run_counters(sizes, run);
    run_order_books(sizes, run);
}

}  // namespace lockstep::bench
