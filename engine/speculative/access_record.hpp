#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/base/access.hpp"
#include "engine/base/arena.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/number_interval.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// One cell that a transaction declared or touched. Plain data of the holder of the transaction;
/// small, since a block streams all of them through the caches several times.
template <Machine M, class Sync>
struct AccessEntry {
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Node = Version<Value, Sync>;
    using Cell = typename StateStore<M, Sync>::Cell;

    Key key{};
    CellId id = kNoCell;            ///< number of `cell`
    TxnIndex adder_below = kNoTxn;  ///< declared: highest declared adder below, at resolution
    bool declared : 1 = false;      ///< known before execution; survives incarnations
    bool placeholder : 1 = false;   ///< own is in the chain since resolution, as an estimate
    bool linked : 1 = false;        ///< own is in the chain
    bool waits : 1 = false;         ///< declared: the version below will be looked at
    bool reads_value : 1 = false;   ///< listed: the whole value will be
    bool seen_known : 1 = false;    ///< `seen` is set
    bool read : 1 = false;          ///< the value mattered: validated by identity, then by value
    bool presence_checked : 1 = false;     ///< only presence mattered: `present_seen`
    bool present_seen : 1 = false;         ///< what exists() answered
    bool written : 1 = false;              ///< own holds this incarnation's value
    bool materialized : 1 = false;         ///< written, with the value read and the additions
    Access access = Access::kRead;         ///< as declared
    Dependence asked = Dependence::kNone;  ///< by a machine that scans: what it asked, to be listed
    Cell* cell = nullptr;
    Node* link = nullptr;        ///< declared: newest declared writer below, at resolution
    const Node* seen = nullptr;  ///< version found below; null: base value
    Node* own = nullptr;         ///< declared placeholder, or private until published
    NumberAccess<M>* number = nullptr;

    /// Forgets what an incarnation did; the declaration stays.
    void forget_incarnation() noexcept {
        asked = Dependence::kNone;
        seen_known = read = presence_checked = present_seen = written = materialized = false;
        seen = nullptr;
        number = nullptr;
    }
    [[nodiscard]] bool declared_add() const noexcept { return declared && access == Access::kAdd; }
    [[nodiscard]] bool adds() const noexcept {
        return !written && number != nullptr && number->delta != 0;
    }
    [[nodiscard]] Int128 delta() const noexcept { return number != nullptr ? number->delta : 0; }
    /// A write or addition that belongs to the transaction's effects.
    [[nodiscard]] bool has_effect() const noexcept {
        return (written && !materialized) || (number != nullptr && number->delta != 0);
    }
    /// More than a read: commit or validation need the whole entry.
    [[nodiscard]] bool has_effect_or_assumption() const noexcept {
        return written || number != nullptr || presence_checked;
    }
};

/// A cell that was only read, and not declared: all that its validation needs.
template <class Node>
struct PlainRead {
    CellId cell = kNoCell;
    const Node* seen = nullptr;  ///< version found below; null: base value
};

/// Everything the executor keeps of one transaction within a block.
///
/// Threads: the holder of the transaction; ownership passes through its status word.
template <Machine M, class Sync>
struct TxnRecord {
    using Entry = AccessEntry<M, Sync>;
    using Read = PlainRead<typename Entry::Node>;

    Entry* entries = nullptr;     ///< declared ones, then others with more to them than a read
    Read* reads = nullptr;        ///< the rest
    CellId* retracted = nullptr;  ///< cells with versions that an earlier incarnation took back
    const std::byte* events = nullptr;
    std::uint32_t event_bytes = 0;
    std::uint32_t declared_count = 0;
    std::uint32_t count = 0;
    std::uint32_t read_count = 0;
    std::uint32_t retracted_count = 0;
    std::uint32_t effects_seen = 0;  ///< UndeclaredEffects::count() when the incarnation began
    bool checks_numbers = false;     ///< some entry must be checked at the frontier in any case
    bool began = false;              ///< an incarnation has left its marks in the entries
    bool as_declared = false;        ///< all effects are writes that were declared

    [[nodiscard]] std::span<Entry> accesses() noexcept { return {entries, count}; }
    [[nodiscard]] std::span<const Entry> accesses() const noexcept { return {entries, count}; }
    [[nodiscard]] std::span<const Read> plain_reads() const noexcept { return {reads, read_count}; }
    [[nodiscard]] std::span<const CellId> retractions() const noexcept {
        return {retracted, retracted_count};
    }
};

}  // namespace lockstep
