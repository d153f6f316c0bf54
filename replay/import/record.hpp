#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replay/import/json_tree.hpp"
#include "replay/import/layout.hpp"
#include "replay/import/line_reader.hpp"

namespace lockstep {

/// A record of recorded data as its reader hands it out. Views stand until the next record.
struct Record {
    std::span<const std::string_view> columns = {};  ///< of delimited text and of binary records
    const JsonTree* tree = nullptr;                  ///< of JSON
    std::uint32_t node = 0;                          ///< the record in the tree
    bool missing = false;          ///< the text has nothing where its records should be
    std::string_view key = {};     ///< of the object in which the records stand, place @key
    std::string_view prefix = {};  ///< what stands before the JSON of a line, place @prefix
    std::span<const std::string> captures = {};  ///< of the file name, places @1, @2, …
    std::string_view symbol = {};  ///< given with the options, or by the file's header: @symbol
    LinePlace place = {};
};

/// A field of a layout, bound to where it stands in the records of a file.
class RecordField {
  public:
    RecordField() = default;
    RecordField(const FieldPlaces& places, RecordForm form);

    [[nodiscard]] bool is_set() const noexcept { return !places_.empty(); }
    /// Finds columns by name; false when none of the places is a column of the file.
    [[nodiscard]] bool bind(std::span<const std::string_view> columns);
    /// The value, empty when it is not there. Stands until the next call.
    [[nodiscard]] std::optional<std::string_view> text(const Record& record);
    /// The places as the layout writes them, for messages.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

  private:
    enum class Kind : std::uint8_t {
        kLiteral,
        kColumn,
        kRecordPath,
        kRootPath,
        kKey,
        kPrefix,
        kSymbol,
        kCapture
    };
    struct Part {
        Kind kind = Kind::kLiteral;
        std::string text = {};                  ///< of a literal; name of a column
        std::vector<std::string> path = {};     ///< in a tree
        std::optional<std::size_t> index = {};  ///< of a column or capture
    };
    using Place = std::vector<Part>;  ///< what stands there is joined

    [[nodiscard]] static Part part_of(std::string_view place, RecordForm form);
    [[nodiscard]] static Place place_of(std::string_view place, RecordForm form);
    [[nodiscard]] static std::optional<std::string_view> find(const Part& part,
                                                              const Record& record);

    std::vector<Place> places_;
    std::string name_;
    std::string joined_;
};

/// Follows a path through a tree.
[[nodiscard]] std::optional<std::uint32_t> follow(const JsonTree& tree, std::uint32_t node,
                                                  const std::vector<std::string>& path);
/// The parts of a path, which points stand between.
[[nodiscard]] std::vector<std::string> split_path(std::string_view path);

}  // namespace lockstep
