#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "replay/import/recorded_data.hpp"

namespace lockstep {

/// A field of a JSON object, which must be there and of type T.
template <class T>
[[nodiscard]] Result<T, Error> json_field(const simdjson::dom::element& object,
                                          std::string_view key) {
    T value{};
    if (object[key].get(value) != simdjson::SUCCESS) {
        return failure(bad_record("'" + std::string(key) + "' is missing or of another type"));
    }
    return value;
}

/// A number that is written as a JSON string.
[[nodiscard]] inline Result<Decimal, Error> decimal_field(const simdjson::dom::element& object,
                                                          std::string_view key) {
    const Result<std::string_view, Error> text = json_field<std::string_view>(object, key);
    if (!text) {
        return failure(text.error());
    }
    const Result<Decimal, ParseError> value = parse_decimal(*text);
    if (!value) {
        return failure(
            bad_record("'" + std::string(key) + "' " + std::string(describe(value.error()))));
    }
    return *value;
}

}  // namespace lockstep
