#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/byte_source.hpp"
#include "replay/format/output_file.hpp"

namespace lockstep {

/// Writes a text file whose every line ends in its check; README.md of the folder above describes
/// the format.
class CheckedLineWriter {
  public:
    [[nodiscard]] static Result<CheckedLineWriter, Error> create(const std::string& path);
    /// `body` has no line end.
    [[nodiscard]] Result<void, Error> line(std::string body);
    [[nodiscard]] Result<void, Error> commit() { return file_.commit(); }

    /// Check of the last line: stands for all lines so far.
    [[nodiscard]] std::uint64_t check() const noexcept { return check_; }
    [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }
    [[nodiscard]] bool is_named() const noexcept { return file_.is_named(); }

  private:
    explicit CheckedLineWriter(OutputFile file) : file_(std::move(file)) {}

    OutputFile file_;
    std::uint64_t check_ = 0;
};

/// Reads what CheckedLineWriter wrote, with one line in memory.
///
/// Errors: kCorrupt with the offset of the line for damage, cuts and lines over 16 KiB;
/// kEnvironment from the source.
class CheckedLineReader {
  public:
    /// `kind` names the file in messages: "digest file".
    CheckedLineReader(std::unique_ptr<ByteSource> source, std::string kind)
        : source_(std::move(source)), kind_(std::move(kind)) {}

    /// The next line without its check, which is there and fits.
    [[nodiscard]] Result<std::string, Error> line();
    /// The words after `keyword` of the next line, which starts with it.
    [[nodiscard]] Result<std::string, Error> expect(std::string_view keyword);
    /// Checks that nothing follows.
    [[nodiscard]] Result<void, Error> expect_end();

    /// An error at the last line.
    [[nodiscard]] Error corrupt(std::string message) const;
    [[nodiscard]] std::uint64_t check() const noexcept { return check_; }
    [[nodiscard]] const std::string& name() const { return source_->name(); }
    [[nodiscard]] const std::string& kind() const noexcept { return kind_; }

  private:
    /// One line with its check; nothing at the end of the file.
    [[nodiscard]] Result<std::optional<std::string>, Error> raw_line();

    std::unique_ptr<ByteSource> source_;
    std::string kind_;
    std::vector<std::byte> buffer_;
    std::size_t position_ = 0;
    std::uint64_t offset_ = 0;  ///< of the line under work
    std::uint64_t next_offset_ = 0;
    std::uint64_t check_ = 0;
};

}  // namespace lockstep
