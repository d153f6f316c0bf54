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

/// Settles a market that does not trade at a price of governance: where the feed gave none, or an
/// invariant broke, or the contract is void.
struct SettleMarket {
    MarketId market{};
    std::int64_t price = 0;  ///< ticks, of the underlying
    friend bool operator==(const SettleMarket&, const SettleMarket&) = default;
};

/// Takes a settled market without positions out of the registry; what is left of its fees, funding
/// and dust goes to the insurance of its settlement asset. Its number may be used again.
struct DelistMarket {
    MarketId market{};
    friend bool operator==(const DelistMarket&, const DelistMarket&) = default;
};

/// Takes a feed out of the registry that no market and no asset follows.
struct RemoveFeed {
    FeedId feed{};
    friend bool operator==(const RemoveFeed&, const RemoveFeed&) = default;
};

/// What the venue holds apart from accounts.
enum class PayOutSource : std::uint8_t {
    kFees = 0,       ///< of a market
    kDust = 1,       ///< of a market: whole quanta of the fractions that closed positions left
    kInsurance = 2,  ///< of an asset
};

/// Pays to an account out of what the venue holds.
struct PayOut {
    PayOutSource source = PayOutSource::kFees;
    MarketId market{};  ///< of fees and dust
    AssetId asset{};    ///< of insurance
    AccountId to{};
    Int128 amount = 0;
    friend bool operator==(const PayOut&, const PayOut&) = default;
};

struct SetVenueParams {
    /// Unrealised profit of an account that counts for initial margin, numeraire quanta; finite.
    Int128 profit_cap = 0;
    std::int64_t valid_window_ms = 172'800'000;  ///< how far ahead valid_until_ms may be
    bool paused = false;                         ///< only governance and cancels pass
    bool track_account_volume = false;
    std::uint64_t domain = 0;  ///< this venue on this chain: orders name it
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

/// Signed by governance it is the venue's freeze, else the owner's; each undoes only its own. A
/// frozen account neither trades nor pays out; its orders are cancelled and its positions settled
/// as ever.
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

enum class OrderSide : std::uint8_t { kBuy = 0, kSell = 1 };

/// An order signed by its account off the chain; the host has verified the signature over all of
/// these fields. (account, salt) is its identity, exactly: no digest stands for it, so there is
/// none to collide. Two orders of one account and salt share their fills: one may replace the
/// other.
struct Order {
    AccountId account{};
    MarketId market{};
    std::int64_t limit_price = 0;  ///< ticks; worst price
    std::int64_t lots = 0;         ///< whole size over all fills
    std::int32_t max_fee_ppm = 0;  ///< of notional
    bool reduce_only = false;
    std::int64_t good_til_ms = 0;  ///< last block time at which it may be filled
    std::uint64_t salt = 0;        ///< tells orders apart
    std::uint64_t domain = 0;      ///< SetVenueParams::domain of the venue that may fill it
    OrderSide side = OrderSide::kBuy;
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

/// Takes over lots of an account below maintenance, in one market at its mark, as few as heal it
/// (signer: an account of the liquidator's owner). The account pays a fee to liquidator and
/// insurance.
struct Liquidate {
    AccountId account{};
    MarketId market{};
    AccountId liquidator{};
    friend bool operator==(const Liquidate&, const Liquidate&) = default;
};

using Payload = std::variant<CreateAsset, CreateFeed, CreateMarket, UpdateMarket, SetMarketStatus,
                             SetFeeSchedule, SetVenueParams, SettleMarket, DelistMarket, RemoveFeed,
                             PayOut, OracleUpdate, BookUpdate, CreateAccount, Deposit, Withdraw,
                             Transfer, SetDelegate, SetFrozen, SetFeeTier, CancelOrders,
                             InsuranceDeposit, Trade, Batch, SettleBatch, RealisePnl, Liquidate>;

/// True for what governance does to venue, assets, feeds and markets.
[[nodiscard]] inline bool is_governance(const Payload& payload) noexcept {
    return payload.index() < Payload(OracleUpdate{}).index();
}

struct Transaction {
    Envelope envelope{};
    Payload payload{};
    friend bool operator==(const Transaction&, const Transaction&) = default;
};

}  // namespace lockstep
