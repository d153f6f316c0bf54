#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "accounts/cell.hpp"
#include "accounts/ids.hpp"

namespace lockstep {

/// A cell of kind kAccount.
struct AccountRecord {
    AccountId delegate{};          ///< AccountId{0}: none
    std::uint64_t salt_below = 0;  ///< orders with a lower salt are cancelled
    std::uint64_t assets = 0;      ///< bit a is set once the account has held asset a
    std::uint8_t fee_tier = 0;
    bool frozen = false;

    [[nodiscard]] static AccountRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const AccountRecord&, const AccountRecord&) = default;
};

/// A cell of kind kNonces: which of 256 nonces were spent in one expiry bucket.
///
/// Cells form a ring over buckets: one that still carries an older bucket counts as empty, so spent
/// nonces need no pruning. Consecutive nonces fall into kStripes different cells, so that the
/// transactions of one busy signer do not conflict.
struct NonceRecord {
    static constexpr std::int64_t kBucketMs = 3'600'000;
    static constexpr std::int64_t kRing = 64;
    static constexpr std::uint64_t kStripes = 1024;
    static constexpr std::uint64_t kBits = 256;
    static constexpr std::uint64_t kLimit = std::uint64_t{1} << 50;  ///< nonces are below this

    std::int64_t bucket = -1;
    std::array<std::uint64_t, kBits / 64> used{};

    [[nodiscard]] static NonceRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const NonceRecord&, const NonceRecord&) = default;
};

/// A cell of kind kOrderFill.
struct OrderFillRecord {
    std::int64_t filled = 0;  ///< lots
    std::int64_t good_til_ms = 0;

    [[nodiscard]] static OrderFillRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const OrderFillRecord&, const OrderFillRecord&) = default;
};

/// A part of a sorted list of 32-bit ids. Part 0 holds the length of the whole list.
struct IdChunk {
    static constexpr std::size_t kIds = 15;

    std::uint32_t total = 0;  ///< in part 0; elsewhere 0
    std::array<std::uint32_t, kIds> ids{};

    [[nodiscard]] static IdChunk decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const IdChunk&, const IdChunk&) = default;
};

}  // namespace lockstep
