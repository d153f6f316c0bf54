#include "replay/command/progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>

namespace lockstep {
namespace {

constexpr std::uint64_t kWidth = 40;
constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

ProgressBar::ProgressBar(std::uint64_t total)
    : total_(total),
      enabled_(::isatty(STDERR_FILENO) != 0),
      next_(std::chrono::steady_clock::now() + kInterval) {}

void ProgressBar::update(std::uint64_t done, std::uint64_t blocks) {
    if (!enabled_) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) {
        return;
    }
    next_ = now + kInterval;
    drawn_ = true;
    std::string line = "\r";
    if (total_ != 0) {
        const std::uint64_t share = std::min(done, total_);
        const auto full = static_cast<std::size_t>(share / (total_ / kWidth + 1));
        line += '[' + std::string(full, '#') + std::string(kWidth - full, '.') + "] " +
                std::to_string(share / (total_ / 100 + 1)) + " %  ";
    }
    std::cerr << line << "block " << blocks << "\033[K" << std::flush;
}

void ProgressBar::clear() {
    if (drawn_) {
        std::cerr << "\r\033[K" << std::flush;
        drawn_ = false;
    }
}

}  // namespace lockstep
