#pragma once

#include <memory>

#include "replay/import/input_file.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// Equity trades of the Nepal Stock Exchange with both broker numbers, in one of two layouts that
/// the header tells apart.
///
/// Layout a  `Transact. No.,Symbol,Buyer,Seller,Quantity,Rate,Amount`; the number is date, book and
///           sequence. No times: the n-th trade of the file gets 05:15 UTC (11:00 in Nepal) of the
///           date plus n milliseconds.
/// Layout b  `time_us,trade_book_id,symbol,buyer_member,seller_member,qty,rate_npr,contract_id`,
///           times in microseconds since 1970
/// Rules
///   numbers   may be quoted with grouped digits, as in "1,000"
///   order     files are turned around when their first row is newer than their last
///   markets   one per symbol, linear, without funding, paid in NPR
///   accounts  brokers; a broker that sells to itself uses two accounts (ImportAccounts)
/// Memory: one small record a row, since the order is only known at the end.
[[nodiscard]] std::unique_ptr<RecordedData> open_nepse_trades(InputFile file);

}  // namespace lockstep
