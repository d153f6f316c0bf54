#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "engine/base/int128.hpp"

namespace lockstep {

/// The value of one state key: 64 bytes in canonical, little-endian form, unused bytes zero.
///
/// Role:    every kind of key has a record type with `encode` and `decode` (cells.hpp); numeric
///          kinds hold one Int128 in the first 16 bytes. The stored form is the hashed form, so no
///          padding and no byte order of the host can reach a digest.
/// Threads: a plain value.
/// Cost:    one cache line; on little-endian hosts loads and stores are plain moves.
class alignas(16) Cell {
  public:
    static constexpr std::size_t kSize = 64;

    constexpr Cell() noexcept = default;
    [[nodiscard]] static Cell of_number(Int128 value) noexcept {
        Cell cell;
        cell.set_number(value);
        return cell;
    }

    /// The integer (bool, enumeration) at `offset`; offset + sizeof(T) <= kSize.
    template <class T>
    [[nodiscard]] T load(std::size_t offset) const noexcept {
        if constexpr (std::is_enum_v<T>) {
            return static_cast<T>(load<std::underlying_type_t<T>>(offset));
        } else if constexpr (std::is_same_v<T, bool>) {
            return load<std::uint8_t>(offset) != 0;
        } else if constexpr (std::is_same_v<T, Int128>) {
            return make_int128(load<std::uint64_t>(offset + 8), load<std::uint64_t>(offset));
        } else {
            static_assert(std::is_integral_v<T>);
            std::make_unsigned_t<T> bits = 0;
            // tidy: allow(raw_bytes) an integer
            std::memcpy(&bits, bytes_.data() + offset, sizeof(T));
            return static_cast<T>(little_endian(bits));
        }
    }
    template <class T>
    void store(std::size_t offset, T value) noexcept {
        if constexpr (std::is_enum_v<T>) {
            store(offset, static_cast<std::underlying_type_t<T>>(value));
        } else if constexpr (std::is_same_v<T, bool>) {
            store(offset, static_cast<std::uint8_t>(value));
        } else if constexpr (std::is_same_v<T, Int128>) {
            store(offset, low64(value));
            store(offset + 8, high64(value));
        } else {
            static_assert(std::is_integral_v<T>);
            const auto bits = little_endian(static_cast<std::make_unsigned_t<T>>(value));
            // tidy: allow(raw_bytes) an integer in canonical order
            std::memcpy(bytes_.data() + offset, &bits, sizeof(T));
        }
    }

    /// The numeric reading of the cell.
    [[nodiscard]] Int128 number() const noexcept { return load<Int128>(0); }
    void set_number(Int128 value) noexcept { store(0, value); }

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

    /// By words: compilers compare arrays of std::byte one by one.
    friend bool operator==(const Cell& a, const Cell& b) noexcept {
        std::uint64_t differences = 0;
        for (std::size_t at = 0; at < kSize; at += 8) {
            differences |= a.load<std::uint64_t>(at) ^ b.load<std::uint64_t>(at);
        }
        return differences == 0;
    }

  private:
    template <class U>
    static constexpr U little_endian(U bits) noexcept {
        if constexpr (std::endian::native == std::endian::little || sizeof(U) == 1) {
            return bits;
        } else {
            U out = 0;
            for (std::size_t i = 0; i < sizeof(U); ++i) {
                out = static_cast<U>((out << 8) | (bits & 0xff));
                bits = static_cast<U>(bits >> 8);
            }
            return out;
        }
    }

    std::array<std::byte, kSize> bytes_{};
};
static_assert(sizeof(Cell) == 64 && std::is_trivially_copyable_v<Cell>);
static_assert(std::has_unique_object_representations_v<Cell>);  // its bytes are hashed

}  // namespace lockstep
