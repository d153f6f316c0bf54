#pragma once

#include <chrono>
#include <cstdint>

namespace lockstep {

/// A bar on stderr that redraws itself at most ten times a second and is gone at the end. Silent
/// when stderr is no terminal.
class ProgressBar {
  public:
    /// `total` 0: unknown, only the count is shown.
    explicit ProgressBar(std::uint64_t total);
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() { clear(); }

    /// `done` of the total, and a count for people.
    void update(std::uint64_t done, std::uint64_t blocks);
    /// Removes the bar, before other output.
    void clear();

  private:
    std::uint64_t total_;
    bool enabled_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace lockstep
