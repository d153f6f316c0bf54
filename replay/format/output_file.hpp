#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/file_place.hpp"

namespace lockstep {

/// A file that appears under its name when it is complete, or not at all.
///
/// Role:   logs, digest files and reports are written without a name, or under one of their own
///         where the file system needs one; commit() makes them durable and names them. Whoever
///         sees the name sees the whole file, the old one or the new one. Symbolic links are
///         followed. A replaced file keeps its permissions. What is no regular file (devices,
///         pipes, descriptors such as /dev/stdout, and "-", standard output) is written into.
/// Errors: kEnvironment. The first failed write is final: every later call reports it again.
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

    /// As the user gave it; "standard output" for "-".
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// False for what is written into: it has no place beside it either.
    [[nodiscard]] bool is_named() const noexcept { return named_; }

  private:
    /// Closes the file and, when it was not committed, removes what was written.
    struct Discard {
        std::string partial;  ///< the name until commit(), where there is one
        void operator()(std::FILE* file) const noexcept;
    };
    using File = std::unique_ptr<std::FILE, Discard>;

    OutputFile(std::string path, FilePlace place, bool named, File file)
        : path_(std::move(path)), place_(std::move(place)), named_(named), file_(std::move(file)) {}
    [[nodiscard]] static File open_unnamed(const FilePlace& place);
    [[nodiscard]] static File open_existing(const FilePlace& place);
    [[nodiscard]] bool take_mode() const;
    [[nodiscard]] bool take_name();
    [[nodiscard]] Error error(const char* what);

    std::string path_;
    FilePlace place_;
    bool named_;
    File file_;
    int first_error_ = 0;
};

/// Keeps other writers of several files in the folder of `path` waiting, where the file system can.
class FolderLock {
  public:
    explicit FolderLock(const std::string& path);
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    ~FolderLock();

  private:
    int descriptor_;
};

/// Writes `text` as the whole content of `path`.
[[nodiscard]] Result<void, Error> write_file(const std::string& path, std::string_view text);

}  // namespace lockstep
