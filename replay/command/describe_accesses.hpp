#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "accounts/state_key.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/access_list.hpp"
#include "replay/conflict_survey.hpp"
#include "replay/report/name_book.hpp"

namespace lockstep {

/// Cells that a list of conflicts shows.
inline constexpr std::size_t kConflictsShown = 20;

/// Where lists and an execution differ: the count and the first place.
[[nodiscard]] nlohmann::ordered_json describe_mismatches(
    const AccessMismatches<StateKey>& mismatches);

/// One row per cell.
[[nodiscard]] nlohmann::ordered_json describe_conflicts(const std::vector<CellTraffic>& cells,
                                                        const NameBook& names = {});

/// One mismatch or one cell, for people.
[[nodiscard]] std::string mismatch_text(const AccessMismatch<StateKey>& mismatch);
[[nodiscard]] std::string conflict_text(const CellTraffic& cell, const NameBook& names);

/// An access list file: its summary with the most conflicting cells, or one of its blocks, or one
/// of its transactions.
[[nodiscard]] Result<nlohmann::ordered_json, Error> describe_access_file(
    const std::string& path, std::optional<std::uint64_t> block,
    std::optional<std::uint64_t> transaction);

}  // namespace lockstep
