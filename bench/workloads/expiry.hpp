#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/workloads/rewound_log.hpp"

namespace lockstep::bench {

/// A log whose first blocks make the state that the others start from.
struct PreparedLog {
    std::vector<LogBlock> blocks;
    std::size_t prelude = 0;
};

/// W6: two series of futures and two of options expire. The first block behind the prelude settles
/// them, and trades go on; in three more the venue pays out whoever holds a position in them,
/// sixteen accounts a transaction, between the trades of all others.
/// REQUIRES: blocks with room for all payments; a hundred transactions, at least.
[[nodiscard]] PreparedLog expiry_log(std::uint32_t accounts, std::uint32_t txns);

/// The same over and over.
[[nodiscard]] RewoundLogWorkload expiry_workload(std::string name, std::uint32_t accounts,
                                                 std::uint32_t txns);

}  // namespace lockstep::bench
