#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/base/hash_positions.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/number_interval.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

/// Names a declared access of a planned block: its transaction, its position among the accesses of
/// that one, and what it is. Later transactions have larger handles; see HandleLayout.
using AccessHandle = std::uint32_t;
inline constexpr AccessHandle kNoAccess = ~AccessHandle{0};  // of no kind

[[nodiscard]] constexpr bool is(AccessHandle access, Access kind) noexcept {
    return (access & 3U) == static_cast<std::uint32_t>(kind);
}

/// How the handles of a block divide their bits: as many as its size needs for transactions, two
/// for the kind, the rest for positions.
class HandleLayout {
  public:
    static constexpr TxnIndex kTxnsMax = (TxnIndex{1} << 24) - 1;

    HandleLayout() = default;
    /// REQUIRES: size <= kTxnsMax.
    explicit HandleLayout(TxnIndex size) noexcept
        : shift_(32 - static_cast<std::uint32_t>(std::bit_width(size | 1))) {}

    /// Accesses of one transaction that have a handle: 64 in the largest blocks, 65,535 in those of
    /// up to 16,383 transactions.
    [[nodiscard]] std::uint32_t accesses_max() const noexcept {
        return std::min(std::uint32_t{1} << (shift_ - 2),
                        static_cast<std::uint32_t>(HashPositions::kPositionsMax));
    }
    [[nodiscard]] AccessHandle handle(TxnIndex txn, std::uint32_t position,
                                      Access access) const noexcept {
        return txn << shift_ | position << 2 | static_cast<std::uint32_t>(access);
    }
    [[nodiscard]] TxnIndex txn_of(AccessHandle access) const noexcept { return access >> shift_; }
    [[nodiscard]] std::uint32_t position_of(AccessHandle access) const noexcept {
        return (access & ((std::uint32_t{1} << shift_) - 1)) >> 2;
    }

  private:
    std::uint32_t shift_ = 8;
};

/// A declared access in the order of its cell.
///
/// The accesses to a cell form groups in block order: reads side by side, additions side by side,
/// each write alone. An access waits for the group below its own. An addition that no other one is
/// near to stands alone as well, and is done like a write.
template <Machine M, class Sync>
struct PlannedAccess {
    using Cell = typename StateStore<M, Sync>::Cell;

    Cell* cell = nullptr;
    AccessHandle below = kNoAccess;  ///< newest access of the group below
    /// Next older access of the same group, hence of the same kind; where there is none, the kind
    /// stands behind set bits, which no handle has, and behind clear ones for a lone addition.
    AccessHandle older_and_kind = kNoAccess;

    [[nodiscard]] bool is(Access kind) const noexcept { return lockstep::is(older_and_kind, kind); }
    [[nodiscard]] Access access() const noexcept {
        return static_cast<Access>(older_and_kind & 3U);
    }
    [[nodiscard]] AccessHandle older() const noexcept {
        return is_lone_addition() || (older_and_kind | 3U) == kNoAccess ? kNoAccess
                                                                        : older_and_kind;
    }
    void set_access(Access access) noexcept {
        older_and_kind = (kNoAccess & ~3U) | static_cast<std::uint32_t>(access);
    }
    void set_lone_addition() noexcept { older_and_kind = kLoneAddition; }
    [[nodiscard]] bool is_lone_addition() const noexcept { return older_and_kind == kLoneAddition; }

  private:
    static constexpr AccessHandle kLoneAddition = static_cast<std::uint32_t>(Access::kWrite);
};

/// What one transaction adds to a cell that others add to as well.
template <Machine M, class Sync>
struct SharedSum : NumberInterval {
    using Cell = typename StateStore<M, Sync>::Cell;

    Cell* cell = nullptr;
    Int128 delta = 0;
    bool digested = false;  ///< it is part of the effect digest
};

/// What some transactions leave and others do not.
template <Machine M, class Sync>
struct SideOutputs {
    std::span<const std::byte> events;
    std::span<const SharedSum<M, Sync>> sums;  ///< for the commit to look at
};

/// Everything that a planned block keeps of one transaction.
///
/// Threads: the holder of the transaction; ownership passes through its status word.
template <Machine M, class Sync>
struct PlannedTxn {
    PlannedAccess<M, Sync>* entries = nullptr;
    const SideOutputs<M, Sync>* side_outputs = nullptr;  ///< null: nothing of that
    HashPositions positions;                             ///< of the accesses
    std::uint16_t count = 0;

    [[nodiscard]] std::span<PlannedAccess<M, Sync>> accesses() const noexcept {
        return {entries, count};
    }
};

/// The transactions of a planned block.
template <Machine M, class Sync>
struct PlannedBlock {
    using PlannedAccessOf = PlannedAccess<M, Sync>;

    std::vector<PlannedTxn<M, Sync>> txns;
    HandleLayout handles;
    std::uint32_t number = 0;  ///< of the block: StateStore::next_block_number
    /// Transactions that are at most so far apart may run at the same time.
    TxnIndex near = 0;

    void prepare(TxnIndex size, std::uint32_t block_number, TxnIndex near_each_other) {
        txns.resize(size);
        handles = HandleLayout(size);
        number = block_number;
        near = near_each_other;
    }
    [[nodiscard]] TxnIndex txn_of(AccessHandle access) const noexcept {
        return handles.txn_of(access);
    }
    [[nodiscard]] PlannedAccessOf& at(AccessHandle access) const noexcept {
        return txns[txn_of(access)].entries[handles.position_of(access)];
    }
};

}  // namespace lockstep
