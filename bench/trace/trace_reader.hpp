#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "bench/trace/trace.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep::bench {

/// The two files of one access trace.
struct TraceFiles {
    std::string transactions;  ///< block, tx, sender, to, gas_used, beneficiary, …
    std::string accesses;      ///< block, tx, kind, address, key, is_write, start, end, …
};

/// Pairs `<name>_txs.csv` and `<name>_access.csv` of a folder, plain or gzip, by name.
[[nodiscard]] std::vector<TraceFiles> find_traces(const std::filesystem::path& folder);

/// Reads a trace; columns are found by name, others are ignored.
///
/// Rules
///   rows of both files stand in serial order; the transactions of a block are numbered from 0
///   tx -1 is the epilogue of its block, which may have no transactions
///   bal and nonce are decimal below 2^127, stor is hexadecimal of at most 64 digits
///   start must equal the value that the trace told before, but for blocks that do not follow on
///   each other
/// Errors: kCorrupt with file and line for everything that breaks a rule.
[[nodiscard]] Result<Trace, Error> read_trace(const TraceFiles& files);

}  // namespace lockstep::bench
