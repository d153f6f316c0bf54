#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "replay/import/decimal.hpp"
#include "replay/import/line_reader.hpp"

namespace lockstep {

/// One line of delimited text with typed access and errors that name file, line and column.
///
/// Quoting: as in RFC 4180, but a field does not go on behind the end of its line.
/// Lifetime: views into the reader's line; gone with the next line.
class CsvRow {
  public:
    [[nodiscard]] Result<void, Error> split_at(const LineReader& reader, std::string_view line,
                                               char delimiter);
    /// Splits at commas; the field count must equal `columns`.
    [[nodiscard]] Result<void, Error> split(const LineReader& reader, std::string_view line,
                                            std::size_t columns);

    [[nodiscard]] const std::vector<std::string_view>& fields() const { return fields_; }
    [[nodiscard]] std::string_view text(std::size_t column) const { return fields_[column]; }
    [[nodiscard]] Result<std::uint64_t, Error> number(std::size_t column) const;
    /// A kCorrupt error at this row that names the column.
    [[nodiscard]] Error error(std::size_t column, std::string_view reason) const;

  private:
    [[nodiscard]] bool split_fields(std::string_view line, char delimiter);

    const LineReader* reader_ = nullptr;
    std::vector<std::string_view> fields_;
    std::list<std::string> unquoted_;  ///< fields that held doubled quotes
};

/// A number that may have its digits grouped, as in 1,234,567.5 or 12,34,567.5.
[[nodiscard]] Result<Decimal, ParseError> parse_grouped_decimal(std::string_view text);

/// Positions of named columns in a header line.
///
/// Errors: a name that the header lacks. Columns that are not asked for are ignored.
class CsvHeader {
  public:
    [[nodiscard]] static Result<CsvHeader, Error> read(LineReader& reader);

    [[nodiscard]] std::size_t columns() const noexcept { return names_.size(); }
    /// Positions of `names`, in that order.
    [[nodiscard]] Result<std::vector<std::size_t>, Error> locate(
        const LineReader& reader, const std::vector<std::string_view>& names) const;

  private:
    std::vector<std::string> names_;
};

}  // namespace lockstep
