#include "replay/import/csv_row.hpp"

#include <algorithm>

namespace lockstep {
namespace {

constexpr std::size_t kQuotedCharacters = 40;

/// The digits without their commas; empty when the commas do not stand between groups of three, or
/// of two before the last three, as in 1,00,000.
std::string without_grouping(std::string_view text) {
    std::string out;
    const std::size_t point = std::min(text.find('.'), text.size());
    std::vector<std::size_t> groups(1, 0);
    for (const char c : text.substr(0, point)) {
        if (c == ',') {
            groups.push_back(0);
        } else {
            groups.back() += c >= '0' && c <= '9' ? 1 : 0;
            out.push_back(c);
        }
    }
    const std::size_t inner = groups.size() > 2 ? groups[1] : 3;
    if (groups.size() < 2 || groups[0] == 0 || groups[0] > inner || groups.back() != 3 ||
        inner < 2 || inner > 3 ||
        std::any_of(groups.begin() + 1, groups.end() - 1,
                    [&](std::size_t group) { return group != inner; })) {
        return {};
    }
    return out.append(text.substr(point));
}

}  // namespace

bool CsvRow::split_fields(std::string_view line, char delimiter) {
    fields_.clear();
    unquoted_.clear();
    while (true) {
        const bool quoted = line.starts_with('"');
        std::size_t end = line.find(quoted ? '"' : delimiter, quoted ? 1 : 0);
        std::string_view value;
        if (!quoted) {
            value = line.substr(0, end);
            if (value.find('"') != std::string_view::npos) {
                return false;
            }
        } else {
            std::size_t doubled = 0;
            while (end != std::string_view::npos && line.substr(end).starts_with("\"\"")) {
                ++doubled;
                end = line.find('"', end + 2);
            }
            if (end == std::string_view::npos) {
                return false;
            }
            value = line.substr(1, end - 1);
            if (doubled > 0) {
                std::string& text = unquoted_.emplace_back();
                for (std::size_t i = 0; i < value.size(); i += value[i] == '"' ? 2U : 1U) {
                    text.push_back(value[i]);
                }
                value = text;
            }
            ++end;
        }
        fields_.push_back(value);
        if (end >= line.size()) {
            return true;
        }
        if (line[end] != delimiter) {
            return false;
        }
        line.remove_prefix(end + 1);
    }
}

Result<void, Error> CsvRow::split_at(const LineReader& reader, std::string_view line,
                                     char delimiter) {
    reader_ = &reader;
    if (!split_fields(line, delimiter)) {
        return failure(reader.error("badly quoted field"));
    }
    return {};
}

Result<void, Error> CsvRow::split(const LineReader& reader, std::string_view line,
                                  std::size_t columns) {
    if (auto done = split_at(reader, line, ','); !done) {
        return done;
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

Result<std::uint64_t, Error> CsvRow::number(std::size_t column) const {
    const Result<std::uint64_t, ParseError> value = parse_unsigned(fields_[column]);
    if (!value) {
        return failure(error(column, describe(value.error())));
    }
    return *value;
}

Result<Decimal, ParseError> parse_grouped_decimal(std::string_view text) {
    return text.find(',') == std::string_view::npos ? parse_decimal(text)
                                                    : parse_decimal(without_grouping(text));
}

Result<CsvHeader, Error> CsvHeader::read(LineReader& reader) {
    const Result<std::optional<std::string_view>, Error> line = reader.next();
    if (!line) {
        return failure(line.error());
    }
    if (!*line) {
        return failure(reader.error("the file is empty"));
    }
    CsvRow row;
    if (auto split = row.split_at(reader, **line, ','); !split) {
        return failure(split.error());
    }
    CsvHeader header;
    header.names_.assign(row.fields().begin(), row.fields().end());
    return header;
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
