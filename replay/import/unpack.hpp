#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/byte_source.hpp"

namespace lockstep {

/// The members of an archive, one after the other, decompressed; a file that is no archive is one
/// member without a name.
class Unpacked : public ByteSource {
  public:
    /// Moves to the next member that is a file. False at the end. `read` then gives its bytes.
    [[nodiscard]] virtual Result<bool, Error> next() = 0;
    /// Of the member at hand; empty when the file is no archive.
    [[nodiscard]] virtual const std::string& member() const = 0;
};

/// Opens a file, zip and tar included. `name` is for messages.
[[nodiscard]] Result<std::unique_ptr<Unpacked>, Error> unpack_file(const std::string& path,
                                                                   const std::string& name);

/// The bytes of `source`, decompressed if they are compressed.
[[nodiscard]] Result<std::unique_ptr<ByteSource>, Error> decompress(
    std::unique_ptr<ByteSource> source);

}  // namespace lockstep
