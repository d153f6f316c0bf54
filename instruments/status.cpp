#include "instruments/status.hpp"

#include <array>

namespace lockstep {
namespace {

struct StatusName {
    Status status;
    std::string_view text;
};

constexpr std::array kNames{
    StatusName{Status::kApplied, "APPLIED"},
    StatusName{Status::kMalformed, "E_MALFORMED"},
    StatusName{Status::kExpiredTx, "E_EXPIRED_TX"},
    StatusName{Status::kNonceUsed, "E_NONCE_USED"},
    StatusName{Status::kNonceWindow, "E_NONCE_WINDOW"},
    StatusName{Status::kPaused, "E_PAUSED"},
    StatusName{Status::kBatchSize, "E_BATCH_SIZE"},
    StatusName{Status::kListOrder, "E_LIST_ORDER"},
    StatusName{Status::kNoAccount, "E_NO_ACCOUNT"},
    StatusName{Status::kAccountFrozen, "E_ACCOUNT_FROZEN"},
    StatusName{Status::kUnauthorised, "E_UNAUTHORISED"},
    StatusName{Status::kExists, "E_EXISTS"},
    StatusName{Status::kAssetUnknown, "E_ASSET_UNKNOWN"},
    StatusName{Status::kAmount, "E_AMOUNT"},
    StatusName{Status::kDepositReplay, "E_DEPOSIT_REPLAY"},
    StatusName{Status::kInsufficientCash, "E_INSUFFICIENT_CASH"},
    StatusName{Status::kSelfTransfer, "E_SELF_TRANSFER"},
    StatusName{Status::kMarketLimit, "E_MARKET_LIMIT"},
    StatusName{Status::kLimit, "E_LIMIT"},
    StatusName{Status::kMarketUnknown, "E_MARKET_UNKNOWN"},
    StatusName{Status::kMarketStatus, "E_MARKET_STATUS"},
    StatusName{Status::kOrderExpired, "E_ORDER_EXPIRED"},
    StatusName{Status::kOrderCancelled, "E_ORDER_CANCELLED"},
    StatusName{Status::kOverfill, "E_OVERFILL"},
    StatusName{Status::kPriceLimit, "E_PRICE_LIMIT"},
    StatusName{Status::kFeeLimit, "E_FEE_LIMIT"},
    StatusName{Status::kMarketMismatch, "E_MARKET_MISMATCH"},
    StatusName{Status::kSelfTrade, "E_SELF_TRADE"},
    StatusName{Status::kZeroNotional, "E_ZERO_NOTIONAL"},
    StatusName{Status::kSizeStep, "E_SIZE_STEP"},
    StatusName{Status::kTick, "E_TICK"},
    StatusName{Status::kPriceBand, "E_PRICE_BAND"},
    StatusName{Status::kReduceOnly, "E_REDUCE_ONLY"},
    StatusName{Status::kPositionLimit, "E_POSITION_LIMIT"},
    StatusName{Status::kOiCap, "E_OI_CAP"},
    StatusName{Status::kMinNotional, "E_MIN_NOTIONAL"},
    StatusName{Status::kHostFees, "E_HOST_FEES"},
    StatusName{Status::kOrderDomain, "E_ORDER_DOMAIN"},
    StatusName{Status::kSide, "E_SIDE"},
    StatusName{Status::kMargin, "E_MARGIN"},
    StatusName{Status::kMarginTaker, "E_MARGIN_TAKER"},
    StatusName{Status::kMarginMaker, "E_MARGIN_MAKER"},
    StatusName{Status::kHealthy, "E_HEALTHY"},
    StatusName{Status::kFeedUnknown, "E_FEED_UNKNOWN"},
    StatusName{Status::kSource, "E_SOURCE"},
    StatusName{Status::kSeqOld, "E_SEQ_OLD"},
    StatusName{Status::kTimeFuture, "E_TIME_FUTURE"},
    StatusName{Status::kTimeOld, "E_TIME_OLD"},
    StatusName{Status::kPriceSign, "E_PRICE_SIGN"},
    StatusName{Status::kConfidence, "E_CONFIDENCE"},
    StatusName{Status::kOracleStale, "E_ORACLE_STALE"},
    StatusName{Status::kSeqJump, "E_SEQ_JUMP"},
    StatusName{Status::kCrossed, "E_CROSSED"},
    StatusName{Status::kNotSettled, "E_NOT_SETTLED"},
    StatusName{Status::kNoEpoch, "E_NO_EPOCH"},
    StatusName{Status::kParamRange, "E_PARAM_RANGE"},
    StatusName{Status::kTransition, "E_TRANSITION"},
    StatusName{Status::kMultNotInteger, "E_MULT_NOT_INTEGER"},
    StatusName{Status::kOpenPositions, "E_OPEN_POSITIONS"},
    StatusName{Status::kInUse, "E_IN_USE"},
    StatusName{Status::kOverflow, "E_OVERFLOW"},
    StatusName{Status::kInconsistent, "E_INCONSISTENT"},
};

}  // namespace

std::string_view name(Status status) noexcept {
    for (const StatusName& entry : kNames) {
        if (entry.status == status) {
            return entry.text;
        }
    }
    return "E_UNKNOWN";
}

}  // namespace lockstep
