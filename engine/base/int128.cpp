#include "engine/base/int128.hpp"

#include <algorithm>

namespace lockstep {

std::string to_string(Int128 value) {
    UInt128 rest = magnitude(value);
    std::string digits;
    do {
        digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        digits.push_back('-');
    }
    std::reverse(digits.begin(), digits.end());
    return digits;
}

Result<Int128, ParseError> parse_int128(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        text.remove_prefix(1);
    }
    if (text.empty()) {
        return failure(ParseError::kEmpty);
    }
    Int128 value = 0;  // accumulated on the side of the sign, so that kInt128Min is readable
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return failure(ParseError::kNotANumber);
        }
        const Int128 digit = negative ? -Int128{c - '0'} : Int128{c - '0'};
        if (__builtin_mul_overflow(value, Int128{10}, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return failure(ParseError::kOutOfRange);
        }
    }
    return value;
}

}  // namespace lockstep
