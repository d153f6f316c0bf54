#include "replay/import/recorded_time.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include "engine/base/checked.hpp"
#include "engine/base/rounding.hpp"
#include "replay/import/decimal.hpp"

namespace lockstep {
namespace {

namespace chrono = std::chrono;

/// Takes exactly `count` digits from the front of `text`.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t count) {
    const auto value = text.size() < count
                           ? Result<std::uint64_t, ParseError>(failure(ParseError::kEmpty))
                           : parse_unsigned(text.substr(0, count));
    if (!value) {
        return std::nullopt;
    }
    text.remove_prefix(count);
    return static_cast<std::int64_t>(*value);
}

bool take_char(std::string_view& text, std::string_view accepted) {
    if (text.empty() || accepted.find(text.front()) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
    const chrono::year_month_day date(chrono::year(static_cast<int>(year)),
                                      chrono::month(static_cast<unsigned>(month)),
                                      chrono::day(static_cast<unsigned>(day)));
    return date.ok() ? std::optional(chrono::sys_days(date).time_since_epoch().count())
                     : std::nullopt;
}

/// `yyyy-mm-dd` with or without the dashes.
std::optional<std::int64_t> take_date(std::string_view& text, bool dashes) {
    const auto year = take_digits(text, 4);
    if (!year || (dashes && !take_char(text, "-"))) {
        return std::nullopt;
    }
    const auto month = take_digits(text, 2);
    if (!month || (dashes && !take_char(text, "-"))) {
        return std::nullopt;
    }
    const auto day = take_digits(text, 2);
    return day ? days_of(*year, *month, *day) : std::nullopt;
}

std::optional<std::int64_t> take_time_of_day(std::string_view& text) {
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take_char(text, ":")) {
        return std::nullopt;
    }
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) {
        return std::nullopt;
    }
    return (*hour * 60 + *minute) * 60'000;
}

/// `:ss` and up to nine digits of a fraction, in milliseconds.
std::optional<std::int64_t> take_seconds(std::string_view& text) {
    const auto second = take_char(text, ":") ? take_digits(text, 2) : std::nullopt;
    if (!second || *second > 59) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    if (take_char(text, ".")) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 9) {
            return std::nullopt;
        }
        for (std::size_t i = 0; i < 3; ++i) {
            value = value * 10 + (i < digits ? text[i] - '0' : 0);
        }
        text.remove_prefix(digits);
    }
    return *second * 1000 + value;
}

/// `+hh:mm`, `-hh:mm`, either without the colon or the minutes.
std::optional<std::int64_t> take_offset(std::string_view& text) {
    const bool west = text.starts_with('-');
    if (!take_char(text, "+-")) {
        return std::nullopt;
    }
    const auto hours = take_digits(text, 2);
    take_char(text, ":");
    const auto minutes = text.empty() ? std::optional<std::int64_t>(0) : take_digits(text, 2);
    if (!hours || !minutes || *hours > 14 || *minutes > 59) {
        return std::nullopt;
    }
    const std::int64_t offset = (*hours * 60 + *minutes) * 60'000;
    return west ? -offset : offset;
}

std::optional<std::int64_t> parse_calendar(std::string_view text, const TimeZone& zone) {
    const auto days = take_date(text, true);
    if (!days || !take_char(text, "TD ")) {
        return std::nullopt;
    }
    const auto minutes = take_time_of_day(text);
    const auto seconds = minutes ? take_seconds(text) : std::nullopt;
    if (!seconds) {
        return std::nullopt;
    }
    const std::int64_t local = *days * kMillisecondsPerDay + *minutes + *seconds;
    if (text.empty()) {
        return zone.to_utc(local);
    }
    if (text == "Z") {
        return local;
    }
    const auto offset = take_offset(text);
    return offset && text.empty() ? std::optional(local - *offset) : std::nullopt;
}

/// Decimal places between the unit and a millisecond: 3 for seconds, -6 for nanoseconds.
int places_of(TimeUnit unit, const Decimal& value) {
    switch (unit) {
        case TimeUnit::kSeconds:
            return 3;
        case TimeUnit::kMicroseconds:
            return -3;
        case TimeUnit::kNanoseconds:
            return -6;
        case TimeUnit::kEpoch: {
            const Int128 whole = value.units / power_of_ten(value.scale);
            return whole < 100'000'000'000             ? 3
                   : whole < 100'000'000'000'000       ? 0
                   : whole < 100'000'000'000'000'000LL ? -3
                                                       : -6;
        }
        default:
            return 0;
    }
}

std::optional<std::int64_t> parse_count(std::string_view text, TimeUnit unit) {
    const auto value = parse_decimal(text);
    if (!value || value->units < 0) {
        return std::nullopt;
    }
    const int shift = places_of(unit, *value) - value->scale;
    const Checked units{value->units};
    const Checked ms =
        shift >= 0 ? units * Checked{power_of_ten(static_cast<std::uint32_t>(shift))}
                   : floor_div(units, Checked{power_of_ten(static_cast<std::uint32_t>(-shift))});
    if (!ms.ok() || ms.value() > std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(ms.value());
}

std::string padded(std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
}

}  // namespace

std::optional<TimeUnit> time_unit_of(std::string_view name) {
    constexpr std::array<std::string_view, 7> kNames = {"s",     "ms",       "us",  "ns",
                                                        "epoch", "calendar", "date"};
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end() ? std::nullopt
                                 : std::optional(static_cast<TimeUnit>(found - kNames.begin()));
}

std::optional<TimeZone> TimeZone::find(const std::string& name) {
    TimeZone zone;
    std::string_view offset = name;
    if (name == "UTC") {
        return zone;
    }
    if (const auto ms = take_offset(offset); ms && offset.empty()) {
        zone.offset_ms_ = *ms;
        return zone;
    }
    try {
        zone.zone_ = date::locate_zone(name);
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
    return zone;
}

std::int64_t TimeZone::to_utc(std::int64_t local_ms) const {
    if (zone_ == nullptr) {
        return local_ms - offset_ms_;
    }
    const auto* const zone = static_cast<const date::time_zone*>(zone_);
    const date::local_time<chrono::milliseconds> local{chrono::milliseconds(local_ms)};
    return zone->to_sys(local, date::choose::earliest).time_since_epoch().count();
}

std::optional<std::int64_t> parse_time(std::string_view text, TimeUnit unit, const TimeZone& zone) {
    if (unit == TimeUnit::kCalendar) {
        return parse_calendar(text, zone);
    }
    if (unit == TimeUnit::kDate) {
        const auto days = take_date(text, false);
        return days ? std::optional(*days * kMillisecondsPerDay) : std::nullopt;
    }
    return parse_count(text, unit);
}

std::optional<std::int64_t> parse_time_of_day(std::string_view text) {
    const auto ms = take_time_of_day(text);
    return text.empty() ? ms : std::nullopt;
}

std::optional<std::int64_t> delivery_day(std::int64_t year, std::int64_t month, bool third_friday) {
    if (!days_of(year, month, 1)) {
        return std::nullopt;
    }
    const auto first =
        chrono::year(static_cast<int>(year)) / chrono::month(static_cast<unsigned>(month));
    const chrono::sys_days day = third_friday ? chrono::sys_days(first / chrono::Friday[3])
                                              : chrono::sys_days(first / chrono::last);
    return day.time_since_epoch().count();
}

std::int64_t year_of(std::int64_t time_ms) {
    const chrono::sys_days day{chrono::floor<chrono::days>(chrono::milliseconds(time_ms))};
    return static_cast<int>(chrono::year_month_day(day).year());
}

std::string time_text(std::int64_t time_ms) {
    const auto days = chrono::floor<chrono::days>(chrono::milliseconds(time_ms));
    const chrono::year_month_day date{chrono::sys_days(days)};
    const std::int64_t ms = time_ms - chrono::milliseconds(days).count();
    return padded(static_cast<int>(date.year()), 4) + "-" +
           padded(static_cast<unsigned>(date.month()), 2) + "-" +
           padded(static_cast<unsigned>(date.day()), 2) + "T" + padded(ms / 3'600'000, 2) + ":" +
           padded(ms / 60'000 % 60, 2) + ":" + padded(ms / 1000 % 60, 2) + "." +
           padded(ms % 1000, 3) + "Z";
}

}  // namespace lockstep
