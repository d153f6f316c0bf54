#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// `text` with control characters, '%' and DEL as %XX, so that it stays on one line.
[[nodiscard]] std::string escape_text(std::string_view text);

/// Undoes escape_text; nothing when `text` is not something that escape_text writes.
[[nodiscard]] std::optional<std::string> unescape_text(std::string_view text);

/// 16 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(std::uint64_t value);
/// Undoes to_hex.
[[nodiscard]] std::optional<std::uint64_t> parse_hex(std::string_view text);

/// Decimal digits without sign or leading zeros; nothing when out of range.
[[nodiscard]] std::optional<std::uint64_t> parse_u64(std::string_view text);

/// The words of a line, separated by single spaces.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

}  // namespace lockstep
