#include "replay/import/layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "replay/import/open_recorded_data.hpp"
#include "replay/import/record_check.hpp"
#include "replay/import/serial_run.hpp"
#include "tests/fuzz/zip_archive.hpp"
#include "tests/import/layout_samples.hpp"
#include "tests/import/sample_folder.hpp"

namespace lockstep {
namespace {

using test::layout_samples;
using test::LayoutSample;
using test::SampleFolder;

/// What an import found, or why it ended.
struct Found {
    std::string error;
    std::string layout;
    std::vector<std::string> markets;  ///< name, kind, currency, contract
    std::uint64_t trades = 0;
    std::string volume;  ///< of the first market
    std::uint64_t blocks = 0;
    std::map<std::string, std::uint64_t, std::less<>> left_out;
    std::vector<std::string> notes;
    std::uint64_t gaps = 0;
    bool all_applied = false;
    std::vector<std::int64_t> prices;  ///< of the recorded trades, in ticks
};

std::string terms_of(const RecordedMarket& market) {
    const std::string kind = market.spot                                    ? "spot"
                             : market.kind == MarketKind::kInversePerpetual ? "inverse"
                             : market.kind == MarketKind::kDatedFuture      ? "future"
                                                                            : "linear";
    return kind + " " + market.currency + " " + market.contract.text();
}

Found find(const RecordedSource& source) {
    Found out;
    const auto data = open_recorded_data(source);
    if (!data) {
        out.error = data.error().describe();
        return out;
    }
    out.layout = (*data)->format();
    SerialRun run;
    const auto imported = import_trades(**data, {.accounts = 4}, [&](const LogBlock& block) {
        for (const Transaction& transaction : block.transactions) {
            const auto* trade = std::get_if<Trade>(&transaction.payload);
            if (trade != nullptr && is_recorded_trade(*trade)) {
                out.prices.push_back(trade->price);
            }
        }
        return run.execute(block);
    });
    if (!imported) {
        out.error = imported.error().describe();
        return out;
    }
    for (const MarketSurvey& market : imported->survey.markets()) {
        out.markets.push_back(market.market.name + ": " + terms_of(market.market));
    }
    const Checked volume = imported->survey.markets().front().volume;
    out.volume = Decimal{volume.value(), kVolumeScale}.shortest().text();
    out.trades = imported->counts.trades;
    out.blocks = imported->blocks - imported->counts.prelude_blocks;
    out.left_out = imported->survey.left_out();
    out.notes = (*data)->notes();
    out.gaps = imported->counts.gap_trades + imported->counts.balance_trades;
    out.all_applied = run.applied() == run.transactions();
    return out;
}

RecordedSource source_of(const LayoutSample& sample, const std::string& path) {
    return {
        .path = path, .format = sample.by_name_only ? sample.layout : "", .symbol = sample.symbol};
}

TEST(Layouts, EachHasASample) {
    const auto layouts = list_layouts();
    ASSERT_TRUE(layouts.has_value()) << layouts.error().describe();
    std::set<std::string> listed;
    std::set<std::string> sampled;
    for (const auto& [name, about] : *layouts) {
        listed.insert(name);
        EXPECT_FALSE(about.empty()) << name;
    }
    for (const LayoutSample& sample : layout_samples()) {
        sampled.insert(sample.layout);
    }
    EXPECT_EQ(listed, sampled);
    for (const ShippedFile& file : shipped_layouts()) {
        EXPECT_TRUE(listed.contains(std::string(file.name))) << "a file is named as its layout";
    }
}

TEST(Layouts, EachIsRecognisedAndReadsItsSample) {
    const SampleFolder folder;
    for (const LayoutSample& sample : layout_samples()) {
        SCOPED_TRACE(sample.layout);
        const Found found = find(source_of(sample, folder.add(sample.file, sample.content)));
        EXPECT_EQ(found.error, "");
        EXPECT_EQ(found.layout, sample.layout);
        ASSERT_FALSE(found.markets.empty());
        EXPECT_EQ(found.markets.front(), sample.market + ": " + sample.terms);
        EXPECT_EQ(found.trades, sample.trades);
        EXPECT_EQ(found.volume, sample.volume);
        EXPECT_TRUE(found.all_applied);
        EXPECT_EQ(found.gaps, 0U);
    }
}

TEST(Layouts, WhatAFileTellsTwiceIsTakenOnceAndCounted) {
    const SampleFolder folder;
    for (const LayoutSample& sample : layout_samples()) {
        SCOPED_TRACE(sample.layout);
        const auto archive = fuzz::zip_archive({{"README.txt", "about"},
                                                {"a/" + sample.file, sample.content},
                                                {"__MACOSX/._" + sample.file, "x"},
                                                {"b/" + sample.file, sample.content}});
        const Found found = find(source_of(sample, folder.add("both.zip", fuzz::as_text(archive))));
        EXPECT_EQ(found.error, "");
        EXPECT_EQ(found.trades, sample.has_identity ? sample.trades : 2 * sample.trades);
        EXPECT_EQ(found.left_out.contains("records that repeat an earlier one") ||
                      found.left_out.contains("blocks that repeat an earlier one"),
                  sample.has_identity);
        for (const char* member : {"README.txt", "__MACOSX/._"}) {
            EXPECT_TRUE(std::any_of(
                found.left_out.begin(), found.left_out.end(),
                [&](const auto& rule) { return rule.first.find(member) != std::string::npos; }))
                << member;
        }
    }
}

TEST(Layouts, BlankLinesCarriageReturnsAndAByteOrderMarkAreNoRecords) {
    const SampleFolder folder;
    for (const LayoutSample& sample : layout_samples()) {
        if (sample.content.starts_with("DBN")) {
            continue;
        }
        SCOPED_TRACE(sample.layout);
        std::string changed = "\xef\xbb\xbf\r\n";
        for (const char c : sample.content) {
            changed += c == '\n' ? "\r\n \r\n" : std::string(c == '\r' ? 0 : 1, c);
        }
        const Found found = find(source_of(sample, folder.add(sample.file, changed)));
        EXPECT_EQ(found.error, "");
        EXPECT_EQ(found.trades, sample.trades);
    }
}

TEST(Layouts, ARecordToldTwiceDifferentlyIsAnError) {
    const SampleFolder folder;
    const std::string path = folder.add("BTCUSDT-trades-2024-01.csv",
                                        "7,10.5,1,10.5,1704067200000,true\n"
                                        "7,10.6,1,10.6,1704067200000,true\n");
    EXPECT_NE(find({.path = path})
                  .error.find("line 2: the record 'BTCUSDT 7' was told before, with "
                              "other content"),
              std::string::npos)
        << find({.path = path}).error;
}

TEST(Layouts, ImpossibleValuesAreErrorsWithTheirReason) {
    const SampleFolder folder;
    const auto error_of = [&](const std::string& row) {
        return find({.path = folder.add("BTCUSDT-trades-2024-01.csv", row + "\n"),
                     .format = "binance-usdm-trades"})
            .error;
    };
    EXPECT_NE(error_of("7,0,1,10.5,1704067200000,true").find("the price is 0,"), std::string::npos);
    EXPECT_NE(error_of("7,-1,1,10.5,1704067200000,true").find("the price is -1,"),
              std::string::npos);
    EXPECT_NE(error_of("7,1,0,10.5,1704067200000,true").find("the size is 0,"), std::string::npos);
    EXPECT_NE(error_of("7,1,-2,10.5,1704067200000,true").find("the size is -2,"),
              std::string::npos);
    EXPECT_NE(error_of("7,1,1,10.5,17040672,true").find("the time 1970-07-17T"), std::string::npos)
        << error_of("7,1,1,10.5,17040672,true");
    EXPECT_NE(error_of("7,1,1,10.5,noon,true").find("'time' is 'noon', a time is needed"),
              std::string::npos);
    EXPECT_NE(error_of("7,1,1,10.5,1704067200000,maybe").find("is 'maybe', one of 'false'"),
              std::string::npos);
    EXPECT_NE(error_of("x,1,1,10.5,1704067200000,true").find("'id' is 'x', a whole number"),
              std::string::npos);
}

TEST(Layouts, WhatIsNotTradesIsToldAlsoWhenNothingIsLeft) {
    const SampleFolder folder;
    const std::string path = folder.add(
        "d.dbn",
        test::dbn_file("ESU4", test::dbn_order_event(1'719'878'281'000'000'000, 1, 1, 'A', 'B')));
    EXPECT_NE(find({.path = path, .format = "databento-mbo"})
                  .error.find("no trades; left out: 1 order events that are no trades"),
              std::string::npos);
    EXPECT_NE(find({.path = path}).error.find("--format"), std::string::npos);
}

TEST(Layouts, AmbiguousFilesNameTheirCandidates) {
    const SampleFolder folder;
    const std::string own =
        folder.add("own.json", "{\"like\": \"kraken-csv\", \"name\": \"mine\"}");
    const std::string path = folder.add("prices.csv", "1672531436,90.54,1.1\n");
    EXPECT_NE(find({.path = path}).error.find("give it by --symbol"), std::string::npos);
    EXPECT_EQ(find({.path = path, .symbol = "XBTEUR"}).markets,
              std::vector<std::string>{"XBTEUR: spot EUR 1"});
    EXPECT_EQ(find({.path = path, .layout = own, .symbol = "XBTEUR"}).layout, "mine");
    const std::string both = folder.add(
        "b.jsonl",
        "{\"topic\":\"publicTrade.X\",\"data\":[{\"T\":1704067200000,\"s\":\"BTCUSDT\",\"S\":"
        "\"Buy\",\"v\":\"1\",\"p\":\"2\",\"i\":\"a\",\"instId\":\"BTC-USDT\",\"tradeId\":\"1\","
        "\"ts\":\"1704067200000\",\"side\":\"buy\",\"sz\":\"1\",\"px\":\"2\"}]}\n");
    EXPECT_NE(find({.path = both}).error.find("choose by --format: bybit-trades, okx-trades"),
              std::string::npos)
        << find({.path = both}).error;
    EXPECT_NE(find({.path = both, .format = "bybit"}).error.find("unknown format 'bybit'"),
              std::string::npos);
}

TEST(Layouts, OrderIsRestoredWhereItCanBeAndElseCounted) {
    const SampleFolder folder;
    const std::string sheet =
        folder.add("n.csv",
                   "Transact. No.,Symbol,Buyer,Seller,Quantity,Rate,Amount\n"
                   "2021021803000002,A,1,2,10,4,1\n2021021801000007,B,1,2,10,3,1\n"
                   "2021021803000001,A,1,2,10,2,1\n2021021801000005,B,1,2,10,1,1\n");
    const Found restored = find({.path = sheet});
    EXPECT_EQ(restored.prices, (std::vector<std::int64_t>{1, 3, 2, 4})) << restored.error;
    EXPECT_FALSE(restored.notes.empty());
    const std::string rows = folder.add("BTCUSDT-trades-2024-01.csv",
                                        "8,2,1,2,1704067200001,true\n7,1,1,1,1704067200000,true\n");
    const Found kept = find({.path = rows});
    EXPECT_EQ(kept.prices, (std::vector<std::int64_t>{2, 1})) << kept.error;
    ASSERT_EQ(kept.notes.size(), 1U);
    EXPECT_EQ(kept.notes[0].find("1 trades are older than one before them"), 0U);
}

std::string self_trade(const std::string& block, const std::string& start) {
    const auto fill = [&](const char* side, int tid, const char* user,
                          const std::string& position) {
        return std::string("[\"") + user +
               "\",{\"coin\":\"X\",\"px\":\"10\",\"sz\":\"2\",\"side\":\"" + side +
               "\",\"time\":1704067200000,\"startPosition\":\"" + position +
               "\",\"closedPnl\":\"0\",\"crossed\":true,\"fee\":\"0\",\"feeToken\":\"USDC\","
               "\"tid\":" +
               std::to_string(tid) + "}]";
    };
    return "{\"block_time\":\"2024-01-01T00:00:0" + block + "\",\"block_number\":" + block +
           ",\"events\":[" + fill("A", 10 + std::stoi(block), "a", start) + "," +
           fill("B", 10 + std::stoi(block), "a", start) + "]}\n";
}

TEST(Layouts, ATradeOfAnAccountWithItselfCountsItsPositionOnce) {
    const SampleFolder folder;
    const std::string path = folder.add("f.jsonl", self_trade("1", "5") + self_trade("2", "5"));
    const Found found = find({.path = path});
    EXPECT_EQ(found.error, "");
    EXPECT_EQ(found.trades, 2U);
    EXPECT_EQ(found.gaps, 0U);
    const auto data = open_recorded_data({.path = path});
    ASSERT_TRUE(data.has_value());
    const auto report = check_records(**data, {}, {});
    ASSERT_TRUE(report.has_value());
    EXPECT_TRUE(report->sound()) << report->text();
    EXPECT_EQ(report->positions.compared, 1U);
    EXPECT_EQ(report->positions.agreed, 1U);
    const std::string moved = folder.add("g.jsonl", self_trade("1", "5") + self_trade("2", "7"));
    EXPECT_EQ(find({.path = moved}).gaps, 1U);
}

TEST(Layouts, NumberZeroIsNoIdentity) {
    const SampleFolder folder;
    std::string text = self_trade("1", "5");
    for (std::size_t at = text.find("\"tid\":11"); at != std::string::npos;
         at = text.find("\"tid\":11")) {
        text.replace(at, 8, "\"tid\":0");
    }
    const Found found = find({.path = folder.add("f.jsonl", text)});
    EXPECT_EQ(found.error, "");
    EXPECT_EQ(found.trades, 2U);
}

TEST(Layouts, BlocksWithoutTradesAreBlocks) {
    const SampleFolder folder;
    const std::string empty =
        "{\"block_time\":\"2024-01-01T00:00:03\",\"block_number\":3,\"events\":[]}\n";
    const std::string path = folder.add("f.jsonl", self_trade("1", "5") + empty);
    EXPECT_EQ(find({.path = path}).blocks, 2U);
    const std::string back = folder.add("g.jsonl", empty + self_trade("1", "5"));
    EXPECT_NE(find({.path = back}).error.find("block 1 stands behind block 3"), std::string::npos);
    const std::string other = folder.add("h.jsonl", self_trade("3", "5") + empty);
    EXPECT_NE(find({.path = other}).error.find("block 3 was told before, differently"),
              std::string::npos);
}

TEST(Layouts, ZonesAreThoseOfTheirDays) {
    const auto berlin = TimeZone::find("Europe/Berlin");
    ASSERT_TRUE(berlin.has_value());
    EXPECT_EQ(time_text(*parse_time("2024-07-01T12:00:00", TimeUnit::kCalendar, *berlin)),
              "2024-07-01T10:00:00.000Z");
    EXPECT_EQ(time_text(*parse_time("2024-01-01 12:00:00.5", TimeUnit::kCalendar, *berlin)),
              "2024-01-01T11:00:00.500Z");
    EXPECT_EQ(time_text(*parse_time("2024-01-01D12:00:00-03:30", TimeUnit::kCalendar, *berlin)),
              "2024-01-01T15:30:00.000Z");
    EXPECT_FALSE(TimeZone::find("Mars/Base").has_value());
    EXPECT_EQ(parse_time("1704067200.5", TimeUnit::kEpoch, {}), 1'704'067'200'500);
    EXPECT_EQ(parse_time("1704067200500", TimeUnit::kEpoch, {}), 1'704'067'200'500);
    EXPECT_EQ(parse_time("1704067200500999", TimeUnit::kEpoch, {}), 1'704'067'200'500);
    EXPECT_EQ(parse_time("1704067200500999999", TimeUnit::kEpoch, {}), 1'704'067'200'500);
    for (const char* bad : {"2023-02-29T00:00:00", "2024-02-29", "2024-02-29T24:00:00",
                            "2024-13-01T00:00:00", "2024-01-01T00:00:00x", "", "-5"}) {
        EXPECT_FALSE(parse_time(bad, TimeUnit::kCalendar, {}).has_value()) << bad;
    }
}

TEST(OwnLayouts, FaultsNameTheirKey) {
    const auto fault_of = [](const std::string& text) {
        const auto layout = parse_layout(text, "own.json");
        return layout ? std::string("none") : layout.error().describe();
    };
    EXPECT_EQ(fault_of("{\"like\": \"kraken-csv\"} // with a remark"), "none");
    for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
             {"[]", "is no object"},
             {"{", "parse error"},
             {"{\"like\": \"nothing\"}", "'like' names no layout"},
             {"{\"name\": \"a\"}", "'records' is missing"},
             {"{\"like\": \"kraken-csv\", \"prices\": 1}", "'prices' is no key"},
             {"{\"like\": \"kraken-csv\", \"trade\": {\"size\": 1}}", "'trade.size'"},
             {"{\"like\": \"kraken-csv\", \"trade\": {\"size\": null}}", "'trade.size' is missing"},
             {"{\"like\": \"kraken-csv\", \"file\": \"(\"}", "'file' is no regular"},
             {"{\"like\": \"kraken-csv\", \"order\": \"price\"}", "'order'"},
             {"{\"like\": \"kraken-csv\", \"trade\": {\"time\": {\"unit\": \"h\"}}}",
              "'trade.time.unit'"},
             {"{\"like\": \"kraken-csv\", \"trade\": {\"time\": {\"zone\": \"Mars\"}}}",
              "'trade.time.zone'"}}) {
        EXPECT_NE(fault_of(text).find(words), std::string::npos) << text << ": " << fault_of(text);
    }
}

TEST(OwnLayouts, ReadWhatNoShippedOneDoes) {
    const SampleFolder folder;
    const std::string path = folder.add("deals.txt",
                                        "when;what;how much;at;aggressor\n"
                                        "2024-03-10 09:30:00;ACME;1,00,000;12.50;S\n");
    const std::string layout = folder.add(
        "deals.json",
        "{\"name\": \"deals\", \"venue\": \"=acme\","
        " \"records\": {\"form\": \"delimited\", \"delimiter\": \";\"},"
        " \"trade\": {\"symbol\": \"what\", \"price\": \"at\", \"size\": \"how much\","
        "  \"time\": {\"at\": \"when\", \"unit\": \"calendar\", \"zone\": \"America/New_York\"},"
        "  \"taker\": {\"at\": \"aggressor\", \"buyer\": [\"B\"], \"seller\": [\"S\"]}}}");
    EXPECT_NE(find({.path = path, .layout = layout}).error.find("'ACME' of acme is not known"),
              std::string::npos);
    const std::string instruments = folder.add(
        "own.json",
        "[{\"symbol\": \"ACME\", \"kind\": \"spot\", \"quote\": \"USD\", \"tick\": \"0.25\"}]");
    const Found found = find({.path = path, .layout = layout, .instruments = instruments});
    EXPECT_EQ(found.error, "");
    EXPECT_EQ(found.markets, std::vector<std::string>{"ACME: spot USD 1"});
    EXPECT_EQ(found.volume, "100000");
    EXPECT_TRUE(found.all_applied);
}

}  // namespace
}  // namespace lockstep
