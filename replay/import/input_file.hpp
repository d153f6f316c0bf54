#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/byte_source.hpp"

namespace lockstep {

/// One file inside an input file.
struct InputMember {
    std::string name;         ///< of a zip: as listed; else the file name without folder and `.gz`
    std::uint64_t index = 0;  ///< place in the archive
};

/// A recorded-data file: plain, gzip (also several streams in a row) or zip, told apart by its
/// first bytes and not by its name.
///
/// Role:  every reader of recorded data opens its input here; memory does not grow with the file.
/// Cost:  members are opened independently, so a file can be read twice without being kept.
class InputFile {
  public:
    /// Looks at the file; lists the members of an archive in archive order, folders left out.
    [[nodiscard]] static Result<InputFile, Error> open(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// At least one.
    [[nodiscard]] const std::vector<InputMember>& members() const noexcept { return members_; }
    /// A fresh stream over one member, from its start; its name is `path`, or `path/member` when
    /// there are several. Damaged compression is kCorrupt, found while reading.
    [[nodiscard]] Result<std::unique_ptr<ByteSource>, Error> open_member(
        const InputMember& member) const;

  private:
    enum class Container : std::uint8_t { kPlain, kGzip, kZip };

    std::string path_;
    Container container_ = Container::kPlain;
    std::vector<InputMember> members_;
};

}  // namespace lockstep
