#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/random.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/key_order.hpp"

namespace lockstep::bench {

/// Who else touches the ranges that transactions scan.
enum class RangeMode : std::uint8_t {
    kApart,     ///< nobody: results are written elsewhere
    kUpdates,   ///< the scanning transactions: each writes its result into a record
    kInserts,   ///< every second transaction puts a new record into the ranges or takes one out
    kPhantoms,  ///< the same, but nobody declares what he will write
};

struct RangeStep {
    enum class Kind : std::uint8_t { kScan, kInsert, kRemove };
    Kind kind = Kind::kScan;
    std::uint32_t from = 0;    ///< where the scan starts
    std::uint32_t target = 0;  ///< the key that is written or taken out
};

/// W8: a hundred records are read in order of their keys, then something is written.
struct RangeScanMachine {
    static constexpr bool kScans = true;
    static constexpr std::uint32_t kScanned = 100;
    using Key = std::uint32_t;  ///< record * kGap; new records in between; results at the top
    using Value = Int128;
    using Transaction = RangeStep;
    struct Context {};
    static constexpr Key kGap = 16;
    static constexpr Key kResults = 0x8000'0000U;

    RangeMode mode = RangeMode::kApart;

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, Value value) { out.put(value); }
    static Int128 number(Value value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }
    Context begin_block(auto&, const BlockHeader&, std::span<const RangeStep>) const { return {}; }
    void end_block(auto&, const BlockHeader&, const Context&) const {}

    TxnOutcome execute(auto& view, const RangeStep& step, const Context&) const {
        if (step.kind == RangeStep::Kind::kRemove) {
            view.erase(step.target);
            return {};
        }
        std::uint64_t sum = step.from;
        if (step.kind == RangeStep::Kind::kScan) {
            view.scan(step.from, kResults, kScanned, [&sum](Key key, Value value) {
                sum = sum * 31 + key + low64(value);
                return true;
            });
        }
        view.write(step.target, static_cast<std::int64_t>(sum >> 8));
        return {};
    }
    void declare(const RangeStep& step, const Context&, auto&& sink) const {
        if (mode != RangeMode::kPhantoms) {
            sink(step.target, Access::kWrite);
        }
    }
};

struct RangeScanWorkload {
    using Machine = RangeScanMachine;
    struct Source {
        const RangeScanWorkload& workload;
        std::uint64_t height = 0;
        [[nodiscard]] Block<RangeStep> next() {
            Random random(mix64(8) + ++height);
            Block<RangeStep> block;
            block.header = {.height = height, .time_ms = static_cast<std::int64_t>(height) * 1000};
            block.transactions.reserve(workload.txns);
            for (std::uint32_t i = 0; i < workload.txns; ++i) {
                block.transactions.push_back(step(random, i));
            }
            return block;
        }

      private:
        [[nodiscard]] RangeStep step(Random& random, std::uint32_t index) const {
            using Does = RangeStep::Kind;
            const RangeMode mode = workload.machine.mode;
            const auto record = [&] {
                return static_cast<std::uint32_t>(random.below(workload.records)) * Machine::kGap;
            };
            RangeStep step{.from = record(), .target = Machine::kResults + index};
            if (mode == RangeMode::kUpdates) {
                step.target = record();
            } else if (mode != RangeMode::kApart && index % 2 == 1) {
                step.kind = index % 4 == 1 ? Does::kInsert : Does::kRemove;
                step.target =
                    record() + 1 + static_cast<std::uint32_t>(random.below(Machine::kGap - 1));
            }
            return step;
        }
    };

    std::string name;
    Machine machine;
    std::uint32_t records = 0;  ///< from the start
    std::uint32_t txns = 0;

    void populate(auto& state) const {
        for (std::uint32_t record = 0; record < records; ++record) {
            const Int128 value = record;
            state.set(record * Machine::kGap, &value);
        }
    }
    [[nodiscard]] Source source() const { return {*this}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

}  // namespace lockstep::bench
