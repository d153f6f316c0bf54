#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/bytes.hpp"

namespace lockstep {

/// A 128-bit digest (XXH3-128). Detects accidents; it is no commitment against adversaries.
struct Digest {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// 32 lower-case hexadecimal digits, high half first.
    [[nodiscard]] std::string hex() const;
    [[nodiscard]] static std::optional<Digest> from_hex(std::string_view text);

    friend constexpr auto operator<=>(const Digest&, const Digest&) = default;

    /// Sum modulo 2^128: the additive state digest, independent of the order of its terms.
    constexpr Digest& operator+=(const Digest& other) noexcept {
        low += other.low;
        high += other.high + (low < other.low ? 1U : 0U);
        return *this;
    }
    constexpr Digest& operator-=(const Digest& other) noexcept {
        high -= other.high + (low < other.low ? 1U : 0U);
        low -= other.low;
        return *this;
    }
};

/// Two lower-case hexadecimal digits for each byte.
[[nodiscard]] std::string hex_of(std::span<const std::byte> bytes);

/// XXH3-128 of `bytes`, by a seed that stands for what they belong to.
[[nodiscard]] Digest digest_of(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept;
/// XXH3-64 of `bytes`, as such a seed.
[[nodiscard]] std::uint64_t seed_of(std::span<const std::byte> bytes) noexcept;

inline void put(ByteWriter& out, const Digest& digest) {
    out.put(digest.low, digest.high);
}
[[nodiscard]] inline Digest get_digest(ByteReader& in) noexcept {
    const auto low = in.get<std::uint64_t>();
    return {.high = in.get<std::uint64_t>(), .low = low};
}

}  // namespace lockstep
