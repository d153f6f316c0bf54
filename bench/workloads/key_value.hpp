#pragma once

#include <time.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/random.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "replay/generate/zipf.hpp"

namespace lockstep::bench {

/// Shapes of transactions on plain keys.
enum class KeyValueMode : std::uint8_t {
    kYcsb,     ///< W7: ten declared keys, half of them read, half read and written
    kDynamic,  ///< W9: nothing declared; what was read decides which keys follow, how many are
               ///< written, and whether the transaction undoes everything
    kLatency,  ///< W11: as W7 with two keys; each read waits, as for a disk
};

struct KeyValueStep {
    std::array<std::uint32_t, 10> keys{};
    std::uint64_t seed = 0;
};

struct KeyValueMachine {
    using Key = std::uint32_t;
    using Value = Int128;
    using Transaction = KeyValueStep;
    struct Context {};

    KeyValueMode mode = KeyValueMode::kYcsb;
    std::uint32_t universe = 0;
    std::uint32_t latency_us = 0;
    bool weighs = false;  ///< dynamic: the weight follows from what was read, 1 to 3

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, Value value) { out.put(value); }
    static Int128 number(Value value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }
    Context begin_block(auto&, const BlockHeader&, std::span<const KeyValueStep>) const {
        return {};
    }
    void end_block(auto&, const BlockHeader&, const Context&) const {}

    [[nodiscard]] std::size_t touched() const { return mode == KeyValueMode::kLatency ? 2 : 10; }

    TxnOutcome execute(auto& view, const KeyValueStep& step, const Context&) const {
        const auto value_of = [&](Key key) {
            wait();
            const Value* value = view.read(key);
            return value != nullptr ? low64(*value) : 0;
        };
        if (mode == KeyValueMode::kDynamic) {
            return follow(view, step, value_of);
        }
        for (std::size_t i = 0; i < touched(); ++i) {
            const std::uint64_t value = value_of(step.keys[i]);
            if (i % 2 == 0) {
                view.write(step.keys[i], static_cast<std::int64_t>(mix64(value + step.seed) >> 8));
            }
        }
        return {};
    }
    [[nodiscard]] bool declares_all(const Context&) const { return mode != KeyValueMode::kDynamic; }
    void declare(const KeyValueStep& step, const Context&, auto&& sink) const {
        for (std::size_t i = 0; mode != KeyValueMode::kDynamic && i < touched(); ++i) {
            sink(step.keys[i], i % 2 == 0 ? Access::kWrite : Access::kRead);
        }
    }

  private:
    TxnOutcome follow(auto& view, const KeyValueStep& step, auto&& value_of) const {
        const auto start = view.savepoint();
        std::uint64_t seen = step.seed;
        const std::uint64_t reads = 1 + step.seed % 10;
        for (std::uint64_t i = 0; i < reads; ++i) {
            seen = mix64(seen ^ value_of(static_cast<Key>(seen % universe)));
        }
        const std::uint64_t writes = 1 + seen % 5;
        for (std::uint64_t i = 0; i < writes; ++i) {
            view.write(static_cast<Key>(mix64(seen + i) % universe),
                       static_cast<std::int64_t>(seen >> 8));
        }
        const std::uint64_t weight = weighs ? 1 + mix64(seen) % 3 : 1;
        if (seen % 16 == 0) {
            view.rollback(start);
            return {.status = 1, .weight = weight};
        }
        return {.weight = weight};
    }
    void wait() const {
        if (latency_us > 0) {
            const timespec span{.tv_sec = 0, .tv_nsec = latency_us * 1'000L};
            nanosleep(&span, nullptr);
        }
    }
};

struct KeyValueWorkload {
    using Machine = KeyValueMachine;
    struct Source {
        explicit Source(const KeyValueWorkload& of)
            : workload(of), keys(of.machine.universe, of.zipf_quarters) {}
        const KeyValueWorkload& workload;
        Zipf keys;
        std::uint64_t height = 0;
        [[nodiscard]] Block<KeyValueStep> next() {
            Random random(mix64(7) + ++height);
            Block<KeyValueStep> block;
            block.header = {.height = height, .time_ms = static_cast<std::int64_t>(height) * 1000};
            if (workload.machine.weighs) {
                block.header.weight_limit = std::uint64_t{workload.txns} * 3 / 2;
            }
            block.transactions.resize(workload.txns);
            for (KeyValueStep& step : block.transactions) {
                step.seed = random.next();
                for (std::uint32_t& key : step.keys) {
                    key = keys.draw(random);
                }
            }
            return block;
        }
    };

    std::string name;
    Machine machine;
    std::uint32_t zipf_quarters = 0;  ///< skew of the keys: exponent in quarters
    std::uint32_t txns = 0;

    void populate(auto& state) const {
        for (std::uint32_t key = 0; key < machine.universe; ++key) {
            const Int128 value = key;
            state.set(key, &value);
        }
    }
    [[nodiscard]] Source source() const { return Source(*this); }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

}  // namespace lockstep::bench
