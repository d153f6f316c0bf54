#pragma once

#include <cstdint>
#include <span>

#include "instruments/events.hpp"
#include "instruments/portfolio.hpp"
#include "instruments/prologue.hpp"
#include "instruments/trade_checks.hpp"

namespace lockstep {

/// When the accounts of a fill are held to their margin.
enum class MarginCheck : std::uint8_t {
    kNow,    ///< with the fill
    kLater,  ///< by the caller
};

/// Loads account and order cells of one side. Check order: account exists, account frozen.
template <class View>
[[nodiscard]] Status load_side(View& view, const MarketContext& market, FillSide& side) {
    const Order& order = *side.order;
    const Cell* cell = view.read(account_key(order.account));
    if (cell == nullptr) {
        return Status::kNoAccount;
    }
    side.record = AccountRecord::decode(*cell);
    if (side.record.frozen) {
        return Status::kAccountFrozen;
    }
    side.tracked = !market.terms.host_matched || order.salt != 0;
    if (side.tracked) {
        side.order_id = order_digest(order);
        if (const Cell* filled = view.read(order_key(order.account, side.order_id))) {
            side.filled = OrderFillRecord::decode(*filled);
        }
    }
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status load_position(View& view, const MarketContext& market, FillSide& side) {
    if (const Cell* cell = view.read(position_key(side.order->account, market.id))) {
        side.position = Position::decode(*cell);
        side.present = true;
    }
    return settle_side(market, side);
}

/// Initial margin after the fill, or less risk than before it (I6).
template <class View>
[[nodiscard]] bool side_has_margin(View& view, const VenueContext& context, const Fill& fill,
                                   const FillSide& side, const OpenMarkets& open) {
    const AccountId account = side.order->account;
    const Int128 cap = context.venue.profit_cap;
    const Override after{
        .market = fill.market, .position = &side.position, .cash = side.swept + side.closed};
    const Risk risk = assess(view, context, account, side.record, open, cap, &after);
    if (risk.covers_initial()) {
        return true;
    }
    const Risk before = assess(view, context, account, side.record, open, cap, nullptr);
    return reduces_risk(before, risk);
}

/// Writes one side: order, position, list of open markets, cash.
template <class View>
[[nodiscard]] Status store_side(View& view, const Fill& fill, FillSide& side, OpenMarkets& open) {
    const AccountId account = side.order->account;
    if (side.tracked) {
        view.write(order_key(account, side.order_id), side.filled.encode());
    }
    const StateKey key = position_key(account, fill.market->id);
    if (side.position.lots != 0) {
        view.write(key, side.position.encode());
        if (!side.present) {
            open.insert(view, raw(fill.market->id));
        }
    } else {
        if (side.present) {
            view.erase(key);
        }
        open.remove(view, raw(fill.market->id));
    }
    const Int128 cash = side.swept + side.closed;
    return credit(view, account, side.record, fill.market->terms.settlement_asset, cash)
               ? Status::kApplied
               : Status::kOverflow;
}

/// Adds both sides to the market's shared sums. Sum of q * F0 is not moved by the lots themselves:
/// both sides stand at the same index and their lots cancel.
template <class View>
[[nodiscard]] Status post_fill(View& view, const VenueContext& context, const Fill& fill) {
    const MarketId market = fill.market->id;
    const auto dust_of = [](const FillSide& side) {
        return side.position.lots == 0 ? Int128{side.position.remainder} : Int128{0};
    };
    const Int128 dust = dust_of(fill.buyer) + dust_of(fill.seller);
    const FundingFlow& buyer = fill.buyer.funding;
    const FundingFlow& seller = fill.seller.funding;
    const FundingFlow flow{.paid = buyer.paid + seller.paid,
                           .claims = buyer.claims + seller.claims - dust,
                           .social = buyer.social + seller.social};
    const Int128 fees = fill.buyer.fee + fill.seller.fee;
    bool ok = post_funding(view, market, flow) &&
              post(view, market_key(CellKind::kDust, market), dust) &&
              post(view, market_key(CellKind::kFees, market), fees) &&
              post(view, market_key(CellKind::kVolume, market), fill.trade->lots) &&
              post(view, market_key(CellKind::kOpenInterest, market), open_interest_change(fill));
    if (ok && context.venue.track_account_volume) {
        const AssetContext& asset =
            context.assets[raw(fill.market->terms.settlement_asset) % kMaxAssets];
        const Checked volume = collateral_value(asset, fill.notional);
        for (const FillSide* side : {&fill.buyer, &fill.seller}) {
            const StateKey key{CellKind::kAccountVolume, raw(side->order->account)};
            ok = ok && volume.ok() && post(view, key, volume.value());
        }
    }
    return ok ? Status::kApplied : Status::kOverflow;
}

[[nodiscard]] inline TradeSide event_side(const Fill& fill, const FillSide& side) noexcept {
    return {.account = side.order->account,
            .lots_before = side.lots_before,
            .lots_after = side.position.lots,
            .cost_before = side.cost_before,
            .funding = side.funding.paid,
            .swept = side.swept,
            .flow = side.buys ? -fill.paid : fill.paid,
            .fee = side.fee,
            .closed = side.closed};
}

template <class View>
void emit_trade(View& view, const Fill& fill) {
    const TradeEvent event{.market = fill.market->id,
                           .lots = fill.trade->lots,
                           .price = fill.trade->price,
                           .buyer_is_taker = fill.trade->buyer_is_taker,
                           .buyer = event_side(fill, fill.buyer),
                           .seller = event_side(fill, fill.seller)};
    emit(view, EventType::kTrade, event.encode());
}

/// Checks that need no position: market, both accounts and orders, then the pair.
template <class View>
[[nodiscard]] Status check_fill(View& view, const VenueContext& context, Fill& fill) {
    const Trade& trade = *fill.trade;
    if (trade.lots <= 0 || trade.lots > kMaxLots || trade.price > kMaxPrice ||
        trade.price < -kMaxPrice) {
        return Status::kMalformed;
    }
    fill.market = context.market(trade.buyer.market);
    if (fill.market == nullptr) {
        return Status::kMarketUnknown;
    }
    if (!fill.market->trading() || !fill.market->priced) {
        return Status::kMarketStatus;
    }
    if (trade.price <= 0 && !fill.market->terms.allow_negative) {
        return Status::kTick;
    }
    for (FillSide* side : {&fill.buyer, &fill.seller}) {
        if (const Status status = load_side(view, *fill.market, *side);
            status != Status::kApplied) {
            return status;
        }
    }
    Status status = price_fill(fill);
    if (status == Status::kApplied) {
        status = charge_fees(fill);
    }
    for (FillSide* side : {&fill.buyer, &fill.seller}) {
        if (status == Status::kApplied) {
            status = check_order(fill, *side, context.time_ms);
        }
    }
    return status == Status::kApplied ? check_pair(fill) : status;
}

/// Taker first, then maker; then limits.
template <class View>
[[nodiscard]] Status check_limits(View& view, const VenueContext& context, const Fill& fill,
                                  const OpenMarkets& buyer_open, const OpenMarkets& seller_open,
                                  MarginCheck margin) {
    const bool buyer_takes = fill.buyer.takes;
    if (margin == MarginCheck::kNow) {
        const FillSide& taker = buyer_takes ? fill.buyer : fill.seller;
        const FillSide& maker = buyer_takes ? fill.seller : fill.buyer;
        const OpenMarkets& taker_open = buyer_takes ? buyer_open : seller_open;
        const OpenMarkets& maker_open = buyer_takes ? seller_open : buyer_open;
        expect_exposures(view, Exposure{taker.order->account, &taker.record, &taker_open},
                         Exposure{maker.order->account, &maker.record, &maker_open});
        if (!side_has_margin(view, context, fill, taker, taker_open)) {
            return Status::kMarginTaker;
        }
        if (!side_has_margin(view, context, fill, maker, maker_open)) {
            return Status::kMarginMaker;
        }
    }
    if (exceeds_position_limit(fill, fill.buyer) || exceeds_position_limit(fill, fill.seller)) {
        return Status::kPositionLimit;
    }
    const MarketContext& market = *fill.market;
    if (market.oi_cap_lots > 0 && market.open_interest >= market.oi_cap_lots &&
        open_interest_change(fill) > 0) {
        return Status::kOiCap;
    }
    const auto no_room = [](const FillSide& side, const OpenMarkets& open) {
        return !side.present && open.full();
    };
    if (no_room(fill.buyer, buyer_open) || no_room(fill.seller, seller_open)) {
        return Status::kMarketLimit;
    }
    return Status::kApplied;
}

/// One fill, from first check to event. May have written when it fails: the caller rolls back.
template <class View>
[[nodiscard]] Status settle_trade(View& view, const VenueContext& context, const Trade& trade,
                                  MarginCheck margin) {
    Fill fill{.trade = &trade};
    fill.buyer.order = &trade.buyer;
    fill.buyer.buys = true;
    fill.buyer.takes = trade.buyer_is_taker;
    fill.seller.order = &trade.seller;
    fill.seller.takes = !trade.buyer_is_taker;
    Status status = check_fill(view, context, fill);
    for (FillSide* side : {&fill.buyer, &fill.seller}) {
        if (status == Status::kApplied) {
            status = load_position(view, *fill.market, *side);
        }
    }
    if (status == Status::kApplied) {
        status = check_positions(fill);
    }
    for (FillSide* side : {&fill.buyer, &fill.seller}) {
        if (status == Status::kApplied) {
            status = fill_side(fill, *side);
        }
    }
    if (status != Status::kApplied) {
        return status;
    }
    OpenMarkets buyer_open =
        OpenMarkets::load(view, CellKind::kOpenMarkets, raw(trade.buyer.account));
    OpenMarkets seller_open =
        OpenMarkets::load(view, CellKind::kOpenMarkets, raw(trade.seller.account));
    status = check_limits(view, context, fill, buyer_open, seller_open, margin);
    if (status == Status::kApplied) {
        status = store_side(view, fill, fill.buyer, buyer_open);
    }
    if (status == Status::kApplied) {
        status = store_side(view, fill, fill.seller, seller_open);
    }
    if (status == Status::kApplied) {
        status = post_fill(view, context, fill);
    }
    if (status == Status::kApplied) {
        emit_trade(view, fill);
    }
    return status;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const Trade& tx) {
    return settle_trade(view, context, tx, MarginCheck::kNow);
}

}  // namespace lockstep
