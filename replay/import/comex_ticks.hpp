#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "replay/import/input_file.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// Ticks of dated futures: a zip of one csv per expiry, or one such csv.
///
/// Format  file name `<yyyymmdd>_<symbol>_tick_trade_<yyyymm>.csv`, rows `ms of day (UTC), price,
///         size, exchange, condition, suspicious`, no header
/// Rules
///   markets   `<symbol>_<yyyymm>`, dated futures paid in USD; a contract of gc is 100 units of the
///             underlying, of si 5,000, of hg 25,000, else 1
///   expiry    the end of the delivery month, 00:00 UTC; a later day is an error
///   order     the files are merged by time; at equal times by their place in the archive
///   left out  rows of size 0 and rows marked suspicious, counted
[[nodiscard]] std::unique_ptr<RecordedData> open_comex_ticks(InputFile file);

/// What the name of a tick file says.
struct TickFileName {
    std::string market;  ///< `<symbol>_<yyyymm>`
    std::string symbol;
    std::int64_t day_ms = 0;  ///< start of the trading day
    std::int64_t expiry_ms = 0;
};
[[nodiscard]] std::optional<TickFileName> parse_tick_file_name(std::string_view name);

}  // namespace lockstep
