#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lockstep::bench {

/// What a result file says of where its figures come from: commit (as told), processor, number of
/// cores, compiler, flags, date.
[[nodiscard]] nlohmann::json provenance(const std::string& commit);

/// Writes `json` to a file, indented; false when that fails, with a message on stderr.
[[nodiscard]] bool write_json(const std::string& path, const nlohmann::json& json);

}  // namespace lockstep::bench
