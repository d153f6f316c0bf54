#include "replay/report/html_page.hpp"

#include "engine/base/check.hpp"
#include "replay/report/figures.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;
using Data = kainjow::mustache::data;

/// JSON that cannot end the script element that it stands in.
std::string script_json(const Json& value) {
    std::string out;
    for (const char c : value.dump(-1, ' ', true, Json::error_handler_t::replace)) {
        if (c == '<') {
            out += "\\u003c";
        } else {
            out += c;
        }
    }
    return out;
}

/// The same JSON, but that bytes which are no UTF-8 are replaced: what the page is made of.
Json readable(const Json& value) {
    return Json::parse(value.dump(-1, ' ', true, Json::error_handler_t::replace));
}

Data plot_list(const std::vector<Plot>& plots, const Json& data) {
    Data out(Data::type::list);
    for (const Plot& plot : plots) {
        Data entry;
        entry.set("title", plot.title);
        entry.set("unit", plot.y_unit);
        entry.set("plot", plot_json(plot).dump());
        entry.set("svg", plot_svg(plot, data));
        Data legend(Data::type::list);
        for (std::size_t i = 0; i < plot.curves.size(); ++i) {
            Data curve;
            curve.set("label", plot.curves[i].label);
            curve.set("number", std::to_string(i));
            legend.push_back(curve);
        }
        entry.set("curves", legend);
        out.push_back(entry);
    }
    return out;
}

std::string rendered(std::string_view text, const Data& data) {
    kainjow::mustache::mustache page{std::string(text)};
    std::string out = page.render(data);
    LOCKSTEP_CHECK(page.is_valid());  // the templates are our own
    return out;
}

}  // namespace

std::string html_page(std::string_view body, const std::string& title, const Json& data,
                      const PlotsByPlace& plots) {
    const Json shown = readable(data);
    Data fields = template_data(shown, {}, [&](const std::string& at, Data& object) {
        if (const auto found = plots.find(at); found != plots.end()) {
            object.set("plots", plot_list(found->second, shown));
        }
    });
    fields.set("figures", std::string(report_files::kPlots));
    fields.set("speedups", std::string(report_files::kSpeedups));
    Data frame;
    frame.set("title", title);
    frame.set("style", std::string(report_files::kStyle));
    frame.set("script", std::string(report_files::kScript));
    frame.set("plot_style", std::string(report_files::kPlotStyle));
    frame.set("plot_script", std::string(report_files::kPlotScript));
    frame.set("data", script_json(shown));
    frame.set("body", rendered(body, fields));
    return rendered(report_files::kFrame, frame);
}

}  // namespace lockstep
