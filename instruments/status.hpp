#pragma once

#include <cstdint>
#include <string_view>

namespace lockstep {

/// Outcome of a transaction; part of its receipt. The values are stable, grouped by hundreds.
///
/// The order in which a handler checks decides which code a doubly wrong transaction gets, so that
/// order is part of the specification; instruments/README.md lists it per transaction.
enum class Status : std::uint16_t {
    kApplied = 0,

    // 1xx transport
    kMalformed = 100,    ///< a field is outside its domain, or a list is too long
    kExpiredTx = 101,    ///< block time is after Envelope::valid_until_ms
    kNonceUsed = 102,    ///< the signer spent this nonce in this expiry bucket
    kNonceWindow = 103,  ///< valid_until_ms is too far ahead
    kPaused = 104,       ///< the venue is paused
    kBatchSize = 105,    ///< no leg, or more than kMaxBatch
    kListOrder = 106,    ///< a list is not sorted and free of repetitions

    // 2xx account
    kNoAccount = 200,
    kAccountFrozen = 201,
    kUnauthorised = 202,
    kExists = 203,
    kAssetUnknown = 204,
    kAmount = 205,  ///< an amount that must be positive is not
    kDepositReplay = 206,
    kInsufficientCash = 207,
    kSelfTransfer = 208,
    kMarketLimit = 209,  ///< more open markets than kMaxOpenMarkets
    kLimit = 210,        ///< too many assets, markets, feeds or sources

    // 3xx market and order
    kMarketUnknown = 300,
    kMarketStatus = 301,
    kOrderExpired = 302,
    kOrderCancelled = 303,
    kOverfill = 304,
    kPriceLimit = 305,  ///< the price is worse than the order's
    kFeeLimit = 306,    ///< the fee is above the order's ceiling
    kMarketMismatch = 307,
    kSelfTrade = 308,
    kZeroNotional = 309,
    kSizeStep = 310,
    kTick = 311,
    kPriceBand = 312,
    kReduceOnly = 313,
    kPositionLimit = 314,
    kOiCap = 315,
    kMinNotional = 316,
    kOrderDomain = 318,  ///< the order is for another venue
    kSide = 319,         ///< a buy order on the selling side, or the reverse
    kHostFees = 317,     ///< explicit fees on a market that does not allow them, or a large rebate

    // 4xx margin
    kMargin = 400,
    kMarginTaker = 401,
    kMarginMaker = 402,
    kHealthy = 403,  ///< nothing to liquidate: it covers maintenance, or has no position there

    // 5xx oracle
    kFeedUnknown = 500,
    kSource = 501,
    kSeqOld = 502,
    kTimeFuture = 503,
    kTimeOld = 504,
    kPriceSign = 505,
    kConfidence = 506,
    kOracleStale = 507,  ///< a price is too old, or about to change, for what is asked
    kSeqJump = 508,      ///< the sequence rises by more than kSequenceStepMax
    kCrossed = 509,      ///< a bid above its ask

    // 7xx settlement
    kNotSettled = 700,
    kNoEpoch = 701,  ///< nothing to realise

    // 8xx governance
    kParamRange = 800,
    kTransition = 801,      ///< the market's status machine has no such step
    kOpenPositions = 803,   ///< of the market to be delisted
    kInUse = 804,           ///< a market or an asset follows the feed
    kMultNotInteger = 802,  ///< a payoff of the market would not be whole quanta

    // 9xx arithmetic
    kOverflow = 900,
    kInconsistent = 901,  ///< cells that contradict each other; cannot reach a receipt
};

/// The rule's name, as in "E_PRICE_BAND"; "APPLIED" for kApplied, "E_UNKNOWN" for other numbers.
[[nodiscard]] std::string_view name(Status status) noexcept;

[[nodiscard]] constexpr std::uint16_t raw(Status status) noexcept {
    return static_cast<std::uint16_t>(status);
}

}  // namespace lockstep
