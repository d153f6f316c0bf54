#include "replay/import/calendar_time.hpp"

#include <cstddef>

namespace lockstep {
namespace {

/// Takes exactly `count` digits from the front of `text`.
std::optional<std::int32_t> take_digits(std::string_view& text, std::size_t count) noexcept {
    if (text.size() < count) {
        return std::nullopt;
    }
    std::int32_t value = 0;
    for (const char c : text.substr(0, count)) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take_char(std::string_view& text, std::string_view accepted) noexcept {
    if (text.empty() || accepted.find(text.front()) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

bool is_leap(std::int32_t year) noexcept {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

std::int32_t days_in_month(std::int32_t year, std::int32_t month) noexcept {
    constexpr std::int32_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return kDays[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

std::optional<CalendarDate> take_date(std::string_view& text, bool with_dashes) noexcept {
    const auto year = take_digits(text, 4);
    if (!year || (with_dashes && !take_char(text, "-"))) {
        return std::nullopt;
    }
    const auto month = take_digits(text, 2);
    if (!month || (with_dashes && !take_char(text, "-"))) {
        return std::nullopt;
    }
    const auto day = take_digits(text, 2);
    if (!day) {
        return std::nullopt;
    }
    return CalendarDate{*year, *month, *day};
}

/// Milliseconds of an optional `.fraction`; empty when a point has no digits or more than nine.
std::optional<std::int64_t> take_fraction_ms(std::string_view& text) noexcept {
    if (!take_char(text, ".")) {
        return 0;
    }
    std::int64_t value = 0;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        if (++digits <= 3) {
            value = value * 10 + (text.front() - '0');
        }
        text.remove_prefix(1);
    }
    if (digits == 0 || digits > 9) {
        return std::nullopt;
    }
    for (std::size_t i = digits; i < 3; ++i) {
        value *= 10;
    }
    return value;
}

}  // namespace

std::optional<std::int64_t> days_since_1970(CalendarDate date) noexcept {
    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in_month(date.year, date.month)) {
        return std::nullopt;
    }
    // Years counted from March, so that the leap day is the last of its year.
    const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const std::int64_t month = (date.month + 9) % 12;
    const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719'468;
}

std::optional<std::int64_t> parse_compact_date_ms(std::string_view text) noexcept {
    const auto date = take_date(text, false);
    if (!date || !text.empty()) {
        return std::nullopt;
    }
    const auto days = days_since_1970(*date);
    return days ? std::optional(*days * kMillisecondsPerDay) : std::nullopt;
}

std::optional<std::int64_t> parse_iso_time_ms(std::string_view text) noexcept {
    const auto date = take_date(text, true);
    const auto days = date ? days_since_1970(*date) : std::nullopt;
    if (!days || !take_char(text, "T ")) {
        return std::nullopt;
    }
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take_char(text, ":")) {
        return std::nullopt;
    }
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59 || !take_char(text, ":")) {
        return std::nullopt;
    }
    const auto second = take_digits(text, 2);
    if (!second || *second > 59) {
        return std::nullopt;
    }
    const auto fraction = take_fraction_ms(text);
    if (!fraction) {
        return std::nullopt;
    }
    take_char(text, "Z");
    if (!text.empty()) {
        return std::nullopt;
    }
    return *days * kMillisecondsPerDay + ((*hour * 60LL + *minute) * 60 + *second) * 1000 +
           *fraction;
}

}  // namespace lockstep
