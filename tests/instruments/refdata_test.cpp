#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/base/rounding.hpp"
#include "instruments/fees.hpp"
#include "instruments/funding.hpp"
#include "instruments/margin.hpp"
#include "tests/support/data_dir.hpp"

namespace lockstep::test {
namespace {

std::vector<std::string> split_plain(const std::string& line) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
        if (c == ',') {
            cells.emplace_back();
        } else if (c != '\r') {
            cells.back() += c;
        }
    }
    return cells;
}

Int128 integer(const std::string& text) {
    return parse_int128(text).value();
}
std::int64_t integer64(const std::string& text) {
    return static_cast<std::int64_t>(integer(text));
}

Checked dydx_value(const std::vector<std::string>& row) {
    if (row[0] == "funding_index_delta") {
        return dydx_funding_index_delta(
            static_cast<int>(integer(row[1])),
            {.value = integer64(row[2]), .exponent = static_cast<int>(integer(row[3]))},
            integer64(row[4]), integer64(row[5]));
    }
    if (row[0] == "initial_margin") {
        return oi_scaled_initial_margin(static_cast<std::int32_t>(integer(row[1])), integer(row[2]),
                                        integer(row[3]), integer(row[4]), integer(row[5]));
    }
    if (row[0] == "fee_ceil") {
        return fee_of(integer(row[1]), static_cast<std::int32_t>(integer(row[2])));
    }
    return Checked::overflowed();
}

TEST(RefdataDydx, FundingMarginAndFeesAreExact) {
    LOCKSTEP_REFDATA_OR_SKIP(path, "dydx/vectors.csv");
    std::ifstream file(path);
    std::map<std::string, int> rows;
    std::string line;
    while (std::getline(file, line)) {
        const std::vector<std::string> row = split_plain(line);
        if (line.starts_with('#') || row.size() != 7 || row[0] == "kind") {
            continue;
        }
        const Checked value = dydx_value(row);
        EXPECT_TRUE(value.ok()) << line;
        EXPECT_EQ(to_string(value.value()), row[6]) << line;
        ++rows[row[0]];
    }
    EXPECT_GT(rows.size(), 0U);
}

}  // namespace
}  // namespace lockstep::test
