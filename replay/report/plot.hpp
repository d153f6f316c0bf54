#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lockstep {

/// One line of a plot, by where its numbers stand in the data of the page: JSON pointers in which
/// `*` stands for every element of a list ("/series/height", "/rows/0/measured/*/speedup").
struct Curve {
    std::string label;
    std::string x;
    std::string y;
    std::string bars;  ///< objects with "lower" and "upper" of each point; empty: none
};

/// What is drawn over what. The same description makes the picture that stands in the page and,
/// as an attribute of it, the one that the script puts in its place.
struct Plot {
    std::string title;
    std::string x_unit;
    std::string y_unit;
    std::vector<Curve> curves;
    bool doubling = false;  ///< x by its logarithm, for numbers of cores
};

/// The values that a path names, in order. REQUIRES: there is such a list.
[[nodiscard]] std::vector<nlohmann::ordered_json> values_at(const nlohmann::ordered_json& data,
                                                            const std::string& path);

/// The description for the script.
[[nodiscard]] nlohmann::ordered_json plot_json(const Plot& plot);

/// A picture that needs no script, as an svg element; colours come from the page. Titles and labels
/// are escaped.
[[nodiscard]] std::string plot_svg(const Plot& plot, const nlohmann::ordered_json& data);

}  // namespace lockstep
