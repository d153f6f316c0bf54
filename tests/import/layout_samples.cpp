#include "tests/import/layout_samples.hpp"

#include <string_view>

namespace lockstep::test {
namespace {

std::string little_endian(std::uint64_t value, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) {
        out.push_back(static_cast<char>(value >> 8 * i));
    }
    return out;
}

std::string padded_text(std::string text, std::size_t bytes) {
    text.resize(bytes);
    return text;
}

std::string record_head(std::size_t words, unsigned type, std::uint64_t time_ns) {
    return little_endian(words, 1) + little_endian(type, 1) + little_endian(1, 2) +
           little_endian(7, 4) + little_endian(time_ns, 8);
}

constexpr std::uint64_t kEveningNs = 1'719'878'281'218'218'853;

std::vector<LayoutSample> binance_samples() {
    return {
        {"binance-spot-trades", "ETHBTC-trades-2025-01-02.csv",
         "11,0.05,2,0.1,1735776000000001,True,True\n12,0.0501,1.5,0.07515,1735776000000002,False,"
         "True\n",
         "ETHBTC", "spot BTC 1", 2, "3.5"},
        {"binance-usdm-trades", "BTCUSDC-trades-2024-01.csv",
         "id,price,qty,quote_qty,time,is_buyer_maker\n11,42000.1,0.002,84.0002,1704067200000,"
         "true\n",
         "BTCUSDC", "linear USDC 1", 1, "0.002"},
        {"binance-coinm-trades", "ETHUSD_PERP-trades-2024-01.csv",
         "id,price,qty,base_qty,time,is_buyer_maker\r\n11,2500.5,3,0.01199,1704067200000,false\r\n",
         "ETHUSD_PERP", "inverse ETH 10", 1, "3"},
        {"binance-spot-aggtrades", "BTCEUR-aggTrades-2024-01.csv",
         "5,40000.5,0.25,1,3,1704067200000,False,True\n", "BTCEUR", "spot EUR 1", 1, "0.25"},
        {"binance-usdm-aggtrades", "BTCUSDT_240927-aggTrades-2024-01.csv",
         "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
         "5,40000.5,0.25,1,3,1704067200000,false\n",
         "BTCUSDT_240927", "future USDT 1", 1, "0.25"},
        {"binance-coinm-aggtrades", "BTCUSD_PERP-aggTrades-2024-01.csv",
         "5,40000.5,25,1,3,1704067200000,false\n", "BTCUSD_PERP", "inverse BTC 100", 1, "25"},
        {"binance-markets", "day.csv",
         "trade_time_ms,trade_id,market,symbol,price,qty,buyer_is_maker\n"
         "1704067200000,2,cm,BTCUSD_PERP,61000.1,7,0\n1704067200000,2,spot,BTCUSDT,61000.1,7,0\n",
         "cm:BTCUSD_PERP", "inverse BTC 100", 2, "7"},
        {"binance-spot-stream", "s.txt",
         "1704067200000000009 {\"stream\":\"btceur@trade\",\"data\":{\"e\":\"trade\",\"s\":"
         "\"BTCEUR\",\"t\":5,\"p\":\"40000.50\",\"q\":\"0.1\",\"T\":1704067200000,\"m\":true,"
         "\"M\":true}}\n{\"result\":null,\"id\":1}\n",
         "BTCEUR", "spot EUR 1", 1, "0.1"},
        {"binance-usdm-stream", "s.txt",
         "{\"e\":\"bookTicker\",\"s\":\"BTCUSDT\",\"b\":\"10.4\",\"a\":\"10.7\"}\n"
         "{\"e\":\"trade\",\"s\":\"BTCUSDT\",\"t\":5,\"p\":\"10.5\",\"q\":\"0.1\",\"T\":"
         "1704067200000,\"m\":true,\"X\":\"MARKET\"}\n"
         "{\"e\":\"aggTrade\",\"s\":\"BTCUSDT\",\"a\":2,\"p\":\"10.5\",\"q\":\"0.1\",\"T\":"
         "1704067200000,\"m\":true}\n",
         "BTCUSDT", "linear USDT 1", 1, "0.1"},
        {"binance-coinm-stream", "s.txt",
         "{\"data\":{\"e\":\"aggTrade\",\"s\":\"BTCUSD_PERP\",\"a\":2,\"p\":\"60000.5\",\"q\":"
         "\"3\",\"T\":1704067200000,\"m\":true}}\n",
         "BTCUSD_PERP", "inverse BTC 100", 1, "3"},
        {"binance-spot-rest", "BTCUSDT_trades.json",
         "[{\"id\":6,\"price\":\"4.1\",\"qty\":\"12.5\",\"quoteQty\":\"51.25\",\"time\":"
         "1704067200001,\"isBuyerMaker\":true,\"isBestMatch\":true},\n {\"id\":5,\"price\":\"4\","
         "\"qty\":\"1\",\"quoteQty\":\"4\",\"time\":1704067200000,\"isBuyerMaker\":false,"
         "\"isBestMatch\":true}]\n",
         "BTCUSDT", "spot USDT 1", 2, "13.5"},
    };
}

std::vector<LayoutSample> hyperliquid_samples() {
    const std::string buy =
        "[\"0xa\",{\"coin\":\"BTC\",\"px\":\"60000.0\",\"sz\":\"0.5\",\"side\":\"B\",\"time\":"
        "1704067200000,\"startPosition\":\"0.0\",\"closedPnl\":\"0.0\",\"crossed\":true,\"fee\":"
        "\"1.5\",\"feeToken\":\"USDC\",\"tid\":9}]";
    const std::string sell =
        "[\"0xb\",{\"coin\":\"BTC\",\"px\":\"60000.0\",\"sz\":\"0.5\",\"side\":\"A\",\"time\":"
        "1704067200000,\"startPosition\":\"1.0\",\"closedPnl\":\"3.0\",\"crossed\":false,\"fee\":"
        "\"0.5\",\"feeToken\":\"USDC\",\"tid\":9}]";
    return {
        {"hyperliquid-fills", "f.jsonl",
         "{\"block_time\":\"2024-01-01T00:00:00.5\",\"block_number\":4,\"events\":[" + buy + "," +
             sell +
             "]}\n{\"block_time\":\"2024-01-01T00:00:01\",\"block_number\":5,\"events\":"
             "[]}\n",
         "BTC", "linear USDC 1", 1, "0.5"},
        {"hyperliquid-node-fills", "f.jsonl", buy + "\n" + sell + "\n", "BTC", "linear USDC 1", 1,
         "0.5"},
        {"hyperliquid-node-trades", "t.jsonl",
         "{\"coin\":\"PURR/USDC\",\"side\":\"A\",\"time\":\"2024-01-01T00:00:00.172847427\",\"px\":"
         "\"0.2\",\"sz\":\"15.0\",\"side_info\":[{\"user\":\"0xa\",\"start_pos\":\"1.5\",\"oid\":1}"
         ","
         "{\"user\":\"0xb\",\"start_pos\":\"16.0\",\"oid\":2}]}\n",
         "PURR/USDC", "spot USDC 1", 1, "15"},
        {"hyperliquid-recent-trades", "r.json",
         "[{\"coin\":\"BTC\",\"side\":\"A\",\"px\":\"104320.0\",\"sz\":\"0.015\",\"time\":"
         "1769916002000,\"tid\":3,\"users\":[\"0xa\",\"0xb\"]}]",
         "BTC", "linear USDC 1", 1, "0.015"},
        {"hyperliquid-user-fills", "u.json",
         "[{\"coin\":\"SUI\",\"px\":\"1.3\",\"sz\":\"4.5\",\"side\":\"A\",\"time\":1704067200000,"
         "\"startPosition\":\"4.5\",\"closedPnl\":\"0.1\",\"crossed\":true,\"fee\":\"0.01\","
         "\"feeToken\":\"USDC\",\"hash\":\"0x1\",\"tid\":3}]",
         "SUI", "linear USDC 1", 1, "4.5"},
    };
}

std::vector<LayoutSample> crypto_samples() {
    return {
        {"bybit-trades", "b.json",
         "{\"topic\":\"publicTrade.BTCUSD\",\"data\":[{\"T\":1704067200000,\"s\":\"BTCUSD\",\"S\":"
         "\"Sell\",\"v\":\"250\",\"p\":\"60000.5\",\"i\":\"x-1\"}]}\n",
         "BTCUSD", "inverse BTC 1", 1, "250"},
        {"bybit-spot-trades", "b.json",
         "{\"topic\":\"publicTrade.BTCUSDT\",\"data\":[{\"T\":1704067200000,\"s\":\"BTCUSDT\","
         "\"S\":"
         "\"Sell\",\"v\":\"2.5\",\"p\":\"60000.5\",\"i\":\"x-1\"}]}\n",
         "BTCUSDT", "spot USDT 1", 1, "2.5", true, true},
        {"bybit-rest", "b.json",
         "{\"result\":{\"category\":\"spot\",\"list\":[{\"execId\":\"1\",\"symbol\":\"ETHUSDC\","
         "\"price\":\"2000.5\",\"size\":\"0.25\",\"side\":\"Buy\",\"time\":\"1704067200000\"}]}}",
         "ETHUSDC", "spot USDC 1", 1, "0.25"},
        {"bybit-csv", "BTCUSDT2024-01-01.csv",
         "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,"
         "foreignNotional\n1704067200.1234,BTCUSDT,Buy,0.25,42000.5,PlusTick,a-1,1,2,3\n",
         "BTCUSDT", "linear USDT 1", 1, "0.25"},
        {"bitmex-trades", "b.json",
         "[{\"timestamp\":\"2024-11-25T10:35:00.789Z\",\"symbol\":\"XBTUSD\",\"side\":\"Buy\","
         "\"size\":100,\"price\":98950.5,\"trdMatchID\":\"a-1\"}]",
         "XBTUSD", "inverse XBT 1", 1, "100"},
        {"bitmex-csv", "20241125.csv",
         "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,"
         "foreignNotional\n2024-11-25D10:35:00.789000000,XBTUSDT,Sell,1000,98950.5,PlusTick,a-1,1,"
         "2,3\n",
         "XBTUSDT", "linear USDT 0.000001", 1, "1000"},
        {"okx-trades", "o.json",
         "{\"data\":[{\"instId\":\"BTC-USDT-SWAP\",\"side\":\"sell\",\"sz\":\"12.1\",\"px\":"
         "\"102537.9\",\"tradeId\":\"8\",\"ts\":\"1747087163557\"}]}",
         "BTC-USDT-SWAP", "linear USDT 0.01", 1, "12.1"},
        {"okx-csv", "o.csv",
         "instrument_name,trade_id,side,price,size,created_time\n"
         "BTC-USD-SWAP,8,buy,60000.5,3,1704067200000\n",
         "BTC-USD-SWAP", "inverse BTC 100", 1, "3"},
        {"deribit-trades", "d.json",
         "{\"result\":{\"trades\":[{\"amount\":106.0,\"direction\":\"buy\",\"instrument_name\":"
         "\"ETH-PERPETUAL\",\"price\":2968.3,\"timestamp\":1766332079917,\"trade_id\":\"ETH-2\","
         "\"trade_seq\":2}]}}",
         "ETH-PERPETUAL", "inverse ETH 1", 1, "106"},
        {"kraken-trades", "k.json",
         "{\"error\":[],\"result\":{\"XXBTZEUR\":[[\"105433.6\",\"0.00027625\",1762795433.9717445,"
         "\"b\",\"l\",\"\",10218208]],\"last\":\"1762820035982277754\"}}",
         "XXBTZEUR", "spot EUR 1", 1, "0.00027625"},
        {"kraken-csv", "BCHEUR.csv", "1672531436.5,90.54,1.1044842\n1672531436.5,90.54,1.1044842\n",
         "BCHEUR", "spot EUR 1", 2, "2.2089684", false},
        {"coinbase-trades", "c.jsonl",
         "{\"type\":\"subscriptions\",\"channels\":[]}\n{\"type\":\"match\",\"trade_id\":10,"
         "\"side\":\"sell\",\"size\":\"5.23512\",\"price\":\"400.23\",\"product_id\":\"BTC-GBP\","
         "\"time\":\"2024-11-07T08:19:27.028459Z\"}\n",
         "BTC-GBP", "spot GBP 1", 1, "5.23512"},
        {"tardis-trades", "t.csv",
         "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
         "deribit,BTC-PERPETUAL,1583020803145000,1583020803307160,c-1,sell,8531.5,2150\n",
         "deribit:BTC-PERPETUAL", "inverse BTC 1", 1, "2150"},
        {"dydx-fills", "d.json",
         "{\"fills\":[{\"id\":\"b\",\"side\":\"SELL\",\"liquidity\":\"MAKER\",\"market\":"
         "\"ETH-USD\",\"price\":\"2500.1\",\"size\":\"0.5\",\"fee\":\"-0.1\",\"createdAt\":"
         "\"2024-01-01T00:00:02.000Z\",\"createdAtHeight\":\"12\",\"subaccountNumber\":0},"
         "{\"id\":\"a\",\"side\":\"BUY\",\"liquidity\":\"TAKER\",\"market\":\"ETH-USD\",\"price\":"
         "\"2500.0\",\"size\":\"1.5\",\"fee\":\"0.3\",\"createdAt\":\"2024-01-01T00:00:00.000Z\","
         "\"createdAtHeight\":\"10\",\"subaccountNumber\":0}]}",
         "ETH-USD", "linear USDC 1", 2, "2"},
        {"freqtrade-trades", "l.csv",
         ",timestamp,id,type,side,price,amount,cost,date\n0,1675329600138,12,,buy,1666.8,26.062,"
         "43440.1416,2023-02-02 09:20:00.138000+00:00\n",
         "ETH/USDT:USDT", "linear USDT 1", 1, "26.062", true, false, "ETH/USDT:USDT"},
    };
}

std::vector<LayoutSample> exchange_samples() {
    return {
        {"databento-trades", "d.dbn",
         dbn_file("ESU4", dbn_trade(kEveningNs, 5'528'750'000'000, 2, 'B') +
                              dbn_trade(kEveningNs, 5'528'750'000'000, 1, 'N')),
         "ESU4", "future USD 50", 2, "3", false},
        {"databento-mbo", "d.dbn",
         dbn_file("MNQU4", dbn_order_event(kEveningNs, 19'500'250'000'000, 5, 'A', 'B') +
                               dbn_order_event(kEveningNs, 19'500'250'000'000, 2, 'T', 'A') +
                               dbn_order_event(kEveningNs, 19'500'250'000'000, 2, 'F', 'B')),
         "MNQU4", "future USD 2", 1, "2", false},
        {"databento-mbo-fills", "d.dbn",
         dbn_file("GCQ4", dbn_order_event(kEveningNs, 2'330'100'000'000, 5, 'T', 'B') +
                              dbn_order_event(kEveningNs, 2'330'100'000'000, 3, 'F', 'A')),
         "GCQ4", "future USD 100", 1, "3", false, true},
        {"lean-futures", "20131007_si_tick_trade_201312.csv",
         "28800000,21.505,2,X,0,0\n28800001,21.505,0,X,0,0\n28800002,21.505,1,X,0,1\n", "si_201312",
         "future USD 5000", 1, "2", false},
        {"nepse-floorsheet", "n.csv",
         "Transact. No.,Symbol,Buyer,Seller,Quantity,Rate,Amount\n"
         "2021021801000003,SCB,34,35,\"1,00,000\",646.0,6460.0\n"
         "2021021801000001,SCB,34,34,10,645.0,6450.0\n",
         "SCB", "spot NPR 1", 2, "100010"},
        {"nepse-contracts", "n.csv",
         "S.N,Contract_No,Stock_Symbol,Buyer_Broker,Seller_Broker,Quantity,Rate,Amount,Date\n"
         "1,2019111701005825,SJCL,22,41,20,161,3220.00,2019-11-17 19:08:20.921623\n",
         "SJCL", "spot NPR 1", 1, "20"},
        {"nepse-exchange", "n.csv",
         "contractId,stockSymbol,buyerMemberId,sellerMemberId,contractQuantity,contractRate,"
         "tradeTime\n2024040904010691,PRIN,33,39,24,804.1,2024-04-09T14:59:49.897412\n",
         "PRIN", "spot NPR 1", 1, "24"},
        {"nepse-times", "n.csv",
         "time_us,trade_book_id,symbol,buyer_member,seller_member,qty,rate_npr,contract_id\n"
         "1613624400000000,1,SCB,34,35,10,646,1\n",
         "SCB", "spot NPR 1", 1, "10"},
    };
}

}  // namespace

std::string dbn_file(const std::string& symbol, const std::string& records) {
    std::string head = padded_text("GLBX.MDP3", 16) + std::string(84, '\0') + little_endian(0, 4) +
                       little_endian(1, 4) + padded_text(symbol, 22) + little_endian(0, 4) +
                       little_endian(0, 4) + little_endian(1, 4) + padded_text(symbol, 22) +
                       little_endian(1, 4) + little_endian(20240701, 4) +
                       little_endian(20240801, 4) + padded_text("7", 22);
    return "DBN\x01" + little_endian(head.size(), 4) + head + records;
}

std::string dbn_trade(std::uint64_t time_ns, std::int64_t price, std::uint32_t size, char side) {
    return record_head(12, 0, time_ns) + little_endian(static_cast<std::uint64_t>(price), 8) +
           little_endian(size, 4) + "T" + side + std::string(18, '\0');
}

std::string dbn_order_event(std::uint64_t time_ns, std::int64_t price, std::uint32_t size,
                            char action, char side) {
    return record_head(14, 160, time_ns) + little_endian(1, 8) +
           little_endian(static_cast<std::uint64_t>(price), 8) + little_endian(size, 4) +
           std::string(2, '\0') + action + side + std::string(16, '\0');
}

std::vector<LayoutSample> layout_samples() {
    std::vector<LayoutSample> out;
    for (const auto& samples :
         {binance_samples(), hyperliquid_samples(), crypto_samples(), exchange_samples()}) {
        out.insert(out.end(), samples.begin(), samples.end());
    }
    return out;
}

}  // namespace lockstep::test
