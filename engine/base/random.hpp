#pragma once

#include <cstdint>

namespace lockstep {

/// SplitMix64 finaliser: a fast mixing function with a stable definition (Steele, Lea, Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

/// Seeded generator (SplitMix64); the same sequence on every machine. Not for secrets.
class Random {
  public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

    [[nodiscard]] constexpr std::uint64_t next() noexcept {
        const std::uint64_t out = mix64(state_);
        state_ += 0x9e3779b97f4a7c15U;
        return out;
    }
    /// Uniform in [0, bound) up to a bias of bound / 2^64; bound > 0.
    [[nodiscard]] constexpr std::uint64_t below(std::uint64_t bound) noexcept {
        __extension__ typedef unsigned __int128 Wide;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }
    /// Uniform in [low, high].
    [[nodiscard]] constexpr std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
        const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) +
                                         (span == 0 ? next() : below(span)));
    }
    /// True with probability numerator / denominator.
    [[nodiscard]] constexpr bool chance(std::uint64_t numerator,
                                        std::uint64_t denominator) noexcept {
        return below(denominator) < numerator;
    }

  private:
    std::uint64_t state_;
};

}  // namespace lockstep
