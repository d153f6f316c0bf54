#pragma once

#include <nlohmann/json.hpp>

namespace lockstep {

/// The machine that this process runs on: processor, cores, memory, system. What it does not tell
/// is null.
[[nodiscard]] nlohmann::ordered_json describe_machine();

}  // namespace lockstep
