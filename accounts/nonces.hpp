#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "accounts/expiring_table.hpp"
#include "accounts/ids.hpp"
#include "engine/base/random.hpp"

namespace lockstep {

/// Spent nonces: one bit for each (signer, expiry bucket, nonce), kept while the bucket can still
/// be asked for.
///
/// The venue's own signers, matcher and bridge, sign most transactions of a block, so their nonces
/// are spread over kStripes tables: consecutive ones do not conflict. A user has one table, which
/// belongs to the unit of his account.
struct NonceBits {
    static constexpr std::int64_t kBucketMs = 3'600'000;
    /// Buckets of which no two are ever alive that are so far apart.
    static constexpr std::int64_t kRing = 64;
    static constexpr std::uint64_t kStripes = 1024;
    static constexpr std::uint64_t kLimit = std::uint64_t{1} << 50;  ///< nonces are below this

    ExpiringTable table;
    std::uint64_t key;      ///< of 64 nonces in one bucket
    std::uint64_t bit;      ///< of the nonce among those
    std::int64_t until_ms;  ///< end of the bucket

    /// REQUIRES: nonce < kLimit, valid_until_ms >= 0.
    [[nodiscard]] static constexpr NonceBits of(AccountId signer, std::uint64_t nonce,
                                                std::int64_t valid_until_ms) noexcept {
        const std::uint64_t stripes = is_venue(signer) ? kStripes : 1;
        const std::uint64_t row = nonce / stripes;
        const std::int64_t bucket = valid_until_ms / kBucketMs;
        const auto slot = static_cast<std::uint64_t>(bucket % kRing);
        const std::int64_t begin = bucket * kBucketMs;
        const std::int64_t room = std::numeric_limits<std::int64_t>::max() - begin;
        return {
            .table = {CellKind::kNonces, raw(signer), static_cast<std::uint32_t>(nonce % stripes)},
            .key = mix64(slot << 50 | row / 64),
            .bit = std::uint64_t{1} << (row % 64),
            .until_ms = begin + std::min(kBucketMs - 1, room)};
    }
};

}  // namespace lockstep
