#include "replay/import/decimal.hpp"

#include <gtest/gtest.h>

#include "replay/import/recorded_time.hpp"

namespace lockstep {
namespace {

Decimal read(std::string_view text) {
    const auto value = parse_decimal(text);
    EXPECT_TRUE(value.has_value()) << text;
    return value.value_or(Decimal{.units = -1, .scale = 30});
}

TEST(Decimal, KeepsEveryDigitThatCounts) {
    EXPECT_EQ(read("61837.63000000"), (Decimal{6183763, 2}));
    EXPECT_EQ(read("-0.000383"), (Decimal{-383, 6}));
    EXPECT_EQ(read("1000"), (Decimal{1000, 0}));
    EXPECT_EQ(read(".5"), (Decimal{5, 1}));
    EXPECT_EQ(read("5."), (Decimal{5, 0}));
    EXPECT_EQ(read("-0.0"), (Decimal{0, 0}));
    EXPECT_EQ(read("1e-05"), (Decimal{1, 5}));
    EXPECT_EQ(read("12.5E3"), (Decimal{12500, 0}));
    EXPECT_EQ(read("170141183460469231731687303715884105727").units, kInt128Max);
}

TEST(Decimal, RefusesWhatIsNoNumber) {
    for (const char* text :
         {"", "-", ".", "nan", "inf", "1,000", "1.2.3", " 1", "1 ", "0x10", "1e", "--1",
          "1e99999999999999999999", "1e61", "170141183460469231731687303715884105728",
          "0.0000000000000000000000000000001"}) {
        EXPECT_FALSE(parse_decimal(text).has_value()) << text;
    }
}

TEST(Decimal, ChangesScaleExactlyOrByTheStatedRounding) {
    const Decimal noise = read("-1544223.1000000001");
    EXPECT_EQ(noise.at_scale(6), std::nullopt);
    EXPECT_EQ(noise.rounded_to(6), Int128{-1544223100000});
    EXPECT_EQ(noise.rounded_to(1), Int128{-15442231});
    EXPECT_EQ(read("2.5").rounded_to(0), Int128{3});
    EXPECT_EQ(read("-2.5").rounded_to(0), Int128{-3});
    EXPECT_EQ(read("2.49").rounded_to(0), Int128{2});
    EXPECT_EQ(read("1.50").at_scale(1), Int128{15});
    EXPECT_EQ((Decimal{kInt128Max, 0}).rounded_to(1), std::nullopt);
    EXPECT_EQ(noise.text(), "-1544223.1000000001");
    EXPECT_EQ((Decimal{-5, 3}).text(), "-0.005");
}

TEST(RecordedTime, ReadsTimesAndDatesOfTheCalendar) {
    const auto read_time = [](std::string_view text) {
        return parse_time(text, TimeUnit::kCalendar, {});
    };
    EXPECT_EQ(read_time("1970-01-01T00:00:00"), 0);
    EXPECT_EQ(read_time("2025-10-27T16:59:59.797563798"), 1761584399797);
    EXPECT_EQ(read_time("2024-02-29 23:59:59.5Z"), 1709251199500);
    EXPECT_EQ(read_time("1969-12-31T23:59:59.999"), -1);
    EXPECT_EQ(read_time("2023-01-01T00:00:00+01:00"), 1672527600000);
    for (const char* text :
         {"2023-02-29T00:00:00", "2023-13-01T00:00:00", "2023-01-01T24:00:00", "2023-01-01",
          "2023-01-01T00:00:00.", "2023-1-1T00:00:00", "2023-01-01T00:60:00",
          "2023-01-01T00:00:00+25:00", "2023-01-01T00:00:00 Z"}) {
        EXPECT_EQ(read_time(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_time("20131007", TimeUnit::kDate, {}), 1381104000000);
    EXPECT_EQ(parse_time("20131007000123", TimeUnit::kDate, {}), 1381104000000);
    EXPECT_EQ(parse_time("20230230", TimeUnit::kDate, {}), std::nullopt);
    EXPECT_EQ(parse_time("2023021", TimeUnit::kDate, {}), std::nullopt);
}

}  // namespace
}  // namespace lockstep
