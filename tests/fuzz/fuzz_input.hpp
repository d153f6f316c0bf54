#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/int128.hpp"

namespace lockstep::fuzz {

/// Turns bytes into choices, front to back; behind the end every choice is the first one, so that
/// every input means something and short inputs mean short things.
class FuzzInput {
  public:
    explicit FuzzInput(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }

    [[nodiscard]] std::uint8_t byte() noexcept {
        if (rest_.empty()) {
            return 0;
        }
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_ = rest_.subspan(1);
        return value;
    }
    [[nodiscard]] bool flag() noexcept { return (byte() & 1U) != 0; }
    /// In [0, bound), from as many bytes as the bound needs; bound > 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept {
        std::uint64_t value = 0;
        for (std::uint64_t left = bound - 1; left > 0; left >>= 8) {
            value = (value << 8) | byte();
        }
        return value % bound;
    }
    /// In [low, high].
    [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
        const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) +
                                         (span == 0 ? word() : below(span)));
    }
    [[nodiscard]] std::uint64_t word() noexcept {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) {
            value = (value << 8) | byte();
        }
        return value;
    }
    /// A number near a power of two, of either sign: where ranges end.
    [[nodiscard]] std::int64_t edge64() noexcept {
        return static_cast<std::int64_t>(edge128() >> (byte() % 2 * 64));
    }
    [[nodiscard]] Int128 edge128() noexcept {
        const std::uint8_t shape = byte();
        const UInt128 power = static_cast<UInt128>(1) << (shape % 127);
        const auto value = static_cast<Int128>(power + byte() - 2);
        return shape >= 128 ? -static_cast<Int128>(static_cast<UInt128>(value) >> 1) : value;
    }
    /// The next `size` bytes, or what is left.
    [[nodiscard]] std::span<const std::byte> take(std::size_t size) noexcept {
        const auto taken = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    /// The last `size` bytes, or what is left.
    [[nodiscard]] std::span<const std::byte> take_back(std::size_t size) noexcept {
        const auto taken = rest_.last(std::min(size, rest_.size()));
        rest_ = rest_.first(rest_.size() - taken.size());
        return taken;
    }
    /// One of a list.
    template <class T, std::size_t N>
    [[nodiscard]] const T& pick(const T (&list)[N]) noexcept {
        return list[below(N)];
    }

  private:
    std::span<const std::byte> rest_;
};

}  // namespace lockstep::fuzz
