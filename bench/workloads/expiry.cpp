#include "bench/workloads/expiry.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "accounts/positions.hpp"
#include "engine/base/check.hpp"
#include "replay/generate/workload.hpp"

namespace lockstep::bench {
namespace {

constexpr std::int64_t kExpiryMs = 60'000;  ///< from the start of the workload
constexpr std::uint64_t kTradeBlocks = 6;   ///< before the expiry
constexpr std::uint64_t kPayBlocks = 3;     ///< after it
constexpr std::size_t kAccountsPaid = 16;   ///< by one transaction

/// Blocks of trades up to the one in which markets expire, and those after it.
std::vector<LogBlock> make_blocks(Workload& workload) {
    std::vector<LogBlock> blocks;
    for (std::uint64_t i = workload.setup_blocks() + kTradeBlocks + 1 + kPayBlocks; i > 0; --i) {
        blocks.push_back(workload.next());
    }
    return blocks;
}

/// Who is to be paid for positions in markets that have expired at `now_ms`, in the state after
/// `blocks`: lists of accounts, in order of markets and accounts.
std::vector<SettleBatch> payments(std::span<const LogBlock> blocks, const WorkloadMarkets& markets,
                                  std::int64_t now_ms) {
    const Venue venue;
    StateStore<Venue> store;
    SerialExecutor<Venue> executor(venue, store);
    for (const LogBlock& block : blocks) {
        LOCKSTEP_CHECK(executor.execute(block).has_value());
    }
    std::map<std::uint32_t, std::vector<AccountId>> holders;
    store.for_each([&](const StateKey& key, const Cell& cell) {
        const PositionSpan span = positions_in(key, cell);
        for (std::size_t i = 0; i < span.size(); ++i) {
            if (const std::uint32_t market = raw(span.market(i)); markets.expired(market, now_ms)) {
                holders[market].push_back(AccountId{key.owner()});
            }
        }
    });
    std::vector<SettleBatch> out;
    for (auto& [market, accounts] : holders) {
        std::sort(accounts.begin(), accounts.end());
        for (std::size_t i = 0; i < accounts.size(); i += kAccountsPaid) {
            const auto first = accounts.begin() + static_cast<std::ptrdiff_t>(i);
            const auto count = std::min(kAccountsPaid, accounts.size() - i);
            out.push_back({.market = MarketId{market},
                           .accounts = {first, first + static_cast<std::ptrdiff_t>(count)}});
        }
    }
    return out;
}

}  // namespace

PreparedLog expiry_log(std::uint32_t accounts, std::uint32_t txns) {
    WorkloadOptions options{
        .accounts = accounts, .block_transactions = txns, .zipf_markets = 0, .short_dated = true};
    const auto before = static_cast<std::int64_t>(Workload(options).setup_blocks() + kTradeBlocks);
    options.block_interval_ms = kExpiryMs / (before + 1) + 1;
    LOCKSTEP_CHECK(options.block_interval_ms * before < kExpiryMs);

    Workload workload(options);
    std::vector<LogBlock> blocks = make_blocks(workload);
    const auto prelude = static_cast<std::size_t>(before);
    auto paid = payments(std::span(blocks).first(prelude + 1), workload.markets(),
                         blocks[prelude].header.time_ms);
    std::vector<Transaction*> trades;
    for (std::size_t i = prelude + 1; i < blocks.size(); ++i) {
        for (Transaction& transaction : blocks[i].transactions) {
            if (std::holds_alternative<Trade>(transaction.payload)) {
                trades.push_back(&transaction);
            }
        }
    }
    LOCKSTEP_CHECK(!paid.empty() && paid.size() <= trades.size());
    // A payment takes the place, and the envelope, of a trade: the venue signs both.
    for (std::size_t i = 0; i < paid.size(); ++i) {
        trades[i * trades.size() / paid.size()]->payload = std::move(paid[i]);
    }
    return {.blocks = std::move(blocks), .prelude = prelude};
}

RewoundLogWorkload expiry_workload(std::string name, std::uint32_t accounts, std::uint32_t txns) {
    PreparedLog made = expiry_log(accounts, txns);
    auto log = rewound_log(std::move(name), std::move(made.blocks), made.prelude);
    LOCKSTEP_CHECK(log.has_value());
    return std::move(*log);
}

}  // namespace lockstep::bench
