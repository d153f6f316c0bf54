#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/base/int128.hpp"

namespace lockstep {

/// The canonical bytes of an integer, bool or enumeration: little-endian, as many as it has. Plain
/// moves on little-endian hosts.
template <class T>
void store_value(std::byte* out, T value) noexcept {
    if constexpr (std::is_enum_v<T>) {
        store_value(out, static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
        *out = std::byte{value};
    } else if constexpr (std::is_same_v<T, Int128>) {
        store_value(out, low64(value));
        store_value(out + 8, high64(value));
    } else {
        static_assert(std::is_integral_v<T>);
        const auto bits = static_cast<std::make_unsigned_t<T>>(value);
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(out, &bits, sizeof(T));
        } else {
            for (std::size_t i = 0; i < sizeof(T); ++i) {
                out[i] = static_cast<std::byte>((bits >> (8 * i)) & 0xff);
            }
        }
    }
}
/// Inverse of store_value.
template <class T>
[[nodiscard]] T load_value(const std::byte* in) noexcept {
    if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(load_value<std::underlying_type_t<T>>(in));
    } else if constexpr (std::is_same_v<T, bool>) {
        return *in != std::byte{0};
    } else if constexpr (std::is_same_v<T, Int128>) {
        return make_int128(load_value<std::uint64_t>(in + 8), load_value<std::uint64_t>(in));
    } else {
        static_assert(std::is_integral_v<T>);
        std::make_unsigned_t<T> bits = 0;
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(&bits, in, sizeof(T));
        } else {
            for (std::size_t i = 0; i < sizeof(T); ++i) {
                bits = static_cast<std::make_unsigned_t<T>>(
                    bits | (static_cast<std::make_unsigned_t<T>>(in[i]) << (8 * i)));
            }
        }
        return static_cast<T>(bits);
    }
}

/// The one canonical encoder: little-endian fixed-width integers, length-prefixed byte strings.
///
/// Role:  everything that is hashed or compared between machines goes through it, so no padding,
///        no byte order and no pointer reaches a digest.
/// Cost:  one capacity test and one store per integer; the buffer is meant to be reused (clear
///        keeps its capacity).
class ByteWriter {
  public:
    template <std::integral T>
    void put(T value) {
        if constexpr (std::same_as<T, bool>) {
            put(static_cast<std::uint8_t>(value));
        } else {
            store_value(extend(sizeof(T)), value);
        }
    }
    template <class T>
    requires std::is_enum_v<T>
    void put(T value) { put(static_cast<std::underlying_type_t<T>>(value)); }
    void put(Int128 value) { put(low64(value), high64(value)); }
    /// Several integers, one behind the other, for one capacity test.
    template <std::integral... T>
    requires(sizeof...(T) > 1) void put(T... values) {
        std::byte* out = extend((sizeof(T) + ...));
        ((store_value(out, values), out += sizeof(T)), ...);
    }
    /// u32 length, then the bytes.
    void put_bytes(std::span<const std::byte> bytes) {
        put(static_cast<std::uint32_t>(bytes.size()));
        append(bytes);
    }
    void put_text(std::string_view text) { put_bytes(std::as_bytes(std::span(text))); }
    /// Bytes without a length, for fields of fixed size.
    void append(std::span<const std::byte> bytes) {
        if (!bytes.empty()) {
            std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
        }
    }

    void clear() noexcept { size_ = 0; }
    /// Drops everything behind the first `size` bytes.
    void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return std::span(buffer_).first(size_);
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    /// Room for `count` more bytes, which the caller fills.
    [[nodiscard]] std::byte* extend(std::size_t count) {
        if (count > buffer_.size() - size_) [[unlikely]] {
            grow(count);
        }
        std::byte* out = buffer_.data() + size_;
        size_ += count;
        return out;
    }
    // A function of its own, so that compilers inline what happens every time.
    [[gnu::noinline]] void grow(std::size_t count) { buffer_.resize((size_ + count) * 2); }

    std::vector<std::byte> buffer_;  ///< as large as its capacity; the first size_ bytes count
    std::size_t size_ = 0;
};

/// Reads what ByteWriter wrote. A read past the end returns zero and clears ok() for good.
class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

    template <std::integral T>
    [[nodiscard]] T get() noexcept {
        if constexpr (std::same_as<T, bool>) {
            return get<std::uint8_t>() != 0;
        } else {
            const std::span<const std::byte> raw = take(sizeof(T));
            return raw.empty() ? T{} : load_value<T>(raw.data());
        }
    }
    [[nodiscard]] Int128 get_int128() noexcept {
        const auto low = get<std::uint64_t>();
        const auto high = get<std::uint64_t>();
        return make_int128(high, low);
    }
    /// A byte string written by put_bytes; empty when cut short.
    [[nodiscard]] std::span<const std::byte> get_bytes() noexcept {
        return take(get<std::uint32_t>());
    }
    /// A text written by put_text; empty when cut short.
    [[nodiscard]] std::string get_text() {
        const std::span<const std::byte> bytes = get_bytes();
        std::string text(bytes.size(), '\0');
        std::transform(bytes.begin(), bytes.end(), text.begin(),
                       [](std::byte b) { return static_cast<char>(b); });
        return text;
    }
    /// The next `size` bytes; empty when fewer are left.
    [[nodiscard]] std::span<const std::byte> take(std::size_t size) noexcept {
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }

  private:
    std::span<const std::byte> rest_;
    bool ok_ = true;
};

}  // namespace lockstep
