#include "replay/command/print_json.hpp"

#include <algorithm>
#include <ostream>

#include "replay/command/terminal_text.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLineMax = 96;

std::string scalar(const Json& value) {
    if (value.is_string()) {
        return terminal_text(value.get<std::string>());
    }
    if (value.is_null()) {
        return "-";
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "yes" : "no";
    }
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The value on one line; longer values come out on several.
std::string flat(const Json& value) {
    if (value.is_object()) {
        std::string out;
        for (const auto& [name, field] : value.items()) {
            out += (out.empty() ? "" : "  ") + terminal_text(name) + ' ' + flat(field);
        }
        return out.empty() ? "none" : out;
    }
    if (value.is_array()) {
        std::string out;
        for (const Json& element : value) {
            out += (out.empty() ? "" : ", ") + flat(element);
        }
        return out.empty() ? "none" : out;
    }
    return scalar(value);
}

}  // namespace

void print_fields(std::ostream& out, const Json& object, int indent) {
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    std::size_t width = 0;
    for (const auto& [name, value] : object.items()) {
        width = std::max(width, name.size());
    }
    for (const auto& [name, value] : object.items()) {
        const std::string label = terminal_text(name);
        const std::string text = flat(value);
        const std::string gap(width - std::min(width, label.size()) + 2, ' ');
        if (value.is_primitive() || text.size() <= kLineMax) {
            out << margin << label << gap << text << '\n';
        } else if (value.is_object()) {
            out << margin << label << '\n';
            print_fields(out, value, indent + 2);
        } else {
            out << margin << label << '\n';
            for (const Json& element : value) {
                const std::string line = flat(element);
                if (element.is_object() && line.size() > kLineMax) {
                    print_fields(out, element, indent + 4);
                    out << '\n';
                } else {
                    out << margin << "  " << line << '\n';
                }
            }
        }
    }
}

std::string json_text(const Json& value) {
    return value.dump(2, ' ', true, Json::error_handler_t::replace) + '\n';
}

void print_json(std::ostream& out, const Json& value) {
    out << json_text(value);
}

nlohmann::ordered_json json_ratio(std::uint64_t numerator, std::uint64_t denominator) {
    if (denominator == 0) {
        return nullptr;
    }
    using Real = double;  // tidy: allow(banned) a measurement for people, never state
    return static_cast<Real>(numerator) / static_cast<Real>(denominator);
}

}  // namespace lockstep
