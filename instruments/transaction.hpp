#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "accounts/ids.hpp"
#include "engine/base/int128.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

/// What every transaction carries. The host has verified that `signer` signed it.
struct Envelope {
    AccountId signer{};
    /// Each (signer, expiry bucket, nonce) is used once, in any order. Consecutive numbers are
    /// best: they fall into different cells. Oracle and book updates go by their sequence instead.
    std::uint64_t nonce = 0;
    std::int64_t valid_until_ms = 0;  ///< last block time at which it may be applied
    friend bool operator==(const Envelope&, const Envelope&) = default;
};

// ---- governance (signer: its keys); effective with the next block -------------------------------

struct CreateAsset {
    AssetId asset{};
    std::uint8_t decimals = 6;       ///< display only
    std::int32_t haircut_ppm = 0;    ///< taken off positive amounts in margin
    std::int32_t liability_ppm = 0;  ///< put on negative amounts
    FeedId feed = kNoFeed;           ///< kNoFeed: one quantum is worth one numeraire quantum
    std::int64_t value_divisor = 1;  ///< numeraire quanta = amount * price / value_divisor
    friend bool operator==(const CreateAsset&, const CreateAsset&) = default;
};

struct CreateFeed {
    FeedId feed{};
    FeedParams params{};
    std::vector<FeedSource> sources{};  ///< at most kMaxFeedSources; the index is the source id
    friend bool operator==(const CreateFeed&, const CreateFeed&) = default;
};

struct CreateMarket {
    MarketId market{};
    MarketTerms terms{};
    MarketParams params{};
    std::vector<FeeTier> fees{};  ///< by account tier; at most kMaxFeeTiers; empty: no fees
    MarketStatus status = MarketStatus::kActive;
    friend bool operator==(const CreateMarket&, const CreateMarket&) = default;
};

struct UpdateMarket {
    MarketId market{};
    MarketParams params{};
    friend bool operator==(const UpdateMarket&, const UpdateMarket&) = default;
};

struct SetMarketStatus {
    MarketId market{};
    MarketStatus status = MarketStatus::kActive;  ///< kActive, kReduceOnly, kHalted or kClosing
    friend bool operator==(const SetMarketStatus&, const SetMarketStatus&) = default;
};

struct SetFeeSchedule {
    MarketId market{};
    std::vector<FeeTier> fees{};
    friend bool operator==(const SetFeeSchedule&, const SetFeeSchedule&) = default;
};

struct SetVenueParams {
    /// Unrealised profit of an account that counts for initial margin, numeraire quanta; finite.
    Int128 profit_cap = 0;
    std::int64_t valid_window_ms = 172'800'000;  ///< how far ahead valid_until_ms may be
    bool paused = false;                         ///< only governance and cancels pass
    bool track_account_volume = false;
    friend bool operator==(const SetVenueParams&, const SetVenueParams&) = default;
};

// ---- prices (applied at the start of the block, whatever their index) ---------------------------

struct OracleUpdate {
    FeedId feed{};
    std::uint32_t source = 0;
    std::int64_t price = 0;       ///< ticks
    std::int64_t confidence = 0;  ///< ticks, half-width
    std::int64_t publish_time_ms = 0;
    std::uint64_t sequence = 0;  ///< rises per source
    friend bool operator==(const OracleUpdate&, const OracleUpdate&) = default;
};

/// Summary of the matcher's book (signer: the oracle). Absent prices are kNoPrice.
struct BookUpdate {
    MarketId market{};
    std::int64_t best_bid = kNoPrice;
    std::int64_t best_ask = kNoPrice;
    std::int64_t last = kNoPrice;
    std::int64_t impact_bid = kNoPrice;  ///< average bid price for the impact notional
    std::int64_t impact_ask = kNoPrice;
    /// Perpetuals: median price of other venues. Futures and options: a published mark.
    std::int64_t external = kNoPrice;
    std::uint64_t sequence = 0;  ///< rises per market
    friend bool operator==(const BookUpdate&, const BookUpdate&) = default;
};

// ---- accounts -----------------------------------------------------------------------------------

/// Signer: the bridge or any account of the same owner.
struct CreateAccount {
    AccountId account{};
    friend bool operator==(const CreateAccount&, const CreateAccount&) = default;
};

/// Signer: the bridge.
struct Deposit {
    AccountId account{};
    AssetId asset{};
    Int128 amount = 0;
    std::uint64_t reference = 0;  ///< unique per asset
    friend bool operator==(const Deposit&, const Deposit&) = default;
};

struct Withdraw {
    AccountId account{};
    AssetId asset{};
    Int128 amount = 0;
    friend bool operator==(const Withdraw&, const Withdraw&) = default;
};

struct Transfer {
    AccountId from{};
    AccountId to{};
    AssetId asset{};
    Int128 amount = 0;
    friend bool operator==(const Transfer&, const Transfer&) = default;
};

/// A delegate may realise profit and cancel orders, never move cash out.
struct SetDelegate {
    AccountId account{};
    AccountId delegate = kNobody;
    friend bool operator==(const SetDelegate&, const SetDelegate&) = default;
};

struct SetFrozen {
    AccountId account{};
    bool frozen = false;
    friend bool operator==(const SetFrozen&, const SetFrozen&) = default;
};

/// Signer: governance.
struct SetFeeTier {
    AccountId account{};
    std::uint8_t tier = 0;
    friend bool operator==(const SetFeeTier&, const SetFeeTier&) = default;
};

/// Cancels all orders of the account whose salt is below `salt_below`.
struct CancelOrders {
    AccountId account{};
    std::uint64_t salt_below = 0;
    friend bool operator==(const CancelOrders&, const CancelOrders&) = default;
};

struct InsuranceDeposit {
    AccountId account{};
    AssetId asset{};
    Int128 amount = 0;
    friend bool operator==(const InsuranceDeposit&, const InsuranceDeposit&) = default;
};

// ---- trading and settlement ---------------------------------------------------------------------

/// An order signed by its account off the chain; the host has verified the signature. The side is
/// the place in the Trade.
struct Order {
    AccountId account{};
    MarketId market{};
    std::int64_t limit_price = 0;  ///< ticks; worst price
    std::int64_t lots = 0;         ///< whole size over all fills
    std::int32_t max_fee_ppm = 0;  ///< of notional
    bool reduce_only = false;
    std::int64_t good_til_ms = 0;  ///< last block time at which it may be filled
    std::uint64_t salt = 0;        ///< tells orders apart
    friend bool operator==(const Order&, const Order&) = default;
};

/// Fees in quanta as the matcher charged them; negative = rebate.
struct HostFees {
    Int128 buyer = 0;
    Int128 seller = 0;
    friend bool operator==(const HostFees&, const HostFees&) = default;
};

/// One fill between two signed orders (signer: the matcher). All or nothing.
struct Trade {
    Order buyer{};
    Order seller{};
    bool buyer_is_taker = true;
    std::int64_t lots = 0;
    std::int64_t price = 0;               ///< ticks
    std::optional<HostFees> host_fees{};  ///< only where MarketTerms::host_matched
    friend bool operator==(const Trade&, const Trade&) = default;
};

/// Several fills in one transaction. Atomic: all or none, margin checked once at the end, in
/// between unchecked. Independent: each stands alone, with its own status in a BatchLeg event.
struct Batch {
    bool atomic = true;
    std::vector<Trade> fills{};  ///< at most kMaxBatch
    friend bool operator==(const Batch&, const Batch&) = default;
};

/// Closes the listed accounts' positions of a settled market. Anyone may sign.
struct SettleBatch {
    MarketId market{};
    std::vector<AccountId> accounts{};  ///< sorted, unique, at most kMaxSettleList
    friend bool operator==(const SettleBatch&, const SettleBatch&) = default;
};

/// Turns profit and loss up to the last daily settlement price of a dated future into cash.
struct RealisePnl {
    AccountId account{};
    MarketId market{};
    friend bool operator==(const RealisePnl&, const RealisePnl&) = default;
};

using Payload =
    std::variant<CreateAsset, CreateFeed, CreateMarket, UpdateMarket, SetMarketStatus,
                 SetFeeSchedule, SetVenueParams, OracleUpdate, BookUpdate, CreateAccount, Deposit,
                 Withdraw, Transfer, SetDelegate, SetFrozen, SetFeeTier, CancelOrders,
                 InsuranceDeposit, Trade, Batch, SettleBatch, RealisePnl>;

/// True for what sets parameters of venue, assets, feeds and markets.
[[nodiscard]] inline bool is_governance(const Payload& payload) noexcept {
    return payload.index() < Payload(OracleUpdate{}).index();
}

struct Transaction {
    Envelope envelope{};
    Payload payload{};
    friend bool operator==(const Transaction&, const Transaction&) = default;
};

}  // namespace lockstep
