#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/import/input_file.hpp"

namespace lockstep {

/// Where a line stands, for messages.
struct LinePlace {
    std::uint64_t number = 0;  ///< from 1
    std::uint64_t offset = 0;  ///< of its first byte in the decompressed member
};

/// Lines of a byte source.
///
/// Role:    splits at LF, drops one CR before it and a byte order mark at the start; the last line
///          may lack its LF.
/// Errors:  a line longer than the limit, a NUL byte or bytes that are not UTF-8 are kCorrupt with
///          file, offset and line number; nothing is skipped.
/// Cost:    one buffer that grows to the longest line.
class LineReader {
  public:
    static constexpr std::size_t kLineBytesMax = 64 * 1024 * 1024;

    explicit LineReader(std::unique_ptr<ByteSource> source,
                        std::size_t line_bytes_max = kLineBytesMax)
        : source_(std::move(source)), line_bytes_max_(line_bytes_max) {}

    /// Opens one member of an input file.
    [[nodiscard]] static Result<LineReader, Error> open(const InputFile& file,
                                                        const InputMember& member);

    /// The next line, empty at the end. The text is valid until the next call.
    [[nodiscard]] Result<std::optional<std::string_view>, Error> next();

    /// Of the line last returned.
    [[nodiscard]] const LinePlace& place() const noexcept { return place_; }
    /// A kCorrupt error at the line last returned.
    [[nodiscard]] Error error(const std::string& reason) const;
    /// The same error at the line last returned, when it names no file yet.
    [[nodiscard]] Error locate(Error error) const;

  private:
    [[nodiscard]] Result<bool, Error> fill();
    [[nodiscard]] Result<std::optional<std::string_view>, Error> take(std::size_t length,
                                                                      std::size_t separator);

    std::unique_ptr<ByteSource> source_;
    std::size_t line_bytes_max_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;  ///< first byte not yet returned
    std::size_t end_ = 0;    ///< bytes in the buffer
    std::uint64_t begin_offset_ = 0;
    LinePlace place_;
};

}  // namespace lockstep
