#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/base/access.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/random.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "replay/generate/zipf.hpp"
#include "replay/stress/work_kernel.hpp"

namespace lockstep::bench {

struct BookOrder {
    std::uint32_t account = 0;
    std::uint32_t market = 0;
    std::uint32_t size = 0;
    bool takes = false;     ///< wants to trade with whoever rests in the book
    bool consumes = false;  ///< and takes all that rests
};

/// W5: orders against the books of some markets.
///
/// An order checks its margin by a predicate, reads and writes its market's book, updates its own
/// account and, when it trades, that of the owner who rests in the book: a key that nobody can
/// declare, since the book tells it. Fees are additions.
struct OrderBookMachine {
    using Key = std::uint32_t;
    using Value = Int128;  ///< a book: the owners of up to three resting orders, 32 bits each
    using Transaction = BookOrder;
    struct Context {};

    std::uint32_t work_rounds = 0;

    static constexpr Key margin_of(std::uint32_t account) { return account * 2; }
    static constexpr Key position_of(std::uint32_t account) { return account * 2 + 1; }
    static constexpr Key book_of(std::uint32_t market) { return 0x8000'0000U + market * 2; }
    static constexpr Key fees_of(std::uint32_t market) { return 0x8000'0000U + market * 2 + 1; }

    static std::uint64_t hash(Key key) { return mix64(key); }
    static void encode_key(ByteWriter& out, Key key) { out.put(key); }
    static void encode_value(ByteWriter& out, Key, Value value) { out.put(value); }
    static Int128 number(Value value) { return value; }
    static void set_number(Value& value, Int128 number) { value = number; }
    Context begin_block(auto&, const BlockHeader&, std::span<const BookOrder>) const { return {}; }
    void end_block(auto&, const BlockHeader&, const Context&) const {}

    TxnOutcome execute(auto& view, const BookOrder& order, const Context&) const {
        if (!view.at_least(margin_of(order.account), order.size)) {
            return {.status = 1};
        }
        const auto value_of = [&view](Key key) {
            const Value* value = view.read(key);
            return value != nullptr ? *value : 0;
        };
        const Int128 book = value_of(book_of(order.market));
        const Int128 position = value_of(position_of(order.account));
        if (work_rounds > 0 && mix_rounds(low64(position) + order.size, work_rounds) == 0) {
            return {.status = 2};
        }
        const auto resting = static_cast<std::uint32_t>(low64(book));  // 0: nobody, else owner + 1
        if (!order.takes || resting == 0 || resting == order.account + 1) {
            view.write(book_of(order.market), placed(book, order.account + 1));
            view.write(position_of(order.account), position + 1);
            return {};
        }
        const std::uint32_t maker = resting - 1;
        view.write(position_of(order.account), position + order.size);
        view.write(position_of(maker), value_of(position_of(maker)) - order.size);
        view.write(book_of(order.market),
                   order.consumes ? make_int128(0, low64(book) >> 32 | high64(book) << 32) : book);
        const bool paid = view.add(margin_of(order.account), -1, {.lower = 0}) &&
                          view.add(fees_of(order.market), 1, {.lower = 0});
        return {.status = static_cast<std::uint16_t>(paid ? 0 : 3)};
    }
    void declare(const BookOrder& order, const Context&, auto&& sink) const {
        sink(margin_of(order.account), order.takes ? Access::kAdd : Access::kRead);
        sink(position_of(order.account), Access::kWrite);
        sink(book_of(order.market), Access::kWrite);
        if (order.takes) {
            sink(fees_of(order.market), Access::kAdd);
        }
    }

  private:
    /// The newest order stands in the low bits; the oldest of four falls out.
    static Int128 placed(Int128 book, std::uint32_t owner) {
        return make_int128(low64(book) >> 32, low64(book) << 32 | owner);
    }
};

struct OrderBookWorkload {
    using Machine = OrderBookMachine;
    struct Source {
        explicit Source(const OrderBookWorkload& of)
            : workload(of), markets(of.markets, of.skewed ? 4 : 0) {}
        const OrderBookWorkload& workload;
        Zipf markets;
        std::uint64_t height = 0;
        [[nodiscard]] Block<BookOrder> next() {
            Random random(mix64(5) + ++height);
            Block<BookOrder> block;
            block.header = {.height = height, .time_ms = static_cast<std::int64_t>(height) * 1000};
            block.transactions.reserve(workload.txns);
            for (std::uint32_t i = 0; i < workload.txns; ++i) {
                block.transactions.push_back(
                    {.account = static_cast<std::uint32_t>(random.below(workload.accounts)),
                     .market = markets.draw(random),
                     .size = static_cast<std::uint32_t>(random.between(1, 100)),
                     .takes = random.chance(workload.match_percent, 100),
                     .consumes = random.chance(1, 4)});
            }
            return block;
        }
    };

    std::string name;
    Machine machine;
    std::uint32_t accounts = 0;
    std::uint32_t markets = 50;
    std::uint32_t match_percent = 25;
    bool skewed = false;  ///< markets by Zipf's law
    std::uint32_t txns = 0;

    void populate(auto& state) const {
        const Int128 margin = 1'000'000'000;
        const Int128 none = 0;
        for (std::uint32_t account = 0; account < accounts; ++account) {
            state.set(OrderBookMachine::margin_of(account), &margin);
            state.set(OrderBookMachine::position_of(account), &none);
        }
        for (std::uint32_t market = 0; market < markets; ++market) {
            state.set(OrderBookMachine::book_of(market), &none);
            state.set(OrderBookMachine::fees_of(market), &none);
        }
    }
    [[nodiscard]] Source source() const { return Source(*this); }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

}  // namespace lockstep::bench
