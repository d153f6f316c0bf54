#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"

namespace lockstep {

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

namespace internal {

struct NamedExecute {
    void execute();
};
struct NamedBeginBlock {
    void begin_block();
};
struct NamedEndBlock {
    void end_block();
};
struct NamedDeclare {
    void declare();
};
struct NamedDeclaresAll {
    void declares_all();
};
struct NamedSystemTransactions {
    void system_transactions();
};
struct NamedUnit {
    void unit();
};
struct NamedFootprint {
    void footprint();
};
struct NamedValueBytes {
    void value_bytes();
};
/// A name that both bases have is ambiguous.
template <class M, class Named>
struct Both : M, Named {};

}  // namespace internal

// Whether there is a member of a name, however it is called: a template of any view, or one that
// does not fit and would else be overlooked. No base can be final, so of those all is taken for
// granted that is required.

template <class M>
concept HasExecute = std::is_final_v<M> || !requires {
    &internal::Both<M, internal::NamedExecute>::execute;
};
template <class M>
concept HasPhases = std::is_final_v<M> ||(
    !requires { &internal::Both<M, internal::NamedBeginBlock>::begin_block; } &&
    !requires { &internal::Both<M, internal::NamedEndBlock>::end_block; });
/// `static constexpr bool kDeclaresNothing = true`: members that a requires-clause takes away are
/// not meant.
template <class M>
concept DeclaresNothing = requires {
    requires M::kDeclaresNothing;
};
template <class M>
concept NamesDeclare = !std::is_final_v<M> && !DeclaresNothing<M> && !requires {
    &internal::Both<M, internal::NamedDeclare>::declare;
};
template <class M>
concept NamesDeclaresAll = !std::is_final_v<M> && !DeclaresNothing<M> && !requires {
    &internal::Both<M, internal::NamedDeclaresAll>::declares_all;
};
template <class M>
concept NamesSystemTransactions = !std::is_final_v<M> && !requires {
    &internal::Both<M, internal::NamedSystemTransactions>::system_transactions;
};
template <class M>
concept NamesUnit = !std::is_final_v<M> && !requires {
    &internal::Both<M, internal::NamedUnit>::unit;
};
template <class M>
concept NamesValueBytes = !std::is_final_v<M> && !requires {
    &internal::Both<M, internal::NamedValueBytes>::value_bytes;
};
template <class M>
concept NamesFootprint = !std::is_final_v<M> && !requires {
    &internal::Both<M, internal::NamedFootprint>::footprint;
};

}  // namespace lockstep
