#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

inline constexpr std::int64_t kMillisecondsPerDay = 86'400'000;

/// How a layout writes times.
enum class TimeUnit : std::uint8_t {
    kSeconds,       ///< since 1970, with or without a fraction
    kMilliseconds,  ///< …
    kMicroseconds,
    kNanoseconds,
    kEpoch,     ///< any of these, told apart by the number of digits
    kCalendar,  ///< yyyy-mm-dd, then T, D or a blank, hh:mm:ss[.fraction][Z or +hh:mm]
    kDate,      ///< yyyymmdd, whatever follows it
};
[[nodiscard]] std::optional<TimeUnit> time_unit_of(std::string_view name);

/// Times of day of a zone: UTC, an offset such as +05:45, or a name such as Asia/Kathmandu.
class TimeZone {
  public:
    TimeZone() = default;
    /// Empty when this machine does not know the zone.
    [[nodiscard]] static std::optional<TimeZone> find(const std::string& name);
    /// UTC milliseconds of a local time in milliseconds; the earlier one where a clock is set back.
    [[nodiscard]] std::int64_t to_utc(std::int64_t local_ms) const;

  private:
    std::int64_t offset_ms_ = 0;
    const void* zone_ = nullptr;  ///< of the library's database, which stays
};

/// Milliseconds since 1970, rounded down; empty when `text` is no such time. Numbers since 1970 are
/// UTC.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text, TimeUnit unit,
                                                     const TimeZone& zone);
/// Milliseconds of a day of `hh:mm`.
[[nodiscard]] std::optional<std::int64_t> parse_time_of_day(std::string_view text);

/// Days since 1970 of the last day that a future trades: the third Friday of its delivery month or,
/// when `third_friday` is false, the last day of it. Empty when there is no such month.
[[nodiscard]] std::optional<std::int64_t> delivery_day(std::int64_t year, std::int64_t month,
                                                       bool third_friday);
/// The year of a time.
[[nodiscard]] std::int64_t year_of(std::int64_t time_ms);
/// yyyy-mm-ddThh:mm:ss.mmmZ
[[nodiscard]] std::string time_text(std::int64_t time_ms);

}  // namespace lockstep
