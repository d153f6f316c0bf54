#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "replay/import/entry_price.hpp"
#include "replay/import/trade_import.hpp"

namespace lockstep {

/// How many of a kind were compared and how many agree.
struct Agreement {
    std::uint64_t compared = 0;
    std::uint64_t agreed = 0;
};

/// Result of comparing an imported log, executed by the serial executor, with what the recorded
/// venue booked. A side is one party of a recorded trade.
struct CheckReport {
    std::uint64_t trades = 0;           ///< recorded
    std::uint64_t executed_trades = 0;  ///< with a trade event
    /// Positions before trades, of perpetuals and of spot markets, to the lot. Agreed: the earlier
    /// trades and fees of the log led to it. The first one of an account in a market is not
    /// compared but opened.
    Agreement positions;
    Agreement spot_positions;
    std::uint64_t opened = 0;          ///< first positions of perpetuals, set by the opening trades
    std::uint64_t spot_opened = 0;     ///< of spot coins
    std::vector<std::string> aligned;  ///< the first TradeImport::gaps in words
    std::uint64_t coin_fees = 0;       ///< sides with a fee in the traded coin
    Agreement fees;                    ///< in the market's currency
    std::uint64_t foreign_fees = 0;    ///< sides with a fee in another token, left out
    /// Profits of perpetuals where the entry is known; agreed: to one quantum of 1e-6
    /// against the average entry, floored to the price grid of the venue where that is needed.
    Agreement profits;
    Agreement opening_profits;          ///< profits of trades that only open; must be 0
    std::uint64_t profits_exact = 0;    ///< of profits.agreed: without flooring
    std::uint64_t profits_floored = 0;  ///< of profits.agreed: with flooring
    std::uint64_t profits_known = 0;    ///< of profits.compared: the position was opened in the log
    std::uint64_t first_closes = 0;     ///< fix the entry of positions older than the log
    std::uint64_t spot_profits = 0;     ///< not compared: the cost of the coins is not recorded
    std::map<std::string, std::uint64_t> statuses;  ///< of all transactions

    /// Everything that must agree does. Of the spot balances one in a hundred, rounded up, may
    /// differ, since transfers are not recorded.
    [[nodiscard]] bool sound() const noexcept;
    [[nodiscard]] std::string text() const;
};

/// Imports `data`, executes the log serially and compares each trade event with its record:
/// position before the trade, fee, and realised profit, as far as they are recorded.
///
/// Entry prices are those of EntryPrice; a venue may book profits against the average entry floored
/// to a grid (RecordedData::entry_digits). Memory: the records of one block.
/// `also` receives every block too; may be empty.
[[nodiscard]] Result<CheckReport, Error> check_records(RecordedData& data,
                                                       const TradeImportOptions& options,
                                                       const BlockSink& also);

}  // namespace lockstep
