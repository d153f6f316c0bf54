#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep {

/// `text` on one line that cannot steer a terminal: bytes that are no UTF-8, control characters
/// and those that turn the direction of writing come out as \xNN.
[[nodiscard]] std::string terminal_text(std::string_view text);

/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t value);
/// The same of a whole number in digits, maybe with a minus; other texts as they are.
[[nodiscard]] std::string grouped_text(const std::string& digits);
/// Whether a text is such a number.
[[nodiscard]] bool is_whole_number(std::string_view text);

}  // namespace lockstep
