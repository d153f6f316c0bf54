#include <cstdio>

#include "bench/bars/bars.hpp"
#include "bench/workloads/venue.hpp"

namespace lockstep::bench {
namespace {

/// Trades only, and a price update now and then; all accounts and markets equally busy. An owner
/// has two trading accounts when there are 64 markets.
WorkloadOptions options_of(const BarSizes& sizes, WorkloadKind kind, std::uint32_t txns) {
    return {.kind = kind,
            .accounts = sizes.of(500'000, 60),
            .markets = 64,
            .block_transactions = txns,
            .zipf_accounts = 0,
            .zipf_markets = 0,
            .mix = {.deposits = 0,
                    .withdrawals = 0,
                    .transfers = 0,
                    .oracle_updates = 0,
                    .book_updates = 0}};
}

void measure(const BarSizes& sizes, Scoreboard& board, const PreparedVenue& workload,
             const std::string& name, double target, double seconds) {
    Race race(workload);
    race.enter(Entrant::twin()).enter(Entrant::engine(sizes.workers));
    const RaceResult result = race.run(sizes.laps_with_ceiling(seconds));
    if (!result.equal()) {
        board.wrong_result(name);
    }
    char note[128];
    std::snprintf(note, sizeof note, "T %.0f ns, %.2f x T, ceiling %.2f, cpu %.2f x T",
                  result.ns(0), result.speed(1), median(result.ceiling), result.cpu(1));
    board.add({.name = name,
               .value = result.share_of_ceiling(1),
               .bar = Figure::Bar::kAtLeast,
               .target = target,
               .unit = "of ceiling x T",
               .note = note});
}

}  // namespace

void measure_venue(const BarSizes& sizes, Scoreboard& board) {
    const std::uint32_t many = sizes.of(10'000, 100);
    const PreparedVenue trades("trades", options_of(sizes, WorkloadKind::kTrades, many));
    measure(sizes, board, trades, "venue trades, 10^6 accounts, 64 markets, blocks of 10^4", 0.92,
            6);
    const PreparedVenue small_blocks("small blocks",
                                     options_of(sizes, WorkloadKind::kTrades, sizes.of(1'000, 50)),
                                     trades.cells());
    measure(sizes, board, small_blocks, "venue trades, 10^6 accounts, 64 markets, blocks of 10^3",
            0.85, 4);
    const PreparedVenue one_market("one market", options_of(sizes, WorkloadKind::kHotMarket, many),
                                   trades.cells());
    measure(sizes, board, one_market, "venue trades, all in one market, different accounts", 0.85,
            5);
}

}  // namespace lockstep::bench
