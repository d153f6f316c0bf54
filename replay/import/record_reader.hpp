#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/import/input_file.hpp"
#include "replay/import/record.hpp"

namespace lockstep {

/// Whoever takes the records of a file. A failure ends the walk.
class RecordVisitor {
  public:
    virtual ~RecordVisitor() = default;

    /// The columns of the member that follows, by name. False when a field is not among them.
    [[nodiscard]] virtual bool bind(std::span<const std::string_view> columns) = 0;
    /// The name of a field that `bind` missed.
    [[nodiscard]] virtual std::string unbound() const = 0;
    /// A JSON text, whose records follow. `record` is its root. False when they shall not.
    [[nodiscard]] virtual Result<bool, Error> document(const Record& record,
                                                       std::string_view text) = 0;
    /// False when no more are wanted.
    [[nodiscard]] virtual Result<bool, Error> record(const Record& record) = 0;
};

/// Reads the records of one member as `layout` says.
///
/// Forms    delimited text: lines with as many fields as there are columns; the first line is a
///          header where it names every column that the layout asks for. JSON: one text a line,
///          or the whole member where its first line is none. Binary: records of a fixed size.
/// Errors   kCorrupt with file, offset, and line or record.
/// Memory   one record; of a JSON text that is a whole member, the member.
[[nodiscard]] Result<void, Error> read_records(const TradeLayout& layout, const InputFile& file,
                                               const InputMember& member, std::string_view symbol,
                                               RecordVisitor& visitor);

/// The error with its place, unless it has one.
[[nodiscard]] Error locate_record(Error error, const TradeLayout& layout, const std::string& file,
                                  const LinePlace& place);

}  // namespace lockstep
