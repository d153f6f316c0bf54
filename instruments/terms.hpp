#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "accounts/account.hpp"
#include "accounts/ids.hpp"
#include "engine/base/int128.hpp"

namespace lockstep {

/// Stands for "no such price" wherever a price may be absent; prices themselves may be <= 0.
inline constexpr std::int64_t kNoPrice = std::numeric_limits<std::int64_t>::min();

inline constexpr std::int64_t kMaxPrice = std::int64_t{1} << 40;  ///< ticks
inline constexpr std::int64_t kMaxLots = std::int64_t{1} << 47;
inline constexpr std::int64_t kMaxMultiplier = std::int64_t{1} << 30;  ///< quanta per lot and tick
/// KC of an inverse contract holds a price and a coin amount; leaves Q32 room in 128 bits.
inline constexpr std::int64_t kMaxInverseMultiplier = std::int64_t{1} << 62;
/// Quanta of the largest position at the largest price: leaves Q32 and 10 bits room in 128 bits.
inline constexpr Int128 kMaxPositionValue = Int128{1} << 85;
/// Quanta a lot.
inline constexpr std::int64_t kMaxFloor = std::int64_t{1} << 62;
/// Amounts and prices of assets stay far from 128 bits.
inline constexpr std::int64_t kMaxValueDivisor = std::int64_t{1} << 60;
/// A sequence rises by at most this much, so that no single update uses them all up.
inline constexpr std::uint64_t kSequenceStepMax = std::uint64_t{1} << 52;
inline constexpr std::size_t kMaxMarginTiers = 8;
inline constexpr std::size_t kMaxFeeTiers = 8;
inline constexpr std::size_t kMaxFeedSources = 32;
inline constexpr std::size_t kMaxOpenMarkets = AccountLayout::kMaxPositions;  ///< per account
inline constexpr std::size_t kMaxBatch = 64;                                  ///< fills
inline constexpr std::size_t kMaxSettleList = 256;                            ///< accounts
inline constexpr std::int64_t kPpm = 1'000'000;
inline constexpr std::int64_t kPpb = 1'000'000'000;
/// Widest price band: of markets whose matcher is not the venue's own; others have at most 100 %.
inline constexpr std::int32_t kBandPpmMax = 10 * kPpm;
/// Largest rebate that a matcher may charge to the venue, share of notional.
inline constexpr std::int32_t kHostRebatePpmMax = 10'000;

enum class MarketKind : std::uint8_t {
    kLinearPerpetual = 0,
    kInversePerpetual = 1,
    kDatedFuture = 2,
    kEuropeanOption = 3,
};

enum class OptionSide : std::uint8_t { kCall = 0, kPut = 1 };

/// Life of a market. Trades happen in kActive, and in kReduceOnly if they reduce both sides.
enum class MarketStatus : std::uint8_t {
    kActive = 0,
    kReduceOnly = 1,
    kHalted = 2,             ///< no trades
    kClosing = 3,            ///< final settlement was asked for; happens at the next valid index
    kSettlementPending = 4,  ///< expired while the feed was not valid
    kSettled = 5,            ///< the settlement price is fixed; positions close when touched
    kFrozen = 6,             ///< an invariant of this market failed
};

/// What never changes about a market.
struct MarketTerms {
    MarketKind kind = MarketKind::kLinearPerpetual;
    OptionSide option_side = OptionSide::kCall;
    bool allow_negative = false;  ///< prices <= 0 are prices
    /// The matcher's fees (Trade::host_fees) are taken as given, and orders with salt 0 are not
    /// tracked: replay protection is then the nonce alone. For replays of other venues' records.
    bool host_matched = false;
    AssetId settlement_asset = kNumeraire;
    FeedId feed = kNoFeed;
    /// Linear, dated, option: quanta per (lot * tick). Inverse: KC, coin quanta * ticks per
    /// contract, so that n contracts at p ticks are floor(n * KC / p) coin quanta.
    std::int64_t multiplier = 1;
    std::int64_t lot_step = 1;                  ///< sizes are multiples of it
    std::int64_t price_step = 1;                ///< prices are multiples of it
    std::int64_t strike = 0;                    ///< options, ticks of the feed
    std::int64_t expiry_ms = 0;                 ///< dated futures and options; 0 for perpetuals
    std::int64_t settle_window_ms = 1'800'000;  ///< length of the final averaging
    /// Dated futures: distance of the daily settlements, counted from time 0; 0 = none.
    std::int64_t settle_interval_ms = 0;

    friend bool operator==(const MarketTerms&, const MarketTerms&) = default;
};

/// Bracket of position notional in quanta of the settlement asset. Upper limits rise; the last one
/// holds for everything above.
struct MarginTier {
    std::int64_t notional_upper = std::numeric_limits<std::int64_t>::max();
    /// Options: share of the underlying's price for a short, in place of a share of notional.
    std::int32_t maintenance_ppm = 0;
    std::int32_t initial_ppm = 0;
    friend bool operator==(const MarginTier&, const MarginTier&) = default;
};

struct FundingTerms {
    std::int64_t interval_ms = 0;         ///< 0: no funding
    std::int64_t interest_ppb = 100'000;  ///< I, per 8 hours
    std::int64_t clamp_ppb = 500'000;     ///< D
    std::int64_t cap_ppb = 10'000'000;    ///< bound of the 8-hour rate; > 0 where there is funding
    friend bool operator==(const FundingTerms&, const FundingTerms&) = default;
};

/// What governance may change, effective with the next block.
struct MarketParams {
    std::vector<MarginTier> margin_tiers{};
    FundingTerms funding{};
    std::int64_t max_price = kMaxPrice;  ///< ticks
    std::int64_t max_position_lots = kMaxLots;
    std::int64_t oi_cap_lots = 0;      ///< against the open interest at block start; 0: none
    std::int64_t oi_margin_lower = 0;  ///< open notional, quanta, where IM starts to rise
    std::int64_t oi_margin_upper = 0;  ///< where IM reaches 100 %; 0: no scaling
    std::int64_t min_notional = 0;     ///< quanta
    std::int32_t band_ppm = 50'000;    ///< distance from the index; > 0
    std::int64_t band_ticks = 0;       ///< added to it; > 0 where prices may be <= 0
    /// Requirements of a lot are at least so many quanta; > 0 where prices may be <= 0.
    std::int64_t maintenance_floor = 0;
    std::int64_t initial_floor = 0;
    /// Options: floor of the short initial requirement, share of the underlying's price.
    std::int32_t option_floor_ppm = 0;
    /// Basis average of the mark: 2^32 * exp(-1 s / tau). 0: no averaging.
    std::uint32_t ema_decay_q32 = 4'266'429'412;  // tau = 150 s
    friend bool operator==(const MarketParams&, const MarketParams&) = default;
};

/// Rates of one tier; negative = rebate.
struct FeeTier {
    std::int32_t maker_ppm = 0;
    std::int32_t taker_ppm = 0;
    friend bool operator==(const FeeTier&, const FeeTier&) = default;
};

struct FeedSource {
    AccountId signer{};
    std::uint32_t weight = 1;
    friend bool operator==(const FeedSource&, const FeedSource&) = default;
};

struct FeedParams {
    std::uint32_t quorum = 1;  ///< valid sources needed
    std::int64_t max_age_ms = 60'000;
    std::int64_t max_ahead_ms = 1'000;        ///< publish time may lead block time by this much
    std::int32_t confidence_ppm = 1'000'000;  ///< largest confidence / price
    std::int32_t clamp_ppm = 5'000;           ///< sources are clamped to the median +- this
    std::int32_t jump_ppm = 0;                ///< a larger step needs a second tick; 0: no guard
    bool allow_negative = false;
    friend bool operator==(const FeedParams&, const FeedParams&) = default;
};

}  // namespace lockstep
