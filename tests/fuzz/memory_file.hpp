#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <span>
#include <string>

#include "tests/fuzz/fuzz_target.hpp"

namespace lockstep::fuzz {

/// A file without a disk: readers that want a path get one, and thousands a second are cheap.
class MemoryFile {
  public:
    explicit MemoryFile(std::span<const std::byte> content)
        : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
        require(descriptor_ >= 0, "a file in memory can be made");
        while (!content.empty()) {
            const ssize_t written = ::write(descriptor_, content.data(), content.size());
            require(written > 0, "a file in memory can be written");
            content = content.subspan(static_cast<std::size_t>(written));
        }
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    [[nodiscard]] std::string path() const {
        return "/proc/self/fd/" + std::to_string(descriptor_);
    }

  private:
    int descriptor_;
};

}  // namespace lockstep::fuzz
