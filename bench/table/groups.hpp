#pragma once

#include <nlohmann/json.hpp>

#include "bench/table/row.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep::bench {

// Workloads by the machines that they run on, in files of their own: each compiles every executor
// for its machines. All add their rows to `rows` and return false when digests differ.

[[nodiscard]] bool run_transfers(const TableOptions& options, nlohmann::json& rows);
/// W1 in full.
[[nodiscard]] bool run_payments(const TableOptions& options, nlohmann::json& rows);
[[nodiscard]] bool run_venue(const TableOptions& options, nlohmann::json& rows);
[[nodiscard]] bool run_counters_and_books(const TableOptions& options, nlohmann::json& rows);
[[nodiscard]] bool run_keys_and_scans(const TableOptions& options, nlohmann::json& rows);
/// W12: recorded trades in blocks of several sizes. Errors: those of reading the data.
[[nodiscard]] Result<bool, Error> run_recorded(const TableOptions& options, nlohmann::json& rows);

}  // namespace lockstep::bench
