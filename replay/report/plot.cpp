#include "replay/report/plot.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <kainjow/mustache.hpp>
#include <optional>

#include "replay/report/figures.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;
using Real = double;  // tidy: allow(banned) places in a picture, never state

constexpr Real kWidth = 640;
constexpr Real kHeight = 240;
constexpr Real kLeft = 64;
constexpr Real kRight = 12;
constexpr Real kTop = 10;
constexpr Real kBottom = 44;
constexpr int kTicks = 4;

struct Point {
    Real x = 0;
    Real y = 0;
    std::optional<Real> lower;
    std::optional<Real> upper;
};
using Points = std::vector<Point>;

std::optional<Real> number(const Json& value) {
    return value.is_number() ? std::optional(value.get<Real>()) : std::nullopt;
}

Points points_of(const Curve& curve, const Json& data) {
    const std::vector<Json> xs = values_at(data, curve.x);
    const std::vector<Json> ys = values_at(data, curve.y);
    const std::vector<Json> bars =
        curve.bars.empty() ? std::vector<Json>() : values_at(data, curve.bars);
    Points out;
    for (std::size_t i = 0; i < std::min(xs.size(), ys.size()); ++i) {
        const auto x = number(xs[i]);
        const auto y = number(ys[i]);
        if (!x || !y) {
            continue;
        }
        Point point{.x = *x, .y = *y, .lower = {}, .upper = {}};
        if (i < bars.size()) {
            point.lower = number(bars[i].at("lower"));
            point.upper = number(bars[i].at("upper"));
        }
        out.push_back(point);
    }
    return out;
}

/// The least of 1, 2, 5 times a power of ten that is not below.
Real round_up(Real value) {
    if (value <= 0) {
        return 1;
    }
    const Real power = std::pow(10, std::floor(std::log10(value)));
    for (const Real step : {1, 2, 5}) {
        if (value <= step * power) {
            return step * power;
        }
    }
    return 10 * power;
}

std::string place(Real value) {
    std::array<char, 400> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1)
            .ptr;
    return {text.data(), end};
}

/// Where numbers are drawn.
class PlotFrame {
  public:
    PlotFrame(const std::vector<Points>& curves, bool doubling) : doubling_(doubling) {
        bool any = false;
        for (const Points& points : curves) {
            for (const Point& point : points) {
                least_ = any ? std::min(least_, point.x) : point.x;
                most_ = any ? std::max(most_, point.x) : point.x;
                top_ = std::max({top_, point.y, point.upper.value_or(0)});
                any = true;
            }
        }
        top_ = round_up(top_ / kTicks) * kTicks;
    }
    [[nodiscard]] Real x(Real value) const {
        const Real from = scaled(least_);
        const Real span = scaled(most_) - from;
        const Real share = span > 0 ? (scaled(value) - from) / span : 0;
        return kLeft + share * (kWidth - kLeft - kRight);
    }
    [[nodiscard]] Real y(Real value) const {
        return kHeight - kBottom - value / top_ * (kHeight - kBottom - kTop);
    }
    [[nodiscard]] Real top() const { return top_; }
    /// Numbers that stand below the picture.
    [[nodiscard]] std::vector<Real> marks() const {
        std::vector<Real> out;
        if (doubling_) {
            for (Real mark = 1; mark <= most_; mark *= 2) {
                if (mark >= least_) {
                    out.push_back(mark);
                }
            }
            return out;
        }
        for (int i = 0; i <= kTicks && (i == 0 || most_ > least_); ++i) {
            out.push_back(std::floor(least_ + (most_ - least_) * i / kTicks));
        }
        return out;
    }

  private:
    [[nodiscard]] Real scaled(Real value) const {
        return doubling_ ? std::log2(std::max<Real>(value, 1)) : value;
    }

    bool doubling_;
    Real least_ = 0;
    Real most_ = 0;
    Real top_ = 0;
};

std::string line(Real x1, Real y1, Real x2, Real y2, const std::string& style) {
    return "<line class=\"" + style + "\" x1=\"" + place(x1) + "\" y1=\"" + place(y1) + "\" x2=\"" +
           place(x2) + "\" y2=\"" + place(y2) + "\"/>";
}

std::string words(Real x, Real y, const std::string& style, const std::string& text) {
    return "<text class=\"" + style + "\" x=\"" + place(x) + "\" y=\"" + place(y) + "\">" +
           kainjow::mustache::html_escape(text) + "</text>";
}

std::string axes(const PlotFrame& frame, const Plot& plot) {
    std::string out;
    for (int i = 0; i <= kTicks; ++i) {
        const Real value = frame.top() * i / kTicks;
        out += line(kLeft, frame.y(value), kWidth - kRight, frame.y(value), "grid");
        const bool whole = value == std::floor(value);
        out += words(kLeft - 6, frame.y(value) + 4, "left",
                     figure_text(whole ? Json(static_cast<std::uint64_t>(value)) : Json(value)));
    }
    for (const Real mark : frame.marks()) {
        out += words(frame.x(mark), kHeight - kBottom + 16, "below",
                     figure_text(Json(static_cast<std::uint64_t>(mark))));
    }
    return out + words(kWidth / 2, kHeight - 8, "below", plot.x_unit);
}

std::string drawn(const Points& points, const PlotFrame& frame, std::size_t index) {
    const std::string style = "c" + std::to_string(index);
    std::string path;
    std::string marks;
    for (const Point& point : points) {
        const Real x = frame.x(point.x);
        path += (path.empty() ? "" : " ") + place(x) + ',' + place(frame.y(point.y));
        if (point.lower && point.upper) {
            marks += line(x, frame.y(*point.lower), x, frame.y(*point.upper), style);
        }
        if (points.size() <= 64) {
            marks += "<circle class=\"" + style + "\" cx=\"" + place(x) + "\" cy=\"" +
                     place(frame.y(point.y)) + "\" r=\"3\"/>";
        }
    }
    return "<polyline class=\"" + style + "\" points=\"" + path + "\"/>" + marks;
}

}  // namespace

std::vector<Json> values_at(const Json& data, const std::string& path) {
    const std::size_t star = path.find("/*");
    std::vector<Json> out;
    if (star == std::string::npos) {
        const Json& list = data.at(Json::json_pointer(path));
        out.assign(list.begin(), list.end());
        return out;
    }
    const Json::json_pointer rest(path.substr(star + 2));
    for (const Json& element : data.at(Json::json_pointer(path.substr(0, star)))) {
        out.push_back(element.at(rest));
    }
    return out;
}

Json plot_json(const Plot& plot) {
    Json curves = Json::array();
    for (const Curve& curve : plot.curves) {
        curves.push_back(
            {{"label", curve.label}, {"x", curve.x}, {"y", curve.y}, {"bars", curve.bars}});
    }
    return {{"x_unit", plot.x_unit},
            {"y_unit", plot.y_unit},
            {"doubling", plot.doubling},
            {"curves", std::move(curves)}};
}

std::string plot_svg(const Plot& plot, const Json& data) {
    std::vector<Points> curves;
    for (const Curve& curve : plot.curves) {
        curves.push_back(points_of(curve, data));
    }
    const PlotFrame frame(curves, plot.doubling);
    std::string out = "<svg viewBox=\"0 0 " + place(kWidth) + ' ' + place(kHeight) +
                      "\" role=\"img\" aria-label=\"" + kainjow::mustache::html_escape(plot.title) +
                      "\">" + axes(frame, plot);
    for (std::size_t i = 0; i < curves.size(); ++i) {
        out += drawn(curves[i], frame, i);
    }
    return out + "</svg>";
}

}  // namespace lockstep
