#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/block_codec.hpp"
#include "replay/format/frame.hpp"
#include "replay/format/log_header.hpp"

namespace lockstep {

/// Writes a log: create, append each block, close.
///
/// The file appears under its name at close() and not before; a writer that is destroyed unclosed
/// leaves nothing behind. "-" writes to standard output.
/// Cost: one encoded block in memory.
class LogWriter {
  public:
    [[nodiscard]] static Result<LogWriter, Error> create(const std::string& path,
                                                         const LogHeader& header);

    /// Errors: kUsage when heights are not consecutive, times do not rise, or a limit of the format
    /// is exceeded; kEnvironment from the file. After an error only destruction makes sense.
    [[nodiscard]] Result<void, Error> append(const LogBlock& block);
    /// Writes the end frame and makes the log durable. Call once.
    [[nodiscard]] Result<void, Error> close();

    [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }
    [[nodiscard]] std::uint64_t transactions() const noexcept { return transactions_; }

  private:
    explicit LogWriter(OutputFile file) : frames_(std::move(file)) {}

    FrameWriter frames_;
    std::optional<BlockHeader> last_;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
};

/// Why `next` cannot follow `last` in a log; null when it can.
[[nodiscard]] const char* broken_sequence(const BlockHeader& last, const BlockHeader& next);

}  // namespace lockstep
