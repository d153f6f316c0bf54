#include "replay/command/progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "engine/base/int128.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kWidth = 30;
constexpr std::chrono::milliseconds kInterval{100};
constexpr std::chrono::milliseconds kFirstEstimate{500};  // before it, rates say little

std::string two_digits(std::uint64_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
}

}  // namespace

std::string duration_text(std::uint64_t seconds) {
    constexpr std::uint64_t kMinute = 60;
    constexpr std::uint64_t kHour = 60 * kMinute;
    if (seconds < kMinute) {
        return std::to_string(seconds) + " s";
    }
    if (seconds < kHour) {
        return std::to_string(seconds / kMinute) + " min " + two_digits(seconds % kMinute) + " s";
    }
    return std::to_string(seconds / kHour) + " h " + two_digits(seconds % kHour / kMinute) + " min";
}

ProgressBar::ProgressBar(std::uint64_t total)
    : total_(total),
      enabled_(::isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      next_(start_ + kInterval) {}

bool ProgressBar::is_due() const {
    return enabled_ && std::chrono::steady_clock::now() >= next_;
}

std::chrono::milliseconds ProgressBar::elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 start_);
}

void ProgressBar::update(std::uint64_t done, const std::string& text) {
    if (!is_due()) {
        return;
    }
    next_ = std::chrono::steady_clock::now() + kInterval;
    drawn_ = true;
    std::string line = "\r";
    std::string left;
    if (total_ != 0) {
        const std::uint64_t share = std::min(done, total_);
        const auto of_total = [&](std::uint64_t parts) {
            return static_cast<std::uint64_t>(UInt128{share} * parts / total_);
        };
        const auto full = static_cast<std::size_t>(of_total(kWidth));
        line += '[' + std::string(full, '#') + std::string(kWidth - full, '.') + "] " +
                std::to_string(of_total(100)) + " %  ";
        if (share != 0 && elapsed() >= kFirstEstimate) {
            const UInt128 milliseconds =
                UInt128{static_cast<std::uint64_t>(elapsed().count())} * (total_ - share) / share;
            left = ", " + duration_text(static_cast<std::uint64_t>(milliseconds / 1000)) + " left";
        }
    }
    std::cerr << line << text << left << "\033[K" << std::flush;
}

void ProgressBar::clear() {
    if (drawn_) {
        std::cerr << "\r\033[K" << std::flush;
        drawn_ = false;
    }
}

}  // namespace lockstep
