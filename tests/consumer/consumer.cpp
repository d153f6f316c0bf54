// Embeds the engine with a counter for each of four users, and checks the outcome.

#include <cstdint>
#include <cstdio>
#include <span>

#include "lockstep/random.hpp"
#include "lockstep/serial_executor.hpp"

namespace {

struct Counters {
    using Key = std::uint32_t;
    using Value = lockstep::Int128;
    using Transaction = Key;
    struct Context {};

    static std::uint64_t hash(Key key) { return lockstep::mix64(key); }
    static void encode_key(lockstep::ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(lockstep::ByteWriter& out, Key, Value value) { out.put(value); }
    static lockstep::Int128 number(Value value) { return value; }
    static void set_number(Value& value, lockstep::Int128 number) { value = number; }

    static Context begin_block(auto&, const lockstep::BlockHeader&, std::span<const Key>) {
        return {};
    }
    static lockstep::TxnOutcome execute(auto& view, Key user, const Context&) {
        return {.status = static_cast<std::uint16_t>(view.add(user, 1) ? 0 : 1)};
    }
    static void end_block(auto&, const lockstep::BlockHeader&, const Context&) {}
};

}  // namespace

int main() {
    const Counters machine;
    lockstep::StateStore<Counters> state;
    lockstep::SerialExecutor<Counters> executor(machine, state);
    const auto result = executor.execute({.header = {.height = 1}, .transactions = {1, 2, 1, 3}});
    if (!result.has_value() || state.get(1) == nullptr || *state.get(1) != 2) {
        return 1;
    }
    std::printf("state digest %s\n", result->state.hex().c_str());
    return 0;
}
