#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine_parts.hpp"

namespace lockstep {

/// What a machine says of one transaction. The numbers are the machine's own; both are consensus
/// output, so they follow from (transaction, context, reads) alone.
struct TxnOutcome {
    std::uint16_t status = 0;  ///< the machine's closed enumeration; 0 = applied
    std::uint64_t weight = 1;  ///< counts toward BlockHeader::weight_limit
};

/// The state as one transaction, or one phase of a block, sees it. Offered by the engine.
///
/// Reads see the transaction's own writes first, then those of all transactions before it.
/// A cell is present or absent; a numeric cell that is absent counts as 0.
///
/// Beside what is required here a view may have `prefetch(enumerate)`: it starts fetching cells
/// that the machine will read soon, in the order in which `enumerate(sink)` gives their keys to a
/// sink; it may ask for them twice. A hint without any effect on answers; machines call it where
/// `requires { view.prefetch(enumerate); }`.
///
/// A machine reaches state through this interface only. During speculation the answers may mix
/// versions that never stood side by side; the engine discards such an incarnation. A machine
/// therefore bounds its loops and checks its arithmetic.
///
/// When the step budget is used up, or the engine is going to discard the incarnation, the view
/// refuses this and every later access at once: reads answer "absent", predicates, additions and
/// consume() false, scans visit nothing, writes and events are dropped. It never ends the machine's
/// call, by an exception or otherwise, so that hosts may call from code that cannot unwind; only
/// std::bad_alloc passes, which fails the block. A machine that would loop without bound on refused
/// answers MUST ask stopped(), which is true from the first refusal on, and return; nothing else
/// ends it. Others may ask to leave early. Either way the outcome is ignored: a transaction that
/// asked for more than its budget is kFaulted with Fault::kStepBudget.
template <class V, class Key, class Value>
concept StateView = requires(V view, const V const_view, const Key& key, const Value& value,
                             Int128 amount, Bounds bounds, std::span<const std::byte> bytes) {
    /// The value of a cell, null when absent. Valid until this transaction next changes the cell
    /// or rolls back.
    { view.read(key) } -> std::same_as<const Value*>;
    /// Predicate read: only the truth is recorded, so unrelated changes do not conflict.
    { view.exists(key) } -> std::same_as<bool>;
    /// Predicate read: number(cell) >= amount.
    { view.at_least(key, amount) } -> std::same_as<bool>;
    view.write(key, value);
    view.erase(key);
    /// The value of a present cell, to be changed in place; null, and no change, when it is absent
    /// or the access was refused. One access: a read of the whole value, then a write, also where
    /// the machine leaves the value as it was. It may be written through until the next savepoint
    /// or rollback, or the next write, erase, add or change of that cell, and by this transaction
    /// only. What an older pointer to the cell's value shows after it is undefined.
    { view.change(key) } -> std::same_as<Value*>;
    /// Commutative addition to a numeric cell. False, and no change, when the sum would leave the
    /// bounds. Two transactions that only add to a cell do not conflict.
    { view.add(key, amount, bounds) } -> std::same_as<bool>;
    /// Appends an event to the receipt; dropped with the incarnation or by rollback.
    view.emit(std::uint16_t{}, bytes);
    /// A point to return to; rollback undoes writes, additions and events made since. Savepoints
    /// nest: one that was returned to may be returned to again, those taken after it may not.
    { view.savepoint() } -> std::convertible_to<typename V::Savepoint>;
    view.rollback(view.savepoint());
    /// Charges steps of the transaction's budget, for work that makes no access; false when that is
    /// refused.
    { view.consume(std::uint64_t{}) } -> std::same_as<bool>;
    /// Whether accesses are refused. See above: loops without a bound of their own have to ask.
    { const_view.stopped() } -> std::same_as<bool>;
};

/// Whether a machine reads ranges of keys (`static constexpr bool kScans = true`). The state then
/// keeps its keys in order, and views offer
///
///     std::size_t scan(from, to, limit, visit)
///
/// which calls `visit(key, value)` for the present cells with from <= key < to, ascending, until
/// `limit` of them were visited or visit returns false, and returns how many it visited. It sees
/// what the transaction itself has changed, also from within visit, ahead of the key at hand. A
/// scan that ends early depends on nothing behind the last key visited. One step for the call and
/// one for each cell; absent cells cost none.
template <class M>
inline constexpr bool kScans = requires {
    requires M::kScans;
};

/// What `declare` and `system_transactions` may ask of the state: the value of a cell as the
/// block's transactions, or the block, find it, null when absent. Stands in questions of type;
/// executors bring their own.
template <class M>
struct StateToDeclare {
    [[nodiscard]] const typename M::Value* get(const typename M::Key& key) const;
};
template <class M>
inline constexpr bool kDeclaresByState = requires(const M& machine,
                                                  const typename M::Transaction& transaction,
                                                  const typename M::Context& context,
                                                  const StateToDeclare<M>& state) {
    machine.declare(transaction, context, state, [](const typename M::Key&, Access) {});
};
/// Whether a machine names keys ahead of execution: see `declare` below.
template <class M>
inline constexpr bool kDeclares = kDeclaresByState<M> ||
                                  requires(const M& machine,
                                           const typename M::Transaction& transaction,
                                           const typename M::Context& context) {
    machine.declare(transaction, context, [](const typename M::Key&, Access) {});
};
/// Asks a machine for the keys of a transaction, in either form of `declare`.
template <class M, class Context, class State, class Sink>
void declare_keys(const M& machine, const typename M::Transaction& transaction,
                  const Context& context, const State& state, Sink&& sink) {
    if constexpr (kDeclaresByState<M>) {
        machine.declare(transaction, context, state, sink);
    } else if constexpr (kDeclares<M>) {
        machine.declare(transaction, context, sink);
    }
}
template <class M>
inline constexpr bool kSaysWhetherItDeclaresAll = requires(const M& machine,
                                                           const typename M::Context& context) {
    { machine.declares_all(context) } -> std::same_as<bool>;
};
/// Whether a machine declares all that the transactions of a block are going to touch: see
/// `declares_all` below.
template <class M, class Context>
[[nodiscard]] bool declares_all(const M& machine, const Context& context) {
    if constexpr (kSaysWhetherItDeclaresAll<M>) {
        static_assert(kDeclares<M>);
        return machine.declares_all(context);
    } else {
        return false;
    }
}

/// Whether the canonical bytes of a value lie in it as they are, to be hashed without a copy.
template <class M>
inline constexpr bool kHasValueBytes = requires(const typename M::Value& value) {
    { M::value_bytes(value) } -> std::convertible_to<std::span<const std::byte>>;
};

/// Whether a machine makes transactions of its own: see `system_transactions` below.
template <class M>
inline constexpr bool kMakesTransactions = requires(const M& machine, const BlockHeader& header,
                                                    const StateToDeclare<M>& state) {
    machine.system_transactions(header, state, [](typename M::Transaction) {});
};

template <class M>
inline constexpr bool kHasFootprints = requires(const typename M::Value& value) {
    { M::footprint(value) } -> std::convertible_to<std::size_t>;
};
/// Bytes that a copy of a value touches: those in use of a value of variable size, else all.
template <class M>
[[nodiscard]] std::size_t footprint(const typename M::Value& value) {
    if constexpr (kHasFootprints<M>) {
        return M::footprint(value);
    } else {
        return sizeof(value);
    }
}

/// Whether a machine groups its cells into units (`static Key unit(const Key&)`): cells that are
/// used together conflict together. A plan orders units, each under its own key, so declaring one
/// cell of a unit declares all of them, in the same way:
///
///     kWrite  any cell of the unit may be read, written, erased, added to
///     kRead   any cell of the unit may be read
///     kAdd    any cell of the unit may be added to, or compared with (`at_least`)
///
/// Several ways in one transaction count as kWrite. `unit(unit(key)) == unit(key)`, and the unit's
/// key need not be that of a cell. Other machines have units of one cell.
template <class M>
inline constexpr bool kHasUnits = requires(const typename M::Key& key) {
    { M::unit(key) } -> std::same_as<typename M::Key>;
};
template <class M>
[[nodiscard]] constexpr typename M::Key unit_of(const typename M::Key& key) {
    if constexpr (kHasUnits<M>) {
        return M::unit(key);
    } else {
        return key;
    }
}

/// A state machine that the executors can run: keys, values, transactions, and pure functions.
///
/// Required of `M`
///   Key          trivially copyable, totally ordered; the order is the canonical order of digests.
///                A key of any length points to its bytes: state/key_bytes.hpp
///   Value        copyable, comparable
///   Transaction  anything
///   Context      what begin_block derives from state and header; read-only for transactions
///   static hash(Key) -> u64                          same on every machine; spread over all bits
///   static encode_key(ByteWriter&, Key)              canonical bytes
///   static encode_value(ByteWriter&, Key, Value)     canonical bytes
///   static number(Value) -> Int128, static set_number(Value&, Int128)
///                                                    the numeric reading of a cell, for additions
///                                                    additions are folded in any order, so:
///                                                    setting the number that is read changes
///                                                    nothing, and of two that are set only the
///                                                    last one counts
///   execute(view, transaction, context) -> TxnOutcome, or any struct with these two members
///                                                    pure, re-entrant, callable from any thread
///   begin_block(view, header, transactions) -> Context
///                                                    phase before the first transaction
///   end_block(view, header, context)                 phase after the last one
/// Optional
///   kModules, module(Key)                            parts of the state: state/state_sums.hpp
///   kScans                                           it reads ranges of keys, see above; with
///                                                    state/key_order.hpp
///   declare(transaction, context, sink), or declare(transaction, context, state, sink)
///                                                    calls sink(Key, Access) for keys it expects;
///                                                    state.get(key) is the value at the start
///   kDeclaresNothing                                 true where a requires-clause takes declare
///                                                    and declares_all away
///   static unit(Key) -> Key                          which cells conflict together, see above
///   static value_bytes(Value) -> span                of a value that holds its canonical bytes:
///                                                    those that encode_value gives
///   static footprint(Value) -> bytes                 of a value of variable size: how many of its
///                                                    first bytes copies touch; see
///                                                    accounts/cell.hpp
///   system_transactions(header, state, sink)         calls sink(Transaction) for those that the
///                                                    state calls for, in their order;
///                                                    state.get(key) is the value before the block
///   declares_all(context) -> bool                    whether the transactions of the block touch
///                                                    nothing but what they declare, in no other
///                                                    way, whatever the others do: rejected ones,
///                                                    and changes that are rolled back, included
///
/// System transactions stand before those of the block and are like them in all else: they have the
/// first indices, receipts, events and digests, count toward the weight limit, run in parallel.
/// They follow from the state before the block and its header alone. The machine bounds how many it
/// makes at a time; what is left, and what did not fit into the weight limit, is still due in the
/// next block, because the state still says so. So a phase, or any transaction, calls for more work
/// than fits into it by writing down what is to be done.
///
/// What a machine declares changes speed only. Where it declares all, blocks are executed as
/// planned: in place, in the order of what is declared. A transaction that touches something else
/// all the same costs the block a second, speculative execution. Parts are knowledge of order for
/// speculation.
///
/// A machine that throws, exceeds its step budget or its output limits gets the disposition
/// kFaulted in the receipt of that transaction, with no effects; serial and parallel alike.
template <class M>
concept Machine = requires {
    typename M::Transaction;
    typename M::Context;
}
&&HasKeys<M>&& HasValues<M>&& EncodesCells<M>&& CountsInCells<M>;

/// What the concept cannot see while a machine is still being defined; executors ask for it.
template <Machine M>
struct MachineCheck {
    static_assert(HasExecute<M>, "a machine has execute(view, transaction, context)");
    static_assert(HasPhases<M>,
                  "a machine has begin_block(view, header, transactions) and "
                  "end_block(view, header, context)");
    static_assert(
        kDeclares<M> || !NamesDeclare<M>,
        "`declare` is const and takes (transaction, context, sink), or a state before the "
        "sink");
    static_assert(kSaysWhetherItDeclaresAll<M> || !NamesDeclaresAll<M>,
                  "`declares_all` is const, takes (context), and returns bool");
    static_assert(kMakesTransactions<M> || !NamesSystemTransactions<M>,
                  "`system_transactions` is const and takes (header, state, sink)");
    static_assert(kHasUnits<M> || !NamesUnit<M>, "`unit` is static, takes and returns a key");
    static_assert(kHasFootprints<M> || !NamesFootprint<M>,
                  "`footprint` is static, takes a value, and returns a number of bytes");
    static_assert(kHasValueBytes<M> || !NamesValueBytes<M>,
                  "`value_bytes` is static, takes a value, and returns a span of bytes");
    static constexpr bool kPasses = true;
};

}  // namespace lockstep
