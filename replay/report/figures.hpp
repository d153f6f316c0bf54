#pragma once

#include <functional>
#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace lockstep {

/// A figure for people: digits in groups of three, and of a broken number as many as say something.
/// The empty text for null; strings with their control characters escaped.
[[nodiscard]] std::string figure_text(const nlohmann::ordered_json& value);

/// Adds to an object of the templates what is not in the data; gets its JSON pointer.
using Decorate = std::function<void(const std::string& at, kainjow::mustache::data& object)>;

/// JSON as the templates see it. Beside its fields, as text, an object has
///
/// * `at`: its JSON pointer, for the attribute that ties a shown figure to the data of the page;
/// * for a field of digits `<field>_grouped`, for a truth value `<field>_yes` or `<field>_no`;
/// * for a list that is not empty `<field>_any`;
/// * for an object that holds numbers only, `<field>_entries`: its names and values, as a list;
/// * when some of its fields are lists, as columns of a table, `rows`: that table row by row.
///
/// Null is false.
[[nodiscard]] kainjow::mustache::data template_data(const nlohmann::ordered_json& value,
                                                    const std::string& at,
                                                    const Decorate& decorate);

}  // namespace lockstep
