#pragma once

#include <cstdint>

#include "engine/base/int128.hpp"
#include "scheduler/rounded_number.hpp"
#include "scheduler/sync.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

enum class VersionState : std::uint32_t {
    kPending,  ///< estimate: the writer is expected to write here and has not finished
    kReady,    ///< the value is published and never changes again
    kDropped,  ///< the writer did not write here, or a later incarnation replaced this version
};

/// One write of one incarnation to one cell; a node of the cell's chain.
///
/// Role:    immutable value, published once. A declared write has its node in the chain before
///          execution starts, as an estimate; an undeclared one is inserted when it happens.
/// Threads: the writer fills `value` and `erased` while no other worker reads them (state
/// kPending),
///          then publishes. Everything else may be read at any time.
/// Invariants
///   [V1] value and erased are written only before the first kReady and never afterwards.
///   [V2] state moves kPending -> kReady | kDropped, kReady -> kPending (abort) -> kDropped, or
///        kReady again with the same value. kDropped is final.
///   [V3] chains are ordered by descending txn; nodes are never removed within a block.
template <class Value, class Sync = StdSync>
struct Version {
    // older: next node down the chain.        writers: insert (CAS)      readers: find
    //   publish: insert's release CAS -> find's acquire: node fields txn, older, value.
    //   weaker?  no: a reader dereferences the node.
    //   layout:  with the value, one or two lines per version.
    typename Sync::template Atomic<Version*> older{nullptr};
    TxnIndex txn = kNoTxn;
    // state: see VersionState.                writers: publish, drop, estimate   readers: find,
    // validation
    //   publish: publish's release -> state()'s acquire: value and erased.
    //   weaker?  no: readers use the value without a lock.
    //   layout:  beside txn.
    typename Sync::template Atomic<VersionState> state{VersionState::kPending};
    bool erased = false;
    std::uint32_t depth = 0;  ///< declared versions below in the chain
    /// A declared version further down, null for undeclared ones: searches take long strides, so
    /// they cost the logarithm of the chain (skew-binary jumps; Myers 1983).
    Version* jump = nullptr;
    Value value{};

    /// The value, null when this version says that the cell is absent.
    [[nodiscard]] const Value* get() const noexcept { return erased ? nullptr : &value; }

    // acquire: pairs with publish; the caller goes on to read value and erased.
    [[nodiscard]] VersionState current() const noexcept {
        return state.load(std::memory_order_acquire);
    }
    // release: makes value and erased visible to a reader that sees kReady.
    void publish() noexcept { state.store(VersionState::kReady, std::memory_order_release); }
    // release: orders the drop after the replacement that insert has put above this node.
    void drop() noexcept { state.store(VersionState::kDropped, std::memory_order_release); }
    // release: pairs with current(); a reader that sees the estimate waits for the writer.
    void make_estimate() noexcept {
        state.store(VersionState::kPending, std::memory_order_release);
    }
};

/// Commutative additions to one cell within one block.
///
/// Threads: sum, base and applied belong to the holder of the commit frontier. The atomics may be
///          used by any worker.
template <class Value, class Sync = StdSync>
struct Additions {
    const Version<Value, Sync>* base = nullptr;  ///< the version that sum is relative to
    Int128 sum = 0;                              ///< committed additions since base
    bool applied = false;                        ///< a non-zero addition is in sum
    bool based = false;                          ///< base is meaningful
    TxnIndex last_declared = kNoTxn;             ///< while chains are linked: last adder so far

    // first_adder: lowest transaction known to add here.   writers: record_adder   readers: views
    //   publish: nothing; a stale value costs a failed validation, never a wrong result.
    //   layout:  with the hint, read by every adder.
    typename Sync::template Atomic<TxnIndex> first_adder{kNoTxn};
    // hint: recent value of sum, a RoundedNumber.   writers: frontier   readers: predictions
    //   publish: nothing; an old hint only mispredicts, and the frontier checks. In one word, since
    //   half of a new one would mispredict far from every bound, and cost a planned block its plan.
    typename Sync::template Atomic<std::uint64_t> hint{0};
    // hint_base: transaction of the version that the hint is relative to; as the hint itself.
    typename Sync::template Atomic<TxnIndex> hint_base{kNoTxn};

    void record_adder(TxnIndex txn) noexcept {
        // relaxed: a monotone minimum that publishes nothing else.
        TxnIndex seen = first_adder.load(std::memory_order_relaxed);
        while (txn < seen &&
               !first_adder.compare_exchange_weak(seen, txn, std::memory_order_relaxed)) {
        }
    }
    /// What was probably added on top of `seen`, a version or null for the base value.
    [[nodiscard]] Int128 sum_hint(const Version<Value, Sync>* seen) const noexcept {
        // relaxed: see hint.
        if (hint_base.load(std::memory_order_relaxed) != (seen != nullptr ? seen->txn : kNoTxn)) {
            return 0;  // added to a version below, hence part of what was seen
        }
        return RoundedNumber::unpack(hint.load(std::memory_order_relaxed));  // relaxed: see hint
    }
    /// Adds `amount` on top of `current`, the newest committed version of the cell (null: base).
    void commit(const Version<Value, Sync>* current, Int128 amount) noexcept {
        if (!based || base != current) {
            base = current;
            based = true;
            sum = 0;
            applied = false;
        }
        // Wraps like the serial sum would be rejected before: bounds were checked by the caller.
        sum = wrapping_add(sum, amount);
        applied = applied || amount != 0;
        // relaxed: see hint.
        hint_base.store(base != nullptr ? base->txn : kNoTxn, std::memory_order_relaxed);
        hint.store(RoundedNumber::pack(sum), std::memory_order_relaxed);
    }
    /// Nothing has been added: what had been is part of the value now. REQUIRES: no other worker
    /// looks.
    void restart() noexcept {
        based = applied = false;
        sum = 0;
        hint.store(0, std::memory_order_relaxed);  // relaxed: see hint
    }
    [[nodiscard]] bool applies_to(const Version<Value, Sync>* current) const noexcept {
        return based && base == current && applied;
    }
};

/// The multi-version memory of one cell, empty between blocks.
template <class Value, class Sync = StdSync>
struct VersionSlot {
    using Node = Version<Value, Sync>;

    // newest: head of the chain.              writers: insert (CAS), reset  readers: find
    //   publish: insert's release CAS -> find's acquire: the node's fields.
    //   weaker?  no: a reader dereferences the node.
    //   layout:  in the cell, so that one cache miss brings chain and base value.
    typename Sync::template Atomic<Node*> newest{nullptr};
    /// Newest committed version that needed publication at commit. Owned by the frontier's holder.
    const Node* committed = nullptr;
    // additions: null until a transaction adds to the cell in this block.  writers:
    // additions_or_make (CAS)
    //   publish: the release CAS -> acquire load: the fresh Additions.
    //   layout:  beside newest.
    typename Sync::template Atomic<Additions<Value, Sync>*> additions{nullptr};

    /// Puts a declared version on top of the chain. One thread, in block order, before execution.
    void push_declared(Node* node) noexcept {
        // relaxed: published with the stage that starts execution.
        Node* below = newest.load(std::memory_order_relaxed);
        node->older.store(below, std::memory_order_relaxed);
        if (below == nullptr) {
            node->jump = node;
        } else {
            node->depth = below->depth + 1;
            const Node* far = below->jump;
            node->jump =
                below->depth - far->depth == far->depth - far->jump->depth ? far->jump : below;
        }
        newest.store(node, std::memory_order_relaxed);  // relaxed: as above
    }

    /// Puts `node` into the chain by its txn, above older nodes of the same txn. True when it is
    /// the first of the chain.
    bool insert(Node* node) noexcept {
        for (;;) {
            typename Sync::template Atomic<Node*>* link = &newest;
            // acquire: walks over nodes that others inserted.
            Node* next = link->load(std::memory_order_acquire);
            if (next != nullptr && next->txn > node->txn) {
                next = stride(next, node->txn + 1);
            }
            while (next != nullptr && next->txn > node->txn) {
                link = &next->older;
                next = link->load(std::memory_order_acquire);  // acquire: as above
            }
            node->older.store(next, std::memory_order_relaxed);  // relaxed: published by the CAS
            // release: publishes the node to find. acquire on failure: next is walked again.
            if (link->compare_exchange_strong(next, node, std::memory_order_release,
                                              std::memory_order_acquire)) {
                return link == &newest && next == nullptr;
            }
        }
    }

    /// The newest version below `txn` that was not dropped, null when the base value holds.
    [[nodiscard]] Node* find(TxnIndex txn) const noexcept {
        // acquire: pairs with insert.
        Node* top = newest.load(std::memory_order_acquire);
        return first_standing(top != nullptr && top->txn >= txn ? stride(top, txn) : top, txn);
    }

    /// The lowest version that jumps lead to from `node` without going below `txn`.
    /// REQUIRES: node->txn >= txn.
    [[nodiscard]] static Node* stride(Node* node, TxnIndex txn) noexcept {
        for (;;) {
            Node* next = node->jump;
            if (next == nullptr || next == node || next->txn < txn) {
                // acquire: pairs with insert.
                next = node->older.load(std::memory_order_acquire);
                if (next == nullptr || next->txn < txn) {
                    return node;
                }
            }
            node = next;
        }
    }

    /// Down the chain from `node` to the first version below `txn` that was not dropped.
    [[nodiscard]] static Node* first_standing(Node* node, TxnIndex txn) noexcept {
        while (node != nullptr && (node->txn >= txn || node->current() == VersionState::kDropped)) {
            node = node->older.load(std::memory_order_acquire);  // acquire: pairs with insert
        }
        return node;
    }

    /// The additions of this block, made by `make` when there are none yet.
    template <class Make>
    [[nodiscard]] Additions<Value, Sync>& additions_or_make(Make&& make) {
        // acquire: pairs with the CAS below.
        Additions<Value, Sync>* found = additions.load(std::memory_order_acquire);
        if (found == nullptr) {
            Additions<Value, Sync>* fresh = make();
            // acq_rel: publishes ours, or acquires the winner's.
            if (additions.compare_exchange_strong(found, fresh, std::memory_order_acq_rel,
                                                  std::memory_order_acquire)) {
                found = fresh;
            }
        }
        return *found;
    }
};

}  // namespace lockstep
