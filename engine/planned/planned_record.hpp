#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/base/hash_positions.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/number_interval.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/plan_chooser.hpp"
#include "scheduler/types.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// Names a declared access of a planned block: its transaction, its place among the accesses of
/// that one, and what it is. Later transactions have larger handles; see HandleLayout.
using AccessHandle = std::uint32_t;
inline constexpr AccessHandle kNoAccess = ~AccessHandle{0};  // of no kind

[[nodiscard]] constexpr bool is(AccessHandle access, Access kind) noexcept {
    return (access & 3U) == static_cast<std::uint32_t>(kind);
}

/// How the handles of a block divide their bits: as many as its size needs for transactions, two
/// for the kind, the rest for places.
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
                        static_cast<std::uint32_t>(HashPositions::kPlacesMax));
    }
    [[nodiscard]] AccessHandle handle(TxnIndex txn, std::uint32_t place,
                                      Access access) const noexcept {
        return txn << shift_ | place << 2 | static_cast<std::uint32_t>(access);
    }
    [[nodiscard]] TxnIndex txn_of(AccessHandle access) const noexcept { return access >> shift_; }
    [[nodiscard]] std::uint32_t place_of(AccessHandle access) const noexcept {
        return (access & ((std::uint32_t{1} << shift_) - 1)) >> 2;
    }

  private:
    std::uint32_t shift_ = 8;
};

/// A declared access in the order of its cell.
///
/// The accesses to a cell form groups in block order: reads side by side, additions side by side,
/// each write alone. An access waits for the group below its own.
template <Machine M, class Sync>
struct PlannedAccess {
    using Cell = typename StateStore<M, Sync>::Cell;

    Cell* cell = nullptr;
    AccessHandle below = kNoAccess;  ///< newest access of the group below
    /// Next older access of the same group, hence of the same kind; where there is none, the kind
    /// stands behind set bits, which no handle has.
    AccessHandle older_and_kind = kNoAccess;

    [[nodiscard]] bool is(Access kind) const noexcept { return lockstep::is(older_and_kind, kind); }
    [[nodiscard]] Access access() const noexcept {
        return static_cast<Access>(older_and_kind & 3U);
    }
    [[nodiscard]] AccessHandle older() const noexcept {
        return (older_and_kind | 3U) == kNoAccess ? kNoAccess : older_and_kind;
    }
    void set_access(Access access) noexcept {
        older_and_kind = (kNoAccess & ~3U) | static_cast<std::uint32_t>(access);
    }
};

/// What one transaction adds to a cell that others add to as well.
template <Machine M, class Sync>
struct SharedSum : NumberInterval {
    using Cell = typename StateStore<M, Sync>::Cell;

    Cell* cell = nullptr;
    Int128 delta = 0;
    bool digested = false;  ///< it is part of the effect digest
};

/// An answer that an undeclared change may make stale: which version of a cell it was.
template <Machine M, class Sync>
struct UndeclaredRead {
    using Cell = typename StateStore<M, Sync>::Cell;

    std::uint64_t hash = 0;                                     ///< of the key
    const Cell* cell = nullptr;                                 ///< null: the key had none
    const Version<typename M::Value, Sync>* version = nullptr;  ///< null: what the cell held

    friend bool operator==(const UndeclaredRead&, const UndeclaredRead&) = default;
};

/// What a transaction changed although it did not declare that.
template <Machine M, class Sync>
struct UndeclaredChange {
    using Cell = typename StateStore<M, Sync>::Cell;

    std::uint64_t hash = 0;      ///< of the key
    const Cell* cell = nullptr;  ///< where somebody above declared to read it; else null
};

/// What some transactions leave and others do not.
template <Machine M, class Sync>
struct PlannedExtras {
    std::span<const std::byte> events;
    // For the commit to look at:
    std::span<const SharedSum<M, Sync>> sums;
    std::span<const UndeclaredRead<M, Sync>> undeclared;
    // For the commit to announce:
    std::span<const UndeclaredChange<M, Sync>> changes;
};

/// Everything that a planned block keeps of one transaction.
///
/// Threads: the holder of the transaction; ownership passes through its status word.
template <Machine M, class Sync>
struct PlannedTxn {
    PlannedAccess<M, Sync>* entries = nullptr;
    const PlannedExtras<M, Sync>* extras = nullptr;  ///< null: nothing of that
    HashPositions places;                            ///< of the accesses
    std::uint32_t effects_seen = 0;                  ///< UndeclaredEffects::count when it began
    std::uint16_t count = 0;

    [[nodiscard]] std::span<PlannedAccess<M, Sync>> accesses() const noexcept {
        return {entries, count};
    }
};

/// The transactions of a planned block.
template <Machine M, class Sync>
struct PlannedBlock {
    using PlannedAccessOf = PlannedAccess<M, Sync>;
    using Flag = typename Sync::template Atomic<bool>;

    std::vector<PlannedTxn<M, Sync>> txns;
    HandleLayout handles;
    std::uint32_t number = 0;  ///< of the block: StateStore::next_block_number
    PlanOptions options;
    // begun: of guarded blocks, which transactions may write by now.   writers: who holds each
    //   readers: PlannedCells.   publish: that somebody has taken back what he wrote; that he has
    //   begun is ordered by the guards of cells.
    std::unique_ptr<Flag[]> begun;
    TxnIndex begun_capacity = 0;

    void prepare(TxnIndex size, std::uint32_t block_number, const PlanOptions& plan_options) {
        txns.resize(size);
        handles = HandleLayout(size);
        number = block_number;
        options = plan_options;
        if (options.guards && begun_capacity < size) {
            begun = std::make_unique<Flag[]>(size);
            begun_capacity = size;
        }
        for (TxnIndex i = 0; options.guards && i < size; ++i) {
            begun[i].store(false, std::memory_order_relaxed);  // relaxed: workers start later
        }
    }
    void note_begun(TxnIndex txn, bool has) noexcept {
        begun[txn].store(has, std::memory_order_release);  // release: what it took back
    }
    [[nodiscard]] bool has_begun(TxnIndex txn) const noexcept {
        return begun[txn].load(std::memory_order_acquire);  // acquire: as above
    }

    [[nodiscard]] TxnIndex txn_of(AccessHandle access) const noexcept {
        return handles.txn_of(access);
    }
    [[nodiscard]] PlannedAccessOf& at(AccessHandle access) const noexcept {
        return txns[txn_of(access)].entries[handles.place_of(access)];
    }
    /// The access to the same cell that comes next, going down in block order.
    [[nodiscard]] AccessHandle next_below(const PlannedAccessOf& access) const noexcept {
        const AccessHandle older = access.older();
        return older != kNoAccess ? older : access.below;
    }
};

}  // namespace lockstep
