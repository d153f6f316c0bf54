#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <stop_token>

#include "engine/contract/block.hpp"

namespace lockstep {

/// Per-block options of an executor.
struct ExecuteOptions {
    /// Polled between transactions, and once more before the block is kept; a cancelled block
    /// leaves no trace.
    std::stop_token stop = {};
    /// False: the result is what it would be, the state and the chained digest stay as they were.
    bool keep = true;
    /// Called in block order, system transactions first, from some worker, as they become final
    /// within the block. The block as a whole may still be cancelled.
    std::function<void(std::uint32_t index, const Receipt& receipt,
                       std::span<const std::byte> events)>
        on_commit = {};
};

/// What an executor did; describes speed, never results.
struct ExecutionMetrics {
    std::uint64_t transactions = 0;
    std::uint64_t executions = 0;   ///< incarnations that ran to their end, discarded ones included
    std::uint64_t validations = 0;  ///< read sets checked
    std::uint64_t aborts = 0;       ///< validations that failed
    std::uint64_t waits = 0;        ///< incarnations parked on an estimate
    std::uint64_t deferred = 0;     ///< transactions executed at the frontier only
    std::uint64_t fallbacks = 0;    ///< blocks finished by the serial path
    std::uint64_t planned = 0;      ///< blocks that were executed in place, as planned
    std::uint64_t abandoned_plans =
        0;                           ///< blocks that did not go as planned, and were run once more
    std::uint64_t memory_bytes = 0;  ///< arena bytes handed out for versions and access entries

    ExecutionMetrics& operator+=(const ExecutionMetrics& other) noexcept {
        transactions += other.transactions;
        executions += other.executions;
        validations += other.validations;
        aborts += other.aborts;
        waits += other.waits;
        deferred += other.deferred;
        fallbacks += other.fallbacks;
        planned += other.planned;
        abandoned_plans += other.abandoned_plans;
        memory_bytes += other.memory_bytes;
        return *this;
    }
};

/// The receipt of a transaction whose machine broke its contract; weight 0, no effects.
[[nodiscard]] inline Receipt faulted(Fault fault) {
    return {.disposition = Disposition::kFaulted, .status = static_cast<std::uint16_t>(fault)};
}

/// Phases are the machine's own bounded work and run without a step budget.
inline constexpr TxnLimits kPhaseLimits{.steps = std::numeric_limits<std::uint64_t>::max(),
                                        .event_bytes = std::numeric_limits<std::uint64_t>::max()};

}  // namespace lockstep
