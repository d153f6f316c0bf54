#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/block_codec.hpp"
#include "replay/format/frame.hpp"
#include "replay/format/log_header.hpp"

namespace lockstep {

struct LogReaderOptions {
    /// A log without its end, as a stopped writer or machine leaves it, is read up to the last
    /// whole frame.
    bool allow_torn_tail = false;
};

/// A place between two blocks of a log, from which it can be read on.
struct LogPlace {
    std::uint64_t offset = 0;    ///< of the next frame
    std::uint64_t sequence = 0;  ///< of the next frame
    Digest chain;                ///< of the frame before
    std::uint64_t height = 0;    ///< of the block before
    std::int64_t time_ms = 0;    ///< the same
    std::uint64_t blocks = 0;    ///< before it
    std::uint64_t transactions = 0;

    friend bool operator==(const LogPlace&, const LogPlace&) = default;
};

/// Reads a log front to back with one block in memory; logs may be larger than memory.
///
/// A torn tail (the file ends inside a frame, or between frames without an end frame, or in zeros
/// from inside a frame on, as a crash of the whole machine leaves it) is told apart from corruption
/// (anything else): the first can be allowed, the second never.
/// Errors: kCorrupt with file, offset of the frame, block and transaction as far as known;
/// kEnvironment from the file. An error is final.
class LogReader {
  public:
    /// "-" reads standard input.
    [[nodiscard]] static Result<LogReader, Error> open(const std::string& path,
                                                       LogReaderOptions options = {});
    [[nodiscard]] static Result<LogReader, Error> open(std::unique_ptr<ByteSource> source,
                                                       LogReaderOptions options = {});

    [[nodiscard]] const LogHeader& header() const noexcept { return header_; }
    /// Digest of the header frame: tells logs apart.
    [[nodiscard]] const Digest& header_digest() const noexcept { return header_digest_; }

    /// Digest of the last block as the log holds it, whatever log it stands in.
    [[nodiscard]] const Digest& block_digest() const noexcept { return block_digest_; }

    /// The place behind the last block. REQUIRES: a block was read.
    [[nodiscard]] LogPlace place() const noexcept;
    /// Reads on from a place of this log, ahead of the first block. Errors: kCorrupt; a place of
    /// another log is met at the next block at the latest.
    [[nodiscard]] Result<void, Error> go_on_from(const LogPlace& place);

    /// The next block; nothing after the last one.
    [[nodiscard]] Result<std::optional<LogBlock>, Error> next();

    /// Where and why an allowed torn tail was cut; known when next() has returned nothing.
    [[nodiscard]] const std::optional<Error>& torn_tail() const noexcept { return torn_tail_; }
    [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }
    [[nodiscard]] std::uint64_t transactions() const noexcept { return transactions_; }
    [[nodiscard]] const std::string& name() const { return frames_.name(); }
    /// Bytes read so far: the offset of the next frame.
    [[nodiscard]] std::uint64_t offset() const noexcept { return frames_.offset(); }

  private:
    LogReader(std::unique_ptr<ByteSource> source, LogReaderOptions options)
        : frames_(std::move(source)), options_(options) {}
    [[nodiscard]] Error corrupt(std::string message, std::uint64_t offset) const;
    [[nodiscard]] Result<void, Error> read_header();
    [[nodiscard]] Result<std::optional<LogBlock>, Error> stop(FrameFailure broken);
    [[nodiscard]] Result<std::optional<LogBlock>, Error> stop_torn(Error error);
    [[nodiscard]] Result<std::optional<LogBlock>, Error> finish(const Frame& frame);

    FrameReader frames_;
    LogReaderOptions options_;
    LogHeader header_;
    Digest header_digest_;
    Digest block_digest_;
    std::optional<BlockHeader> last_;
    std::optional<Error> torn_tail_;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
    bool ended_ = false;
};

}  // namespace lockstep
