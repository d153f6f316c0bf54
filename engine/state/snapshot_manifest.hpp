#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep {

/// What a snapshot is of.
struct SnapshotHead {
    std::string machine;       ///< whose cells they are, with the version of their encoding
    std::uint64_t height = 0;  ///< of the last block
    Digest block;              ///< of the chain of blocks up to it: the next one continues it
};

/// The table of contents of a snapshot: what each chunk and the whole have to be.
///
/// Role:   sent before the chunks. Each of them is verified alone against it, in any order, and the
///         loaded state against its sums. It follows from state, head and size of chunks alone.
/// Errors: digests find accidents; who takes snapshots from others needs the manifest's digest from
///         somebody trusted, and is safe from forgers only as far as XXH3-128 is.
struct SnapshotManifest {
    struct Module {
        std::string name;  ///< empty: of a machine without modules
        Digest sum;        ///< of the digests of its cells

        friend bool operator==(const Module&, const Module&) = default;
    };
    struct Chunk {
        std::uint32_t bytes = 0;
        std::uint32_t cells = 0;
        Digest digest;  ///< of its bytes

        friend bool operator==(const Chunk&, const Chunk&) = default;
    };

    SnapshotHead head;
    std::vector<Module> modules;
    std::vector<Chunk> chunks;  ///< in the order of their keys

    [[nodiscard]] Digest state() const noexcept;
    [[nodiscard]] std::uint64_t cells() const noexcept;

    /// Canonical bytes; the last 16 are the digest of those before.
    [[nodiscard]] std::vector<std::byte> encode() const;
    /// Errors: kCorrupt; takes untrusted bytes.
    [[nodiscard]] static Result<SnapshotManifest, Error> decode(std::span<const std::byte> bytes);

    /// Whether bytes are those of a chunk. Errors: kCorrupt, saying which chunk they are instead.
    [[nodiscard]] Result<void, Error> verify(std::size_t chunk,
                                             std::span<const std::byte> bytes) const;
};

}  // namespace lockstep
