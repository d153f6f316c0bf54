#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/random.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "replay/stress/work_kernel.hpp"

namespace lockstep::bench {

/// Cells that a transfer touches.
enum class TransferShape : std::uint8_t {
    k2Reads2Writes,  ///< both balances
    k8Reads5Writes,  ///< balance, sequence and fee cells of the sender, balance and activity of the
                     ///< receiver, and three global cells that nobody writes
};

struct Transfer {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::int64_t amount = 0;
};

/// Payments between accounts: the workload that every published engine reports.
///
/// `kDeclares`: tells the engine the keys of each transfer before it runs.
template <bool kDeclares>
struct TransferMachine {
    using Key = std::uint32_t;  ///< account * 4 + field; globals at the top
    using Value = Int128;
    using Transaction = Transfer;
    struct Context {};

    enum class Status : std::uint16_t { kApplied = 0, kTooPoor = 1, kImpossible = 2 };
    struct Outcome {
        Status status = Status::kApplied;
        std::uint64_t weight = 1;
    };

    TransferShape shape = TransferShape::k2Reads2Writes;
    std::uint32_t work_rounds = 0;  ///< of mix_rounds, between reads and writes

    static constexpr Key balance_of(std::uint32_t account) { return account * 4; }
    static constexpr Key sequence_of(std::uint32_t account) { return account * 4 + 1; }
    static constexpr Key fees_of(std::uint32_t account) { return account * 4 + 2; }
    static constexpr Key activity_of(std::uint32_t account) { return account * 4 + 3; }
    static constexpr Key global(std::uint32_t index) { return 0xffff'fff0U + index; }

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, Value value) { out.put(value); }
    static Int128 number(Value value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }

    Context begin_block(auto&, const BlockHeader&, std::span<const Transfer>) const { return {}; }
    void end_block(auto&, const BlockHeader&, const Context&) const {}

    Outcome execute(auto& view, const Transfer& t, const Context&) const {
        const auto read = [&view](Key key) {
            const Value* value = view.read(key);
            return value != nullptr ? *value : 0;
        };
        const Int128 from = read(balance_of(t.from));
        const Int128 to = read(balance_of(t.to));
        if (shape == TransferShape::k2Reads2Writes) {
            return settle(view, t, from, to);
        }
        Int128 rules = 0;
        for (std::uint32_t i = 0; i < 3; ++i) {
            rules += read(global(i));
        }
        const Int128 sequence = read(sequence_of(t.from));
        const Int128 fees = read(fees_of(t.from));
        const Int128 activity = read(activity_of(t.to));
        const Outcome outcome = settle(view, t, from, to);
        if (outcome.status == Status::kApplied) {
            view.write(sequence_of(t.from), sequence + 1);
            view.write(fees_of(t.from), fees + rules);
            view.write(activity_of(t.to), activity + 1);
        }
        return outcome;
    }

    static constexpr bool kDeclaresNothing = !kDeclares;
    static constexpr bool declares_all(const Context&) requires kDeclares { return true; }
    void declare(const Transfer& t, const Context&, auto&& sink) const requires kDeclares {
        sink(balance_of(t.from), Access::kWrite);
        sink(balance_of(t.to), Access::kWrite);
        if (shape == TransferShape::k8Reads5Writes) {
            sink(sequence_of(t.from), Access::kWrite);
            sink(fees_of(t.from), Access::kWrite);
            sink(activity_of(t.to), Access::kWrite);
            for (std::uint32_t i = 0; i < 3; ++i) {
                sink(global(i), Access::kRead);
            }
        }
    }

    /// Puts every cell of `accounts` accounts in place.
    void populate(auto& store, std::uint32_t accounts) const {
        const Value start = 1'000'000'000;
        const Value zero = 0;
        const Value one = 1;
        for (std::uint32_t i = 0; i < accounts; ++i) {
            store.set(balance_of(i), &start);
            if (shape == TransferShape::k8Reads5Writes) {
                store.set(sequence_of(i), &zero);
                store.set(fees_of(i), &zero);
                store.set(activity_of(i), &zero);
            }
        }
        for (std::uint32_t i = 0; i < 3; ++i) {
            store.set(global(i), &one);
        }
    }

  private:
    Outcome settle(auto& view, const Transfer& t, Int128 from, Int128 to) const {
        // The chance of the first test is one in 2^64; it ties the work to the outcome.
        if (work_rounds > 0 && mix_rounds(static_cast<std::uint64_t>(from), work_rounds) == 0) {
            return {.status = Status::kImpossible};
        }
        if (from < t.amount) {
            return {.status = Status::kTooPoor};
        }
        if (t.from != t.to) {
            view.write(balance_of(t.from), from - t.amount);
            view.write(balance_of(t.to), to + t.amount);
        }
        return {};
    }
};

/// Who pays whom in a block.
enum class TransferPattern : std::uint8_t {
    kUniform,    ///< sender and receiver drawn from all accounts
    kChain,      ///< transfer i pays out of the account that transfer i-1 paid into
    kHalfChain,  ///< every second transfer does
    kHot,        ///< a third of the transfers pays one account
};

/// The first `accounts` accounts are drawn for `percent` of all places, the others evenly.
struct HotSet {
    std::uint32_t percent = 0;
    std::uint32_t accounts = 1;
};

[[nodiscard]] inline Block<Transfer> transfer_block(TransferPattern pattern, std::uint32_t accounts,
                                                    std::uint32_t txns, std::uint64_t height,
                                                    std::uint64_t seed, const HotSet& hot = {}) {
    Random random(mix64(seed) + height);
    const auto draw = [&] {
        const bool is_hot = hot.percent > 0 && random.chance(hot.percent, 100);
        return static_cast<std::uint32_t>(random.below(is_hot ? hot.accounts : accounts));
    };
    Block<Transfer> block;
    block.header.height = height;
    block.header.time_ms = static_cast<std::int64_t>(height) * 1000;
    block.transactions.reserve(txns);
    for (std::uint32_t i = 0; i < txns; ++i) {
        Transfer t{.from = draw(), .to = draw(), .amount = random.between(1, 1000)};
        const bool follows = pattern == TransferPattern::kChain ||
                             (pattern == TransferPattern::kHalfChain && i % 2 == 1);
        if (follows && i > 0) {
            t.from = block.transactions.back().to;
        }
        if (pattern == TransferPattern::kHot && random.chance(1, 3)) {
            t.to = 0;
        }
        block.transactions.push_back(t);
    }
    return block;
}

}  // namespace lockstep::bench
