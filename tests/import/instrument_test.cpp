#include "replay/import/instrument_table.hpp"

#include <gtest/gtest.h>

#include "replay/import/layout.hpp"
#include "replay/import/recorded_time.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t kJuly2024Ms = 1'719'878'400'000;

InstrumentTable shipped() {
    auto table = InstrumentTable::parse(shipped_instruments(), "instruments.json");
    EXPECT_TRUE(table.has_value()) << table.error().describe();
    return std::move(*table);
}

/// Kind, currency, contract and expiry, or the error.
std::string terms(const InstrumentTable& table, const std::string& venue, const std::string& symbol,
                  std::int64_t time_ms = kJuly2024Ms) {
    const auto found = table.find(venue, symbol, time_ms);
    if (!found) {
        return found.error().message;
    }
    const RecordedMarket& market = found->market;
    const std::string kind = market.spot                                    ? "spot"
                             : market.kind == MarketKind::kInversePerpetual ? "inverse"
                             : market.kind == MarketKind::kDatedFuture      ? "future"
                                                                            : "linear";
    return kind + " " + market.currency + " " + market.contract.text() +
           (market.expiry_ms == 0 ? "" : " " + time_text(market.expiry_ms).substr(0, 10));
}

TEST(Instruments, KindsCurrenciesAndContractsAreThoseOfTheVenues) {
    const InstrumentTable table = shipped();
    EXPECT_EQ(terms(table, "binance-spot", "BTCEUR"), "spot EUR 1");
    EXPECT_EQ(terms(table, "binance-spot", "USDTTRY"), "spot TRY 1");
    EXPECT_EQ(terms(table, "binance-spot", "ETHFDUSD"), "spot FDUSD 1");
    EXPECT_EQ(terms(table, "binance-usdm", "1000SHIBUSDC"), "linear USDC 1");
    EXPECT_EQ(terms(table, "binance-coinm", "BTCUSD_PERP"), "inverse BTC 100");
    EXPECT_EQ(terms(table, "binance-delivery", "LINKUSD_PERP"), "inverse LINK 10");
    EXPECT_EQ(terms(table, "okx", "ETH-USD-SWAP"), "inverse ETH 10");
    EXPECT_EQ(terms(table, "okx", "ETH-EUR"), "spot EUR 1");
    EXPECT_EQ(terms(table, "kraken", "XXBTZUSD"), "spot USD 1");
    EXPECT_EQ(terms(table, "kraken", "USDTEUR"), "spot EUR 1");
    EXPECT_EQ(terms(table, "dydx", "SOL-USD"), "linear USDC 1");
    EXPECT_EQ(terms(table, "lean", "hg_201312", 1'381'104'000'000), "future USD 25000 2014-01-01");
}

TEST(Instruments, FuturesExpireInTheDecadeOfTheirTrades) {
    const InstrumentTable table = shipped();
    EXPECT_EQ(terms(table, "cme", "ESU4"), "future USD 50 2024-09-21");  // the day behind it
    EXPECT_EQ(terms(table, "cme", "MESH5"), "future USD 5 2025-03-22");
    EXPECT_EQ(terms(table, "cme", "ESH4"), "future USD 50 2034-03-18");  // that of 2024 is over
    EXPECT_EQ(terms(table, "cme", "GCZ25"), "future USD 100 2026-01-01");
    EXPECT_NE(terms(table, "lean", "gc_202312").find("behind its expiry, 2024-01-01"),
              std::string::npos);
}

TEST(Instruments, WhatIsNotKnownIsNeverGuessed) {
    const InstrumentTable table = shipped();
    for (const auto& [venue, symbol] : std::vector<std::pair<std::string, std::string>>{
             {"cme", "XYZU4"},
             {"cme", "ESU4-ESZ4"},
             {"okx", "PEPE-USDT-SWAP"},
             {"binance-coinm", "BTCUSDT"},
             {"binance-usdm", "BTCUSD_PERP"},
             {"bitmex", "SOLUSDT"},
             {"deribit", "SOL-PERPETUAL"},
             {"nowhere", "BTCUSDT"},
             {"binance-spot", std::string(200, 'A') + "USDT"}}) {
        EXPECT_NE(terms(table, venue, symbol).find("--instruments FILE"), std::string::npos)
            << venue << ' ' << symbol << ": " << terms(table, venue, symbol);
    }
    EXPECT_NE(terms(table, "bitmex", "ETHUSD").find("kind 'quanto'"), std::string::npos);
    EXPECT_NE(terms(table, "binance-coinm", "BTCUSD_240927").find("kind 'inverse future'"),
              std::string::npos);
}

TEST(Instruments, AUsersOwnComeFirst) {
    InstrumentTable table = shipped();
    auto own = InstrumentTable::parse(
        "[{\"venue\": \"okx\", \"symbol\": \"^PEPE-USDT-SWAP$\", \"kind\": \"linear\", \"quote\": "
        "\"USDT\", \"contract\": \"10000000\"},"
        " {\"symbol\": \"BTCUSDT\", \"kind\": \"future\", \"quote\": \"USDT\", \"contract\": \"1\","
        " \"expiry\": \"2030-01-02T08:00:00Z\"}]",
        "own.json");
    ASSERT_TRUE(own.has_value());
    table.prefer(std::move(*own));
    EXPECT_EQ(terms(table, "okx", "PEPE-USDT-SWAP"), "linear USDT 10000000");
    EXPECT_EQ(terms(table, "binance-spot", "BTCUSDT"), "future USDT 1 2030-01-02");
    EXPECT_EQ(terms(table, "binance-spot", "BTCEUR"), "spot EUR 1");
}

TEST(Instruments, FaultsOfATableAreNamed) {
    for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
             {"[{\"symbol\": \"A\"}]", "needs 'symbol' and 'kind'"},
             {"[{\"symbol\": \"(\", \"kind\": \"spot\"}]", "own.json"},
             {"[{\"symbol\": \"A\", \"kind\": \"spot\", \"size\": 1}]", "'size' is no key"},
             {"[{\"symbol\": \"A\", \"kind\": \"spot\", \"tick\": 1}]", "'tick' is no text"},
             {"[{\"symbol\": \"A\", \"kind\": \"spot\", \"tick\": \"-1\"}]",
              "'tick' is no positive"},
             {"{", "own.json"}}) {
        const auto table = InstrumentTable::parse(text, "own.json");
        ASSERT_FALSE(table.has_value()) << text;
        EXPECT_EQ(table.error().code, ErrorCode::kUsage);
        EXPECT_NE(table.error().describe().find(words), std::string::npos)
            << table.error().describe();
    }
    const auto bare = InstrumentTable::parse(
        "[{\"symbol\": \"A\", \"kind\": \"inverse\", \"settlement\": \"A\"},"
        " {\"symbol\": \"B\", \"kind\": \"linear\"}]",
        "own.json");
    ASSERT_TRUE(bare.has_value());
    EXPECT_NE(terms(*bare, "x", "A").find("no contract size"), std::string::npos);
    EXPECT_NE(terms(*bare, "x", "B").find("no currency"), std::string::npos);
}

}  // namespace
}  // namespace lockstep
