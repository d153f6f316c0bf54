#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "replay/report/plot.hpp"

namespace lockstep {

/// The files that were built in.
namespace report_files {
extern const std::string_view kFrame;       ///< page.mustache
extern const std::string_view kReplay;      ///< replay.mustache
extern const std::string_view kStress;      ///< stress.mustache
extern const std::string_view kPlots;       ///< plots.mustache, a part of both
extern const std::string_view kSpeedups;    ///< speedups.mustache, a part of both
extern const std::string_view kStyle;       ///< report.css
extern const std::string_view kScript;      ///< report.js
extern const std::string_view kPlotStyle;   ///< of the plotting library; empty without it
extern const std::string_view kPlotScript;  ///< the plotting library; empty without it
}  // namespace report_files

/// Plots by the JSON pointer of the object in whose part of the page they stand.
using PlotsByPlace = std::map<std::string, std::vector<Plot>>;

/// One page for the browser that needs no other file and no network.
///
/// `body`: a template. `data`: all figures; they stand in the page as JSON, and the template shows
/// the very same.
/// Escaping: every text of `data` and of the plots, whatever bytes it has.
[[nodiscard]] std::string html_page(std::string_view body, const std::string& title,
                                    const nlohmann::ordered_json& data, const PlotsByPlace& plots);

}  // namespace lockstep
