#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "replay/import/decimal.hpp"
#include "replay/import/line_reader.hpp"

namespace lockstep {

/// One comma-separated line with typed access and errors that name file, line and column.
///
/// Quoting: a field may stand in double quotes as a whole; doubled quotes inside are an error.
/// Lifetime: views into the reader's line; gone with the next line.
class CsvRow {
  public:
    /// Splits `line`; the field count must equal `columns`.
    [[nodiscard]] Result<void, Error> split(const LineReader& reader, std::string_view line,
                                            std::size_t columns);

    [[nodiscard]] std::string_view text(std::size_t column) const { return fields_[column]; }
    [[nodiscard]] Result<Decimal, Error> decimal(std::size_t column) const;
    /// A number that may have its digits grouped, as in 1,234,567.5.
    [[nodiscard]] Result<Decimal, Error> grouped_decimal(std::size_t column) const;
    [[nodiscard]] Result<std::uint64_t, Error> number(std::size_t column) const;
    /// Milliseconds since 1970 up to the year 9999.
    [[nodiscard]] Result<std::int64_t, Error> time_ms(std::size_t column) const;
    /// A kCorrupt error at this row that names the column.
    [[nodiscard]] Error error(std::size_t column, std::string_view reason) const;

  private:
    const LineReader* reader_ = nullptr;
    std::vector<std::string_view> fields_;
};

/// Positions of named columns in a header line.
///
/// Errors: a name that the header lacks. Columns that are not asked for are ignored.
class CsvHeader {
  public:
    [[nodiscard]] static Result<CsvHeader, Error> read(LineReader& reader);

    [[nodiscard]] std::size_t columns() const noexcept { return names_.size(); }
    [[nodiscard]] bool has(std::string_view name) const;
    /// Positions of `names`, in that order.
    [[nodiscard]] Result<std::vector<std::size_t>, Error> locate(
        const LineReader& reader, const std::vector<std::string_view>& names) const;

  private:
    std::vector<std::string> names_;
};

}  // namespace lockstep
