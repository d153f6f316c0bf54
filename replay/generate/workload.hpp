#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.hpp"
#include "replay/format/block_codec.hpp"
#include "replay/generate/workload_markets.hpp"
#include "replay/generate/zipf.hpp"

namespace lockstep {

/// Shapes of conflict that a workload has.
enum class WorkloadKind : std::uint8_t {
    kTransfers,   ///< cash between accounts
    kTrades,      ///< all kinds of markets, with the cash and price traffic around them
    kHotMarket,   ///< the same, every trade in market 0
    kHotAccount,  ///< the same, account 0 is the maker of every trade
    kChain,       ///< transfers of one amount that is handed on: each depends on the one before
    kMixed,       ///< trades with rejections of many kinds, batches and rare transactions
};

/// Shares of a block in percent; the rest are trades. Not used by transfers and chain.
struct WorkloadMix {
    std::uint32_t deposits = 2;
    std::uint32_t withdrawals = 2;
    std::uint32_t transfers = 4;
    std::uint32_t oracle_updates = 2;
    std::uint32_t book_updates = 1;
    friend bool operator==(const WorkloadMix&, const WorkloadMix&) = default;
};

struct WorkloadOptions {
    WorkloadKind kind = WorkloadKind::kTrades;
    std::uint64_t seed = 1;
    std::uint32_t accounts = 10'000;
    std::uint32_t markets = 32;
    std::uint32_t block_transactions = 1'000;
    std::uint32_t zipf_accounts = 3;  ///< exponent in quarters; 0: uniform
    std::uint32_t zipf_markets = 4;   ///< the same
    std::int64_t block_interval_ms = 250;
    WorkloadMix mix = {};
    std::uint32_t faults = 20;  ///< mixed: percent of transactions that are meant to be rejected
    bool short_dated = false;   ///< some dated markets expire after a minute; mixed: always
    friend bool operator==(const WorkloadOptions&, const WorkloadOptions&) = default;
};

/// Makes the blocks of a seeded workload one by one.
///
/// Role:   the source of `lockstep generate`, of tests and of benches.
/// Output: follows from the options alone: the same blocks on every machine. The first
///         setup_blocks() blocks create everything; no transaction of theirs is rejected.
/// Memory: a few words per account and market, and the block; independent of the number of blocks.
class Workload {
  public:
    static constexpr std::uint32_t kMarketsPerSubaccount = 48;  // below kMaxOpenMarkets

    /// Why the options cannot be used; null when they can.
    [[nodiscard]] static const char* refuse(const WorkloadOptions& options);

    /// REQUIRES: refuse(options) is null.
    explicit Workload(const WorkloadOptions& options);

    /// The next block; there is always one.
    [[nodiscard]] LogBlock next();

    [[nodiscard]] std::uint64_t setup_blocks() const noexcept { return setup_blocks_; }
    [[nodiscard]] const WorkloadOptions& options() const noexcept { return options_; }
    [[nodiscard]] const WorkloadMarkets& markets() const noexcept { return markets_; }
    /// The trading account of an owner in a market: one subaccount for each 48 markets.
    [[nodiscard]] static AccountId account_of(std::uint32_t owner, std::uint32_t market);

  private:
    static constexpr std::int64_t kChainAmount = 1'000'000'000;

    void open_block();
    void make_setup(std::uint64_t number);
    void make_setup_accounts(std::uint64_t chunk);
    void make_transfers();
    void make_chain();
    void make_traffic();
    void push_traffic();
    void push_price();
    [[nodiscard]] bool has_markets() const noexcept;
    [[nodiscard]] std::uint32_t subaccounts() const noexcept;
    [[nodiscard]] std::uint64_t count_setup_blocks() const noexcept;

    [[nodiscard]] Envelope owner_envelope(std::uint32_t owner);
    void push(const Envelope& envelope, Payload payload);
    /// With the next nonce of the venue's keys; signed by the one that may.
    void push_venue(Payload payload);

    [[nodiscard]] std::uint32_t draw_owner() { return owners_.draw(random_); }
    [[nodiscard]] std::uint32_t draw_market();
    [[nodiscard]] Order make_order(std::uint32_t owner, std::uint32_t market, std::int64_t lots,
                                   std::int64_t price);
    [[nodiscard]] Trade make_trade();
    [[nodiscard]] Transfer make_transfer();
    void push_transfer();
    void push_deposit();
    void push_withdrawal();

    void push_fault();
    void push_bad_trade(std::uint64_t which);
    void push_bad_envelope(std::uint64_t which);
    void push_bad_cash(std::uint64_t which);
    void push_bad_price();
    void push_batch();
    void push_rare();

    WorkloadOptions options_;
    Random random_;
    Zipf owners_;
    Zipf market_ranks_;
    WorkloadMarkets markets_;
    LogBlock block_;
    std::uint64_t height_ = 0;
    std::uint64_t setup_blocks_ = 0;
    std::vector<std::uint32_t> nonces_;  ///< by owner
    std::uint64_t venue_nonce_ = 0;
    std::int64_t venue_nonce_bucket_ = 0;
    std::uint64_t deposit_reference_ = 0;
    std::uint64_t salt_ = 0;
    std::uint32_t chain_holder_ = 0;  ///< owner of the amount that is handed on
    std::optional<Trade> last_trade_;
};

/// Names that `lockstep generate --workload` takes, in the order of WorkloadKind.
[[nodiscard]] const std::vector<std::string>& workload_names();
[[nodiscard]] std::optional<WorkloadKind> workload_by_name(std::string_view name);

/// For LogHeader::source: the options in words.
[[nodiscard]] std::string describe(const WorkloadOptions& options);

}  // namespace lockstep
