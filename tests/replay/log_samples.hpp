#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "replay/format/block_codec.hpp"

namespace lockstep::test {

/// A folder of its own for each running test, removed at the end.
class TemporaryFolder {
  public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }

  private:
    std::filesystem::path path_;
};

/// Every alternative of Payload once, with telling values.
[[nodiscard]] std::vector<Transaction> one_of_each();

/// Every alternative of Payload with its smallest, and with its largest values.
[[nodiscard]] std::vector<Transaction> extremes();

[[nodiscard]] LogHeader sample_header();

/// Blocks of consecutive heights from `first`, holding one_of_each().
[[nodiscard]] std::vector<LogBlock> sample_blocks(std::size_t count, std::uint64_t first = 1);

[[nodiscard]] std::vector<std::byte> read_bytes(const std::string& path);
void write_bytes(const std::string& path, std::span<const std::byte> bytes);

/// The bytes of a log of `blocks`.
[[nodiscard]] std::vector<std::byte> log_bytes(const std::vector<LogBlock>& blocks);

}  // namespace lockstep::test
