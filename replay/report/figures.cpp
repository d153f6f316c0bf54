#include "replay/report/figures.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "replay/command/terminal_text.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;
using Data = kainjow::mustache::data;
using Real = double;  // tidy: allow(banned) a measurement for people, never state

std::string real_text(Real value) {
    const Real size = value < 0 ? -value : value;
    const int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
    std::array<char, 400> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   std::chars_format::fixed, decimals)
                         .ptr;
    const std::string out(text.data(), end);
    return decimals == 0 ? grouped_text(out) : out;
}

std::string child(const std::string& at, const std::string& name) {
    return (Json::json_pointer(at) / name).to_string();
}

bool holds_numbers(const Json& value) {
    return std::all_of(value.begin(), value.end(),
                       [](const Json& element) { return element.is_number(); });
}

/// Names and values of an object of numbers.
Data entries_of(const Json& object, const std::string& at) {
    Data entries(Data::type::list);
    for (const auto& [key, number] : object.items()) {
        Data entry;
        entry.set("name", terminal_text(key));
        entry.set("value", figure_text(number));
        entry.set("at", child(at, key));
        entries.push_back(entry);
    }
    return entries;
}

bool is_column(const Json& value) {
    return value.is_array() && !value.empty() &&
           std::all_of(value.begin(), value.end(),
                       [](const Json& element) { return element.is_primitive(); });
}

/// The table of which fields of `object` are the columns; those of other lengths are none.
Data rows_of(const Json& object) {
    Data out(Data::type::list);
    const auto first =
        std::find_if(object.begin(), object.end(), [](const Json& f) { return is_column(f); });
    for (std::size_t i = 0; first != object.end() && i < first->size(); ++i) {
        Data row;
        for (const auto& [name, field] : object.items()) {
            if (is_column(field) && field.size() == first->size()) {
                row.set(name, figure_text(field[i]));
            }
        }
        out.push_back(row);
    }
    return out;
}

void add_field(const std::string& name, const Json& value, const std::string& at,
               const Decorate& decorate, Data& out) {
    out.set(name, template_data(value, at, decorate));
    if (value.is_boolean()) {
        out.set(name + (value.get<bool>() ? "_yes" : "_no"), Data::type::bool_true);
    } else if (value.is_string() && is_whole_number(value.get<std::string>())) {
        out.set(name + "_grouped", grouped_text(value.get<std::string>()));
    } else if (value.is_array() && !value.empty()) {
        out.set(name + "_any", Data::type::bool_true);
    } else if (value.is_object() && holds_numbers(value)) {
        out.set(name + "_entries", entries_of(value, at));
    }
}

}  // namespace

std::string figure_text(const Json& value) {
    if (value.is_number_integer()) {
        return grouped_text(value.dump());
    }
    if (value.is_number()) {
        return real_text(value.get<Real>());
    }
    return value.is_string() ? terminal_text(value.get<std::string>()) : std::string();
}

Data template_data(const Json& value, const std::string& at, const Decorate& decorate) {
    if (value.is_object()) {
        Data out;
        out.set("at", at);
        out.set("rows", rows_of(value));
        for (const auto& [name, field] : value.items()) {
            add_field(name, field, child(at, name), decorate, out);
        }
        decorate(at, out);
        return out;
    }
    if (value.is_array()) {
        Data out(Data::type::list);
        for (std::size_t i = 0; i < value.size(); ++i) {
            out.push_back(template_data(value[i], at + '/' + std::to_string(i), decorate));
        }
        return out;
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? Data::type::bool_true : Data::type::bool_false;
    }
    return value.is_null() ? Data(Data::type::bool_false) : Data(figure_text(value));
}

}  // namespace lockstep
