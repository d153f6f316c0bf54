#pragma once

#include <cstdint>
#include <string>

#include "instruments/venue.hpp"
#include "replay/generate/workload.hpp"
#include "replay/stress/transfers.hpp"
#include "replay/stress/work_kernel.hpp"

namespace lockstep {

/// What the sweeps execute. A workload offers: `Machine`, machine; populate(state) with
/// set(key, value); source() with next() for blocks; prelude(), the blocks at its start that belong
/// to the set-up. Optional: idle_machine(), which computes the same without the work that only
/// takes time; virtual cores use it, since they charge for that time anyway.

/// Payments between accounts that exist from the start, with a given amount of work in each.
struct StressTransfers {
    using Machine = bench::TransferMachine<true>;
    struct Source {
        const StressTransfers& workload;
        std::uint64_t height = 0;
        [[nodiscard]] Block<bench::Transfer> next() {
            return bench::transfer_block(workload.pattern, workload.accounts, workload.block_size,
                                         ++height, workload.seed);
        }
    };

    Machine machine;
    bench::TransferPattern pattern = bench::TransferPattern::kUniform;
    std::uint32_t accounts = 0;
    std::uint32_t block_size = 0;
    std::uint64_t seed = 1;

    void populate(auto& state) const { machine.populate(state, accounts); }
    [[nodiscard]] Source source() const { return {*this}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
    [[nodiscard]] Machine idle_machine() const {
        Machine idle = machine;
        idle.work_rounds = 0;
        return idle;
    }
};

/// The derivatives venue on a generated workload.
struct StressVenue {
    using Machine = Venue;
    using Source = Workload;

    Machine machine;
    WorkloadOptions options;

    void populate(auto&) const {}
    [[nodiscard]] Source source() const { return Workload(options); }
    [[nodiscard]] std::uint64_t prelude() const { return source().setup_blocks(); }
};

}  // namespace lockstep
