#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/byte_source.hpp"

namespace lockstep {

/// One file inside an input file.
struct InputMember {
    std::string name;  ///< as listed, else the file's; without folder of the file and `.gz`, …
    std::uint64_t index = 0;  ///< place in the archive
};

/// A recorded-data file: plain, compressed (gzip, bzip2, xz, zstd, lz4; members of archives as
/// well) or an archive (zip, tar), told apart by its bytes and not by its name.
///
/// Role:  every reader of recorded data opens its input here; memory does not grow with the file.
/// Input: a file, a pipe, a FIFO, a socket or a terminal; "-" is standard input. What is no file is
///        read once, into a temporary file without a name.
/// Cost:  members are opened independently, so an input can be read twice without being kept.
class InputFile {
  public:
    /// Looks at the file; lists the members of an archive in archive order. Folders and what holds
    /// no records by its name (README, checksums, hidden files, __MACOSX) are left out.
    [[nodiscard]] static Result<InputFile, Error> open(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// At least one.
    [[nodiscard]] const std::vector<InputMember>& members() const noexcept { return members_; }
    /// Names of the members that were left out.
    [[nodiscard]] const std::vector<std::string>& left_out() const noexcept { return left_out_; }
    /// A fresh stream over one member, from its start; its name is `path`, or `path/member` when
    /// there are several. Damaged compression is kCorrupt, found while reading.
    [[nodiscard]] Result<std::unique_ptr<ByteSource>, Error> open_member(
        const InputMember& member) const;

  private:
    [[nodiscard]] Result<void, Error> list();

    std::string path_;                  ///< as the user gave it
    std::string place_;                 ///< what is opened: the path, or that of a copy
    std::shared_ptr<const void> copy_;  ///< keeps the copy of a pipe
    std::vector<InputMember> members_;
    std::vector<std::string> left_out_;
};

}  // namespace lockstep
