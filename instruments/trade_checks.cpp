#include "instruments/trade_checks.hpp"

#include <algorithm>

#include "engine/base/rounding.hpp"
#include "instruments/fees.hpp"

namespace lockstep {
namespace {

const FeeTier& tier_of(const Fill& fill, const FillSide& side) noexcept {
    return fill.market->fees[std::min<std::size_t>(side.head().fee_tier(), kMaxFeeTiers - 1)];
}

std::int32_t rate_of(const Fill& fill, const FillSide& side) noexcept {
    const FeeTier& tier = tier_of(fill, side);
    return side.takes ? tier.taker_ppm : tier.maker_ppm;
}

Checked tier_fee(const Fill& fill, const FillSide& side) noexcept {
    const std::int32_t rate = rate_of(fill, side);
    if (fill.market->terms.kind != MarketKind::kEuropeanOption) {
        return fee_of(fill.notional, rate);
    }
    const Checked underlying =
        notional_at(fill.market->terms, fill.trade->lots, fill.market->index);
    return option_fee_of(underlying, fill.notional, rate);
}

}  // namespace

Status price_fill(Fill& fill) noexcept {
    const MarketTerms& terms = fill.market->terms;
    const Checked paid = cash_paid_by_buyer(terms, fill.trade->lots, fill.trade->price);
    if (!paid.ok()) {
        return Status::kOverflow;
    }
    fill.paid = paid.value();
    fill.notional = abs(paid).value();
    return Status::kApplied;
}

Status charge_fees(Fill& fill) noexcept {
    if (fill.trade->host_fees.has_value()) {
        fill.buyer.fee = fill.trade->host_fees->buyer;
        fill.seller.fee = fill.trade->host_fees->seller;
        return Status::kApplied;
    }
    const Checked buyer = tier_fee(fill, fill.buyer);
    const Checked seller = tier_fee(fill, fill.seller);
    fill.buyer.fee = buyer.value();
    fill.seller.fee = seller.value();
    return buyer.ok() && seller.ok() ? Status::kApplied : Status::kOverflow;
}

Status check_order(const Fill& fill, FillSide& side, const OrderTerms& terms) noexcept {
    const Order& order = *side.order;
    if (order.domain != terms.domain) {
        return Status::kOrderDomain;
    }
    if ((order.side == OrderSide::kBuy) != side.buys) {
        return Status::kSide;
    }
    if (order.good_til_ms < terms.now_ms) {
        return Status::kOrderExpired;
    }
    if (order.salt < side.head().salt_below()) {
        return Status::kOrderCancelled;
    }
    std::int64_t filled = 0;
    if (__builtin_add_overflow(side.filled, fill.trade->lots, &filled) || filled > order.lots) {
        return Status::kOverfill;
    }
    side.filled = filled;
    const std::int64_t price = fill.trade->price;
    if (side.buys ? price > order.limit_price : price < order.limit_price) {
        return Status::kPriceLimit;
    }
    if (fill.trade->host_fees.has_value()) {
        const Checked most = fee_of(fill.notional, order.max_fee_ppm);
        return most.ok() && side.fee <= most.value() ? Status::kApplied : Status::kFeeLimit;
    }
    return rate_of(fill, side) <= order.max_fee_ppm ? Status::kApplied : Status::kFeeLimit;
}

Status check_pair(const Fill& fill) noexcept {
    const Trade& trade = *fill.trade;
    const MarketContext& market = *fill.market;
    if (trade.buyer.market != trade.seller.market) {
        return Status::kMarketMismatch;
    }
    if (trade.buyer.account == trade.seller.account) {
        return Status::kSelfTrade;
    }
    if (trade.lots % market.terms.lot_step != 0) {
        return Status::kSizeStep;
    }
    if (trade.price % market.terms.price_step != 0) {
        return Status::kTick;
    }
    if (fill.notional == 0 && !market.terms.allow_negative) {
        return Status::kZeroNotional;
    }
    if (trade.price < market.band_low || trade.price > market.band_high) {
        return Status::kPriceBand;
    }
    if (!trade.host_fees.has_value()) {
        return Status::kApplied;
    }
    const Checked least = fee_of(fill.notional, -kHostRebatePpmMax);
    const bool bounded = least.ok() && std::min(fill.buyer.fee, fill.seller.fee) >= least.value();
    return market.terms.host_matched && bounded ? Status::kApplied : Status::kHostFees;
}

bool only_reduces(const FillSide& side, std::int64_t lots) noexcept {
    return side.buys ? side.lots_before <= -lots : side.lots_before >= lots;
}

Status check_positions(const Fill& fill) noexcept {
    const std::int64_t lots = fill.trade->lots;
    const bool buyer_reduces = only_reduces(fill.buyer, lots);
    const bool seller_reduces = only_reduces(fill.seller, lots);
    if (fill.notional < fill.market->min_notional && !buyer_reduces && !seller_reduces) {
        return Status::kMinNotional;  // what closes has to end somewhere
    }
    if ((fill.buyer.order->reduce_only && !buyer_reduces) ||
        (fill.seller.order->reduce_only && !seller_reduces)) {
        return Status::kReduceOnly;
    }
    const bool both = buyer_reduces && seller_reduces;
    if (fill.market->status == MarketStatus::kReduceOnly && !both) {
        return Status::kReduceOnly;
    }
    if (fill.market->stale && !both) {
        return Status::kOracleStale;
    }
    return Status::kApplied;
}

bool exceeds_position_limit(const Fill& fill, const FillSide& side) noexcept {
    return side.owner_lots > fill.market->max_position_lots &&
           !only_reduces(side, fill.trade->lots);
}

Int128 open_interest_change(const Fill& fill) noexcept {
    const auto longs = [](std::int64_t lots) { return Int128{std::max<std::int64_t>(lots, 0)}; };
    return longs(fill.buyer.position.lots) - longs(fill.buyer.lots_before) +
           longs(fill.seller.position.lots) - longs(fill.seller.lots_before);
}

Status settle_side(const MarketContext& market, FillSide& side) noexcept {
    Position& position = side.position;
    side.lots_before = position.lots;
    side.cost_before = position.cost;
    if (!side.place.present) {
        position.since = market.funding;
        position.epoch = market.epoch;
        return Status::kApplied;
    }
    if (!settle_funding(position, market.funding, side.funding)) {
        return Status::kOverflow;
    }
    if (position.epoch != market.epoch) {
        const Checked value =
            Checked{position.lots} * market.settle_price * market.terms.multiplier;
        Sweep sweep;
        if (!value.ok() || !realise(position, value.value(), sweep)) {
            return Status::kOverflow;
        }
        side.swept = sweep.cash;
        position.epoch = market.epoch;
    }
    return Status::kApplied;
}

namespace {

/// What of the position's cost belongs to the lots that are left, rounded up: those held before
/// keep their share of the cost before the fill, those opened through 0 their share of the fill.
/// The rest is realised.
Checked kept_cost(const Fill& fill, const FillSide& side) noexcept {
    const Checked left = abs(Checked{side.position.lots});
    const Checked before = abs(Checked{side.lots_before});
    const bool flips = (side.position.lots < 0) != (side.lots_before < 0);
    if (left.value() == 0) {
        return 0;
    }
    if (before.value() == 0 || (!flips && left.value() >= before.value())) {
        return side.position.cost;
    }
    return flips ? mul_div_ceil(side.buys ? -fill.paid : fill.paid, left, fill.trade->lots)
                 : mul_div_ceil(side.cost_settled, left, before);
}

}  // namespace

Status fill_side(const Fill& fill, FillSide& side) noexcept {
    const std::int64_t lots = side.buys ? fill.trade->lots : -fill.trade->lots;
    side.cost_settled = side.position.cost;
    const Checked paid = Checked{side.buys ? fill.paid : -fill.paid} + side.fee;
    if (!paid.ok() || !apply_fill(side.position, lots, paid.value()) ||
        side.position.lots > kMaxLots || side.position.lots < -kMaxLots) {
        return Status::kOverflow;
    }
    const Checked kept = kept_cost(fill, side);
    const Checked realised = Checked{side.position.cost} - kept;
    if (!realised.ok()) {
        return Status::kOverflow;
    }
    side.closed = realised.value();
    side.position.cost = kept.value();
    return Status::kApplied;
}

}  // namespace lockstep
