#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// A value of a JSON text. Numbers keep their digits, so that no rounding takes part.
struct JsonNode {
    enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
    Kind kind = Kind::kNull;
    std::string_view key = {};   ///< of a member of an object
    std::string_view text = {};  ///< of a bool, number or string
    std::uint32_t next = 0;      ///< the node behind this one and what it holds
};

/// A parsed JSON text: its nodes in order of the text, so that the children of node N are N + 1 and
/// from there on each one's `next` up to N's.
///
/// Cost: parsing is simdjson's. The nodes stand until the next parse.
class JsonTree {
  public:
    JsonTree();
    ~JsonTree();
    JsonTree(JsonTree&&) noexcept;
    JsonTree& operator=(JsonTree&&) noexcept;

    /// Parses one object or array; the reason when it is none or goes on behind its end.
    [[nodiscard]] std::optional<std::string> parse(std::string_view text);

    [[nodiscard]] const JsonNode& at(std::uint32_t node) const { return nodes_[node]; }
    /// A member of an object by its key, or of an array by its decimal number.
    [[nodiscard]] std::optional<std::uint32_t> child(std::uint32_t node,
                                                     std::string_view key) const;

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::vector<JsonNode> nodes_;
    std::string padded_;
};

}  // namespace lockstep
