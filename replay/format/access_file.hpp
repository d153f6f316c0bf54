#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/access_codec.hpp"
#include "replay/format/byte_source.hpp"
#include "replay/format/frame.hpp"

namespace lockstep {

/// Writes an access list file: create, append each block, close. The file appears under its name at
/// close(). Its bytes depend on the log only.
class AccessWriter {
  public:
    [[nodiscard]] static Result<AccessWriter, Error> create(const std::string& path,
                                                            const AccessHeader& header);
    /// Errors: kUsage when heights are not consecutive or a limit of the format is exceeded;
    /// kEnvironment from the file. After an error only destruction makes sense.
    [[nodiscard]] Result<void, Error> append(const BlockAccesses& block);
    /// Writes the end frame and makes the file durable. Call once.
    [[nodiscard]] Result<void, Error> close();

  private:
    explicit AccessWriter(OutputFile file) : frames_(std::move(file)) {}

    FrameWriter frames_;
    std::optional<std::uint64_t> last_;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
};

/// Reads an access list file front to back with one block in memory.
///
/// Errors: kCorrupt with file and offset of the frame, and block and transaction as far as known;
/// kEnvironment from the file. An error is final. A file without its end is corrupt.
class AccessReader {
  public:
    [[nodiscard]] static Result<AccessReader, Error> open(const std::string& path);
    [[nodiscard]] static Result<AccessReader, Error> open(std::unique_ptr<ByteSource> source);

    [[nodiscard]] const AccessHeader& header() const noexcept { return header_; }
    /// The next block; nothing after the last one, when the file proved to be whole.
    [[nodiscard]] Result<std::optional<BlockAccesses>, Error> next();
    [[nodiscard]] const std::string& name() const { return frames_.name(); }
    /// Bytes read so far.
    [[nodiscard]] std::uint64_t offset() const noexcept { return frames_.offset(); }

  private:
    explicit AccessReader(std::unique_ptr<ByteSource> source) : frames_(std::move(source)) {}
    [[nodiscard]] Error corrupt(std::string message, std::uint64_t offset) const;
    [[nodiscard]] Result<void, Error> read_header();
    [[nodiscard]] Result<std::optional<BlockAccesses>, Error> finish(const Frame& frame);

    FrameReader frames_;
    AccessHeader header_;
    std::optional<std::uint64_t> last_;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
    bool ended_ = false;
};

/// True when the file starts as an access list file does; false for a pipe.
[[nodiscard]] bool is_access_file(const std::string& path);

}  // namespace lockstep
