#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// A stream of bytes that is read once, front to back.
class ByteSource {
  public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    /// Fills `out` from the front and returns how much; less than out.size() only at the end.
    [[nodiscard]] virtual Result<std::size_t, Error> read(std::span<std::byte> out) = 0;
    /// Goes on behind the next `count` bytes. Errors: kCorrupt when there are not so many.
    [[nodiscard]] virtual Result<void, Error> skip(std::uint64_t count);
    /// Bytes that are left; nothing when it cannot be known, as with a pipe.
    [[nodiscard]] virtual std::optional<std::uint64_t> remaining() const = 0;
    /// The name for messages.
    [[nodiscard]] virtual const std::string& name() const = 0;
};

/// A file, or standard input under the name "-".
class FileSource final : public ByteSource {
  public:
    /// Errors: kEnvironment when the file is missing, a directory or unreadable.
    [[nodiscard]] static Result<std::unique_ptr<FileSource>, Error> open(const std::string& path);
    ~FileSource() override;

    Result<std::size_t, Error> read(std::span<std::byte> out) override;
    Result<void, Error> skip(std::uint64_t count) override;
    std::optional<std::uint64_t> remaining() const override;
    const std::string& name() const override { return name_; }

  private:
    FileSource(std::FILE* file, std::string name, std::optional<std::uint64_t> size)
        : file_(file), name_(std::move(name)), size_(size) {}

    std::FILE* file_;
    std::string name_;
    std::optional<std::uint64_t> size_;
    std::uint64_t taken_ = 0;
};

/// Bytes in memory, which outlive the source.
class MemorySource final : public ByteSource {
  public:
    explicit MemorySource(std::span<const std::byte> bytes, std::string name = "memory")
        : rest_(bytes), name_(std::move(name)) {}

    Result<std::size_t, Error> read(std::span<std::byte> out) override;
    std::optional<std::uint64_t> remaining() const override { return rest_.size(); }
    const std::string& name() const override { return name_; }

  private:
    std::span<const std::byte> rest_;
    std::string name_;
};

}  // namespace lockstep
