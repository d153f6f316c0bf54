#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "instruments/venue.hpp"
#include "replay/generate/workload.hpp"
#include "replay/stress/recorded_blocks.hpp"
#include "replay/stress/transfers.hpp"
#include "replay/stress/work_kernel.hpp"

namespace lockstep {

/// What the sweeps execute. A workload offers: `Machine`, machine; populate(state) with
/// set(key, value); source() with next() for blocks; prelude(), the blocks at its start that belong
/// to the set-up. Optional: idle_machine(), which computes the same without the work that only
/// takes time; virtual cores use it, since they charge for that time anyway; agrees(i, result),
/// false when block i was recorded with another result.

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

/// The derivatives venue on a generated workload, or on blocks of a log.
struct StressVenue {
    using Machine = Venue;
    struct Source {
        const RecordedBlocks* recorded;
        std::optional<Workload> generated;
        std::size_t taken = 0;
        [[nodiscard]] Block<Transaction> next() {
            return recorded != nullptr ? recorded->blocks[taken++] : generated->next();
        }
    };

    Machine machine;
    WorkloadOptions options;
    const RecordedBlocks* recorded = nullptr;  ///< in place of generated blocks

    void populate(auto& state) const {
        if (recorded != nullptr) {
            for (const auto& [key, cell] : recorded->cells) {
                state.set(key, &cell);
            }
        }
    }
    [[nodiscard]] Source source() const {
        Source source{.recorded = recorded, .generated = {}};
        if (recorded == nullptr) {
            source.generated.emplace(options);
        }
        return source;
    }
    [[nodiscard]] std::uint64_t prelude() const {
        return recorded != nullptr ? 0 : Workload(options).setup_blocks();
    }
    [[nodiscard]] bool agrees(std::size_t block, const BlockResult& result) const {
        return recorded == nullptr ||
               recorded->effects[block] == RecordedBlocks::effects_of(result);
    }
};

}  // namespace lockstep
