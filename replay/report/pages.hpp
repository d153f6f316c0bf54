#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lockstep {

/// The page of `lockstep replay --report`, from what `--json` prints.
[[nodiscard]] std::string replay_page(const nlohmann::ordered_json& report);

/// The page of `lockstep stress --report`, from what `--json` prints.
[[nodiscard]] std::string stress_page(const nlohmann::ordered_json& report);

}  // namespace lockstep
