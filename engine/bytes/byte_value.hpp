#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace lockstep {

/// A value of any bytes; short ones lie in the value itself.
///
/// Threads: as any value.
/// Cost:    48 bytes; longer values than kInlineMax have memory of their own, which is used again
///          when another value is assigned that fits into it.
class ByteValue {
  public:
    static constexpr std::size_t kInlineMax = 40;

    ByteValue() noexcept = default;
    explicit ByteValue(std::span<const std::byte> bytes) { assign(bytes); }
    ByteValue(const ByteValue& other) { assign(other.bytes()); }
    ByteValue(ByteValue&& other) noexcept { take(other); }
    ByteValue& operator=(const ByteValue& other) {
        assign(other.bytes());
        return *this;
    }
    ByteValue& operator=(ByteValue&& other) noexcept {
        if (this != &other) {
            release();
            take(other);
        }
        return *this;
    }
    ~ByteValue() { release(); }

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data(), size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Replaces the value. `bytes` may be a part of the old one.
    void assign(std::span<const std::byte> bytes) {
        if (bytes.size() > capacity_) {
            auto* const longer = new std::byte[bytes.size()];
            // tidy: allow(raw_bytes) bytes are all there is
            std::memcpy(longer, bytes.data(), bytes.size());
            release();
            long_ = longer;
            capacity_ = static_cast<std::uint32_t>(bytes.size());
        } else if (!bytes.empty()) {
            // tidy: allow(raw_bytes) bytes are all there is
            std::memmove(data(), bytes.data(), bytes.size());
        }
        size_ = static_cast<std::uint32_t>(bytes.size());
    }

    friend bool operator==(const ByteValue& a, const ByteValue& b) noexcept {
        // tidy: allow(raw_bytes) bytes are all there is
        return a.size_ == b.size_ && std::memcmp(a.data(), b.data(), a.size_) == 0;
    }

  private:
    [[nodiscard]] bool is_long() const noexcept { return capacity_ != kInlineMax; }
    [[nodiscard]] const std::byte* data() const noexcept {
        return is_long() ? long_ : short_.data();
    }
    [[nodiscard]] std::byte* data() noexcept { return is_long() ? long_ : short_.data(); }
    /// REQUIRES: no memory of its own.
    void take(ByteValue& other) noexcept {
        capacity_ = other.capacity_;
        size_ = other.size_;
        if (other.is_long()) {
            long_ = other.long_;
        } else {
            short_ = other.short_;
        }
        other.capacity_ = kInlineMax;
        other.size_ = 0;
    }
    void release() noexcept {
        if (is_long()) {
            delete[] long_;
        }
        capacity_ = kInlineMax;
        size_ = 0;
    }

    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = kInlineMax;  ///< more: long_ has that many bytes
    union {
        std::array<std::byte, kInlineMax> short_{};
        std::byte* long_;
    };
};

}  // namespace lockstep
