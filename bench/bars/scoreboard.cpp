#include "bench/bars/scoreboard.hpp"

#include <cstdio>
#include <utility>

namespace lockstep::bench {
namespace {

std::string line_of(const Figure& figure) {
    char text[512];
    std::snprintf(text, sizeof text, "%-72s %9.3f  %s %7.3f  %-22s %-7s  %s", figure.name.c_str(),
                  figure.value, figure.bar == Figure::Bar::kAtMost ? "<=" : ">=", figure.target,
                  figure.unit.c_str(), figure.met() ? "met" : "NOT MET", figure.note.c_str());
    std::string line = text;
    line.erase(line.find_last_not_of(' ') + 1);
    return line + '\n';
}

}  // namespace

void Scoreboard::add(Figure figure) {
    figures_.push_back(std::move(figure));
    std::fputs(line_of(figures_.back()).c_str(), stderr);
}

void Scoreboard::wrong_result(const std::string& where) {
    right_ = false;
    std::fprintf(stderr, "%s: the result is not the serial one\n", where.c_str());
}

std::string Scoreboard::table() const {
    char header[256];
    std::snprintf(header, sizeof header, "%-72s %9s  %10s  %-22s %-7s  %s\n", "figure", "value",
                  "bar", "unit", "", "note");
    std::string text = header;
    std::size_t met = 0;
    for (const Figure& figure : figures_) {
        text += line_of(figure);
        met += figure.met() ? 1U : 0U;
    }
    return text + std::to_string(met) + " of " + std::to_string(figures_.size()) +
           " figures meet their bar\n";
}

nlohmann::json Scoreboard::json() const {
    nlohmann::json list = nlohmann::json::array();
    for (const Figure& figure : figures_) {
        list.push_back({{"name", figure.name},
                        {"value", figure.value},
                        {"target", figure.target},
                        {"unit", figure.unit},
                        {"met", figure.met()}});
    }
    return list;
}

}  // namespace lockstep::bench
