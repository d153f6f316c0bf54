#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"
#include "engine/contract/block.hpp"

namespace lockstep {

/// A view in questions of type: what it declares is nowhere defined.
template <class M>
struct ViewShape {
    using Key = typename M::Key;
    using Value = typename M::Value;
    struct Savepoint {};

    const Value* read(const Key&);
    bool exists(const Key&);
    bool at_least(const Key&, Int128);
    void write(const Key&, const Value&);
    void erase(const Key&);
    Value* change(const Key&);
    bool add(const Key&, Int128, const Bounds& = {});
    template <class Visit>
    std::size_t scan(const Key&, const Key&, std::size_t, Visit&&);
    void emit(std::uint16_t, std::span<const std::byte>);
    Savepoint savepoint();
    void rollback(Savepoint);
    bool consume(std::uint64_t);
    bool stopped() const;
};

// The parts of the concept Machine, each by its name, so that a compiler says which one a type does
// not fit.

template <class M>
concept HasKeys = std::is_trivially_copyable_v<typename M::Key> &&
    std::totally_ordered<typename M::Key> && requires(const typename M::Key& key) {
    { M::hash(key) } -> std::same_as<std::uint64_t>;
};
template <class M>
concept HasValues = std::copyable<typename M::Value> && std::equality_comparable<typename M::Value>;
template <class M>
concept EncodesCells = requires(const typename M::Key& key, const typename M::Value& value,
                                ByteWriter& out) {
    M::encode_key(out, key);
    M::encode_value(out, key, value);
};
template <class M>
concept CountsInCells = requires(typename M::Value& value) {
    { M::number(value) } -> std::same_as<Int128>;
    M::set_number(value, Int128{});
};
template <class M>
concept HasPhases = requires(const M machine, ViewShape<M>& view, const BlockHeader& header,
                             std::span<const typename M::Transaction> transactions,
                             const typename M::Context& context) {
    { machine.begin_block(view, header, transactions) } -> std::convertible_to<typename M::Context>;
    machine.end_block(view, header, context);
};
template <class M>
concept ExecutesTransactions = requires(const M machine, ViewShape<M>& view,
                                        const typename M::Transaction& transaction,
                                        const typename M::Context& context) {
    { machine.execute(view, transaction, context).status } -> std::convertible_to<std::uint16_t>;
    { machine.execute(view, transaction, context).weight } -> std::convertible_to<std::uint64_t>;
};

// What a machine may leave out must fit where it is there: a member of that name which cannot be
// called as said would else be overlooked.

namespace internal {

struct NamedDeclare {
    void declare();
};
struct NamedDeclaresAll {
    void declares_all();
};
struct NamedUnit {
    void unit();
};
struct NamedFootprint {
    void footprint();
};
/// A name that both bases have is ambiguous.
template <class M, class Named>
struct Both : M, Named {};

template <class M>
concept NamesDeclare = !std::is_final_v<M> && !requires {
    &Both<M, NamedDeclare>::declare;
};
template <class M>
concept NamesDeclaresAll = !std::is_final_v<M> && !requires {
    &Both<M, NamedDeclaresAll>::declares_all;
};
template <class M>
concept NamesUnit = !std::is_final_v<M> && !requires {
    &Both<M, NamedUnit>::unit;
};
template <class M>
concept NamesFootprint = !std::is_final_v<M> && !requires {
    &Both<M, NamedFootprint>::footprint;
};

}  // namespace internal
}  // namespace lockstep
