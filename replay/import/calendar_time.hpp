#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lockstep {

/// A date of the proleptic Gregorian calendar.
struct CalendarDate {
    std::int32_t year = 1970;
    std::int32_t month = 1;  ///< 1..12
    std::int32_t day = 1;    ///< 1..31
};

inline constexpr std::int64_t kMillisecondsPerDay = 86'400'000;

/// Days since 1970-01-01; empty when the date does not exist or the year is outside 1..9999.
[[nodiscard]] std::optional<std::int64_t> days_since_1970(CalendarDate date) noexcept;

/// Milliseconds since 1970 at 00:00 UTC of `yyyymmdd`.
[[nodiscard]] std::optional<std::int64_t> parse_compact_date_ms(std::string_view text) noexcept;

/// Milliseconds since 1970 of `yyyy-mm-dd[T ]hh:mm:ss[.fraction][Z]`, read as UTC. Fractions of any
/// length up to nine digits; what is below a millisecond is dropped (floor).
[[nodiscard]] std::optional<std::int64_t> parse_iso_time_ms(std::string_view text) noexcept;

}  // namespace lockstep
