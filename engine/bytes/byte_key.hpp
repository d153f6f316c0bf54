#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/base/digest.hpp"

namespace lockstep {

/// A key of any bytes, ordered as unsigned bytes are, a prefix before what it begins.
///
/// Role:   points to bytes of the caller's, with their hash: see BorrowsBytes.
/// Cost:   hashed once, when it is made; keys that differ mostly differ in the hash.
class ByteKey {
  public:
    ByteKey() = default;
    explicit ByteKey(std::span<const std::byte> bytes) noexcept
        : data_(bytes.data()),
          size_(bytes.size()),
          hash_(bytes.empty() ? 0 : digest_of(bytes).low) {}
    // tidy: allow(raw_bytes) bytes are all there is
    explicit ByteKey(std::string_view text) noexcept : ByteKey(std::as_bytes(std::span(text))) {}

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
    /// The same key over a copy of its bytes.
    [[nodiscard]] ByteKey over(const std::byte* copy) const noexcept {
        ByteKey key = *this;
        key.data_ = copy;
        return key;
    }

    friend bool operator==(const ByteKey& a, const ByteKey& b) noexcept {
        return a.hash_ == b.hash_ && a.size_ == b.size_ && compare(a, b, a.size_) == 0;
    }
    friend std::strong_ordering operator<=>(const ByteKey& a, const ByteKey& b) noexcept {
        const int order = compare(a, b, std::min(a.size_, b.size_));
        return order != 0 ? order <=> 0 : a.size_ <=> b.size_;
    }

  private:
    static int compare(const ByteKey& a, const ByteKey& b, std::size_t size) noexcept {
        // tidy: allow(raw_bytes) bytes are all there is
        return size == 0 ? 0 : std::memcmp(a.data_, b.data_, size);
    }

    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::uint64_t hash_ = 0;
};

}  // namespace lockstep
