#pragma once

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>

namespace lockstep {

/// For people: one `name  value` line per field, nested objects indented, control characters
/// escaped, so that nothing in a file can steer a terminal.
void print_fields(std::ostream& out, const nlohmann::ordered_json& object, int indent = 0);

/// For programs: indented JSON in ASCII and a line end. Bytes that are no UTF-8 are replaced.
void print_json(std::ostream& out, const nlohmann::ordered_json& value);

/// The text that print_json writes.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& value);

/// numerator / denominator as a JSON number with microscopic error, null when there is none.
[[nodiscard]] nlohmann::ordered_json json_ratio(std::uint64_t numerator, std::uint64_t denominator);

}  // namespace lockstep
