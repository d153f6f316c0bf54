#include "replay/report/pages.hpp"

#include "replay/command/terminal_text.hpp"
#include "replay/report/html_page.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

/// A curve over the blocks of a replay.
Curve of_blocks(const std::string& label, const std::string& column) {
    return {.label = label, .x = "/series/height", .y = "/series/" + column, .bars = {}};
}

std::vector<Plot> series_plots() {
    const auto plot = [](const char* title, const char* unit, std::vector<Curve> curves) {
        return Plot{.title = title, .x_unit = "block", .y_unit = unit, .curves = std::move(curves)};
    };
    return {
        plot("Throughput", "transactions per second",
             {of_blocks("throughput", "transactions_per_second")}),
        plot(
            "Latency of a block", "milliseconds",
            {of_blocks("mean", "mean_milliseconds"), of_blocks("slowest", "slowest_milliseconds")}),
        plot("Transactions", "",
             {of_blocks("all", "transactions"), of_blocks("not applied", "not_applied")}),
        plot("Executions", "per transaction",
             {of_blocks("executions", "executions_per_transaction")}),
        plot("Waits and aborts", "", {of_blocks("waits", "waits"), of_blocks("aborts", "aborts")}),
        plot("Conflicts", "",
             {of_blocks("conflicts", "conflicts"), of_blocks("longest chain", "longest_chain")})};
}

/// Speed-ups of a measurement that stands at `place` in the data.
std::vector<Plot> speedup_plots(const std::string& place) {
    const auto curve = [&](const char* label, const std::string& runs, const char* cores) {
        return Curve{.label = label,
                     .x = place + runs + "/*/" + cores,
                     .y = place + runs + "/*/speedup",
                     .bars = place + runs + "/*/speedup_quartiles"};
    };
    return {
        {.title = "Speed-up over one worker",
         .x_unit = "cores",
         .y_unit = "bars: quartiles of single blocks",
         .curves = {curve("virtual", "/predicted", "cores"), curve("real", "/measured", "workers")},
         .doubling = true}};
}

}  // namespace

std::string replay_page(const Json& report) {
    PlotsByPlace plots;
    if (!report.at("series").is_null()) {
        plots["/series"] = series_plots();
    }
    if (!report.at("scaling").is_null()) {
        plots["/scaling"] = speedup_plots("/scaling");
    }
    return html_page(report_files::kReplay,
                     "Replay of " + terminal_text(report.at("log").get<std::string>()), report,
                     plots);
}

std::string stress_page(const Json& report) {
    PlotsByPlace plots;
    for (std::size_t i = 0; i < report.at("rows").size(); ++i) {
        const std::string place = "/rows/" + std::to_string(i);
        plots[place] = speedup_plots(place);
    }
    return html_page(report_files::kStress, "How blocks scale", report, plots);
}

}  // namespace lockstep
