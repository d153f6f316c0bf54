#pragma once

#include <cstdint>

#include "scheduler/txn_state.hpp"

namespace lockstep {

/// What an executed transaction leaves in its status word for its committer: that there is
/// nothing to look at but its weight. 0: look at the record. Notes of a group are summed up.
template <class Sync>
struct CommitHint {
    static constexpr std::uint64_t kWeightMax =
        (std::uint64_t{1} << (TxnState<Sync>::kHintBits - 1)) - 1;

    /// REQUIRES: weight <= kWeightMax.
    [[nodiscard]] static std::uint32_t of(std::uint64_t weight) noexcept {
        return static_cast<std::uint32_t>(weight) << 1 | 1U;
    }
    [[nodiscard]] static bool is_plain(std::uint32_t hint) noexcept { return (hint & 1U) != 0; }
    /// The weight in a sum of `count` hints, all plain.
    [[nodiscard]] static std::uint64_t weight_of(std::uint64_t hints, TxnIndex count = 1) noexcept {
        return (hints - count) >> 1;
    }
};

}  // namespace lockstep
