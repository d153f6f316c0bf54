// The same digest by wider instructions; compiled for processors that have them.

#include "engine/base/digest_wide.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lockstep::internal {

Digest wide_digest_of(std::span<const std::byte> bytes, std::uint64_t seed) noexcept {
    // tidy: allow(raw_bytes) canonical bytes, as in digest_of
    const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {.high = hash.high64, .low = hash.low64};
}

}  // namespace lockstep::internal
