#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "bench/trace/trace.hpp"
#include "engine/base/access.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "replay/stress/work_kernel.hpp"

namespace lockstep::bench {

/// Performs the recorded reads and writes of a trace.
///
/// A transaction reads every cell that it read when it was recorded, compares the value with the
/// recorded one, works as its gas says, and writes what was recorded. When a read saw anything
/// else, its status is kOtherValue and it writes other values, as a real program would: so an order
/// that is not the serial one cannot end in the recorded state.
///
/// A block of the trace that begins another pass has no transactions: its first phase puts all
/// cells to what they were before the trace (TraceSource).
///
/// `kDeclares`: tells the engine the keys of each transaction.
template <bool kDeclares>
struct TraceMachine {
    using Key = TraceKey;
    using Value = Word256;
    using Transaction = const TraceTxn*;  ///< of the trace
    struct Context {
        const TraceBlock* block = nullptr;  ///< none in a block that begins a pass
    };
    enum class Status : std::uint16_t { kApplied = 0, kOtherValue = 1, kRefused = 2 };
    struct Outcome {
        Status status = Status::kApplied;
        std::uint64_t weight = 1;
    };

    std::shared_ptr<const Trace> trace;
    bool beneficiary_as_delta = false;  ///< fees are added to its balance, and not read
    std::uint64_t rounds_per_mgas = 0;  ///< of mix_rounds, for each million of gas

    static std::uint64_t hash(const Key& key) { return key.hash(); }
    static void encode_key(ByteWriter& out, const Key& key) {
        out.put(static_cast<std::uint8_t>(key.kind));
        out.append(std::as_bytes(std::span(key.address)));
        out.append(std::as_bytes(std::span(key.slot)));
    }
    static void encode_value(ByteWriter& out, const Key&, const Value& value) {
        for (const std::uint64_t word : value.words) {
            out.put(word);
        }
    }
    static Int128 number(const Value& value) { return value.number(); }
    static void set_number(Value& value, Int128 number) { value = Word256::of(number); }

    Context begin_block(auto& view, const BlockHeader& header, std::span<const Transaction>) const {
        const std::uint64_t place = (header.height - 1) % (trace->blocks.size() + 1);
        if (place == 0) {
            for (const TraceAccess& cell : trace->initial) {
                put(view, cell.key, cell.start);
            }
            return {};
        }
        const TraceBlock& block = trace->blocks[place - 1];
        for (const TraceAccess& correction : block.corrections) {
            put(view, correction.key, correction.end);
        }
        return {.block = &block};
    }
    void end_block(auto& view, const BlockHeader&, const Context& context) const {
        if (context.block != nullptr) {
            static_cast<void>(perform(view, context.block->epilogue, *context.block, false, 0));
        }
    }
    Outcome execute(auto& view, const Transaction& txn, const Context& context) const {
        return {.status = perform(view, txn->accesses, *context.block,
                                  beneficiary_as_delta && txn->pays_beneficiary_only,
                                  txn->gas * rounds_per_mgas / 1'000'000)};
    }
    static constexpr bool kDeclaresNothing = !kDeclares;
    static constexpr bool declares_all(const Context&) requires kDeclares { return true; }
    void declare(const Transaction& txn, const Context& context,
                 auto&& sink) const requires kDeclares {
        const bool adds = beneficiary_as_delta && txn->pays_beneficiary_only;
        for (const TraceAccess& access : txn->accesses) {
            if (adds && is_fee(access, *context.block)) {
                sink(access.key, Access::kAdd);
            } else {
                sink(access.key, access.writes ? Access::kWrite : Access::kRead);
            }
        }
    }

  private:
    static void put(auto& view, const Key& key, const Word256& value) {
        if (value.is_zero()) {
            view.erase(key);
        } else {
            view.write(key, value);
        }
    }
    static bool is_fee(const TraceAccess& access, const TraceBlock& block) {
        return access.writes && access.key.kind == TraceKind::kBalance &&
               access.key.address == block.beneficiary;
    }
    static Status perform(auto& view, const std::vector<TraceAccess>& accesses,
                          const TraceBlock& block, bool adds_fee, std::uint64_t rounds) {
        bool as_recorded = true;
        std::uint64_t seen = 1;
        for (const TraceAccess& access : accesses) {
            if (adds_fee && is_fee(access, block)) {
                continue;
            }
            const Word256* value = view.read(access.key);
            const Word256 now = value != nullptr ? *value : Word256{};
            as_recorded = now == access.start && as_recorded;
            seen ^= now.words[0];
        }
        // The chance of zero is one in 2^64; it ties the work to what was read.
        if (rounds > 0 && mix_rounds(seen, static_cast<std::uint32_t>(rounds)) == 0) {
            return Status::kRefused;
        }
        for (const TraceAccess& access : accesses) {
            if (adds_fee && is_fee(access, block)) {
                const Int128 fee = access.end.number() - access.start.number();
                if (!view.add(access.key, fee, {.lower = 0})) {
                    return Status::kRefused;
                }
            } else if (access.writes) {
                Word256 end = access.end;
                end.words[3] ^= as_recorded ? 0 : 1;
                put(view, access.key, end);
            }
        }
        return as_recorded ? Status::kApplied : Status::kOtherValue;
    }
};

/// The blocks of a trace, over and over; each pass begins with a block without transactions.
struct TraceSource {
    std::shared_ptr<const Trace> trace;
    std::uint64_t height = 0;

    [[nodiscard]] Block<const TraceTxn*> next() {
        const std::uint64_t place = height++ % (trace->blocks.size() + 1);
        Block<const TraceTxn*> block;
        block.header = {.height = height, .time_ms = static_cast<std::int64_t>(height)};
        if (place > 0) {
            for (const TraceTxn& txn : trace->blocks[place - 1].transactions) {
                block.transactions.push_back(&txn);
            }
        }
        return block;
    }
};

template <bool kDeclares>
struct TraceWorkload {
    using Machine = TraceMachine<kDeclares>;
    using Source = TraceSource;

    std::string name;
    Machine machine;

    /// Makes room for the cells; the first block fills them.
    void populate(auto& state) const {
        for (const TraceAccess& cell : machine.trace->initial) {
            state.set(cell.key, nullptr);
        }
    }
    [[nodiscard]] Source source() const { return {.trace = machine.trace}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

}  // namespace lockstep::bench
