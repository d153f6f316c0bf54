#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/workloads/bank.hpp"
#include "bench/workloads/counter.hpp"
#include "bench/workloads/expiry.hpp"
#include "bench/workloads/key_value.hpp"
#include "bench/workloads/order_book.hpp"
#include "bench/workloads/range_scan.hpp"
#include "instruments/venue.hpp"
#include "replay/generate/workload.hpp"
#include "replay/stress/transfers.hpp"

namespace lockstep::bench {

/// Sizes of a run: the full ones for measuring, small ones to see that everything works.
struct Sizes {
    std::uint32_t accounts = 100'000;
    std::uint32_t accounts_many = 1'000'000;
    std::uint32_t txns = 10'000;

    [[nodiscard]] static Sizes small() {
        return {.accounts = 200, .accounts_many = 400, .txns = 100};
    }
};

/// A workload is a machine, a way to fill its state, and a source of blocks:
///   name, machine; populate(state) with set(key, value); source() -> object with next() -> block;
///   prelude(): blocks from the start of the source that belong to the set-up.

/// Transfers between accounts that exist from the start.
template <bool kDeclares>
struct TransferWorkload {
    using Machine = TransferMachine<kDeclares>;
    struct Source {
        const TransferWorkload& workload;
        std::uint64_t height = 0;
        [[nodiscard]] Block<Transfer> next() {
            return transfer_block(workload.pattern, workload.accounts, workload.txns, ++height, 1,
                                  workload.hot);
        }
    };

    std::string name;
    Machine machine;
    TransferPattern pattern = TransferPattern::kUniform;
    std::uint32_t accounts = 0;
    std::uint32_t txns = 0;
    HotSet hot = {};

    void populate(auto& state) const { machine.populate(state, accounts); }
    [[nodiscard]] Source source() const { return {*this}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

/// The derivatives venue on a generated workload; its set-up blocks open accounts and markets.
struct VenueWorkload {
    using Machine = Venue;
    using Source = Workload;

    std::string name;
    Machine machine;
    WorkloadOptions options;

    void populate(auto&) const {}
    [[nodiscard]] Source source() const { return Workload(options); }
    [[nodiscard]] std::uint64_t prelude() const { return source().setup_blocks(); }
};

/// Banks, counters, order books, transactions on plain keys, and scans over ranges of them.
template <class Visit>
void for_each_key_workload(const Sizes& sizes, Visit&& visit) {
    for (const auto& [mode, name] : {std::pair{CounterMode::kWrite, "counter_write"},
                                     std::pair{CounterMode::kUnbounded, "counter_unbounded"},
                                     std::pair{CounterMode::kBoundedLoose, "counter_bound_far"},
                                     std::pair{CounterMode::kBoundedTight, "counter_bound_near"},
                                     std::pair{CounterMode::kMilestone, "counter_milestone"}}) {
        visit(CounterWorkload{.name = name,
                              .machine = {.mode = mode, .work_rounds = rounds_for(500)},
                              .accounts = sizes.accounts,
                              .txns = sizes.txns});
    }
    for (const bool adds : {true, false}) {
        visit(BankWorkload{.name = adds ? "bank_added" : "bank_written",
                           .machine = {.adds = adds},
                           .accounts = sizes.accounts / 2,
                           .txns = sizes.txns / 2});
    }
    for (const std::uint32_t match : {0U, 25U, 80U}) {
        visit(OrderBookWorkload{.name = "order_book_" + std::to_string(match),
                                .machine = {.work_rounds = rounds_for(500)},
                                .accounts = sizes.accounts,
                                .match_percent = match,
                                .txns = sizes.txns});
    }
    for (const std::uint32_t skew : {0U, 4U}) {
        visit(KeyValueWorkload{.name = skew == 0 ? "ycsb_uniform" : "ycsb_zipf",
                               .machine = {.universe = std::min(sizes.accounts, 80'000U)},
                               .zipf_quarters = skew,
                               .txns = sizes.txns});
    }
    for (const std::uint32_t universe : {10U, 20U, 100U}) {
        for (const bool weighs : {false, true}) {
            visit(KeyValueWorkload{
                .name = "dynamic_" + std::to_string(universe) + (weighs ? "_skip_rest" : ""),
                .machine = {.mode = KeyValueMode::kDynamic, .universe = universe, .weighs = weighs},
                .txns = sizes.txns});
        }
    }
    for (const auto& [mode, name] : {std::pair{RangeMode::kApart, "scan_100"},
                                     std::pair{RangeMode::kUpdates, "scan_100_update"},
                                     std::pair{RangeMode::kInserts, "scan_100_insert"},
                                     std::pair{RangeMode::kPhantoms, "scan_100_phantoms"}}) {
        visit(RangeScanWorkload{.name = name,
                                .machine = {.mode = mode},
                                .records = sizes.accounts,
                                .txns = std::min(sizes.txns, 2'000U)});
    }
    for (const std::uint32_t latency_us : {0U, 10U, 100U}) {
        visit(KeyValueWorkload{.name = "latency_" + std::to_string(latency_us) + "us",
                               .machine = {.mode = KeyValueMode::kLatency,
                                           .universe = sizes.accounts,
                                           .latency_us = latency_us},
                               .txns = std::min(sizes.txns, 500U)});
    }
}

/// The venue: kinds of traffic, numbers of markets, funding, expiry.
template <class Visit>
void for_each_venue_workload(const Sizes& sizes, Visit&& visit) {
    const auto venue = [&](std::string name, WorkloadOptions options) {
        options.accounts = sizes.accounts;
        options.block_transactions = sizes.txns;
        visit(VenueWorkload{.name = std::move(name), .machine = {}, .options = options});
    };
    venue("venue_trades", {.kind = WorkloadKind::kTrades});
    venue("venue_hot_market", {.kind = WorkloadKind::kHotMarket});
    venue("venue_hot_account", {.kind = WorkloadKind::kHotAccount});
    venue("venue_mixed", {.kind = WorkloadKind::kMixed});
    venue("venue_chain", {.kind = WorkloadKind::kChain});
    for (const std::uint32_t markets : {1U, 10U, 100U}) {
        venue("venue_markets_" + std::to_string(markets), {.markets = markets});
    }
    venue("venue_funding", {.block_interval_ms = 3'600'000});
    visit(expiry_workload("venue_expiry", std::min(sizes.accounts, 10'000U), sizes.txns));
}

/// Transfers: work per transaction, accounts, shapes, hot accounts, chains.
template <class Visit>
void for_each_transfer_workload(const Sizes& sizes, Visit&& visit) {
    const auto transfers = [&]<bool kDeclares>(std::string name, TransferShape shape,
                                               TransferPattern pattern, std::uint32_t accounts,
                                               std::uint32_t work_ns) {
        visit(TransferWorkload<kDeclares>{
            .name = std::move(name) + "_" + std::to_string(work_ns) + "ns",
            .machine = {.shape = shape, .work_rounds = rounds_for(work_ns)},
            .pattern = pattern,
            .accounts = accounts,
            .txns = sizes.txns});
    };
    const auto declared = [&](auto&&... arguments) {
        transfers.template operator()<true>(std::forward<decltype(arguments)>(arguments)...);
    };
    const auto undeclared = [&](auto&&... arguments) {
        transfers.template operator()<false>(std::forward<decltype(arguments)>(arguments)...);
    };
    constexpr auto k2 = TransferShape::k2Reads2Writes;
    constexpr auto k8 = TransferShape::k8Reads5Writes;
    for (const std::uint32_t work_ns : {0U, 200U, 500U, 2000U}) {
        declared("transfers_2r2w", k2, TransferPattern::kUniform, sizes.accounts, work_ns);
    }
    declared("transfers_2r2w_many", k2, TransferPattern::kUniform, sizes.accounts_many, 500U);
    undeclared("transfers_2r2w_undeclared", k2, TransferPattern::kUniform, sizes.accounts, 500U);
    declared("transfers_8r5w", k8, TransferPattern::kUniform, sizes.accounts, 500U);
    declared("transfers_2r2w_100", k2, TransferPattern::kUniform, 100U, 500U);
    declared("transfers_2r2w_hot", k2, TransferPattern::kHot, sizes.accounts, 500U);
    declared("transfers_2r2w_chain", k2, TransferPattern::kChain, sizes.accounts, 500U);
    undeclared("transfers_2r2w_chain_undeclared", k2, TransferPattern::kChain, sizes.accounts,
               500U);
}

/// Calls `visit(workload)` for every workload: what is measured, in one place.
template <class Visit>
void for_each_workload(const Sizes& sizes, Visit&& visit) {
    for_each_transfer_workload(sizes, visit);
    for_each_venue_workload(sizes, visit);
    for_each_key_workload(sizes, visit);
}

/// W1 in full: payments among few and many accounts, in blocks of a tenth of, of, and of five times
/// the usual size, with more and less work. Small sizes leave out what has too many accounts.
template <class Visit>
void for_each_payment(const Sizes& sizes, Visit&& visit) {
    const auto cells = [&](TransferShape shape, std::uint32_t accounts, std::uint32_t txns) {
        const std::string name =
            std::string(shape == TransferShape::k2Reads2Writes ? "payments_2r2w"
                                                               : "payments_8r5w") +
            "_" + std::to_string(accounts) + "_block_" + std::to_string(txns) + "_";
        for (const std::uint32_t work_ns : {0U, 50U, 200U, 500U, 2'000U, 10'000U}) {
            visit(TransferWorkload<true>{
                .name = name + std::to_string(work_ns) + "ns",
                .machine = {.shape = shape, .work_rounds = rounds_for(work_ns)},
                .accounts = accounts,
                .txns = txns});
        }
    };
    for (const std::uint32_t accounts : {2U, 10U, 100U, 1'000U, 10'000U, 100'000U, 200'000U}) {
        for (const std::uint32_t txns : {sizes.txns / 10, sizes.txns, sizes.txns * 5}) {
            if (accounts <= sizes.accounts_many && txns > 0) {
                cells(TransferShape::k2Reads2Writes, accounts, txns);
                cells(TransferShape::k8Reads5Writes, accounts, txns);
            }
        }
    }
}

}  // namespace lockstep::bench
