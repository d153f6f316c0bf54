#include "replay/import/record_reader.hpp"

#include <algorithm>
#include <utility>

#include "replay/import/binary_records.hpp"
#include "replay/import/csv_row.hpp"

namespace lockstep {
namespace {

/// The groups that the layout's pattern finds in the member's name.
std::vector<std::string> captures_of(const TradeLayout& layout, const std::string& member) {
    const std::string name = member.substr(member.find_last_of('/') + 1);
    std::smatch found;
    std::vector<std::string> out;
    constexpr std::size_t kNameMax = 255;
    if (layout.file && name.size() <= kNameMax && std::regex_search(name, found, *layout.file)) {
        for (std::size_t i = 1; i < found.size(); ++i) {
            out.push_back(found[i].str());
        }
    }
    return out;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos;
}

/// Calls `body(line)` for every line that is not blank, until it fails or says that no more is
/// wanted.
template <class Body>
Result<void, Error> for_each_text(LineReader& reader, Body&& body) {
    while (true) {
        const auto line = reader.next();
        if (!line) {
            return failure(line.error());
        }
        if (!*line) {
            return {};
        }
        if (is_blank(**line)) {
            continue;
        }
        const Result<bool, Error> more = body(**line);
        if (!more || !*more) {
            return more ? Result<void, Error>() : failure(more.error());
        }
    }
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos
               ? std::string_view()
               : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What the three forms share.
class MemberReader {
  public:
    MemberReader(const TradeLayout& layout, std::string name, const InputMember& member,
                 std::string_view symbol, RecordVisitor& visitor)
        : layout_(layout),
          name_(std::move(name)),
          captures_(captures_of(layout, member.name)),
          visitor_(visitor) {
        record_.captures = captures_;
        record_.symbol = symbol;
    }

    Result<void, Error> read_lines(LineReader reader) {
        return layout_.form == RecordForm::kDelimited ? read_rows(reader) : read_texts(reader);
    }
    Result<void, Error> read_binary(ByteSource& source);

  private:
    Result<void, Error> read_rows(LineReader& reader);
    Result<bool, Error> read_header(const LineReader& reader, const CsvRow& row);
    Result<void, Error> read_texts(LineReader& reader);
    Result<bool, Error> read_text(std::string_view text, const LinePlace& place,
                                  std::optional<std::string> fault);
    Result<void, Error> read_whole(LineReader& reader, std::string_view first_line,
                                   const LinePlace& place, const std::string& fault);
    Result<bool, Error> walk(std::uint32_t node, const std::vector<std::string>& path,
                             std::size_t depth);
    Result<bool, Error> give(const LinePlace& place);
    [[nodiscard]] bool stands_here(const std::vector<std::string>& path) const;
    [[nodiscard]] Error at(const LinePlace& place, Error error) const {
        return locate_record(std::move(error), layout_, name_, place);
    }

    const TradeLayout& layout_;
    std::string name_;
    std::vector<std::string> captures_;
    RecordVisitor& visitor_;
    Record record_;
    JsonTree tree_;
    std::size_t columns_ = 0;
};

Result<bool, Error> MemberReader::give(const LinePlace& place) {
    record_.place = place;
    Result<bool, Error> more = visitor_.record(record_);
    return more ? more : failure(at(place, more.error()));
}

/// True when the row is a header, which names the columns; else they are named by the layout.
Result<bool, Error> MemberReader::read_header(const LineReader& reader, const CsvRow& row) {
    std::vector<std::string_view> names;
    std::transform(row.fields().begin(), row.fields().end(), std::back_inserter(names), trimmed);
    const auto is_named = [&](const std::string& column) {
        return std::find(names.begin(), names.end(), column) != names.end();
    };
    const bool whole = layout_.columns.empty() ||
                       (names.size() == layout_.columns.size() &&
                        std::all_of(layout_.columns.begin(), layout_.columns.end(), is_named));
    if (whole && visitor_.bind(names)) {
        columns_ = names.size();
        return true;
    }
    if (layout_.columns.empty()) {
        return failure(reader.error("the header has no column '" + visitor_.unbound() + "'"));
    }
    if (names.size() != layout_.columns.size()) {
        return failure(reader.error(std::to_string(names.size()) + " columns where " +
                                    std::to_string(layout_.columns.size()) + " are expected"));
    }
    names.assign(layout_.columns.begin(), layout_.columns.end());
    columns_ = names.size();
    return visitor_.bind(names) ? Result<bool, Error>(false)
                                : failure(reader.error("no column '" + visitor_.unbound() + "'"));
}

Result<void, Error> MemberReader::read_rows(LineReader& reader) {
    CsvRow row;
    return for_each_text(reader, [&](std::string_view line) -> Result<bool, Error> {
        if (auto split = row.split_at(reader, line, layout_.delimiter); !split) {
            return failure(split.error());
        }
        if (columns_ == 0) {
            Result<bool, Error> header = read_header(reader, row);
            if (!header || *header) {
                return header;
            }
        }
        if (row.fields().size() != columns_) {
            return failure(reader.error(std::to_string(row.fields().size()) + " columns where " +
                                        std::to_string(columns_) + " are expected"));
        }
        record_.columns = row.fields();
        return give(reader.place());
    });
}

/// The name of a step and whether it goes on to every element or member of what is there.
std::pair<std::string_view, bool> step_of(std::string_view part) {
    const bool each = part.ends_with("[]");
    return {each ? part.substr(0, part.size() - 2) : part, each};
}

/// True when the text has something where the path leads, were it an empty list.
bool MemberReader::stands_here(const std::vector<std::string>& path) const {
    std::optional<std::uint32_t> node = 0;
    for (const std::string& part : path) {
        const auto [name, each] = step_of(part);
        if (name == "*") {
            return tree_.at(*node).kind == JsonNode::Kind::kObject;
        }
        node = name.empty() ? node : tree_.child(*node, name);
        if (!node || (each && tree_.at(*node).kind != JsonNode::Kind::kArray)) {
            return false;
        }
        if (each) {
            return true;
        }
    }
    return tree_.at(*node).kind == JsonNode::Kind::kObject || !path.empty();
}

Result<bool, Error> MemberReader::walk(std::uint32_t node, const std::vector<std::string>& path,
                                       std::size_t depth) {
    if (depth == path.size()) {
        record_.node = node;
        return give(record_.place);
    }
    const auto [name, each] = step_of(path[depth]);
    if (name == "*") {
        for (std::uint32_t i = node + 1; i < tree_.at(node).next; i = tree_.at(i).next) {
            if (each && tree_.at(i).kind != JsonNode::Kind::kArray) {
                continue;
            }
            record_.key = tree_.at(i).key;
            if (!each) {
                if (const Result<bool, Error> more = walk(i, path, depth + 1); !more || !*more) {
                    return more;
                }
                continue;
            }
            for (std::uint32_t k = i + 1; k < tree_.at(i).next; k = tree_.at(k).next) {
                const Result<bool, Error> more = walk(k, path, depth + 1);
                if (!more || !*more) {
                    return more;
                }
            }
        }
        return true;
    }
    const auto child = name.empty() ? std::optional(node) : tree_.child(node, name);
    if (!child) {
        return true;
    }
    if (!each) {
        return walk(*child, path, depth + 1);
    }
    for (std::uint32_t i = *child + 1; i < tree_.at(*child).next; i = tree_.at(i).next) {
        const Result<bool, Error> more = walk(i, path, depth + 1);
        if (!more || !*more) {
            return more;
        }
    }
    return true;
}

/// Hands out the records of a text that the tree holds, unless `fault` says why it does not.
Result<bool, Error> MemberReader::read_text(std::string_view text, const LinePlace& place,
                                            std::optional<std::string> fault) {
    if (fault) {
        return failure(at(place, Error{.code = ErrorCode::kCorrupt, .message = *fault}));
    }
    record_.tree = &tree_;
    record_.node = 0;
    record_.missing = false;
    record_.place = place;
    const Result<bool, Error> wanted = visitor_.document(record_, text);
    if (!wanted) {
        return failure(at(place, wanted.error()));
    }
    if (!*wanted) {
        return true;
    }
    for (const std::string& records : layout_.records) {
        const std::vector<std::string> path = split_path(records);
        if (stands_here(path)) {
            return walk(0, path, 0);
        }
    }
    record_.missing = true;
    return give(place);
}

/// Parses a member whose first line is no JSON text by itself.
Result<void, Error> MemberReader::read_whole(LineReader& reader, std::string_view first_line,
                                             const LinePlace& place, const std::string& fault) {
    std::string text(first_line);
    bool more_lines = false;
    while (true) {
        const auto line = reader.next();
        if (!line) {
            return failure(line.error());
        }
        if (!*line) {
            break;
        }
        more_lines = more_lines || !is_blank(**line);
        text.append("\n").append(**line);
    }
    std::optional<std::string> whole = tree_.parse(text);
    if (whole) {
        whole = more_lines ? fault + ", nor is the whole file: " + *whole : fault;
    }
    const Result<bool, Error> read = read_text(text, place, std::move(whole));
    return read ? Result<void, Error>() : failure(read.error());
}

Result<void, Error> MemberReader::read_texts(LineReader& reader) {
    bool first = true;
    return for_each_text(reader, [&](std::string_view line) -> Result<bool, Error> {
        std::string_view text = trimmed(line);
        const std::size_t begin = std::min(text.find_first_of("[{"), text.size());
        record_.prefix = trimmed(text.substr(0, begin));
        if (!record_.prefix.empty() && !parse_unsigned(record_.prefix)) {
            record_.prefix = {};
        } else {
            text.remove_prefix(begin);
        }
        std::optional<std::string> fault = tree_.parse(text);
        if (fault && first && text.find_first_of("[{") == 0) {
            const auto whole = read_whole(reader, std::string(text), reader.place(), *fault);
            return whole ? Result<bool, Error>(false) : failure(whole.error());
        }
        first = false;
        return read_text(text, reader.place(), std::move(fault));
    });
}

Result<void, Error> MemberReader::read_binary(ByteSource& source) {
    Result<BinaryRecords, Error> records = BinaryRecords::open(layout_, source);
    if (!records) {
        return failure(records.error());
    }
    if (!visitor_.bind(records->columns())) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = "the layout has no field '" + visitor_.unbound() + "'"});
    }
    const std::string_view given = record_.symbol;
    while (true) {
        const Result<bool, Error> some = records->next();
        if (!some) {
            return failure(at(records->place(), some.error()));
        }
        if (!*some) {
            return {};
        }
        record_.columns = records->values();
        record_.symbol = given.empty() ? records->symbol() : given;
        const Result<bool, Error> more = give(records->place());
        if (!more || !*more) {
            return more ? Result<void, Error>() : failure(more.error());
        }
    }
}

}  // namespace

Error locate_record(Error error, const TradeLayout& layout, const std::string& file,
                    const LinePlace& place) {
    if (error.file.empty()) {
        error.message = (layout.form == RecordForm::kBinary ? "record " : "line ") +
                        std::to_string(place.number) + ": " + error.message;
        error.file = file;
        error.offset = place.offset;
    }
    return error;
}

Result<void, Error> read_records(const TradeLayout& layout, const InputFile& file,
                                 const InputMember& member, std::string_view symbol,
                                 RecordVisitor& visitor) {
    Result<std::unique_ptr<ByteSource>, Error> source = file.open_member(member);
    if (!source) {
        return failure(source.error());
    }
    MemberReader reader(layout, (*source)->name(), member, symbol, visitor);
    return layout.form == RecordForm::kBinary ? reader.read_binary(**source)
                                              : reader.read_lines(LineReader(std::move(*source)));
}

}  // namespace lockstep
