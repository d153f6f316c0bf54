#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/random.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"

namespace lockstep::bench {

/// Four records of 48 bytes, read and written: what engine memory is measured with.
struct WideMachine {
    static constexpr std::size_t kWrites = 4;
    using Key = std::uint32_t;
    using Value = std::array<std::uint64_t, 6>;
    using Transaction = std::array<std::uint32_t, kWrites>;
    struct Context {};

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, const Value& value) {
        for (const std::uint64_t word : value) {
            out.put(word);
        }
    }
    static Int128 number(const Value& value) { return make_int128(value[1], value[0]); }
    static void set_number(Value& value, Int128 number) {
        value[0] = low64(number);
        value[1] = high64(number);
    }
    Context begin_block(auto&, const BlockHeader&, std::span<const Transaction>) const {
        return {};
    }
    void end_block(auto&, const BlockHeader&, const Context&) const {}

    TxnOutcome execute(auto& view, const Transaction& keys, const Context&) const {
        for (const Key key : keys) {
            const Value* seen = view.read(key);
            Value value = seen != nullptr ? *seen : Value{};
            for (std::uint64_t& word : value) {
                word = word * 3 + key;
            }
            view.write(key, value);
        }
        return {};
    }
    static constexpr bool declares_all(const Context&) { return true; }
    void declare(const Transaction& keys, const Context&, auto&& sink) const {
        for (const Key key : keys) {
            sink(key, Access::kWrite);
        }
    }
};
static_assert(sizeof(WideMachine::Value) == 48);

struct WideWorkload {
    using Machine = WideMachine;
    struct Source {
        const WideWorkload& workload;
        std::uint64_t height = 0;
        [[nodiscard]] Block<WideMachine::Transaction> next() {
            Random random(mix64(13) + ++height);
            Block<WideMachine::Transaction> block;
            block.header = {.height = height, .time_ms = static_cast<std::int64_t>(height) * 1000};
            block.transactions.resize(workload.txns);
            for (auto& keys : block.transactions) {
                for (std::uint32_t& key : keys) {
                    key = static_cast<std::uint32_t>(random.below(workload.keys));
                }
            }
            return block;
        }
    };

    std::string name;
    Machine machine;
    std::uint32_t keys = 0;
    std::uint32_t txns = 0;

    void populate(auto& state) const {
        for (std::uint32_t key = 0; key < keys; ++key) {
            const WideMachine::Value value{key};
            state.set(key, &value);
        }
    }
    [[nodiscard]] Source source() const { return {*this}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

}  // namespace lockstep::bench
