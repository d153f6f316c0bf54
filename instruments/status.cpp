#include "instruments/status.hpp"

namespace lockstep {

std::string_view name(Status status) noexcept {
    switch (status) {
        case Status::kApplied: return "APPLIED";
        case Status::kMalformed: return "E_MALFORMED";
        case Status::kExpiredTx: return "E_EXPIRED_TX";
        case Status::kNonceUsed: return "E_NONCE_USED";
        case Status::kNonceWindow: return "E_NONCE_WINDOW";
        case Status::kPaused: return "E_PAUSED";
        case Status::kBatchSize: return "E_BATCH_SIZE";
        case Status::kListOrder: return "E_LIST_ORDER";
        case Status::kNoAccount: return "E_NO_ACCOUNT";
        case Status::kAccountFrozen: return "E_ACCOUNT_FROZEN";
        case Status::kUnauthorised: return "E_UNAUTHORISED";
        case Status::kExists: return "E_EXISTS";
        case Status::kAssetUnknown: return "E_ASSET_UNKNOWN";
        case Status::kAmount: return "E_AMOUNT";
        case Status::kDepositReplay: return "E_DEPOSIT_REPLAY";
        case Status::kInsufficientCash: return "E_INSUFFICIENT_CASH";
        case Status::kSelfTransfer: return "E_SELF_TRANSFER";
        case Status::kMarketLimit: return "E_MARKET_LIMIT";
        case Status::kLimit: return "E_LIMIT";
        case Status::kMarketUnknown: return "E_MARKET_UNKNOWN";
        case Status::kMarketStatus: return "E_MARKET_STATUS";
        case Status::kOrderExpired: return "E_ORDER_EXPIRED";
        case Status::kOrderCancelled: return "E_ORDER_CANCELLED";
        case Status::kOverfill: return "E_OVERFILL";
        case Status::kPriceLimit: return "E_PRICE_LIMIT";
        case Status::kFeeLimit: return "E_FEE_LIMIT";
        case Status::kMarketMismatch: return "E_MARKET_MISMATCH";
        case Status::kSelfTrade: return "E_SELF_TRADE";
        case Status::kZeroNotional: return "E_ZERO_NOTIONAL";
        case Status::kSizeStep: return "E_SIZE_STEP";
        case Status::kTick: return "E_TICK";
        case Status::kPriceBand: return "E_PRICE_BAND";
        case Status::kReduceOnly: return "E_REDUCE_ONLY";
        case Status::kPositionLimit: return "E_POSITION_LIMIT";
        case Status::kOiCap: return "E_OI_CAP";
        case Status::kMinNotional: return "E_MIN_NOTIONAL";
        case Status::kHostFees: return "E_HOST_FEES";
        case Status::kNakedShort: return "E_NAKED_SHORT_NOT_ALLOWED";
        case Status::kFeeTotal: return "E_FEE_TOTAL";
        case Status::kMargin: return "E_MARGIN";
        case Status::kMarginTaker: return "E_MARGIN_TAKER";
        case Status::kMarginMaker: return "E_MARGIN_MAKER";
        case Status::kFeedUnknown: return "E_FEED_UNKNOWN";
        case Status::kSource: return "E_SOURCE";
        case Status::kSeqOld: return "E_SEQ_OLD";
        case Status::kTimeFuture: return "E_TIME_FUTURE";
        case Status::kTimeOld: return "E_TIME_OLD";
        case Status::kPriceSign: return "E_PRICE_SIGN";
        case Status::kConfidence: return "E_CONFIDENCE";
        case Status::kOracleStale: return "E_ORACLE_STALE";
        case Status::kNotSettled: return "E_NOT_SETTLED";
        case Status::kNoEpoch: return "E_NO_EPOCH";
        case Status::kParamRange: return "E_PARAM_RANGE";
        case Status::kTransition: return "E_TRANSITION";
        case Status::kMultNotInteger: return "E_MULT_NOT_INTEGER";
        case Status::kOverflow: return "E_OVERFLOW";
        case Status::kInconsistent: return "E_INCONSISTENT";
    }
    return "E_UNKNOWN";
}

}  // namespace lockstep
