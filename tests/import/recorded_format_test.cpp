#include <gtest/gtest.h>

#include "replay/import/open_recorded_data.hpp"
#include "replay/import/record_check.hpp"
#include "replay/import/serial_run.hpp"
#include "tests/import/sample_folder.hpp"
#include "tests/import/temporary_file.hpp"

namespace lockstep {
namespace {

using test::TemporaryFile;

struct Outcome {
    std::string error;
    TradeImportCounts counts;
    std::uint64_t self_trades = 0;
    std::uint64_t applied = 0;
    std::uint64_t transactions = 0;
    std::uint64_t trade_events = 0;
    std::vector<TradeEvent> events;
};

Outcome import(const std::string& format, const std::string& path) {
    Outcome out;
    const auto data = open_recorded_data({.path = path, .format = format});
    if (!data) {
        out.error = data.error().describe();
        return out;
    }
    SerialRun run;
    const auto imported = import_trades(**data, {.accounts = 8}, [&](const LogBlock& block) {
        return run.execute(block, [&](const BlockHeader&, std::uint32_t, const TradeEvent& event) {
            out.events.push_back(event);
        });
    });
    if (!imported) {
        out.error = imported.error().describe();
        return out;
    }
    out.counts = imported->counts;
    out.self_trades = imported->survey.self_trades();
    out.applied = run.applied();
    out.transactions = run.transactions();
    out.trade_events = run.trade_events();
    return out;
}

constexpr std::string_view kCsvHeader =
    "trade_time_ms,trade_id,market,symbol,price,qty,buyer_is_maker,recv_ns,exec_type\n";

TEST(BinanceMarkets, ATradeWorthLessThanAQuantumOfTheCoinIsNamed) {
    const std::string header(kCsvHeader);
    const TemporaryFile dear(
        "csv", header + "1704067201001,2,cm,ETHUSD_PERP,1000000000000,1,0,1,MARKET\n");
    const Outcome refused = import("binance-markets", dear.path());
    EXPECT_NE(
        refused.error.find("line 2: a trade in cm:ETHUSD_PERP is worth less than the smallest"),
        std::string::npos)
        << refused.error;
    EXPECT_EQ(refused.applied, 0U);
    const TemporaryFile more(
        "csv", header + "1704067201001,2,cm,ETHUSD_PERP,1000000000000,100000,0,1,MARKET\n");
    const Outcome taken = import("binance-markets", more.path());
    EXPECT_EQ(taken.error, "");
    EXPECT_EQ(taken.applied, taken.transactions);
}

TEST(BinanceMarkets, LinearInverseAndSpotTradesAreApplied) {
    const TemporaryFile file("csv",
                             std::string(kCsvHeader) +
                                 "1704067201000,1,usdm,BTCUSDT,61000.10,0.003,1,1,MARKET\n"
                                 "1704067201001,2,cm,BTCUSD_PERP,61000.1,7,0,1,MARKET\n"
                                 "1704067201002,3,spot,ETHUSDT,2683.80000000,0.00200000,1,1,\n"
                                 "1704067201003,4,spot,ETHUSDT,2683.80000000,0.00000000,1,1,\n");
    const Outcome out = import("binance-markets", file.path());
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(out.counts.trades, 3U);
    EXPECT_EQ(out.trade_events, 3U);
    EXPECT_EQ(out.applied, out.transactions);
    ASSERT_EQ(out.events.size(), 3U);
    // 7 contracts of 100 USD at 61000.1 USD: floor(7 * 100 * 10^8 / 61000.1) satoshi.
    EXPECT_EQ(out.events[1].buyer.flow, 1147539);
    EXPECT_FALSE(out.events[0].buyer_is_taker);
}

TEST(BinanceMarkets, BadRowsNameTheirPlace) {
    const auto error_of = [](const std::string& row) {
        const TemporaryFile file("csv", std::string(kCsvHeader) + row + "\n");
        return import("binance-markets", file.path()).error;
    };
    const std::string time = "1704067201000,";
    EXPECT_NE(error_of(time + "1,usdm,BTCUSDT,abc,0.003,1,1,X").find("line 2: 'price' is 'abc'"),
              std::string::npos);
    EXPECT_NE(error_of(time + "1,usdm,BTCUSDT,1").find("5 columns where 9"), std::string::npos);
    EXPECT_NE(error_of(time + "1,swap,BTCUSDT,1,1,1,1,X").find("of binance-swap is not known"),
              std::string::npos);
    EXPECT_NE(error_of(time + "1,usdm,BTCUSDT,1,-1,1,1,X").find("not positive"), std::string::npos);
    EXPECT_NE(error_of(time + "1,usdm,BTCUSDT,0,1,1,1,X").find("the price is 0"),
              std::string::npos);
    EXPECT_NE(error_of(time + "1,usdm,BTCUSDT,1,1,2,1,X").find("is '2', one of '0'"),
              std::string::npos);
    EXPECT_NE(error_of("1000,1,usdm,BTCUSDT,1,1,1,1,X").find("1970-01-01T00:00:01.000Z"),
              std::string::npos);
    EXPECT_NE(error_of("99999999999999999,1,usdm,A,1,1,1,1,X").find("time"), std::string::npos);
    const TemporaryFile headless("csv", "a,b\n1,2\n");
    EXPECT_NE(import("binance-markets", headless.path()).error.find("no column"),
              std::string::npos);
    const TemporaryFile empty("csv", kCsvHeader);
    EXPECT_NE(import("binance-markets", empty.path()).error.find("no trades"), std::string::npos);
}

TEST(NepseTrades, NewestFirstIsTurnedAroundAndSelfTradesAreApplied) {
    const TemporaryFile file("csv",
                             "Transact. No.,Symbol,Buyer,Seller,Quantity,Rate,Amount\n"
                             "2021021801000003,SCB,34,34,10,646.0,6460.0\n"
                             "2021021801000002,NABIL,59,49,\"1,026\",1400.5,1.0\n"
                             "2021021801000001,NABIL,42,49,20,1400.0,28000.0\n");
    const Outcome out = import("nepse-floorsheet", file.path());
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(out.self_trades, 1U);
    EXPECT_EQ(out.applied, out.transactions);
    ASSERT_EQ(out.events.size(), 3U);
    EXPECT_EQ(out.events[0].lots, 20);
    EXPECT_EQ(out.events[1].lots, 1026);
    EXPECT_EQ(owner_of(out.events[2].buyer.account), owner_of(out.events[2].seller.account));
    EXPECT_NE(out.events[2].buyer.account, out.events[2].seller.account);
}

TEST(NepseTrades, LayoutWithTimesIsRead) {
    const TemporaryFile file(
        "csv",
        "time_us,trade_book_id,symbol,buyer_member,seller_member,qty,rate_npr,contract_id\n"
        "1613624400000000,1,SCB,34,35,10,646,1\n"
        "1613624400500000,1,SCB,35,34,10,647.5,2\n");
    const Outcome out = import("nepse-times", file.path());
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(out.counts.trades, 2U);
    EXPECT_EQ(out.applied, out.transactions);
}

TEST(LeanFutures, ContractsDaysAndExpiriesAreThoseOfTheFileNames) {
    const test::SampleFolder folder;
    const auto error_of = [&](const std::string& name) {
        return import("lean-futures", folder.add(name, "28800000,1310.5,2,X,0,0\n")).error;
    };
    EXPECT_EQ(error_of("20131007_gc_tick_trade_201312.csv"), "");
    EXPECT_NE(error_of("20131007_gc_tick_trade_200701.csv").find("behind its expiry, 2007-02-01"),
              std::string::npos);
    EXPECT_NE(error_of("20131007_gc_tick_trade_201313.csv").find("no 'expiry'"), std::string::npos);
    EXPECT_NE(error_of("20131007_zz_tick_trade_201312.csv").find("no contract size"),
              std::string::npos);
    EXPECT_NE(error_of("20131307_gc_tick_trade_201312.csv").find("a date is needed"),
              std::string::npos);
    EXPECT_NE(error_of("gc_tick_trade_201312.csv").find("--symbol"), std::string::npos);
}

TEST(NepseTrades, PricesAreNotStaleAfterDecadesWithoutData) {
    const TemporaryFile file("csv",
                             "Transact. No.,Symbol,Buyer,Seller,Quantity,Rate,Amount\n"
                             "2021021801000001,SCB,34,35,10,646.0,6460.0\n"
                             "2091021801000002,SCB,34,35,10,646.0,6460.0\n");
    const Outcome out = import("nepse-floorsheet", file.path());
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(out.counts.trades, 2U);
    EXPECT_EQ(out.applied, out.transactions);
}

TEST(BinanceMarkets, PositionsBeyondTheVenuesRangeAreRefused) {
    const TemporaryFile file("csv",
                             std::string(kCsvHeader) +
                                 "1704067201000,1,usdm,BTCUSDT,61.10,66666200000,1,1,MARKET\n"
                                 "1704067201003,4,spot,ETHUSDT,2.68380001,0.00020002,1,1,MARKET\n");
    EXPECT_NE(import("binance-markets", file.path()).error.find("exceeds the venue's range"),
              std::string::npos);
}

std::string fill(const std::string& user, const std::string& side, const std::string& size,
                 const std::string& start, const std::string& profit, int id,
                 const std::string& price) {
    return "[\"" + user + "\",{\"coin\":\"X\",\"px\":\"" + price + "\",\"sz\":\"" + size +
           "\",\"side\":\"" + side + "\",\"time\":1704067201000,\"startPosition\":\"" + start +
           "\",\"closedPnl\":\"" + profit +
           "\",\"crossed\":true,\"fee\":\"0.01\",\"feeToken\":\"USDC\",\"tid\":" +
           std::to_string(id) + "}]";
}

std::string block(int number, const std::string& events) {
    return "{\"block_time\":\"2025-10-27T16:59:5" + std::to_string(number) +
           ".5\",\"block_number\":" + std::to_string(number) + ",\"events\":[" + events + "]}\n";
}

TEST(HyperliquidFills, PositionsFeesAndProfitsAgreeWithTheRecord) {
    const TemporaryFile file(
        "jsonl", block(1, fill("a", "B", "2.5", "-1.0000000001", "0.3", 1, "10.1") + "," +
                              fill("b", "A", "2.5", "0.0", "0.0", 1, "10.1")) +
                     block(2, "") +
                     block(3, fill("b", "B", "1.5", "-2.5", "0.15", 2, "10.0") + "," +
                                  fill("a", "A", "1.5", "1.5", "-0.15", 2, "10.0")));
    const auto data = open_recorded_data({.path = file.path(), .format = "hyperliquid-fills"});
    ASSERT_TRUE(data.has_value());
    const auto report = check_records(**data, {}, {});
    ASSERT_TRUE(report.has_value()) << report.error().describe();
    EXPECT_TRUE(report->sound()) << report->text();
    EXPECT_EQ(report->positions.compared, 2U);
    EXPECT_EQ(report->opened, 2U);
    EXPECT_EQ(report->fees.agreed, 4U);
    EXPECT_EQ(report->profits.agreed, 2U);
    EXPECT_EQ(report->first_closes, 1U);
}

TEST(HyperliquidFills, WrongStartPositionIsCounted) {
    const TemporaryFile file("jsonl",
                             block(1, fill("a", "B", "2.5", "0.0", "0.0", 1, "10.1") + "," +
                                          fill("b", "A", "2.5", "0.0", "0.0", 1, "10.1")) +
                                 block(3, fill("b", "B", "1.5", "-2.4", "0.15", 2, "10.0") + "," +
                                              fill("a", "A", "1.5", "2.5", "-0.15", 2, "10.0")));
    const auto data = open_recorded_data({.path = file.path(), .format = "hyperliquid-fills"});
    ASSERT_TRUE(data.has_value());
    const auto report = check_records(**data, {}, {});
    ASSERT_TRUE(report.has_value());
    EXPECT_FALSE(report->sound());
    EXPECT_EQ(report->positions.compared, 2U);
    EXPECT_EQ(report->positions.agreed, 1U);
    EXPECT_EQ(report->opened, 2U);
    ASSERT_EQ(report->aligned.size(), 1U);
    EXPECT_EQ(report->aligned[0].find("block 3, X: the position changed by 0.1 without"), 0U)
        << report->aligned[0];
}

std::string spot_fill(const std::string& user, const std::string& side, const std::string& size,
                      const std::string& start, const std::string& fee, const std::string& token,
                      int id) {
    return "[\"" + user + "\",{\"coin\":\"@7\",\"px\":\"2.5\",\"sz\":\"" + size + "\",\"side\":\"" +
           side + "\",\"time\":1704067201000,\"startPosition\":\"" + start +
           "\",\"closedPnl\":\"0.0\",\"crossed\":true,\"fee\":\"" + fee + "\",\"feeToken\":\"" +
           token + "\",\"tid\":" + std::to_string(id) + "}]";
}

Result<CheckReport, Error> check_spot(const std::string& last_start) {
    const TemporaryFile file(
        "jsonl", block(1, spot_fill("a", "B", "2.5", "0.00000001", "0.00012345", "TOK", 1) + "," +
                              spot_fill("b", "A", "2.5", "10.0", "-0.00001", "TOK", 1)) +
                     block(2, spot_fill("a", "A", "1.0", "2.49987656", "0.01", "USDC", 2) + "," +
                                  spot_fill("b", "B", "1.0", "7.50001", "-0.001", "USDC", 2)) +
                     block(3, spot_fill("a", "A", "1.0", last_start, "0.01", "OTHER", 3) + "," +
                                  spot_fill("b", "B", "1.0", "8.50001", "0", "TOK", 3)));
    const auto data = open_recorded_data({.path = file.path(), .format = "hyperliquid-fills"});
    return check_records(**data, {}, {});
}

TEST(HyperliquidFills, FeesInTheTradedCoinChangeTheBalance) {
    const auto report = check_spot("1.49987656");
    ASSERT_TRUE(report.has_value()) << report.error().describe();
    EXPECT_TRUE(report->sound()) << report->text();
    EXPECT_EQ(report->spot_opened, 2U);
    EXPECT_EQ(report->spot_positions.compared, 4U);
    EXPECT_EQ(report->spot_positions.agreed, 4U) << report->text();
    EXPECT_EQ(report->coin_fees, 3U);
    EXPECT_EQ(report->foreign_fees, 1U);
    EXPECT_EQ(report->fees.compared, 2U);
    EXPECT_TRUE(report->aligned.empty());
}

TEST(HyperliquidFills, UnexplainedSpotBalanceIsCountedAndNamed) {
    const auto report = check_spot("1.49987655");
    ASSERT_TRUE(report.has_value()) << report.error().describe();
    EXPECT_EQ(report->spot_positions.compared, 4U);
    EXPECT_EQ(report->spot_positions.agreed, 3U);
    ASSERT_EQ(report->aligned.size(), 1U);
    EXPECT_EQ(report->aligned[0].find("block 3, @7: the position changed by -0.00000001 without"),
              0U)
        << report->aligned[0];
}

TEST(HyperliquidFills, BrokenLinesNameTheirPlace) {
    const auto error_of = [](const std::string& text) {
        const TemporaryFile file("jsonl", text);
        return import("hyperliquid-fills", file.path()).error;
    };
    EXPECT_NE(error_of("{\n").find("line 1: not JSON"), std::string::npos);
    EXPECT_NE(error_of("{}\n").find("'/block_number' is missing"), std::string::npos);
    EXPECT_NE(error_of(block(1, "[\"a\"]")).find("told neither by '1.coin'"), std::string::npos);
    EXPECT_NE(error_of(block(1, fill("a", "C", "1", "0", "0", 1, "1"))).find("'1.side' is 'C'"),
              std::string::npos);
    EXPECT_NE(
        error_of(block(1, fill("a", "B", "x", "0", "0", 1, "1"))).find("'1.sz' is 'x', a number"),
        std::string::npos);
    EXPECT_NE(error_of(block(1, fill("a", "B", "1", "0", "0", 1, "1") + "," +
                                    fill("b", "A", "2", "0", "0", 1, "1")))
                  .find("differ in market"),
              std::string::npos);
}

TEST(HyperliquidFills, FeesBeyondAnyOrdersLimitAreRefused) {
    const TemporaryFile file("jsonl", block(1, fill("a", "B", "0.0000001", "0.0", "0.0", 1, "1")));
    EXPECT_NE(import("hyperliquid-fills", file.path()).error.find("a fee is over"),
              std::string::npos);
}

TEST(HyperliquidFills, OneRecordedSideTradesWithTheOpeningOwner) {
    const TemporaryFile file("jsonl", block(1, fill("a", "B", "2.5", "1.0", "0.0", 1, "10.1")));
    const Outcome out = import("hyperliquid-fills", file.path());
    EXPECT_EQ(out.error, "");
    EXPECT_EQ(out.counts.one_sided, 1U);
    EXPECT_EQ(out.counts.opening_trades, 1U);
    EXPECT_EQ(out.applied, out.transactions);
}

}  // namespace
}  // namespace lockstep
