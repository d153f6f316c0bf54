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
#include "replay/stress/work_kernel.hpp"

namespace lockstep::bench {

/// One account pays four others.
struct SplitPayment {
    std::uint32_t from = 0;
    std::array<std::uint32_t, 4> to{};
    std::int64_t amount = 0;  ///< to each
};

/// A bank whose balances are added to within bounds; or, for comparison, read and written.
struct BankMachine {
    using Key = std::uint32_t;  ///< account
    using Value = Int128;
    using Transaction = SplitPayment;
    struct Context {};
    static constexpr Bounds kBalance = {.lower = 0, .upper = 1'000'000'000'000};

    bool adds = true;
    std::uint32_t work_rounds = 0;

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, Value value) { out.put(value); }
    static Int128 number(Value value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }
    Context begin_block(auto&, const BlockHeader&, std::span<const SplitPayment>) const {
        return {};
    }
    void end_block(auto&, const BlockHeader&, const Context&) const {}

    TxnOutcome execute(auto& view, const SplitPayment& payment, const Context&) const {
        const auto worked = static_cast<std::uint64_t>(payment.amount);
        if (work_rounds > 0 && mix_rounds(worked, work_rounds) == 0) {
            return {.status = 3};
        }
        const std::int64_t total = payment.amount * static_cast<std::int64_t>(payment.to.size());
        if (!move(view, payment.from, -total)) {
            return {.status = 1};
        }
        for (const std::uint32_t account : payment.to) {
            if (!move(view, account, payment.amount)) {
                return {.status = 2};
            }
        }
        return {};
    }
    static constexpr bool declares_all(const Context&) { return true; }
    void declare(const SplitPayment& payment, const Context&, auto&& sink) const {
        const Access access = adds ? Access::kAdd : Access::kWrite;
        sink(payment.from, access);
        for (const std::uint32_t account : payment.to) {
            sink(account, access);
        }
    }

  private:
    [[nodiscard]] bool move(auto& view, Key account, std::int64_t amount) const {
        if (adds) {
            return view.add(account, amount, kBalance);
        }
        const Value* const value = view.read(account);
        const Value sum = (value != nullptr ? *value : Value{0}) + amount;
        if (!kBalance.contain(sum)) {
            return false;
        }
        view.write(account, sum);
        return true;
    }
};

struct BankWorkload {
    using Machine = BankMachine;
    struct Source {
        const BankWorkload& workload;
        std::uint64_t height = 0;
        [[nodiscard]] Block<SplitPayment> next() {
            Random random(mix64(5) + ++height);
            Block<SplitPayment> block;
            block.header = {.height = height, .time_ms = static_cast<std::int64_t>(height) * 1000};
            block.transactions.resize(workload.txns);
            for (SplitPayment& payment : block.transactions) {
                payment.from = static_cast<std::uint32_t>(random.below(workload.accounts));
                for (std::uint32_t& account : payment.to) {
                    account = static_cast<std::uint32_t>(random.below(workload.accounts));
                }
                payment.amount = random.between(1, 100);
            }
            return block;
        }
    };

    std::string name;
    Machine machine;
    std::uint32_t accounts = 0;
    std::uint32_t txns = 0;

    void populate(auto& state) const {
        const Int128 start = 1'000'000'000;
        for (std::uint32_t account = 0; account < accounts; ++account) {
            state.set(account, &start);
        }
    }
    [[nodiscard]] Source source() const { return {*this}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

}  // namespace lockstep::bench
