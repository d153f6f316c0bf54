#pragma once

#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// What a market trades, beyond what records of trades say.
struct Instrument {
    RecordedMarket market = {};        ///< without its name
    std::optional<Decimal> tick = {};  ///< prices are multiples of it
    std::optional<Decimal> lot = {};   ///< sizes are
    bool negative_prices = false;
};

/// Instruments by venue and symbol. Data, read from JSON files; layouts/README.md describes them.
///
/// Rule: the first entry whose pattern is the whole symbol tells; what no entry knows is an error.
class InstrumentTable {
  public:
    /// Errors: kUsage with file and key.
    [[nodiscard]] static Result<InstrumentTable, Error> parse(std::string_view text,
                                                              const std::string& file);
    /// The entries of `table` come before those that are there.
    void prefer(InstrumentTable table);

    /// `time_ms` tells the decade of a delivery year of one digit.
    /// Errors: kCorrupt when the instrument is not known, or is of a kind that the venue here
    /// lacks.
    [[nodiscard]] Result<Instrument, Error> find(const std::string& venue,
                                                 const std::string& symbol,
                                                 std::int64_t time_ms) const;

  private:
    struct Entry {
        std::vector<std::string> venues;  ///< empty: any
        std::regex symbol;
        std::string kind;
        std::string settlement;  ///< $1 stands for the first group of the symbol, and so on
        std::string contract;
        std::vector<std::pair<std::string, std::string>> contracts;  ///< by `contract`, when any
        std::string expiry;  ///< third-friday, month-end, yymmdd
        std::string month;
        std::string year;
        Instrument instrument;  ///< the rest of it
    };
    [[nodiscard]] static Result<Instrument, Error> instrument_of(const Entry& entry,
                                                                 const std::string& symbol,
                                                                 const std::smatch& groups,
                                                                 std::int64_t time_ms);

    std::vector<Entry> entries_;
};

}  // namespace lockstep
