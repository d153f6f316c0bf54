#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <string>
#include <vector>

#include "replay/import/instrument_table.hpp"
#include "replay/import/trade_fields.hpp"

namespace lockstep {

/// Hands rows to a sink as trades: finds what is traded, and refuses what cannot be.
///
/// Errors: kCorrupt without a place.
class TradeFeed {
  public:
    TradeFeed(const TradeLayout& layout, const InstrumentTable& instruments, RecordSink& sink)
        : layout_(layout), instruments_(instruments), sink_(sink) {}

    /// Blocks rise by their number.
    [[nodiscard]] Result<void, Error> block(const RecordedBlock& block);
    [[nodiscard]] Result<void, Error> trade(const TradeRow& row);
    [[nodiscard]] Result<void, Error> quote(const TradeFields::Quote& quote);
    /// What to tell of the trades so far.
    [[nodiscard]] std::vector<std::string> notes() const;

  private:
    struct Known {
        RecordedMarketId id{};
        Instrument instrument;
        std::int64_t last_time_ms = 0;
        std::uint64_t last_number = 0;
    };

    [[nodiscard]] Result<Known*, Error> market_of(const TradeRow& row);
    [[nodiscard]] Result<void, Error> check(const TradeRow& row, Known& known);
    [[nodiscard]] RecordedSide side_of(const RowSide& side, const Known& known, bool buys);

    const TradeLayout& layout_;
    const InstrumentTable& instruments_;
    RecordSink& sink_;
    absl::flat_hash_map<std::string, Known> markets_;
    std::optional<std::uint64_t> last_block_;
    std::uint64_t out_of_order_ = 0;
    std::uint64_t liquidations_ = 0;
};

}  // namespace lockstep
