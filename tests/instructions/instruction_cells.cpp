// Executes the blocks of one fixed cell with one worker; callgrind counts what happens between
// entry and exit of lockstep_counted_blocks.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/contestants/make_contestant.hpp"
#include "bench/workloads.hpp"
#include "bench/workloads/bank.hpp"
#include "bench/workloads/counter.hpp"
#include "bench/workloads/order_book.hpp"
#include "engine/in_place/in_place_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/instructions/plain_trades.hpp"

namespace lockstep::bench {

/// What the counted function runs.
struct Counted {
    virtual ~Counted() = default;
    virtual void run() = 0;
};

}  // namespace lockstep::bench

/// A name that callgrind finds without demangling.
extern "C" [[gnu::noinline]] void lockstep_counted_blocks(lockstep::bench::Counted* counted) {
    counted->run();
}

namespace lockstep::bench {
namespace {

constexpr std::uint32_t kTxns = 1'000;
constexpr std::uint32_t kAccounts = 10'000;
constexpr int kWarmUps = 3;
constexpr int kBlocks = 4;

template <class Workload>
class Cell final : public Counted {
  public:
    using M = typename Workload::Machine;

    explicit Cell(const Workload& workload)
        : contestant_(workload.machine, 1, ParallelOptions{.adaptive = false}) {
        workload.populate(contestant_);
        auto source = workload.source();
        for (std::uint64_t i = workload.prelude() + kWarmUps; i > 0; --i) {
            static_cast<void>(contestant_.execute(source.next()));
        }
        for (int i = 0; i < kBlocks; ++i) {
            blocks_.push_back(source.next());
        }
    }
    void run() override {
        for (const auto& block : blocks_) {
            static_cast<void>(contestant_.execute(block));
        }
    }
    [[nodiscard]] std::uint64_t transactions() const {
        std::uint64_t count = 0;
        for (const auto& block : blocks_) {
            count += block.transactions.size();
        }
        return count;
    }

  private:
    PoolContestant<M, ParallelExecutor<M>> contestant_;
    std::vector<Block<typename M::Transaction>> blocks_;
};

/// Trades between accounts with so many positions, by an executor without workers.
template <class Executor>
class TradeCell final : public Counted {
  public:
    TradeCell(std::uint32_t positions, std::uint32_t accounts) : trades_(positions, accounts) {
        for (const auto& block : trades_.setup()) {
            execute(block);
        }
        for (int i = 0; i < kTradeWarmUps; ++i) {
            execute(trades_.next(kTxns));
        }
        for (int i = 0; i < kBlocks; ++i) {
            blocks_.push_back(trades_.next(kTxns));
        }
    }
    void run() override {
        for (const auto& block : blocks_) {
            execute(block);
        }
    }

  private:
    static constexpr int kTradeWarmUps = 20;

    void execute(const Block<Transaction>& block) {
        const auto result = executor_.execute(block);
        LOCKSTEP_CHECK(result.has_value());
        for (const Receipt& receipt : result->receipts) {
            LOCKSTEP_CHECK(receipt.status == 0);
        }
    }

    Venue venue_;
    StateStore<Venue> store_;
    Executor executor_{venue_, store_};
    PlainTrades trades_;
    std::vector<Block<Transaction>> blocks_;
};

/// Counts trades only: price updates of the blocks are part of what they cost.
template <class Executor>
int count_trades(std::uint32_t positions, std::uint32_t accounts) {
    const auto cell = std::make_unique<TradeCell<Executor>>(positions, accounts);
    lockstep_counted_blocks(cell.get());
    std::printf("%u\n", kTxns * static_cast<std::uint32_t>(kBlocks));
    return 0;
}

/// Prints the number of transactions that were counted.
template <class Workload>
int count(const Workload& workload) {
    const auto cell = std::make_unique<Cell<Workload>>(workload);
    lockstep_counted_blocks(cell.get());
    std::printf("%llu\n", static_cast<unsigned long long>(cell->transactions()));
    return 0;
}

int run(std::string_view name) {
    if (name == "transfers_declared") {
        return count(TransferWorkload<true>{
            .name = "", .machine = {}, .accounts = kAccounts, .txns = kTxns});
    }
    if (name == "transfers_undeclared") {
        return count(TransferWorkload<false>{
            .name = "", .machine = {}, .accounts = kAccounts, .txns = kTxns});
    }
    if (name == "counter_bounded") {
        return count(CounterWorkload{.name = "",
                                     .machine = {.mode = CounterMode::kBoundedLoose},
                                     .accounts = kAccounts,
                                     .txns = kTxns});
    }
    if (name == "bank_added" || name == "bank_written") {
        return count(BankWorkload{.name = "",
                                  .machine = {.adds = name == "bank_added"},
                                  .accounts = kAccounts,
                                  .txns = kTxns});
    }
    if (name == "order_book") {
        return count(
            OrderBookWorkload{.name = "", .machine = {}, .accounts = kAccounts, .txns = kTxns});
    }
    if (name == "venue_trades") {
        WorkloadOptions options;
        options.accounts = kAccounts / 10;
        options.block_transactions = kTxns;
        return count(VenueWorkload{.name = "", .machine = {}, .options = options});
    }
    if (name == "trade_8_serial") {
        return count_trades<SerialExecutor<Venue>>(8, 1'000);
    }
    for (const std::uint32_t positions : {1U, 8U, 31U, 64U, 500U}) {
        if (name == "trade_" + std::to_string(positions)) {
            return count_trades<InPlaceExecutor<Venue>>(positions, positions > 64 ? 100 : 1'000);
        }
    }
    std::fprintf(stderr, "there is no such cell\n");
    return 1;
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
    return lockstep::bench::run(argc == 2 ? argv[1] : "");
}
