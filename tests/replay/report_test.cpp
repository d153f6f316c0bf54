#include <gtest/gtest.h>

#include <algorithm>

#include "replay/command/progress_bar.hpp"
#include "replay/command/terminal_text.hpp"
#include "replay/report/block_series.hpp"
#include "replay/report/figures.hpp"
#include "replay/report/html_page.hpp"
#include "replay/report/name_book.hpp"
#include "tests/replay/log_samples.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::ordered_json;

/// A series of `blocks` blocks; block i has i transactions, takes i µs and has a chain of i % 7.
Json series_of(std::uint64_t blocks) {
    BlockSeries series;
    ReplaySummary summary;
    ConflictChains chains;
    for (std::uint64_t i = 1; i <= blocks; ++i) {
        summary.transactions += i;
        summary.applied += i - 1;
        summary.metrics.executions += 2 * i;
        summary.metrics.waits += 3;
        summary.executing += std::chrono::microseconds(i);
        chains.conflicts += 5;
        chains.steps += i % 7;
        series.add({.height = i + 10, .time_ms = static_cast<std::int64_t>(i)}, summary, chains);
    }
    return series.describe();
}

std::uint64_t sum(const Json& column) {
    std::uint64_t out = 0;
    for (const Json& value : column) {
        out += value.get<std::uint64_t>();
    }
    return out;
}

TEST(BlockSeries, HasABucketForEachBlockOfAShortLog) {
    const Json series = series_of(3);
    EXPECT_EQ(series.at("blocks_per_bucket"), 1);
    EXPECT_EQ(series.at("merged"), false);
    EXPECT_EQ(series.at("height"), Json({11, 12, 13}));
    EXPECT_EQ(series.at("transactions"), Json({1, 2, 3}));
    EXPECT_EQ(series.at("not_applied"), Json({1, 1, 1}));
    EXPECT_EQ(series.at("executions"), Json({2, 4, 6}));
    EXPECT_EQ(series.at("longest_chain"), Json({1, 2, 3}));
    EXPECT_EQ(series.at("transactions_per_second"), Json({1e6, 1e6, 1e6}));
    EXPECT_EQ(series.at("slowest_milliseconds"), Json({0.001, 0.002, 0.003}));
}

TEST(BlockSeries, StaysBoundedAndLosesNothing) {
    for (const std::uint64_t blocks : {1000U, 1001U, 5003U}) {
        const Json series = series_of(blocks);
        const std::size_t buckets = series.at("height").size();
        EXPECT_LE(buckets, BlockSeries::kBucketsMax);
        EXPECT_GE(buckets, blocks == 1000 ? 1000U : BlockSeries::kBucketsMax / 2);
        EXPECT_EQ(series.at("merged"), blocks > 1000);
        EXPECT_EQ(sum(series.at("transactions")), blocks * (blocks + 1) / 2);
        EXPECT_EQ(sum(series.at("not_applied")), blocks);
        EXPECT_EQ(sum(series.at("executions")), blocks * (blocks + 1));
        EXPECT_EQ(sum(series.at("waits")), 3 * blocks);
        EXPECT_EQ(sum(series.at("conflicts")), 5 * blocks);
        for (std::size_t i = 0; i + 1 < buckets; ++i) {
            const auto first = series.at("height")[i].get<std::uint64_t>();
            const auto last = series.at("last_height")[i].get<std::uint64_t>();
            EXPECT_EQ(last - first + 1, series.at("blocks_per_bucket"));
            EXPECT_EQ(series.at("height")[i + 1], last + 1);
            EXPECT_EQ(
                series.at("longest_chain")[i].get<std::uint64_t>(),
                blocks == 1000 ? (first - 10) % 7 : [&] {
                    std::uint64_t longest = 0;
                    for (std::uint64_t h = first; h <= last; ++h) {
                        longest = std::max(longest, (h - 10) % 7);
                    }
                    return longest;
                }());
        }
        EXPECT_EQ(series.at("last_height").back(), blocks + 10);
    }
}

TEST(ProgressBar, TellsTimesInUnitsThatFitThem) {
    EXPECT_EQ(duration_text(0), "0 s");
    EXPECT_EQ(duration_text(59), "59 s");
    EXPECT_EQ(duration_text(60), "1 min 00 s");
    EXPECT_EQ(duration_text(3599), "59 min 59 s");
    EXPECT_EQ(duration_text(7500), "2 h 05 min");
}

TEST(Figures, GroupDigitsAndKeepWhatSaysSomething) {
    EXPECT_EQ(figure_text(Json(0)), "0");
    EXPECT_EQ(figure_text(Json(1234567)), "1,234,567");
    EXPECT_EQ(figure_text(Json(-123456)), "-123,456");
    EXPECT_EQ(figure_text(Json(1234567.8)), "1,234,568");
    EXPECT_EQ(figure_text(Json(-1.23456)), "-1.235");
    EXPECT_EQ(figure_text(Json(0.00123)), "0.0012");
    EXPECT_EQ(figure_text(Json(nullptr)), "");
    EXPECT_EQ(figure_text(Json("a\x1b[1m")), "a\\x1b[1m");
    EXPECT_EQ(grouped_text("-1234"), "-1,234");
    EXPECT_EQ(grouped_text("12345678901234567890123"), "12,345,678,901,234,567,890,123");
    EXPECT_EQ(grouped_text("BTC-2024"), "BTC-2024");
}

TEST(HtmlPage, EscapesEveryTextWhereverItStands) {
    const std::string hostile = "</script><script>alert(1)</script>\"'&<!--\xff\x1b";
    const Json data = {{"name", hostile}, {hostile, 1}, {"counts", {{hostile, 2}}}};
    const std::string page = html_page(
        "{{name}}|{{#counts_entries}}<i data-json=\"{{at}}\">{{name}}</i>{{/counts_entries}}",
        hostile, data, {});
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
    EXPECT_EQ(page.find("'&<!--"), std::string::npos);
    const std::string opening = "<script type=\"application/json\" id=\"data\">";
    const std::size_t start = page.find(opening) + opening.size();
    const std::string embedded = page.substr(start, page.find("</script>", start) - start);
    const Json read = Json::parse(embedded, nullptr, false);
    ASSERT_FALSE(read.is_discarded()) << embedded;
    EXPECT_EQ(read, Json::parse(data.dump(-1, ' ', true, Json::error_handler_t::replace)));
    for (const char* part : {"&lt;/script&gt;&lt;script&gt;alert(1)", "&quot;&apos;&amp;&lt;!--"}) {
        EXPECT_NE(page.find(part), std::string::npos) << part;
    }
}

TEST(HtmlPage, ReachesForNothingOutsideOfItself) {
    const std::string page = html_page(report_files::kStress, "t",
                                       {{"seed", 1},
                                        {"cores_here", 1},
                                        {"build", "b"},
                                        {"rows", Json::array()},
                                        {"verified", true}},
                                       {});
    for (const char* reach :
         {" src=", "@import", "url(", "sourceMappingURL", "<link rel=\"style"}) {
        EXPECT_EQ(page.find(reach), std::string::npos) << reach;
    }
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(Plot, DrawsEveryPointOfEveryCurveAndItsBars) {
    const Json data = {
        {"runs",
         {{{"n", 1}, {"y", 1.0}, {"q", {{"lower", 0.5}, {"upper", 1.5}}}},
          {{"n", 2}, {"y", nullptr}, {"q", {{"lower", nullptr}, {"upper", nullptr}}}},
          {{"n", 4}, {"y", 3.0}, {"q", {{"lower", 2.0}, {"upper", 4.0}}}}}}};
    EXPECT_EQ(values_at(data, "/runs/*/n"), (std::vector<Json>{1, 2, 4}));
    const std::string svg = plot_svg(
        {.title = "a<b",
         .x_unit = "cores",
         .y_unit = "",
         .curves = {{.label = "l", .x = "/runs/*/n", .y = "/runs/*/y", .bars = "/runs/*/q"}},
         .doubling = true},
        data);
    const auto count = [&svg](const std::string& text) {
        std::size_t found = 0;
        for (auto at = svg.find(text); at != std::string::npos; at = svg.find(text, at + 1)) {
            ++found;
        }
        return found;
    };
    EXPECT_EQ(count("<circle"), 2U);
    EXPECT_EQ(count("<line class=\"c0\""), 2U);
    EXPECT_EQ(count("<polyline"), 1U);
    EXPECT_EQ(count("a&lt;b"), 1U);
    EXPECT_EQ(count("nan"), 0U);
    const Json none = {{"runs", Json::array()}};
    EXPECT_NE(plot_svg({.title = "",
                        .x_unit = "",
                        .y_unit = "",
                        .curves = {{.label = "", .x = "/runs", .y = "/runs", .bars = ""}}},
                       none)
                  .find("</svg>"),
              std::string::npos);
}

TEST(NameBook, SaysWhoseCellItIs) {
    const TemporaryFolder folder;
    const auto write = [&](const std::string& text) {
        write_bytes(folder.file("names"), std::as_bytes(std::span(text)));
        return NameBook::read(folder.file("names"));
    };
    const auto names = write("kind,id,name\r\nmarket,3,\"BTC,\"\"USDT\"\nowner,12,Alice\n");
    ASSERT_TRUE(names.has_value()) << names.error().describe();
    EXPECT_EQ(names->cell(market_key(CellKind::kOpenInterest, MarketId{3})),
              "BTC,\"USDT: open interest");
    EXPECT_EQ(names->cell(market_key(CellKind::kVolume, MarketId{4})), "market 4: volume");
    EXPECT_EQ(names->cell(account_key(make_account(12, 1))),
              "account 12.1 (Alice): cash and positions");
    EXPECT_EQ(names->cell(positions_key(make_account(13), 2)), "account 13: positions, part 2");
    EXPECT_EQ(names->cell(cash_key(make_account(13), AssetId{3})), "account 13: cash of asset 3");
    EXPECT_EQ(names->cell(feed_key(CellKind::kFeedState, FeedId{7})), "feed 7: feed state");
    EXPECT_EQ(names->cell(asset_key(CellKind::kInsurance, AssetId{1})), "asset 1: insurance");
    EXPECT_EQ(names->cell({CellKind::kClock, 0}), "venue: clock");
    for (const char* bad :
         {"", "kind,id\n", "kind,id,name\nmarket,x,a\n", "kind,id,name\nowner,1\n",
          "kind,id,name\ncity,1,a\n", "kind,id,name\nmarket,65536,a\n"}) {
        const auto refused = write(bad);
        ASSERT_FALSE(refused.has_value()) << bad;
        EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt) << refused.error().describe();
        EXPECT_NE(refused.error().file.find("names"), std::string::npos);
    }
}

}  // namespace
}  // namespace lockstep::test
