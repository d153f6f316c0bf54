#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/random.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "replay/stress/work_kernel.hpp"

namespace lockstep::bench {

/// What every transaction does to the one cell that all of them touch.
enum class CounterMode : std::uint8_t {
    kWrite,         ///< read and write
    kUnbounded,     ///< addition
    kBoundedLoose,  ///< addition within bounds that are never met
    kBoundedTight,  ///< addition within bounds that every few additions meet and are refused at
    kMilestone,     ///< addition; every 64th transaction reads the sum instead and notes it
};

struct CounterStep {
    std::uint32_t account = 0;
    std::int32_t amount = 0;
    bool milestone = false;
};

/// W4: work on an account of one's own, and one global counter.
struct CounterMachine {
    using Key = std::uint32_t;  ///< account; the counter and its note at the top
    using Value = Int128;
    using Transaction = CounterStep;
    struct Context {};
    static constexpr Key kCounter = 0xffff'fff0U;
    static constexpr Key kNote = 0xffff'fff1U;

    CounterMode mode = CounterMode::kWrite;
    std::uint32_t work_rounds = 0;

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, Value value) { out.put(value); }
    static Int128 number(Value value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }
    Context begin_block(auto&, const BlockHeader&, std::span<const CounterStep>) const {
        return {};
    }
    void end_block(auto&, const BlockHeader&, const Context&) const {}

    [[nodiscard]] Bounds bounds() const {
        switch (mode) {
            case CounterMode::kBoundedLoose:
                return {.lower = -1'000'000'000'000'000, .upper = 1'000'000'000'000'000};
            case CounterMode::kBoundedTight:
                return {.lower = 0, .upper = 40};
            default:
                return {};
        }
    }
    TxnOutcome execute(auto& view, const CounterStep& step, const Context&) const {
        const auto value_of = [&view](Key key) {
            const Value* value = view.read(key);
            return value != nullptr ? *value : 0;
        };
        const Int128 own = value_of(step.account);
        if (work_rounds > 0 && mix_rounds(low64(own), work_rounds) == 0) {
            return {.status = 2};
        }
        if (mode == CounterMode::kWrite) {
            view.write(kCounter, value_of(kCounter) + step.amount);
        } else if (step.milestone) {
            view.write(kNote, value_of(kCounter));
        } else if (!view.add(kCounter, step.amount, bounds())) {
            return {.status = 1};
        }
        view.write(step.account, own + step.amount);
        return {};
    }
    static constexpr bool declares_all(const Context&) { return true; }
    void declare(const CounterStep& step, const Context&, auto&& sink) const {
        sink(step.account, Access::kWrite);
        if (mode == CounterMode::kWrite) {
            sink(kCounter, Access::kWrite);
        } else if (step.milestone) {
            sink(kCounter, Access::kRead);
            sink(kNote, Access::kWrite);
        } else {
            sink(kCounter, Access::kAdd);
        }
    }
};

struct CounterWorkload {
    using Machine = CounterMachine;
    struct Source {
        const CounterWorkload& workload;
        std::uint64_t height = 0;
        [[nodiscard]] Block<CounterStep> next() {
            constexpr std::uint32_t kMilestoneEvery = 64;
            Random random(mix64(4) + ++height);
            Block<CounterStep> block;
            block.header = {.height = height, .time_ms = static_cast<std::int64_t>(height) * 1000};
            block.transactions.reserve(workload.txns);
            for (std::uint32_t i = 0; i < workload.txns; ++i) {
                block.transactions.push_back(
                    {.account = static_cast<std::uint32_t>(random.below(workload.accounts)),
                     .amount = static_cast<std::int32_t>(random.between(-10, 10)),
                     .milestone = workload.machine.mode == CounterMode::kMilestone &&
                                  i % kMilestoneEvery == kMilestoneEvery - 1});
            }
            return block;
        }
    };

    std::string name;
    Machine machine;
    std::uint32_t accounts = 0;
    std::uint32_t txns = 0;

    void populate(auto& state) const {
        const Int128 start = 20;
        for (std::uint32_t account = 0; account < accounts; ++account) {
            state.set(account, &start);
        }
        state.set(CounterMachine::kCounter, &start);
    }
    [[nodiscard]] Source source() const { return {*this}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

}  // namespace lockstep::bench
