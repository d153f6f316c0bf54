#include "engine/base/digest.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/base/digest_wide.hpp"

namespace lockstep {
namespace {

#ifdef LOCKSTEP_WIDE_DIGEST
/// Longest input that XXH3 hashes without its loop over vectors.
constexpr std::size_t kShortMax = 240;
const bool kHasWide = __builtin_cpu_supports("avx2") != 0;
#endif
constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

Digest digest_of(std::span<const std::byte> bytes, std::uint64_t seed) noexcept {
#ifdef LOCKSTEP_WIDE_DIGEST
    if (bytes.size() > kShortMax && kHasWide) {
        return internal::wide_digest_of(bytes, seed);
    }
#endif
    // tidy: allow(raw_bytes) the one place where digests are made
    const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {.high = hash.high64, .low = hash.low64};
}

std::uint64_t seed_of(std::span<const std::byte> bytes) noexcept {
    // tidy: allow(raw_bytes) as above
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::string hex_of(std::span<const std::byte> bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::byte byte : bytes) {
        text.push_back(kHexDigits[std::to_integer<std::size_t>(byte) >> 4]);
        text.push_back(kHexDigits[std::to_integer<std::size_t>(byte) & 0xf]);
    }
    return text;
}

std::string Digest::hex() const {
    std::string text;
    for (const std::uint64_t half : {high, low}) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            text.push_back(kHexDigits[(half >> shift) & 0xf]);
        }
    }
    return text;
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
    if (text.size() != 32) {
        return std::nullopt;
    }
    std::uint64_t halves[2] = {0, 0};
    for (std::size_t i = 0; i < 32; ++i) {
        const char c = text[i];
        std::uint64_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<std::uint64_t>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<std::uint64_t>(c - 'a') + 10;
        } else {
            return std::nullopt;
        }
        halves[i / 16] = (halves[i / 16] << 4) | digit;
    }
    return Digest{.high = halves[0], .low = halves[1]};
}

}  // namespace lockstep
