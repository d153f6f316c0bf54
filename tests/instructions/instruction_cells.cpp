// Executes the blocks of one fixed cell with one worker; callgrind counts what happens between
// entry and exit of lockstep_counted_blocks.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/contestants/make_contestant.hpp"
#include "bench/workloads.hpp"
#include "bench/workloads/bank.hpp"
#include "bench/workloads/counter.hpp"
#include "bench/workloads/order_book.hpp"
#include "tests/instructions/counted.hpp"

namespace lockstep::bench {
namespace {

constexpr std::uint32_t kAccounts = 10'000;
constexpr int kWarmUps = 3;

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

/// Prints the number of transactions that were counted.
template <class Workload>
int count(const Workload& workload) {
    const auto cell = std::make_unique<Cell<Workload>>(workload);
    return count(*cell, cell->transactions());
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
    return no_such_cell();
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
    return lockstep::bench::run(argc == 2 ? argv[1] : "");
}
