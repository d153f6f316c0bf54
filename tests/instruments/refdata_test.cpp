#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "accounts/position.hpp"
#include "engine/base/rounding.hpp"
#include "instruments/fees.hpp"
#include "instruments/funding.hpp"
#include "instruments/margin.hpp"
#include "instruments/settlement.hpp"
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

// ---- worked numbers of the Vega protocol's specifications ---------------------------------------

/// A row: code, what, "inputs", expected, status, note; inputs may be quoted.
std::vector<std::string> split_quoted(const std::string& line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            cells.emplace_back();
        } else if (c != '\r') {
            cells.back() += c;
        }
    }
    return cells;
}

/// A decimal in millionths; digits beyond the sixth must not occur.
std::optional<Int128> millionths(const std::string& text) {
    static const std::regex kDecimal(R"((-?)(\d+)(?:\.(\d{1,6}))?)");
    std::smatch match;
    if (!std::regex_match(text, match, kDecimal)) {
        return std::nullopt;
    }
    std::string fraction = match[3].str();
    fraction.resize(6, '0');
    const Int128 value = integer(match[2].str() + fraction);
    return match[1].length() > 0 ? -value : value;
}

/// Weight of the last printed digit, in millionths.
Int128 last_digit(const std::string& text) {
    Int128 weight = kPpm;
    const std::size_t point = text.find('.');
    for (std::size_t i = point; i != std::string::npos && i + 1 < text.size(); ++i) {
        weight /= 10;
    }
    return weight;
}

std::vector<Int128> numbers(const std::string& text) {
    static const std::regex kNumber(R"(-?\d+(?:\.\d+)?)");
    std::vector<Int128> out;
    for (std::sregex_iterator it(text.begin(), text.end(), kNumber), end; it != end; ++it) {
        out.push_back(millionths(it->str()).value());
    }
    return out;
}

/// Time-weighted mean of (price, minutes), in millionths.
std::optional<Int128> average_of(const std::vector<std::pair<Int128, Int128>>& held) {
    std::int64_t total = 0;
    for (const auto& entry : held) {
        total += static_cast<std::int64_t>(entry.second / kPpm * 60'000);
    }
    const MarketTerms terms{.expiry_ms = total, .settle_window_ms = total};
    PriceAverage average;
    std::int64_t now = 0;
    for (const auto& [price, minutes] : held) {
        const auto until = now + static_cast<std::int64_t>(minutes / kPpm * 60'000);
        average.cover(static_cast<std::int64_t>(price), now, until, terms);
        now = until;
    }
    return average.value();
}

std::optional<Int128> twap(const std::string& inputs) {
    static const std::regex kHeld(R"(prices ([\d.|]+) held ([\d.|]+)(?: min)?)");
    static const std::regex kSum(R"(([\d.*+]+) over (\d+))");
    std::smatch match;
    std::vector<std::pair<Int128, Int128>> held;
    if (std::regex_match(inputs, match, kHeld)) {
        const std::vector<Int128> prices = numbers(match[1].str());
        const std::vector<Int128> minutes = numbers(match[2].str());
        for (std::size_t i = 0; i < prices.size() && i < minutes.size(); ++i) {
            held.emplace_back(prices[i], minutes[i]);
        }
    } else if (std::regex_match(inputs, match, kSum)) {
        const std::vector<Int128> all = numbers(match[1].str());
        for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
            held.emplace_back(all[i], all[i + 1]);
        }
    } else {
        return std::nullopt;
    }
    return average_of(held);
}

/// Premium of one average over the other, times the scaling, within the bound; millionths.
std::optional<Int128> funding_rate(const std::string& inputs) {
    static const std::regex kTwaps(R"((\d+) vs (\d+))");
    static const std::regex kScaling(R"(scaling ([\d.]+))");
    static const std::regex kBounds(R"(lower (-?[\d.]+) upper (-?[\d.]+))");
    std::smatch match;
    if (!std::regex_search(inputs, match, kTwaps)) {
        return std::nullopt;
    }
    const std::int64_t internal = integer64(match[1].str());
    const std::int64_t external = integer64(match[2].str());
    Checked premium = funding_premium_ppb(internal, internal, external);
    if (std::regex_search(inputs, match, kScaling)) {
        premium = floor_div(premium * millionths(match[1].str()).value(), kPpm);
    }
    FundingTerms terms{.interest_ppb = 0, .clamp_ppb = 0, .cap_ppb = 1'000'000'000};
    if (std::regex_search(inputs, match, kBounds)) {
        const Int128 bound = premium.value() < 0 ? -millionths(match[1].str()).value()
                                                 : millionths(match[2].str()).value();
        terms.cap_ppb = static_cast<std::int64_t>(bound * 1'000);
    }
    return floor_div(funding_rate_ppb(premium, terms), 1'000).value();
}

Int128 maintenance(Int128 notional, Int128 ppm) {
    MarketParams params;
    params.margin_tiers = {{.maintenance_ppm = static_cast<std::int32_t>(ppm),
                            .initial_ppm = static_cast<std::int32_t>(ppm)}};
    return MarginTable::make(params, 0).of_notional(notional).maintenance.value();
}

/// `price * size * factor` and `price * (a - b) * factor`, and the slippage form; millionths.
std::optional<Int128> margin(const std::string& what, const std::string& inputs) {
    static const std::regex kFactor(R"(slippage ([\d.]+) RF ([\d.]+))");
    static const std::regex kPosition(R"(.* (\d+) @(\d+))");
    static const std::regex kProduct(R"((\d+)\*(?:(\d+)|\((\d+)-(\d+)\))\*([\d.]+))");
    std::smatch match;
    std::smatch position;
    if (std::regex_match(inputs, match, kFactor) && std::regex_match(what, position, kPosition)) {
        const Int128 notional = integer(position[1].str()) * integer(position[2].str());
        const Int128 ppm = millionths(match[1].str()).value() + millionths(match[2].str()).value();
        return maintenance(notional, ppm) * kPpm;
    }
    if (!std::regex_match(inputs, match, kProduct)) {
        return std::nullopt;
    }
    const Int128 size = match[2].length() > 0 ? integer(match[2].str())
                                              : integer(match[3].str()) - integer(match[4].str());
    return maintenance(integer(match[1].str()) * size, millionths(match[5].str()).value()) * kPpm;
}

/// `size * (mark - entry)`: equity of a position in cash-flow form; millionths.
std::optional<Int128> mark_to_market(const std::string& inputs) {
    static const std::regex kForm(R"(([\d.]+)\*\(([\d.]+)-([\d.]+)\))");
    std::smatch match;
    if (!std::regex_match(inputs, match, kForm)) {
        return std::nullopt;
    }
    const auto lots = static_cast<std::int64_t>(millionths(match[1].str()).value());
    const Int128 mark = millionths(match[2].str()).value();
    const Int128 entry = millionths(match[3].str()).value();
    Position position;
    EXPECT_TRUE(apply_fill(position, lots, lots * entry));
    return floor_div(position.cost + lots * mark, kPpm).value();
}

/// What our functions say of a row in millionths; nothing for rules that the venue does not have.
std::optional<Int128> vega_value(const std::string& what, const std::string& inputs) {
    if (what.find("TWAP") != std::string::npos) {
        return twap(inputs);
    }
    if (what.starts_with("funding rate")) {
        return funding_rate(inputs);
    }
    if (what.find("margin") != std::string::npos) {
        return margin(what, inputs);
    }
    if (what.starts_with("MTM")) {
        return mark_to_market(inputs);
    }
    return std::nullopt;
}

TEST(RefdataVega, AveragesFundingMarginAndMarkingAgree) {
    LOCKSTEP_REFDATA_OR_SKIP(path, "vega/spec_vectors.csv");
    std::ifstream file(path);
    std::string line;
    int compared = 0;
    while (std::getline(file, line)) {
        const std::vector<std::string> row = split_quoted(line);
        if (line.starts_with('#') || row.size() < 5 || row[4] != "ok") {
            continue;
        }
        const std::optional<Int128> value = vega_value(row[1], row[2]);
        const std::optional<Int128> expected = millionths(row[3]);
        if (!value.has_value() || !expected.has_value()) {
            continue;
        }
        // Ours rounds margins up; a row may say that its number was truncated. Averages are
        // compared to the last digit that the row prints.
        const bool truncated = row.size() > 5 && row[5].find("truncated") != std::string::npos;
        const Int128 difference = *value - (truncated ? kPpm : 0) - *expected;
        EXPECT_LE(magnitude(difference) * 2, magnitude(last_digit(row[3])))
            << line << ": " << to_string(*value);
        ++compared;
    }
    EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace lockstep::test
