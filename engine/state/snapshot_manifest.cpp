#include "engine/state/snapshot_manifest.hpp"

#include <algorithm>

#include "engine/base/bytes.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kSnapshotMagic = 0x5353'534cU;  ///< the bytes "LSSS"
constexpr std::uint16_t kSnapshotVersion = 1;
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kDigestSize = 16;
constexpr std::size_t kModuleMin = 4 + kDigestSize;
constexpr std::size_t kChunkSize = 4 + 4 + kDigestSize;

Error broken_snapshot(std::string message) {
    return {.code = ErrorCode::kCorrupt, .message = std::move(message)};
}

}  // namespace

Digest SnapshotManifest::state() const noexcept {
    Digest sum;
    for (const Module& module : modules) {
        sum += module.sum;
    }
    return sum;
}

std::uint64_t SnapshotManifest::cells() const noexcept {
    std::uint64_t count = 0;
    for (const Chunk& chunk : chunks) {
        count += chunk.cells;
    }
    return count;
}

std::vector<std::byte> SnapshotManifest::encode() const {
    ByteWriter out;
    out.put(kSnapshotMagic, kSnapshotVersion);
    out.put_text(head.machine);
    out.put(head.height);
    put(out, head.block);
    out.put(static_cast<std::uint32_t>(modules.size()));
    for (const Module& module : modules) {
        out.put_text(module.name);
        put(out, module.sum);
    }
    out.put(static_cast<std::uint32_t>(chunks.size()));
    for (const Chunk& chunk : chunks) {
        out.put(chunk.bytes, chunk.cells);
        put(out, chunk.digest);
    }
    put(out, digest_of(out.bytes()));
    return {out.bytes().begin(), out.bytes().end()};
}

Result<SnapshotManifest, Error> SnapshotManifest::decode(std::span<const std::byte> bytes) {
    ByteReader in(bytes);
    if (in.get<std::uint32_t>() != kSnapshotMagic || !in.ok()) {
        return failure(broken_snapshot("not the manifest of a snapshot: wrong magic"));
    }
    if (const auto version = in.get<std::uint16_t>(); version != kSnapshotVersion && in.ok()) {
        return failure(broken_snapshot("snapshot version " + std::to_string(version) +
                                       " is not supported; this build reads version " +
                                       std::to_string(kSnapshotVersion)));
    }
    if (bytes.size() < kDigestSize) {
        return failure(broken_snapshot("the manifest of the snapshot is cut"));
    }
    ByteReader last(bytes.last(kDigestSize));
    if (get_digest(last) != digest_of(bytes.first(bytes.size() - kDigestSize))) {
        return failure(broken_snapshot("the manifest of the snapshot is damaged"));
    }
    SnapshotManifest out;
    out.head.machine = in.get_text();
    out.head.height = in.get<std::uint64_t>();
    out.head.block = get_digest(in);
    const auto modules = in.get<std::uint32_t>();
    bool sound = out.head.machine.size() <= kNameMax && modules <= in.remaining() / kModuleMin;
    for (std::uint32_t i = 0; sound && i < modules; ++i) {
        Module& module = out.modules.emplace_back();
        module.name = in.get_text();
        module.sum = get_digest(in);
        sound = in.ok() && module.name.size() <= kNameMax;
    }
    const auto chunks = in.get<std::uint32_t>();
    sound = sound && chunks <= in.remaining() / kChunkSize;
    for (std::uint32_t i = 0; sound && i < chunks; ++i) {
        Chunk& chunk = out.chunks.emplace_back();
        chunk.bytes = in.get<std::uint32_t>();
        chunk.cells = in.get<std::uint32_t>();
        chunk.digest = get_digest(in);
    }
    if (!sound || !in.ok() || in.remaining() != kDigestSize) {
        return failure(broken_snapshot("the manifest of the snapshot is malformed"));
    }
    return out;
}

Result<void, Error> SnapshotManifest::verify(std::size_t chunk,
                                             std::span<const std::byte> bytes) const {
    if (chunk >= chunks.size()) {
        return failure(broken_snapshot("the snapshot has no chunk " + std::to_string(chunk) +
                                       ", only " + std::to_string(chunks.size())));
    }
    const Digest digest = digest_of(bytes);
    if (bytes.size() == chunks[chunk].bytes && digest == chunks[chunk].digest) {
        return {};
    }
    const std::string what = "chunk " + std::to_string(chunk) + " of the snapshot ";
    const auto other = std::find_if(chunks.begin(), chunks.end(), [&](const Chunk& one) {
        return one.bytes == bytes.size() && one.digest == digest;
    });
    if (other != chunks.end()) {
        return failure(
            broken_snapshot(what + "was given as chunk " + std::to_string(other - chunks.begin())));
    }
    if (bytes.size() != chunks[chunk].bytes) {
        return failure(broken_snapshot(what + "has " + std::to_string(bytes.size()) +
                                       " bytes, not " + std::to_string(chunks[chunk].bytes)));
    }
    return failure(broken_snapshot(what + "is damaged"));
}

}  // namespace lockstep
