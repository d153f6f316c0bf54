#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/import/recorded_time.hpp"

namespace lockstep {

/// Where a value of a record stands: places of which the first that is present counts.
/// layouts/README.md tells how a place is written.
using FieldPlaces = std::vector<std::string>;

/// What a value must be for a record to be taken.
struct FieldCondition {
    FieldPlaces at;
    std::optional<bool> present;      ///< there at all, or not
    std::vector<std::string> values;  ///< one of these
    std::optional<std::regex> match;  ///< or this, wholly
};
using FieldConditions = std::vector<FieldCondition>;

/// A value that is one of two, each written in one of several ways.
struct FieldChoice {
    FieldPlaces at;
    std::vector<std::string> yes;
    std::vector<std::string> no;
    std::vector<std::string> none;  ///< not told
};

struct TimeField {
    FieldPlaces at;
    TimeUnit unit = TimeUnit::kCalendar;
    TimeZone zone;
    FieldPlaces day;  ///< a date that the time is counted from
    /// Of a date: the local time of the day's first trade; each further one is 1 ms later.
    std::optional<std::int64_t> start_ms;
};

/// A field of a fixed binary record.
struct BinaryField {
    std::string name;
    std::size_t offset = 0;
    std::size_t bytes = 0;
    enum class Kind : std::uint8_t { kUnsigned, kSigned, kCharacter } kind = Kind::kUnsigned;
    std::uint8_t scale = 0;  ///< decimals of the number
};

enum class RecordForm : std::uint8_t { kDelimited, kJson, kBinary };

/// One party of a trade.
struct SideFields {
    FieldPlaces account;
    FieldPlaces position;
    FieldPlaces fee;
    FieldPlaces fee_token;
    FieldPlaces profit;
};

/// A layout: how records of trades are written. Data, read from a JSON file.
struct TradeLayout {
    std::string name;
    std::string about;          ///< what the files are, in one line
    std::string assumes;        ///< what is read into the data beyond what they say
    bool by_name_only = false;  ///< never recognised, since another layout reads the same files

    RecordForm form = RecordForm::kDelimited;
    char delimiter = ',';
    std::vector<std::string> columns;           ///< of delimited text without a header
    std::vector<std::string> records;           ///< paths to the records of a JSON text
    std::optional<std::uint64_t> header_bytes;  ///< of a binary file; none: a DBN header
    std::uint64_t record_bytes = 0;             ///< 0: four times the first byte of each
    std::vector<BinaryField> binary;

    std::optional<std::regex> file;     ///< its groups are the places @1, @2, …
    std::optional<std::regex> symbols;  ///< all that this layout is about
    FieldConditions when;
    std::string other;  ///< words for the records that `when` refuses; empty: there must be none
    std::vector<std::pair<FieldConditions, std::string>> skip;
    std::string zero_size;  ///< words for records of size 0; empty: they are errors

    FieldPlaces venue;
    FieldPlaces symbol;
    FieldPlaces market;  ///< name of the market; empty: the symbol
    FieldPlaces price;
    FieldPlaces size;
    FieldPlaces number;  ///< rises with time
    FieldPlaces liquidation;
    TimeField time;
    FieldChoice taker;  ///< yes: the buyer
    SideFields buyer;
    SideFields seller;
    SideFields side;  ///< of records that tell one party
    FieldChoice buys;
    FieldChoice crossed;
    FieldPlaces pair;  ///< shared by the two records of one trade
    /// False where both records are of one account and stay two trades.
    bool joins_pairs = true;

    FieldPlaces block;
    TimeField block_time;

    FieldConditions quote_when;
    FieldPlaces bid;
    FieldPlaces ask;

    std::vector<FieldPlaces> identity;  ///< all of these together
    FieldPlaces variant;                ///< of several forms in which a market's trades are told
    std::vector<std::string> no_identity;
    std::vector<std::string> order;  ///< "time", "number": what the records rise by
    bool restores_order = false;
    std::uint8_t position_decimals = 30;
    std::uint8_t spot_position_decimals = 30;
    std::optional<std::uint8_t> entry_digits;  ///< EntryPrice of the venue: its price grid

    [[nodiscard]] bool has_sides() const { return !buys.at.empty(); }
    /// Each JSON text is a block, which may have no records.
    [[nodiscard]] bool blocks_are_texts() const {
        return !block.empty() && block.front().starts_with('/');
    }
    /// Records positions, fees or profits, which an import can be checked against.
    [[nodiscard]] bool can_be_checked() const;
};

/// Reads a layout. `find` gives the text of the layout that this one is `like`.
/// Errors: kUsage with the name of the key.
[[nodiscard]] Result<TradeLayout, Error> parse_layout(const std::string& text,
                                                      const std::string& file);

/// A layout or table that is part of the program.
struct ShippedFile {
    std::string_view name;  ///< without folder and ending
    std::string_view text;
};
[[nodiscard]] const std::vector<ShippedFile>& shipped_layouts();
[[nodiscard]] std::string_view shipped_instruments();

}  // namespace lockstep
