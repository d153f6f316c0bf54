#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/machine.hpp"
#include "engine/number_access.hpp"
#include "engine/state_store.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

/// Names a declared access of a planned block: its transaction, its place among the accesses of
/// that one, and what it is. Later transactions have larger handles.
using AccessHandle = std::uint32_t;
inline constexpr AccessHandle kNoAccess = ~AccessHandle{0};  // of no kind
inline constexpr std::uint32_t kPlannedKeysMax = 256;
inline constexpr TxnIndex kPlannedTxnsMax = (TxnIndex{1} << 22) - 1;

[[nodiscard]] constexpr AccessHandle access_handle(TxnIndex txn, std::uint32_t place,
                                                   Access access) noexcept {
    return txn << 10 | place << 2 | static_cast<std::uint32_t>(access);
}
[[nodiscard]] constexpr TxnIndex txn_of(AccessHandle access) noexcept {
    return access >> 10;
}
[[nodiscard]] constexpr std::uint32_t place_of(AccessHandle access) noexcept {
    return access >> 2 & 0xffU;
}
[[nodiscard]] constexpr bool is(AccessHandle access, Access kind) noexcept {
    return (access & 3U) == static_cast<std::uint32_t>(kind);
}

/// A declared access in the order of its cell.
///
/// The accesses to a cell form groups in block order: reads side by side, additions side by side,
/// each write alone. An access waits for the group below its own.
template <Machine M, class Sync>
struct PlannedAccess {
    using Cell = typename StateStore<M, Sync>::Cell;

    Cell* cell = nullptr;
    AccessHandle below = kNoAccess;  ///< newest access of the group below
    AccessHandle older = kNoAccess;  ///< next older access of the same group
    Access access = Access::kRead;
};

/// What one transaction adds to a cell that others add to as well.
template <Machine M, class Sync>
struct SharedSum : NumberInterval {
    using Cell = typename StateStore<M, Sync>::Cell;

    Cell* cell = nullptr;
    Int128 delta = 0;
    bool digested = false;  ///< it is part of the effect digest
};

/// Everything that a planned block keeps of one transaction.
///
/// Threads: the holder of the transaction; ownership passes through its status word.
template <Machine M, class Sync>
struct PlannedTxn {
    PlannedAccess<M, Sync>* entries = nullptr;
    const SharedSum<M, Sync>* sums = nullptr;
    const std::byte* events = nullptr;
    std::uint32_t event_bytes = 0;
    std::uint16_t count = 0;
    std::uint16_t sum_count = 0;

    [[nodiscard]] std::span<PlannedAccess<M, Sync>> accesses() const noexcept {
        return {entries, count};
    }
    [[nodiscard]] std::span<const SharedSum<M, Sync>> shared_sums() const noexcept {
        return {sums, sum_count};
    }
};

/// The transactions of a planned block.
template <Machine M, class Sync>
struct PlannedBlock {
    using PlannedAccessOf = PlannedAccess<M, Sync>;
    using Flag = typename Sync::template Atomic<bool>;

    std::vector<PlannedTxn<M, Sync>> txns;
    std::uint32_t number = 0;  ///< of the block: StateStore::next_block_number
    bool guarded = false;      ///< cells are guarded against readers that did not declare them
    // begun: of guarded blocks, which transactions may write by now.   writers: who holds each
    //   readers: PlannedCells.   publish: that somebody has taken back what he wrote; that he has
    //   begun is ordered by the guards of cells.
    std::unique_ptr<Flag[]> begun;
    TxnIndex begun_capacity = 0;

    void prepare(TxnIndex size, std::uint32_t block_number, bool with_guards) {
        txns.resize(size);
        number = block_number;
        guarded = with_guards;
        if (guarded && begun_capacity < size) {
            begun = std::make_unique<Flag[]>(size);
            begun_capacity = size;
        }
        for (TxnIndex i = 0; guarded && i < size; ++i) {
            begun[i].store(false, std::memory_order_relaxed);  // relaxed: workers start later
        }
    }
    void note_begun(TxnIndex txn, bool has) noexcept {
        begun[txn].store(has, std::memory_order_release);  // release: what it took back
    }
    [[nodiscard]] bool has_begun(TxnIndex txn) const noexcept {
        return begun[txn].load(std::memory_order_acquire);  // acquire: as above
    }

    [[nodiscard]] PlannedAccessOf& at(AccessHandle access) const noexcept {
        return txns[txn_of(access)].entries[place_of(access)];
    }
    /// The access to the same cell that comes next, going down in block order.
    [[nodiscard]] AccessHandle next_below(const PlannedAccessOf& access) const noexcept {
        return access.older != kNoAccess ? access.older : access.below;
    }
};

}  // namespace lockstep
