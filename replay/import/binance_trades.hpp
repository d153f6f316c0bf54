#pragma once

#include <memory>

#include "replay/import/input_file.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// Binance trades as csv: `trade_time_ms, trade_id, market, symbol, price, qty, buyer_is_maker,
/// ...`.
///
/// Rules
///   usdm  linear perpetual, paid in the quote of the symbol (USDT, USDC, ...)
///   cm    inverse perpetual paid in the base coin; a contract is 100 USD for BTC, 10 USD for
///   others spot  linear market without funding Markets are named `market:symbol`. A row whose
///   quantity is 0 is left out and counted.
[[nodiscard]] std::unique_ptr<RecordedData> open_binance_trades(InputFile file);

/// A raw stream of Binance USD-M futures: lines of `<receive time ns> <json>`.
///
/// Rules: `trade` events are trades of a linear perpetual, `bookTicker` events set the index to the
/// middle of the quote, floored to its price grid. Other events, trades that are not of type MARKET
/// and quotes with an empty side are left out and counted.
[[nodiscard]] std::unique_ptr<RecordedData> open_binance_stream(InputFile file);

/// Base and quote of a symbol such as BTCUSDT, BTCUSD_PERP or BTCUSD_240927.
struct BinanceSymbol {
    std::string base;
    std::string quote;
};
[[nodiscard]] BinanceSymbol split_binance_symbol(std::string_view symbol);

}  // namespace lockstep
