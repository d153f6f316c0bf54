#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/base/access.hpp"
#include "engine/block.hpp"
#include "engine/machine.hpp"
#include "engine/state_store.hpp"
#include "scheduler/arena.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// What one transaction did to, or assumed about, the number in a cell.
template <Machine M>
struct NumberAccess {
    Int128 lower = kInt128Min;  ///< the committed number below must lie in [lower, upper]
    Int128 upper = kInt128Max;
    bool checked = false;    ///< [lower, upper] is an assumption to validate
    bool moved = false;      ///< a non-zero addition was made
    Int128 delta = 0;        ///< sum of the additions
    bool has_below = false;  ///< `below` holds the committed value with additions folded in
    bool below_present = false;
    typename M::Value below{};
    typename M::Value own{};  ///< value shown to the transaction after its additions
};

/// One cell that a transaction declared or touched. Plain data of whoever holds the transaction.
template <Machine M, class Sync>
struct AccessEntry {
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Node = Version<Value, Sync>;

    Key key{};
    CellId cell = kNoCell;
    bool declared = false;          ///< known before execution; survives incarnations
    bool placeholder = false;       ///< own is in the chain since resolution, as an estimate
    bool linked = false;            ///< own is in the chain
    Access access = Access::kRead;  ///< as declared
    bool seen_known = false;        ///< `seen` is set
    bool read = false;              ///< the value mattered: validated by identity, then by value
    bool presence_checked = false;  ///< only presence mattered: `present_seen`
    bool present_seen = false;
    bool written = false;           ///< own holds this incarnation's value
    Node* link = nullptr;           ///< declared: newest declared writer below, at resolution
    TxnIndex adder_below = kNoTxn;  ///< declared: highest declared adder below, at resolution
    const Node* seen = nullptr;     ///< version found below; null: base value
    Node* own = nullptr;            ///< declared placeholder, or private until published
    NumberAccess<M>* number = nullptr;

    /// Forgets what an incarnation did; the declaration stays.
    void forget_incarnation() noexcept {
        seen_known = read = presence_checked = present_seen = written = false;
        seen = nullptr;
        number = nullptr;
    }
    [[nodiscard]] bool declared_add() const noexcept { return declared && access == Access::kAdd; }
    [[nodiscard]] bool adds() const noexcept {
        return !written && number != nullptr && number->delta != 0;
    }
};

/// Everything the executor keeps of one transaction within a block.
///
/// Threads: the holder of the transaction; ownership passes through its status word.
template <Machine M, class Sync>
struct TxnRecord {
    using Entry = AccessEntry<M, Sync>;

    Entry* entries = nullptr;
    std::uint32_t declared_count = 0;
    std::uint32_t count = 0;
    std::uint32_t capacity = 0;
    bool checks_numbers = false;  ///< some entry must be checked at the frontier in any case
    bool replaced = false;  ///< versions of an earlier incarnation were published and taken back
    Receipt receipt;
    const std::byte* events = nullptr;
    std::size_t event_bytes = 0;

    [[nodiscard]] std::span<Entry> accesses() noexcept { return {entries, count}; }
    [[nodiscard]] std::span<const Entry> accesses() const noexcept { return {entries, count}; }

    /// Room for one more entry; the array moves within the arena when it is full.
    Entry& append(Arena& arena) {
        if (count == capacity) {
            const std::uint32_t grown = capacity < 4 ? 8 : capacity * 2;
            Entry* moved = arena.make_array<Entry>(grown);
            for (std::uint32_t i = 0; i < count; ++i) {
                moved[i] = entries[i];
            }
            entries = moved;
            capacity = grown;
        }
        return entries[count++];
    }
};

}  // namespace lockstep
