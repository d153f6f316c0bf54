#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"

namespace lockstep {

/// The value of one state key: up to kCapacity bytes in canonical, little-endian form.
///
/// Role:    every kind of key has a layout: an account (account.hpp), a record type with `encode`
///          and `decode`, or one Int128 in the first 16 bytes. The stored form is the hashed form,
///          so no padding and no byte order of the host can reach a digest; large values are read
///          and changed where they are, without decoding.
/// Threads: a plain value.
/// Cost:    copies and comparisons touch the bytes in use only.
class alignas(8) Cell {
  public:
    static constexpr std::size_t kCapacity = 696;

    // User-provided, so that the bytes behind the first size() are never set nor copied.
    Cell() noexcept {}  // NOLINT(modernize-use-equals-default)
    Cell(const Cell& other) noexcept : size_(other.size_) { copy(other); }
    Cell& operator=(const Cell& other) noexcept {
        size_ = other.size_;
        copy(other);
        return *this;
    }
    [[nodiscard]] static Cell of_number(Int128 value) noexcept {
        Cell cell;
        cell.set_number(value);
        return cell;
    }
    /// The value with these bytes, of which there are at most kCapacity.
    [[nodiscard]] static Cell of_bytes(std::span<const std::byte> bytes) noexcept {
        Cell cell;
        cell.resize(bytes.size());
        std::copy_n(bytes.begin(), cell.size(), cell.bytes_.begin());
        return cell;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Bytes of this object that a copy touches.
    [[nodiscard]] std::size_t footprint() const noexcept { return kBytesBefore + size_; }
    /// Cuts the value, or appends zeros; at most kCapacity.
    void resize(std::size_t size) noexcept {
        size = std::min(size, kCapacity);
        if (size > size_) {
            std::fill(bytes_.begin() + size_, bytes_.begin() + static_cast<std::ptrdiff_t>(size),
                      std::byte{0});
        }
        size_ = static_cast<std::uint16_t>(size);
    }
    /// Opens a gap of `size` zeros at `at`. Nothing happens where it finds no room, which only a
    /// mix of versions can ask for.
    void insert_zeros(std::size_t at, std::size_t size) noexcept {
        const std::size_t old = size_;
        if (at > old || old + size > kCapacity) {
            return;
        }
        resize(old + size);
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at);
        const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(old);
        std::copy_backward(begin, end, end + static_cast<std::ptrdiff_t>(size));
        std::fill_n(begin, size, std::byte{0});
    }
    /// Takes `size` bytes out at `at`; nothing happens where there are not so many.
    void remove_bytes(std::size_t at, std::size_t size) noexcept {
        if (at + size > size_) {
            return;
        }
        const auto gap = bytes_.begin() + static_cast<std::ptrdiff_t>(at);
        std::copy(gap + static_cast<std::ptrdiff_t>(size), bytes_.begin() + size_, gap);
        size_ = static_cast<std::uint16_t>(size_ - size);
    }

    /// The integer (bool, enumeration) at `offset`; 0 where it is not all within size().
    template <class T>
    [[nodiscard]] T load(std::size_t offset) const noexcept {
        if (offset + sizeof(T) > size_) [[unlikely]] {
            return T{};
        }
        return load_value<T>(bytes_.data() + offset);
    }
    /// Puts an integer at `offset`, appending zeros up to it. REQUIRES: within kCapacity.
    template <class T>
    void store(std::size_t offset, T value) noexcept {
        if (offset + sizeof(T) > size_) {
            resize(offset + sizeof(T));
        }
        store_value(bytes_.data() + offset, value);
    }

    /// The numeric reading of the cell.
    [[nodiscard]] Int128 number() const noexcept { return load<Int128>(0); }
    void set_number(Int128 value) noexcept { store(0, value); }

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return std::span(bytes_).first(size_);
    }
    [[nodiscard]] std::span<std::byte> bytes() noexcept { return std::span(bytes_).first(size_); }

    friend bool operator==(const Cell& a, const Cell& b) noexcept {
        // tidy: allow(raw_bytes) canonical bytes
        return a.size_ == b.size_ && std::memcmp(a.bytes_.data(), b.bytes_.data(), a.size_) == 0;
    }

  private:
    void copy(const Cell& other) noexcept {
        if (this != &other) {
            // tidy: allow(raw_bytes) canonical bytes
            std::memcpy(bytes_.data(), other.bytes_.data(), size_);
        }
    }

    static constexpr std::size_t kBytesBefore = 8;  ///< where bytes_ begins

    std::uint16_t size_ = 0;
    alignas(8) std::array<std::byte, kCapacity> bytes_;  // the first size_ count
};
static_assert(std::is_trivially_destructible_v<Cell>);
static_assert(sizeof(Cell) == 8 + Cell::kCapacity);

}  // namespace lockstep
