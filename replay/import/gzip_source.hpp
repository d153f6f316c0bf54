#pragma once

#include <memory>

#include "replay/format/byte_source.hpp"

namespace lockstep {

/// Inflates a sequence of gzip streams. Unlike libarchive it compares checksums and lengths.
/// Errors: kCorrupt with the offset in the compressed bytes.
[[nodiscard]] std::unique_ptr<ByteSource> inflate_gzip(std::unique_ptr<ByteSource> compressed);

}  // namespace lockstep
