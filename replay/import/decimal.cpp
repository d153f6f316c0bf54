#include "replay/import/decimal.hpp"

#include <algorithm>

#include "engine/base/check.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t kExponentMax = 60;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Appends one digit; false when the value leaves 127 bits.
bool append_digit(Int128& value, char digit) noexcept {
    return !__builtin_mul_overflow(value, Int128{10}, &value) &&
           !__builtin_add_overflow(value, Int128{digit - '0'}, &value);
}

struct Mantissa {
    Int128 units = 0;
    std::int64_t scale = 0;
};

/// Digits with at most one point. Zeros at the end of the fraction are not counted, so that a long
/// tail of them does not exhaust the range.
Result<Mantissa, ParseError> parse_mantissa(std::string_view text) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    std::string_view fraction =
        point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
    if (whole.empty() && fraction.empty()) {
        return failure(ParseError::kEmpty);
    }
    if (!std::all_of(whole.begin(), whole.end(), is_digit) ||
        !std::all_of(fraction.begin(), fraction.end(), is_digit)) {
        return failure(ParseError::kNotANumber);
    }
    while (!fraction.empty() && fraction.back() == '0') {
        fraction.remove_suffix(1);
    }
    Mantissa out;
    for (const std::string_view part : {whole, fraction}) {
        for (const char c : part) {
            if (!append_digit(out.units, c)) {
                return failure(ParseError::kOutOfRange);
            }
        }
    }
    out.scale = static_cast<std::int64_t>(fraction.size());
    return out;
}

Result<std::int64_t, ParseError> parse_exponent(std::string_view text) {
    const Result<Int128, ParseError> value = parse_int128(text);
    if (!value) {
        return failure(value.error());
    }
    if (*value > kExponentMax || *value < -kExponentMax) {
        return failure(ParseError::kOutOfRange);
    }
    return static_cast<std::int64_t>(*value);
}

}  // namespace

Int128 power_of_ten(std::uint32_t exponent) noexcept {
    LOCKSTEP_CHECK(exponent <= 38);
    Int128 value = 1;
    for (std::uint32_t i = 0; i < exponent; ++i) {
        value *= 10;
    }
    return value;
}

Decimal Decimal::shortest() const noexcept {
    Decimal out = *this;
    while (out.scale > 0 && out.units % 10 == 0) {
        out.units /= 10;
        --out.scale;
    }
    return out;
}

std::optional<Int128> Decimal::at_scale(std::uint8_t other) const noexcept {
    if (other < scale) {
        const Int128 divisor = power_of_ten(static_cast<std::uint32_t>(scale - other));
        if (units % divisor != 0) {
            return std::nullopt;
        }
        return units / divisor;
    }
    return rounded_to(other);
}

std::optional<Int128> Decimal::rounded_to(std::uint8_t other) const noexcept {
    if (other > kDecimalScaleMax || scale > kDecimalScaleMax) {
        return std::nullopt;
    }
    if (other >= scale) {
        Int128 out = 0;
        if (__builtin_mul_overflow(units, power_of_ten(static_cast<std::uint32_t>(other - scale)),
                                   &out)) {
            return std::nullopt;
        }
        return out;
    }
    const Int128 divisor = power_of_ten(static_cast<std::uint32_t>(scale - other));
    const Int128 rest = units % divisor;
    const Int128 away = magnitude(rest) * 2 >= magnitude(divisor) ? (units < 0 ? -1 : 1) : 0;
    return units / divisor + away;
}

std::string Decimal::text() const {
    std::string digits = to_string(units < 0 ? -units : units);
    if (digits.size() <= scale) {
        digits.insert(0, scale + 1 - digits.size(), '0');
    }
    if (scale > 0) {
        digits.insert(digits.size() - scale, 1, '.');
    }
    return units < 0 ? "-" + digits : digits;
}

Result<Decimal, ParseError> parse_decimal(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        text.remove_prefix(1);
    }
    std::int64_t exponent = 0;
    if (const std::size_t mark = text.find_first_of("eE"); mark != std::string_view::npos) {
        const Result<std::int64_t, ParseError> parsed = parse_exponent(text.substr(mark + 1));
        if (!parsed) {
            return failure(parsed.error());
        }
        exponent = *parsed;
        text = text.substr(0, mark);
    }
    Result<Mantissa, ParseError> mantissa = parse_mantissa(text);
    if (!mantissa) {
        return failure(mantissa.error());
    }
    std::int64_t scale = mantissa->scale - exponent;
    Int128 units = mantissa->units;
    for (; scale > 0 && units % 10 == 0 && exponent != 0; --scale) {
        units /= 10;
    }
    for (; scale < 0 && units != 0; ++scale) {
        if (!append_digit(units, '0')) {
            return failure(ParseError::kOutOfRange);
        }
    }
    if (units == 0) {
        scale = 0;
    }
    if (scale > kDecimalScaleMax) {
        return failure(ParseError::kOutOfRange);
    }
    return Decimal{negative ? -units : units, static_cast<std::uint8_t>(scale)};
}

Result<std::uint64_t, ParseError> parse_unsigned(std::string_view text) {
    if (text.empty()) {
        return failure(ParseError::kEmpty);
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) {
            return failure(ParseError::kNotANumber);
        }
        if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
            __builtin_add_overflow(value, static_cast<std::uint64_t>(c - '0'), &value)) {
            return failure(ParseError::kOutOfRange);
        }
    }
    return value;
}

std::string_view describe(ParseError error) noexcept {
    switch (error) {
        case ParseError::kEmpty:
            return "is empty";
        case ParseError::kNotANumber:
            return "is not a number";
        case ParseError::kOutOfRange:
            return "is out of range";
    }
    return "is not a number";
}

}  // namespace lockstep
