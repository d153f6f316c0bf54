#pragma once

#include <cstdint>

#include "replay/generate/workload.hpp"

namespace lockstep::test {

/// What the guest replays: the blocks that set a small venue up, and two with traffic.
[[nodiscard]] inline WorkloadOptions guest_options() {
    WorkloadOptions options;
    options.kind = WorkloadKind::kMixed;
    options.accounts = 12;
    options.markets = 8;
    options.block_transactions = 60;
    options.block_interval_ms = 900'000;  // funding accrues
    return options;
}
inline constexpr std::uint64_t kGuestTrafficBlocks = 2;

/// Calls `visit(block)` for each of them.
template <class Visit>
void for_each_guest_block(Visit&& visit) {
    Workload workload(guest_options());
    const std::uint64_t blocks = workload.setup_blocks() + kGuestTrafficBlocks;
    for (std::uint64_t i = 0; i < blocks; ++i) {
        visit(workload.next());
    }
}

}  // namespace lockstep::test
