#pragma once

#include <cstdint>
#include <limits>

#include "engine/base/bytes.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/key_bytes.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// Position in its journal of a cell that no transaction has changed.
inline constexpr std::uint32_t kNoChange = std::numeric_limits<std::uint32_t>::max();

/// A cell of the state: its key, its committed value, and what the ways of a block keep beside it.
///
/// Threads: see StateStore.
template <Machine M, class Sync>
struct alignas(kCacheLineSize) StateCell {
    using Key = typename M::Key;
    using Value = typename M::Value;

    VersionSlot<Value, Sync> slot;
    // changed_in: number of the last block that changed this cell.  writers: claim_install
    // readers: same
    //   publish: nothing; the exchange elects one worker, phases order the rest.
    //   layout:  in the cell, which the winner writes anyway.
    typename Sync::template Atomic<std::uint32_t> changed_in{0};
    bool present = false;
    /// Of InPlaceView: the cell's position in its journal while a transaction has changed it.
    std::uint32_t journal = kNoChange;
    /// Of planned blocks: number of the last one that declared this cell, and the newest access
    /// that it has linked; see Plan.
    std::uint32_t planned_in = 0;
    std::uint32_t newest_access = 0;
    /// Whether `digest` is that of the present value; between blocks it is [SS4].
    bool digested = false;
    Digest digest;
    Key key{};
    [[no_unique_address]] KeyBytes<Key> key_bytes;  ///< what `key` points to
    Value value{};

    [[nodiscard]] const Value* get() const noexcept { return present ? &value : nullptr; }
    /// The numeric reading; an absent cell counts as 0.
    [[nodiscard]] Int128 number() const { return present ? M::number(value) : Int128{0}; }
    /// Makes the cell present with `amount` more; wraps, the caller has checked.
    void add(Int128 amount) {
        if (!present) {
            value = Value{};
            present = true;
        }
        M::set_number(value, wrapping_add(M::number(value), amount));
        digested = false;
    }
    /// The term of a present cell in the state sum, computed where it is not known.
    [[nodiscard]] const Digest& term(ByteWriter& scratch) {
        if (!digested) {
            digest = cell_digest<M>(scratch, key, value);
            digested = true;
        }
        return digest;
    }
    /// True for exactly one caller per block number.
    [[nodiscard]] bool claim_install(std::uint32_t block_number) noexcept {
        // relaxed: an election among workers; the data is ordered by the end of execution.
        return changed_in.exchange(block_number, std::memory_order_relaxed) != block_number;
    }
};

}  // namespace lockstep
