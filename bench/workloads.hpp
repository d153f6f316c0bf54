#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/transfers.hpp"
#include "instruments/venue.hpp"
#include "replay/generate/workload.hpp"

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
            return transfer_block(workload.pattern, workload.accounts, workload.txns, ++height, 1);
        }
    };

    std::string name;
    Machine machine;
    TransferPattern pattern = TransferPattern::kUniform;
    std::uint32_t accounts = 0;
    std::uint32_t txns = 0;

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

/// Calls `visit(workload)` for every workload: what is measured, in one place.
template <class Visit>
void for_each_workload(const Sizes& sizes, Visit&& visit) {
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

    const auto venue = [&](std::string name, WorkloadKind kind) {
        WorkloadOptions options;
        options.kind = kind;
        options.accounts = sizes.accounts;
        options.block_transactions = sizes.txns;
        visit(VenueWorkload{.name = std::move(name), .machine = {}, .options = options});
    };
    venue("venue_trades", WorkloadKind::kTrades);
    venue("venue_hot_market", WorkloadKind::kHotMarket);
    venue("venue_hot_account", WorkloadKind::kHotAccount);
    venue("venue_mixed", WorkloadKind::kMixed);
    venue("venue_chain", WorkloadKind::kChain);
}

}  // namespace lockstep::bench
