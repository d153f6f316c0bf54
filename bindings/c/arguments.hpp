#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>
#include <type_traits>

#include "bindings/c/lockstep.h"
#include "engine/base/digest.hpp"
#include "engine/base/int128.hpp"
#include "engine/bytes/byte_key.hpp"

/// What comes in through the C interface, checked, and what goes out.
namespace lockstep::c {

/// An argument that is not as the header says; the reason is a literal.
struct Misuse {
    const char* reason;
};

/// Copies a struct that begins with its size. What the caller's lacks is zero.
///
/// Errors: throws Misuse when it is null, shorter than its size field, or longer than what this
///         library knows and not zero there.
template <class T>
[[nodiscard]] T read_struct(const T* in) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (in == nullptr) {
        throw Misuse{"a struct is NULL"};
    }
    std::uint32_t size = 0;
    // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
    std::memcpy(&size, in, sizeof(size));
    // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
    const auto* const bytes = reinterpret_cast<const unsigned char*>(in);
    constexpr std::size_t kLongest = 4096;
    if (size < sizeof(size) || size > kLongest) {
        throw Misuse{"a struct has an impossible size"};
    }
    for (std::size_t i = sizeof(T); i < size; ++i) {
        if (bytes[i] != 0) {
            throw Misuse{"a struct has fields that this library does not know"};
        }
    }
    T out{};
    // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
    std::memcpy(&out, bytes, std::min<std::size_t>(size, sizeof(T)));
    out.size = sizeof(T);
    return out;
}
/// Fills a struct that begins with its size, as far as the caller's goes.
template <class T>
void write_struct(T* out, T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (out == nullptr) {
        throw Misuse{"a struct is NULL"};
    }
    std::uint32_t size = 0;
    // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
    std::memcpy(&size, out, sizeof(size));
    if (size < sizeof(size)) {
        throw Misuse{"a struct has an impossible size"};
    }
    value.size = size;
    // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
    std::memcpy(out, &value, std::min<std::size_t>(size, sizeof(T)));
}

[[nodiscard]] inline std::span<const std::byte> span_of(const ls_bytes& bytes,
                                                        std::size_t longest) {
    if ((bytes.data == nullptr && bytes.size != 0) || bytes.size > longest) {
        throw Misuse{"bytes are NULL or too long"};
    }
    // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
    return {reinterpret_cast<const std::byte*>(bytes.data), bytes.size};
}
[[nodiscard]] inline std::span<const std::byte> key_span(const ls_bytes& key) {
    return span_of(key, LS_KEY_MAX);
}
[[nodiscard]] inline std::span<const std::byte> value_span(const ls_bytes& value) {
    return span_of(value, LS_VALUE_MAX);
}
/// Greater than every key that there can be.
[[nodiscard]] inline ByteKey behind_all_keys() {
    static const std::array<std::byte, LS_KEY_MAX + 1> kHighest = [] {
        std::array<std::byte, LS_KEY_MAX + 1> bytes{};
        bytes.fill(std::byte{0xff});
        return bytes;
    }();
    return ByteKey(kHighest);
}
template <class T>
[[nodiscard]] std::span<const T> array_of(const T* items, std::size_t count) {
    if (items == nullptr && count != 0) {
        throw Misuse{"an array is NULL"};
    }
    return {items, count};
}
/// Bytes that are there, so never NULL.
[[nodiscard]] inline ls_bytes bytes_of(std::span<const std::byte> bytes) noexcept {
    static constexpr std::uint8_t kNone = 0;
    // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
    return {bytes.empty() ? &kNone : reinterpret_cast<const std::uint8_t*>(bytes.data()),
            bytes.size()};
}
[[nodiscard]] inline Int128 int128_of(const ls_int128& number) noexcept {
    return make_int128(static_cast<std::uint64_t>(number.high), number.low);
}
[[nodiscard]] inline ls_digest digest_bytes(const Digest& digest) noexcept {
    ls_digest out{};
    for (std::size_t i = 0; i < 8; ++i) {
        out.bytes[i] = static_cast<std::uint8_t>(digest.high >> (56 - 8 * i));
        out.bytes[8 + i] = static_cast<std::uint8_t>(digest.low >> (56 - 8 * i));
    }
    return out;
}
[[nodiscard]] inline Digest digest_from(const ls_digest& bytes) noexcept {
    Digest out;
    for (std::size_t i = 0; i < 8; ++i) {
        out.high = out.high << 8 | bytes.bytes[i];
        out.low = out.low << 8 | bytes.bytes[8 + i];
    }
    return out;
}

/// Says what went wrong, in so far as the caller wants to know.
inline ls_code report(ls_error* error, ls_code code, std::string_view message) noexcept {
    if (error != nullptr && error->size >= sizeof(ls_error)) {
        error->code = code;
        const std::size_t size = std::min(message.size(), sizeof(error->message) - 1);
        // tidy: allow(raw_bytes) bytes of the host, and its structs, which only cross
        std::memcpy(error->message, message.data(), size);
        error->message[size] = '\0';
    }
    return code;
}
/// Runs what a function of the interface does; what it throws becomes a code.
template <class Do>
ls_code guarded(ls_error* error, Do&& act) noexcept {
    try {
        return act();
    } catch (const Misuse& misuse) {
        return report(error, LS_MISUSE, misuse.reason);
    } catch (const std::exception& failed) {
        return report(error, LS_FAILED, failed.what());
    } catch (...) {
        return report(error, LS_FAILED, "unknown failure");
    }
}

}  // namespace lockstep::c
