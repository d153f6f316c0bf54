#include "replay/command/terminal_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lockstep {
namespace {

/// Bytes of the UTF-8 character at the front of `text` that may be shown; 0: none.
std::size_t shown_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) {
        return 0;
    }
    std::uint32_t code = first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) {
            return 0;
        }
        code = code << 6 | (byte(i) & 0x3fU);
    }
    const bool shortest = code >= (length == 4 ? 0x10000U : length == 3 ? 0x800U : 0x80U);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    const bool control = code < 0xa0;
    const bool steers = (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                        (code >= 0x2066 && code <= 0x2069);
    return shortest && !surrogate && !control && !steers && code <= 0x10ffff ? length : 0;
}

}  // namespace

std::string terminal_text(std::string_view text) {
    constexpr std::string_view kHexDigits = "0123456789abcdef";
    std::string out;
    while (!text.empty()) {
        const std::size_t length = shown_length(text);
        if (length == 0) {
            const auto byte = static_cast<unsigned char>(text[0]);
            out += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 0xf]};
        }
        out += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string grouped(std::uint64_t value) {
    return grouped_text(std::to_string(value));
}

std::string grouped_text(const std::string& digits) {
    if (!is_whole_number(digits)) {
        return digits;
    }
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-') {
            out += ',';
        }
        out += digits[i];
    }
    return out;
}

bool is_whole_number(std::string_view text) {
    if (text.starts_with('-')) {
        text.remove_prefix(1);
    }
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace lockstep
