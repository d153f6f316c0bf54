// Executes blocks of trades between accounts with so many positions, without workers; callgrind
// counts what happens between entry and exit of lockstep_counted_blocks. Built on demand: its
// set-up is long under callgrind.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/in_place/in_place_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "instruments/venue.hpp"
#include "tests/instructions/counted.hpp"
#include "tests/instructions/plain_trades.hpp"

namespace lockstep::bench {
namespace {

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
    return count(*cell, std::uint64_t{kTxns} * kBlocks);
}

int run(std::string_view name) {
    if (name == "trade_8_serial") {
        return count_trades<SerialExecutor<Venue>>(8, 1'000);
    }
    for (const std::uint32_t positions : {1U, 8U, 31U, 64U, 500U}) {
        if (name == "trade_" + std::to_string(positions)) {
            return count_trades<InPlaceExecutor<Venue>>(positions, positions > 64 ? 100 : 1'000);
        }
    }
    return no_such_cell();
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
    return lockstep::bench::run(argc == 2 ? argv[1] : "");
}
