#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// The ranges that a log was split into, and what each of them has to end with.
///
/// Role: written by split, read by join. In its folder also lie the snapshots, the jobs, and the
///       results of the jobs.
struct RangeList {
    struct Range {
        std::uint64_t first = 0;  ///< heights
        std::uint64_t last = 0;
        std::uint64_t transactions = 0;
        Digest state;          ///< after the last block
        Digest block;          ///< of the chain, after the last block
        std::string snapshot;  ///< of that state, in the folder; empty: the log ends
    };

    Digest log;  ///< LogReader::header_digest
    std::string chain_id;
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
    bool torn_tail = false;  ///< the log has no end, which was allowed
    std::vector<Range> ranges;
};

[[nodiscard]] nlohmann::ordered_json range_list_json(const RangeList& list);
/// Errors: kCorrupt, kEnvironment.
[[nodiscard]] Result<RangeList, Error> read_range_list(const std::string& folder);

/// A file of the folder by its name.
[[nodiscard]] std::string range_file(const std::string& folder, const std::string& name);
[[nodiscard]] std::string range_list_path(const std::string& folder);
[[nodiscard]] std::string jobs_path(const std::string& folder);
/// Where the job of a range leaves its result.
[[nodiscard]] std::string result_path(const std::string& folder, const RangeList::Range& range);

/// The arguments behind `lockstep replay LOG` that replay one range, quoted for shells and xargs.
[[nodiscard]] std::string job_line(const RangeList& list, const std::string& folder,
                                   std::size_t range);

/// The whole of a file as JSON. Errors: kCorrupt when it is none, kEnvironment.
[[nodiscard]] Result<nlohmann::ordered_json, Error> read_json(const std::string& path);

}  // namespace lockstep
