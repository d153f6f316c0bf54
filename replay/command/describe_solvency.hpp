#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "instruments/solvency.hpp"

namespace lockstep {

/// The statement for programs. Amounts are decimal text, since they may need 128 bits; null where
/// a sum leaves them.
[[nodiscard]] nlohmann::ordered_json describe_solvency(const SolvencyStatement& statement);

/// The statement for people, in one line.
[[nodiscard]] std::string solvency_text(const SolvencyStatement& statement);

}  // namespace lockstep
