#include "replay/import/json_tree.hpp"

#include <simdjson.h>

#include <limits>
#include <utility>

#include "replay/import/decimal.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kDepthMax = 64;

namespace json = simdjson::ondemand;

/// Walks over a JSON text in its order and notes the values.
class TreeWalk {
  public:
    explicit TreeWalk(std::vector<JsonNode>& nodes) : nodes_(nodes) {}

    simdjson::error_code add(json::value value, std::string_view key, std::uint32_t depth) {
        json::json_type type{};
        if (const auto code = value.type().get(type); code != simdjson::SUCCESS) {
            return code;
        }
        if (depth > kDepthMax || nodes_.size() == std::numeric_limits<std::uint32_t>::max()) {
            return simdjson::DEPTH_ERROR;
        }
        const std::size_t place = nodes_.size();
        nodes_.push_back({.key = key});
        const auto code = fill(value, type, place, depth);
        nodes_[place].next = static_cast<std::uint32_t>(nodes_.size());
        return code;
    }

  private:
    simdjson::error_code fill(json::value& value, json::json_type type, std::size_t place,
                              std::uint32_t depth) {
        switch (type) {
            case json::json_type::array:
                nodes_[place].kind = JsonNode::Kind::kArray;
                return add_elements(value, depth);
            case json::json_type::object:
                nodes_[place].kind = JsonNode::Kind::kObject;
                return add_members(value, depth);
            case json::json_type::string:
                nodes_[place].kind = JsonNode::Kind::kString;
                return value.get_string().get(nodes_[place].text);
            case json::json_type::number:
                nodes_[place].kind = JsonNode::Kind::kNumber;
                return take_number(value, nodes_[place]);
            case json::json_type::boolean: {
                bool truth = false;
                const auto code = value.get_bool().get(truth);
                nodes_[place].kind = JsonNode::Kind::kBool;
                nodes_[place].text = truth ? "true" : "false";
                return code;
            }
            case json::json_type::null: {
                bool null = false;
                const auto code = value.is_null().get(null);
                return code == simdjson::SUCCESS && !null ? simdjson::N_ATOM_ERROR : code;
            }
            default:
                return simdjson::TAPE_ERROR;
        }
    }

    static simdjson::error_code take_number(json::value& value, JsonNode& node) {
        std::string_view text = value.raw_json_token();
        text = text.substr(0, text.find_first_of(" \t\r\n"));
        node.text = text;
        const auto number = parse_decimal(text);
        return number || number.error() == ParseError::kOutOfRange ? simdjson::SUCCESS
                                                                   : simdjson::NUMBER_ERROR;
    }

    simdjson::error_code add_elements(json::value& value, std::uint32_t depth) {
        json::array array;
        if (const auto code = value.get_array().get(array); code != simdjson::SUCCESS) {
            return code;
        }
        for (auto element : array) {
            json::value child;
            if (const auto code = std::move(element).get(child); code != simdjson::SUCCESS) {
                return code;
            }
            if (const auto code = add(child, {}, depth + 1); code != simdjson::SUCCESS) {
                return code;
            }
        }
        return simdjson::SUCCESS;
    }

    simdjson::error_code add_members(json::value& value, std::uint32_t depth) {
        json::object object;
        if (const auto code = value.get_object().get(object); code != simdjson::SUCCESS) {
            return code;
        }
        for (auto member : object) {
            json::field field;
            std::string_view key;
            if (const auto code = std::move(member).get(field); code != simdjson::SUCCESS) {
                return code;
            }
            if (const auto code = field.unescaped_key().get(key); code != simdjson::SUCCESS) {
                return code;
            }
            if (const auto code = add(field.value(), key, depth + 1); code != simdjson::SUCCESS) {
                return code;
            }
        }
        return simdjson::SUCCESS;
    }

    std::vector<JsonNode>& nodes_;
};

}  // namespace

struct JsonTree::Parser {
    json::parser parser;
};

JsonTree::JsonTree() : parser_(std::make_unique<Parser>()) {}
JsonTree::~JsonTree() = default;
JsonTree::JsonTree(JsonTree&&) noexcept = default;
JsonTree& JsonTree::operator=(JsonTree&&) noexcept = default;

std::optional<std::string> JsonTree::parse(std::string_view text) {
    const auto reason = [](simdjson::error_code code) {
        return std::string("not JSON: ") + simdjson::error_message(code);
    };
    nodes_.clear();
    padded_.assign(text);
    padded_.resize(text.size() + simdjson::SIMDJSON_PADDING);
    json::document document;
    const simdjson::padded_string_view view(padded_.data(), text.size(), padded_.size());
    if (const auto code = parser_->parser.iterate(view).get(document); code != simdjson::SUCCESS) {
        return reason(code);
    }
    json::value root;
    if (const auto code = document.get_value().get(root); code != simdjson::SUCCESS) {
        return code == simdjson::SCALAR_DOCUMENT_AS_VALUE ? "neither a JSON object nor an array"
                                                          : reason(code);
    }
    if (const auto code = TreeWalk(nodes_).add(root, {}, 0); code != simdjson::SUCCESS) {
        return reason(code);
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
        return "not JSON: something follows its end";
    }
    return std::nullopt;
}

std::optional<std::uint32_t> JsonTree::child(std::uint32_t node, std::string_view key) const {
    const JsonNode& parent = nodes_[node];
    if (parent.kind != JsonNode::Kind::kArray && parent.kind != JsonNode::Kind::kObject) {
        return std::nullopt;
    }
    const bool array = parent.kind == JsonNode::Kind::kArray;
    const auto wanted = array ? parse_unsigned(key) : Result<std::uint64_t, ParseError>(0);
    if (!wanted) {
        return std::nullopt;
    }
    std::uint64_t number = 0;
    for (std::uint32_t i = node + 1; i < parent.next; i = nodes_[i].next) {
        if (array ? number++ == *wanted : nodes_[i].key == key) {
            return i;
        }
    }
    return std::nullopt;
}

}  // namespace lockstep
