#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// A file that appears under its name only when it is complete.
///
/// Role:   logs, digest files and reports are written to `<path>.partial`; commit() makes them
///         durable and renames. Whoever sees the name sees the whole file.
/// Errors: the first failed write is final: every later call reports it again.
/// "-" stands for standard output, which commit() only flushes.
class OutputFile {
  public:
    [[nodiscard]] static Result<OutputFile, Error> create(const std::string& path);
    OutputFile(OutputFile&&) noexcept = default;
    OutputFile& operator=(OutputFile&&) noexcept = default;

    [[nodiscard]] Result<void, Error> write(std::span<const std::byte> bytes);
    [[nodiscard]] Result<void, Error> write(std::string_view text) {
        return write(std::as_bytes(std::span(text)));  // tidy: allow(raw_bytes) characters
    }
    /// Flushes to the disk and gives the file its name. Call once; nothing may be written after.
    [[nodiscard]] Result<void, Error> commit();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    /// Closes the file and, when it was not committed, removes what was written.
    struct Discard {
        std::string partial;
        void operator()(std::FILE* file) const noexcept;
    };

    OutputFile(std::string path, std::unique_ptr<std::FILE, Discard> file)
        : path_(std::move(path)), file_(std::move(file)) {}
    [[nodiscard]] Error error(const char* what);

    std::string path_;
    std::unique_ptr<std::FILE, Discard> file_;
    int first_error_ = 0;
};

/// Writes `text` as the whole content of `path`.
[[nodiscard]] Result<void, Error> write_file(const std::string& path, std::string_view text);

}  // namespace lockstep
