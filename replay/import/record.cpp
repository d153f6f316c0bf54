#include "replay/import/record.hpp"

#include <algorithm>

#include "replay/import/decimal.hpp"

namespace lockstep {

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        const std::size_t point = path.find('.');
        parts.emplace_back(path.substr(0, point));
        path.remove_prefix(point == std::string_view::npos ? path.size() : point + 1);
    }
    return parts;
}

std::optional<std::uint32_t> follow(const JsonTree& tree, std::uint32_t node,
                                    const std::vector<std::string>& path) {
    std::optional<std::uint32_t> at = node;
    for (std::size_t i = 0; i < path.size() && at; ++i) {
        at = tree.child(*at, path[i]);
    }
    return at;
}

RecordField::RecordField(const FieldPlaces& places, RecordForm form) {
    for (const std::string& place : places) {
        places_.push_back(place_of(place, form));
        name_ += (name_.empty() ? "" : " or ") + place;
    }
}

RecordField::Part RecordField::part_of(std::string_view place, RecordForm form) {
    if (place == "@key" || place == "@prefix" || place == "@symbol") {
        return {.kind = place == "@key"      ? Kind::kKey
                        : place == "@prefix" ? Kind::kPrefix
                                             : Kind::kSymbol};
    }
    if (place.starts_with('@')) {
        if (const auto number = parse_unsigned(place.substr(1)); number && *number > 0) {
            return {.kind = Kind::kCapture, .index = *number - 1};
        }
    }
    if (form != RecordForm::kJson) {
        return {.kind = Kind::kColumn, .text = std::string(place)};
    }
    if (place.starts_with('/')) {
        return {.kind = Kind::kRootPath, .path = split_path(place.substr(1))};
    }
    return {.kind = Kind::kRecordPath, .path = split_path(place)};
}

/// `=text` is that text; `{a}-{b}` is what stands at a and b with a dash between them.
RecordField::Place RecordField::place_of(std::string_view place, RecordForm form) {
    if (place.starts_with('=')) {
        return {{.text = std::string(place.substr(1))}};
    }
    if (place.find('{') == std::string_view::npos) {
        return {part_of(place, form)};
    }
    Place parts;
    while (!place.empty()) {
        const std::size_t open = place.find('{');
        if (open > 0) {
            parts.push_back({.text = std::string(place.substr(0, open))});
        }
        const std::size_t close = place.find('}', std::min(open, place.size()));
        if (close == std::string_view::npos) {
            break;
        }
        parts.push_back(part_of(place.substr(open + 1, close - open - 1), form));
        place.remove_prefix(close + 1);
    }
    return parts;
}

bool RecordField::bind(std::span<const std::string_view> columns) {
    bool bound = places_.empty();
    for (Place& place : places_) {
        bool whole = true;
        for (Part& part : place) {
            if (part.kind == Kind::kColumn) {
                const auto found = std::find(columns.begin(), columns.end(), part.text);
                part.index = found == columns.end()
                                 ? std::nullopt
                                 : std::optional<std::size_t>(found - columns.begin());
                whole = whole && part.index;
            }
        }
        bound = bound || whole;
    }
    return bound;
}

std::optional<std::string_view> RecordField::find(const Part& part, const Record& record) {
    const auto unless_empty = [](std::string_view text) {
        return text.empty() ? std::nullopt : std::optional(text);
    };
    switch (part.kind) {
        case Kind::kLiteral:
            return part.text;
        case Kind::kColumn:
            return part.index && *part.index < record.columns.size()
                       ? unless_empty(record.columns[*part.index])
                       : std::nullopt;
        case Kind::kRecordPath:
        case Kind::kRootPath: {
            const auto node =
                follow(*record.tree, part.kind == Kind::kRootPath ? 0 : record.node, part.path);
            if (!node || record.tree->at(*node).kind == JsonNode::Kind::kNull) {
                return std::nullopt;
            }
            return record.tree->at(*node).text;
        }
        case Kind::kKey:
            return unless_empty(record.key);
        case Kind::kPrefix:
            return unless_empty(record.prefix);
        case Kind::kSymbol:
            return unless_empty(record.symbol);
        case Kind::kCapture:
            return *part.index < record.captures.size() ? unless_empty(record.captures[*part.index])
                                                        : std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::string_view> RecordField::text(const Record& record) {
    for (const Place& place : places_) {
        if (place.size() == 1) {
            if (const auto text = find(place.front(), record)) {
                return text;
            }
            continue;
        }
        joined_.clear();
        bool whole = true;
        for (const Part& part : place) {
            const auto text = find(part, record);
            whole = whole && text;
            joined_.append(text.value_or(""));
        }
        if (whole) {
            return joined_;
        }
    }
    return std::nullopt;
}

}  // namespace lockstep
