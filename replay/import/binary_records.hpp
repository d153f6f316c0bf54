#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replay/format/byte_source.hpp"
#include "replay/import/dbn_header.hpp"
#include "replay/import/layout.hpp"
#include "replay/import/line_reader.hpp"

namespace lockstep {

/// The records of a binary file as a layout describes them, each as texts by field.
///
/// Numbers are little-endian. The largest of eight bytes stands for none, as does a character 0.
/// Errors: kCorrupt without a place, but for those of the head.
class BinaryRecords {
  public:
    /// Reads the head. `layout` and `source` outlive the records.
    [[nodiscard]] static Result<BinaryRecords, Error> open(const TradeLayout& layout,
                                                           ByteSource& source);

    /// Names of the fields.
    [[nodiscard]] std::span<const std::string_view> columns() const { return columns_; }
    /// Reads the next record; false at the end.
    [[nodiscard]] Result<bool, Error> next();
    /// Of the record last read.
    [[nodiscard]] std::span<const std::string_view> values() const { return views_; }
    /// What the head says that the record is about; empty when it does not.
    [[nodiscard]] std::string_view symbol() const;
    [[nodiscard]] const LinePlace& place() const noexcept { return place_; }

  private:
    BinaryRecords(const TradeLayout& layout, ByteSource& source);
    [[nodiscard]] std::uint64_t number(std::string_view column) const;

    const TradeLayout* layout_;
    ByteSource* source_;
    DbnHeader names_;
    std::vector<std::string_view> columns_;
    std::vector<std::byte> bytes_;
    std::vector<std::string> values_;
    std::vector<std::string_view> views_;
    LinePlace place_;
};

}  // namespace lockstep
