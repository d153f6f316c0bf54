#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace lockstep {

/// `seconds` for people: "7 s", "2 min 05 s", "3 h 20 min".
[[nodiscard]] std::string duration_text(std::uint64_t seconds);

/// A bar on stderr that redraws itself at most ten times a second and is gone at the end. Silent
/// when stderr is no terminal.
class ProgressBar {
  public:
    /// `total` 0: unknown, only the text is shown.
    explicit ProgressBar(std::uint64_t total);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() { clear(); }

    /// `done` of the total, and what is being done: `text` goes to the terminal as it is. Behind it
    /// stands the time left, when it went on at the rate so far.
    void update(std::uint64_t done, const std::string& text);
    /// True when an update would be drawn: until then its text need not be made.
    [[nodiscard]] bool is_due() const;
    /// Since the bar was made.
    [[nodiscard]] std::chrono::milliseconds elapsed() const;
    /// Removes the bar, before other output.
    void clear();

  private:
    std::uint64_t total_;
    bool enabled_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace lockstep
