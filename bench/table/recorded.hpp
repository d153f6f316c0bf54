#pragma once

#include <nlohmann/json.hpp>

#include "bench/table/row.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep::bench {

/// W12: recorded trades in blocks of several sizes. False when digests differ. Errors: those of
/// reading the data.
[[nodiscard]] Result<bool, Error> run_recorded(const TableOptions& options, nlohmann::json& rows);

}  // namespace lockstep::bench
