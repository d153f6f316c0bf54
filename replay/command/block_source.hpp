#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "replay/format/log_reader.hpp"
#include "replay/format/read_ahead.hpp"

namespace lockstep {

/// Blocks of the log in order, read ahead where the log is a file and there is a core for it.
class BlockSource {
  public:
    BlockSource(LogReader& log, const std::string& path, std::uint64_t blocks_max) : log_(log) {
        // A pipe may keep its reader waiting for longer than a replay that has failed.
        std::error_code ignored;
        if (std::thread::hardware_concurrency() > 1 &&
            std::filesystem::is_regular_file(path, ignored)) {
            ahead_.emplace(log, blocks_max);
        }
    }
    [[nodiscard]] Result<std::optional<LogBlock>, Error> next() {
        return ahead_ ? ahead_->next() : log_.next();
    }
    /// Of the block that next() returned last.
    [[nodiscard]] ReadAhead::Place place() const {
        return ahead_ ? ahead_->place()
                      : ReadAhead::Place{.digest = log_.block_digest(), .offset = log_.offset()};
    }
    /// Leaves the log to others.
    void finish() { ahead_.reset(); }

  private:
    LogReader& log_;
    std::optional<ReadAhead> ahead_;
};

}  // namespace lockstep
