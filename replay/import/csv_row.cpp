#include "replay/import/csv_row.hpp"

#include <algorithm>

namespace lockstep {
namespace {

constexpr std::size_t kQuotedCharacters = 40;

/// Splits into fields; false when a quoted field does not end at a comma or the end of the line.
bool split_fields(std::string_view line, std::vector<std::string_view>& fields) {
    fields.clear();
    while (true) {
        const bool quoted = line.starts_with('"');
        const std::size_t begin = quoted ? 1 : 0;
        const std::size_t end = line.find(quoted ? '"' : ',', begin);
        if (quoted && end == std::string_view::npos) {
            return false;
        }
        const std::string_view value = line.substr(begin, end - begin);
        const std::size_t next = quoted ? end + 1 : end;
        if (!quoted && value.find('"') != std::string_view::npos) {
            return false;
        }
        fields.push_back(value);
        if (next == std::string_view::npos || next == line.size()) {
            return true;
        }
        if (line[next] != ',') {
            return false;
        }
        line.remove_prefix(next + 1);
    }
}

/// The digits without their commas; empty when the commas do not stand between groups of three.
std::string without_grouping(std::string_view text) {
    std::string out;
    const std::size_t point = std::min(text.find('.'), text.size());
    std::size_t group = 0;
    bool grouped = false;
    for (std::size_t i = 0; i < point; ++i) {
        const char c = text[i];
        if (c == ',') {
            if (group == 0 || group > 3 || (grouped && group != 3)) {
                return {};
            }
            grouped = true;
            group = 0;
        } else {
            group += c >= '0' && c <= '9' ? 1 : 0;
            out.push_back(c);
        }
    }
    if (grouped && group != 3) {
        return {};
    }
    return out.append(text.substr(point));
}

}  // namespace

Result<void, Error> CsvRow::split(const LineReader& reader, std::string_view line,
                                  std::size_t columns) {
    reader_ = &reader;
    if (!split_fields(line, fields_)) {
        return failure(reader.error("badly quoted field"));
    }
    if (fields_.size() != columns) {
        return failure(reader.error(std::to_string(fields_.size()) + " columns where " +
                                    std::to_string(columns) + " are expected"));
    }
    return {};
}

Error CsvRow::error(std::size_t column, std::string_view reason) const {
    return reader_->error("column " + std::to_string(column + 1) + " '" +
                          std::string(fields_[column].substr(0, kQuotedCharacters)) + "' " +
                          std::string(reason));
}

Result<Decimal, Error> CsvRow::decimal(std::size_t column) const {
    const Result<Decimal, ParseError> value = parse_decimal(fields_[column]);
    if (!value) {
        return failure(error(column, describe(value.error())));
    }
    return *value;
}

Result<Decimal, Error> CsvRow::grouped_decimal(std::size_t column) const {
    if (fields_[column].find(',') == std::string_view::npos) {
        return decimal(column);
    }
    const Result<Decimal, ParseError> value = parse_decimal(without_grouping(fields_[column]));
    if (!value) {
        return failure(error(column, describe(ParseError::kNotANumber)));
    }
    return *value;
}

Result<std::uint64_t, Error> CsvRow::number(std::size_t column) const {
    const Result<std::uint64_t, ParseError> value = parse_unsigned(fields_[column]);
    if (!value) {
        return failure(error(column, describe(value.error())));
    }
    return *value;
}

Result<std::int64_t, Error> CsvRow::time_ms(std::size_t column) const {
    constexpr std::uint64_t kTimeMax = 253'402'300'800'000;  // the year 10000
    const Result<std::uint64_t, Error> value = number(column);
    if (!value) {
        return failure(value.error());
    }
    if (*value >= kTimeMax) {
        return failure(error(column, "is not a time in milliseconds"));
    }
    return static_cast<std::int64_t>(*value);
}

Result<CsvHeader, Error> CsvHeader::read(LineReader& reader) {
    const Result<std::optional<std::string_view>, Error> line = reader.next();
    if (!line) {
        return failure(line.error());
    }
    if (!*line) {
        return failure(reader.error("the file is empty"));
    }
    std::string_view text = **line;
    if (text.starts_with("\xef\xbb\xbf")) {  // byte order mark
        text.remove_prefix(3);
    }
    std::vector<std::string_view> fields;
    if (!split_fields(text, fields)) {
        return failure(reader.error("badly quoted field"));
    }
    CsvHeader header;
    header.names_.assign(fields.begin(), fields.end());
    return header;
}

bool CsvHeader::has(std::string_view name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
}

Result<std::vector<std::size_t>, Error> CsvHeader::locate(
    const LineReader& reader, const std::vector<std::string_view>& names) const {
    std::vector<std::size_t> places;
    for (const std::string_view name : names) {
        const auto found = std::find(names_.begin(), names_.end(), name);
        if (found == names_.end()) {
            return failure(reader.error("the header has no column '" + std::string(name) + "'"));
        }
        places.push_back(static_cast<std::size_t>(found - names_.begin()));
    }
    return places;
}

}  // namespace lockstep
