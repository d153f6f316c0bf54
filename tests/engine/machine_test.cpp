#include "engine/contract/machine.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace lockstep::test {
namespace {

/// A machine whose functions are templates of any view, with deduced results.
struct Whole {
    using Key = std::uint32_t;
    using Value = Int128;
    using Transaction = Key;
    struct Context {};

    static std::uint64_t hash(Key key) { return key; }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, Value value) { out.put(value); }
    static Int128 number(Value value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }
    static auto begin_block(auto&, const BlockHeader&, std::span<const Key>) { return Context{}; }
    static void end_block(auto&, const BlockHeader&, const Context&) {}
    static auto execute(auto& view, Key key, const Context&) {
        return TxnOutcome{.status = static_cast<std::uint16_t>(view.add(key, 1) ? 0 : 1)};
    }
};
static_assert(Machine<Whole>);

/// A machine with all that one may have.
struct Rich : Whole {
    void declare(const Key& key, const Context&, auto&& sink) const { sink(key, Access::kAdd); }
    static bool declares_all(const Context&) { return true; }
    static Key unit(const Key& key) { return key / 8 * 8; }
    static std::size_t footprint(const Value&) { return sizeof(Value); }
};
static_assert(Machine<Rich> && kDeclares<Rich> && kHasUnits<Rich> && kHasFootprints<Rich>);

// What is there and does not fit is not overlooked: MachineCheck refuses it.
struct SwappedDeclare : Whole {
    void declare(const Context&, const Key& key, auto&& sink) const { sink(key, Access::kAdd); }
};
static_assert(NamesDeclare<Rich> && !NamesDeclare<Whole>);
static_assert(NamesDeclare<SwappedDeclare> && !kDeclares<SwappedDeclare>);
struct MutableDeclare : Whole {
    void declare(const Key& key, const Context&, auto&& sink) { sink(key, Access::kAdd); }
};
static_assert(NamesDeclare<MutableDeclare> && !kDeclares<MutableDeclare>);
struct DeclaresAllOfNothing : Whole {
    static bool declares_all() { return true; }
};
/// One of two machines that are made from a template declares.
template <bool kSays>
struct SometimesDeclaring : Whole {
    static constexpr bool kDeclaresNothing = !kSays;
    void declare(int, const Context&, auto&& sink) const requires kSays { sink(1U, Access::kRead); }
};
static_assert(NamesDeclare<SometimesDeclaring<true>> && !NamesDeclare<SometimesDeclaring<false>>);
static_assert(MachineCheck<SometimesDeclaring<false>>::kPasses);
static_assert(NamesDeclaresAll<Rich> && !NamesDeclaresAll<Whole>);
static_assert(NamesDeclaresAll<DeclaresAllOfNothing> &&
              !kSaysWhetherItDeclaresAll<DeclaresAllOfNothing>);
struct UnitOfAnotherType : Whole {
    static std::uint64_t unit(const Key& key) { return key; }
};
static_assert(NamesUnit<Rich> && !NamesUnit<Whole>);
struct MakesTransactions : Whole {
    template <class State, class Sink>
    void system_transactions(const BlockHeader&, const State&, Sink&& sink) const {
        sink(typename Whole::Transaction{});
    }
};
static_assert(kMakesTransactions<MakesTransactions> && !kMakesTransactions<Whole>);
static_assert(MachineCheck<MakesTransactions>::kPasses);
struct MakesThemOfNothing : Whole {
    void system_transactions(const BlockHeader&) const {}
};
static_assert(NamesSystemTransactions<MakesThemOfNothing> &&
              !kMakesTransactions<MakesThemOfNothing> && !NamesSystemTransactions<Whole>);
static_assert(NamesUnit<UnitOfAnotherType> && !kHasUnits<UnitOfAnotherType>);
struct FootprintOfKeys : Whole {
    static std::size_t footprint(const Value&, const Key&) { return 1; }
};
static_assert(NamesFootprint<Rich> && !NamesFootprint<Whole>);
static_assert(NamesFootprint<FootprintOfKeys> && !kHasFootprints<FootprintOfKeys>);
struct BytesOfKeys : Whole {
    static std::span<const std::byte> value_bytes(const Value&, const Key&) { return {}; }
};
static_assert(NamesValueBytes<BytesOfKeys> && !kHasValueBytes<BytesOfKeys>);
static_assert(!NamesValueBytes<Whole>);
static_assert(MachineCheck<Whole>::kPasses && MachineCheck<Rich>::kPasses);

// What is required is named as well.
struct NarrowHash : Whole {
    static std::uint32_t hash(Key key) { return key; }
};
static_assert(!HasKeys<NarrowHash> && !Machine<NarrowHash>);
struct NarrowNumbers : Whole {
    static std::int64_t number(Value value) { return static_cast<std::int64_t>(value); }
};
static_assert(!CountsInCells<NarrowNumbers> && HasValues<NarrowNumbers>);
struct NoExecute {
    static void begin_block();
    static void end_block();
};
static_assert(!HasExecute<NoExecute> && HasPhases<NoExecute>);
struct NoEnd {
    static void execute();
    static void begin_block();
};
static_assert(!HasPhases<NoEnd> && HasExecute<NoEnd>);

TEST(Machine, MayBeFinal) {
    struct Final final : Whole {};
    EXPECT_TRUE(Machine<Final> && MachineCheck<Final>::kPasses);
    EXPECT_FALSE(kDeclares<Final>);
}

}  // namespace
}  // namespace lockstep::test
