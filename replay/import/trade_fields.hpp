#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/import/record.hpp"
#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// One party as its record tells it.
struct RowSide {
    std::string account = {};
    std::optional<Decimal> position = {};
    std::optional<Decimal> fee = {};
    std::string fee_token = {};
    std::optional<Decimal> profit = {};
};

/// A record of a trade, or of one party of it, in the terms of no layout.
struct TradeRow {
    std::string venue = {};
    std::string symbol = {};
    std::string market = {};
    Decimal price = {};
    Decimal size = {};
    std::int64_t time_ms = 0;
    std::uint64_t number = 0;
    bool buyer_is_taker = true;
    RowSide buyer = {};
    RowSide seller = {};
    std::optional<bool> only_buyer = {};  ///< set when one party is told: which
    std::string pair = {};                ///< shared with the record of the other party
    std::string identity = {};            ///< empty: none
    std::string variant = {};             ///< of TradeLayout::variant
    std::uint64_t block = 0;
    std::int64_t block_time_ms = 0;
    bool liquidation = false;
    std::size_t member = 0;
    LinePlace place = {};
};

/// The fields of a layout, bound to a file, and what they make of its records.
///
/// Errors: kCorrupt without a place; they name the field, its value and what would be accepted.
class TradeFields {
  public:
    explicit TradeFields(const TradeLayout& layout);

    /// Finds the columns of a file; false when one is missing, which `unbound` names.
    [[nodiscard]] bool bind(std::span<const std::string_view> columns);
    [[nodiscard]] const std::string& unbound() const noexcept { return unbound_; }

    /// The rule that leaves the record out.
    [[nodiscard]] std::optional<std::string_view> skipped_by(const Record& record);
    [[nodiscard]] bool is_trade(const Record& record) { return meets(when_, record); }
    [[nodiscard]] bool is_quote(const Record& record);
    /// True when the record or its file names what is traded.
    [[nodiscard]] bool names_symbol(const Record& record);
    /// The trade; its size may still be 0 or less.
    [[nodiscard]] Result<TradeRow, Error> trade(const Record& record);
    struct Quote {
        TradeRow market;  ///< venue, symbol and market only
        Decimal bid;
        Decimal ask;
    };
    [[nodiscard]] Result<Quote, Error> quote(const Record& record);
    [[nodiscard]] Result<RecordedBlock, Error> block(const Record& record);

  private:
    struct Condition {
        const FieldCondition* rule;
        RecordField field;
    };
    using Conditions = std::vector<Condition>;
    struct Choice {
        const FieldChoice* rule;
        RecordField field;
    };
    struct Time {
        const TimeField* rule;
        RecordField field;
        RecordField day;
    };
    struct Side {
        RecordField account;
        RecordField position;
        RecordField fee;
        RecordField fee_token;
        RecordField profit;
    };

    [[nodiscard]] RecordField field(const FieldPlaces& places) const;
    [[nodiscard]] Conditions conditions(const FieldConditions& rules) const;
    [[nodiscard]] Side side(const SideFields& fields) const;
    [[nodiscard]] static bool meets(Conditions& conditions, const Record& record);
    [[nodiscard]] std::vector<RecordField*> all_fields();

    [[nodiscard]] Result<std::string, Error> text(RecordField& field, const Record& record) const;
    [[nodiscard]] Result<Decimal, Error> decimal(RecordField& field, const Record& record) const;
    [[nodiscard]] Result<std::optional<Decimal>, Error> if_told(RecordField& field,
                                                                const Record& record) const;
    [[nodiscard]] Result<std::uint64_t, Error> number(RecordField& field,
                                                      const Record& record) const;
    [[nodiscard]] Result<std::optional<bool>, Error> chosen(Choice& choice,
                                                            const Record& record) const;
    [[nodiscard]] Result<std::int64_t, Error> time(Time& time, const Record& record) const;
    [[nodiscard]] Result<void, Error> read_names(TradeRow& row, const Record& record);
    [[nodiscard]] Result<void, Error> read_numbers(TradeRow& row, const Record& record);
    [[nodiscard]] Result<void, Error> read_sides(TradeRow& row, const Record& record);
    [[nodiscard]] Result<void, Error> read_side(Side& side, RowSide& into, const Record& record);
    void read_identity(TradeRow& row, const Record& record);

    const TradeLayout& layout_;
    Conditions when_;
    Conditions quote_when_;
    std::vector<Conditions> skip_;
    RecordField venue_;
    RecordField symbol_;
    RecordField market_;
    RecordField price_;
    RecordField size_;
    RecordField number_;
    RecordField liquidation_;
    Time time_;
    Choice taker_;
    Side buyer_;
    Side seller_;
    Side side_;
    Choice buys_;
    Choice crossed_;
    RecordField pair_;
    RecordField variant_;
    RecordField block_;
    Time block_time_;
    RecordField bid_;
    RecordField ask_;
    std::vector<RecordField> identity_;
    std::string unbound_;
};

}  // namespace lockstep
