#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lockstep::bench {

/// A measured value beside the bar that it has to reach.
struct Figure {
    enum class Bar : std::uint8_t { kAtMost, kAtLeast };

    std::string name;
    double value = 0;
    Bar bar = Bar::kAtLeast;
    double target = 0;
    std::string unit;
    std::string note = {};  ///< what else belongs to it: the worst cell, the ceiling

    [[nodiscard]] bool met() const noexcept {
        return bar == Bar::kAtMost ? value <= target : value >= target;
    }
};

/// Figures in the order in which they were added, and what went wrong beside them.
class Scoreboard {
  public:
    /// Also tells on stderr that it is there.
    void add(Figure figure);
    /// A result that is not the serial one: no figure makes up for it.
    void wrong_result(const std::string& where);

    [[nodiscard]] const std::vector<Figure>& figures() const noexcept { return figures_; }
    [[nodiscard]] bool results_are_right() const noexcept { return right_; }
    [[nodiscard]] std::string table() const;
    /// A list of {"name", "value", "target", "unit", "met"}.
    [[nodiscard]] nlohmann::json json() const;

  private:
    std::vector<Figure> figures_;
    bool right_ = true;
};

}  // namespace lockstep::bench
