#pragma once

#include <cstdint>
#include <string>

#include "bench/workloads/rewound_log.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep::bench {

/// W12: imports recorded data in blocks of `block_trades` trades, whatever blocks the data have.
/// Errors: those of the import.
[[nodiscard]] Result<RewoundLogWorkload, Error> recorded_log(std::string name, RecordedData& data,
                                                             std::uint32_t block_trades);

}  // namespace lockstep::bench
