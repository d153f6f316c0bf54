#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"

namespace lockstep {

/// A value of any bytes; short ones lie in the value itself.
///
/// Numbers: a value of 16 bytes is one, little-endian, signed; without any bytes given it is 0.
///          What is added to any other value stands beside its bytes, which it leaves as they are:
///          so the value does not depend on the order of additions, and goes back with the sum.
/// Threads: as any value.
/// Cost:    48 bytes; longer values than kInlineMax have memory of their own, which is used again
///          when another value is assigned that fits into it.
class ByteValue {
  public:
    static constexpr std::size_t kInlineMax = 40;

    ByteValue() noexcept = default;
    explicit ByteValue(std::span<const std::byte> bytes) { assign(bytes); }
    ByteValue(const ByteValue& other) { copy(other); }
    ByteValue(ByteValue&& other) noexcept { take(other); }
    ByteValue& operator=(const ByteValue& other) {
        copy(other);
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
    /// Bytes, then the number beside them.
    [[nodiscard]] std::span<const std::byte> all() const noexcept { return {data(), whole()}; }

    /// Replaces the value. `bytes` may be a part of the old one.
    void assign(std::span<const std::byte> bytes) { replace(bytes, bytes.size()); }

    [[nodiscard]] Int128 number() const noexcept {
        return size_ == kNumber  ? load_value<Int128>(data())
               : size_ < whole() ? load_value<Int128>(data() + size_)
                                 : 0;
    }
    void set_number(Int128 number) {
        if (size_ != kNumber) {
            if (number == 0) {
                is_added_to_ = 0;
                return;
            }
            make_room(std::size_t{size_} + kNumber);
            is_added_to_ = 1;
        }
        store_value(data() + (size_ == kNumber ? 0 : size_), number);
    }

    friend bool operator==(const ByteValue& a, const ByteValue& b) noexcept {
        return a.size_ == b.size_ && std::ranges::equal(a.all(), b.all());
    }

  private:
    static constexpr std::uint32_t kNumber = sizeof(Int128);
    static constexpr std::uint32_t kSizeMask = 0x7fffffff;

    [[nodiscard]] std::size_t whole() const noexcept {
        return size_ + (is_added_to_ != 0 ? std::size_t{kNumber} : 0);
    }
    [[nodiscard]] bool is_long() const noexcept { return capacity_ != kInlineMax; }
    [[nodiscard]] const std::byte* data() const noexcept {
        return is_long() ? long_ : short_.data();
    }
    [[nodiscard]] std::byte* data() noexcept { return is_long() ? long_ : short_.data(); }

    void copy(const ByteValue& other) { replace(other.all(), other.size_); }
    /// The value becomes `all`, of which the first `size` are its bytes.
    void replace(std::span<const std::byte> all, std::size_t size) {
        if (all.size() > capacity_) {
            ByteValue longer;
            longer.make_room(all.size());
            longer.replace(all, size);
            *this = std::move(longer);
            return;
        }
        if (!all.empty()) {
            // tidy: allow(raw_bytes) bytes are all there is
            std::memmove(data(), all.data(), all.size());
        }
        size_ = static_cast<std::uint32_t>(size) & kSizeMask;
        is_added_to_ = all.size() != size ? 1 : 0;
    }
    /// Room for so many bytes; what is there stays.
    void make_room(std::size_t size) {
        if (size <= capacity_) {
            return;
        }
        auto* const longer = new std::byte[size];
        std::copy_n(data(), whole(), longer);
        if (is_long()) {
            delete[] long_;
        }
        long_ = longer;
        capacity_ = static_cast<std::uint32_t>(size);
    }
    /// REQUIRES: no memory of its own.
    void take(ByteValue& other) noexcept {
        capacity_ = other.capacity_;
        size_ = other.size_;
        is_added_to_ = other.is_added_to_;
        if (other.is_long()) {
            long_ = other.long_;
        } else {
            short_ = other.short_;
        }
        other.become_zero();
    }
    void release() noexcept {
        if (is_long()) {
            delete[] long_;
        }
        become_zero();
    }
    void become_zero() noexcept {
        capacity_ = kInlineMax;
        size_ = kNumber;
        is_added_to_ = 0;
        short_ = {};
    }

    std::uint32_t size_ : 31 = kNumber;    ///< of the bytes
    std::uint32_t is_added_to_ : 1 = 0;    ///< a number stands behind them
    std::uint32_t capacity_ = kInlineMax;  ///< more: long_ has that many bytes
    union {
        std::array<std::byte, kInlineMax> short_{};
        std::byte* long_;
    };
};

}  // namespace lockstep
