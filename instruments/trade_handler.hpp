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

/// What rounding of an inverse position, and of values in another asset, may take from equity.
inline constexpr Int128 kRoundingQuanta = 2;

/// What fills cost their accounts, apart from profit and loss: fees and roundings in the numeraire.
struct FillCosts {
    Checked buyer{};
    Checked seller{};
};

/// Tells of a missing margin whose it is.
[[nodiscard]] constexpr Status margin_status(Status status, bool takes) noexcept {
    return status != Status::kMargin ? status : takes ? Status::kMarginTaker : Status::kMarginMaker;
}

/// Loads head block and order of one side. Check order: account exists, account frozen.
template <class View>
[[nodiscard]] Status load_side(View& view, const MarketContext& market, std::int64_t now_ms,
                               FillSide& side) {
    const Order& order = *side.order;
    const Cell* cell = view.read(account_key(order.account));
    if (cell == nullptr) {
        return Status::kNoAccount;
    }
    side.account = cell;
    if (side.head().frozen()) {
        return Status::kAccountFrozen;
    }
    side.tracked = !market.terms.host_matched || order.salt != 0;
    if (side.tracked) {
        side.order_id = order_key(order);
        side.order_place = order_table(order.account).find(view, side.order_id);
        side.filled = static_cast<std::int64_t>(ExpiringTable::value(side.order_place, now_ms));
    }
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status load_position(View& view, const MarketContext& market, FillSide& side) {
    side.blocks.look_up(view, side.order->account, *side.account);
    side.place = find_position(side.blocks, market.id, side.position);
    return settle_side(market, side);
}

/// What a side may lose by the fill without having given it away: its fee, and roundings; in the
/// numeraire, rounded up.
[[nodiscard]] inline Checked costs_of(const VenueContext& context, const Fill& fill,
                                      const FillSide& side) noexcept {
    const AssetId settled_in = fill.market->terms.settlement_asset;
    const AssetContext& asset = context.assets[raw(settled_in) % kMaxAssets];
    const bool exact = fill.market->terms.kind != MarketKind::kInversePerpetual && asset.is_unit();
    const Checked fee = side.fee > 0 ? side.fee : Int128{0};
    return exact ? fee : requirement_value(asset, fee + kRoundingQuanta) + kRoundingQuanta;
}

/// Finds out what the owners of both sides hold after the fill, over all of their accounts.
template <class View>
void count_owner_lots(View& view, Fill& fill) {
    for (FillSide* side : {&fill.buyer, &fill.seller}) {
        side->owner_lots = size_of_lots(side->position.lots);
        if (side->head().shared()) [[unlikely]] {
            const FillSide& other = side == &fill.buyer ? fill.seller : fill.buyer;
            const AccountId account = side->order->account;
            const bool both = owner_of(account) == owner_of(other.order->account);
            side->owner_lots = number_at(view, owner_lots_key(account, fill.market->id)) +
                               side->growth() + (both ? other.growth() : Int128{0});
        }
    }
}

/// Whether a side may stand after the fill: kApplied, kMargin, kOracleStale.
template <class View>
[[nodiscard]] Status judge_side(View& view, const VenueContext& context, const Fill& fill,
                                const FillSide& side) {
    const MarginPolicy policy = MarginPolicy::of_fill(context);
    const Override after{.market = fill.market,
                         .position = &side.position,
                         .cash = side.swept + side.closed,
                         .owner_lots = side.owner_lots};
    const auto before = [&] {
        return assess(view, context, side.blocks, policy.profit_cap, nullptr);
    };
    return policy.judge(view, context, side.blocks, &after, before,
                        [&] { return costs_of(context, fill, side); });
}

/// Writes one side: order, position, cash.
template <class View>
[[nodiscard]] Status store_side(View& view, const VenueContext& context, const Fill& fill,
                                const FillSide& side) {
    const AccountId account = side.order->account;
    const TableEntry filled{.key = side.order_id,
                            .value = static_cast<std::uint64_t>(side.filled),
                            .until_ms = side.order->good_til_ms};
    if (side.tracked &&
        !order_table(account).store(view, side.order_place, filled, context.time_ms)) {
        return Status::kOverflow;
    }
    if (side.head().shared()) [[unlikely]] {
        move_owner_lots(view, account, fill.market->id, side.growth());
    }
    if (side.position.lots == 0) {
        if (side.place.present) {
            remove_position(view, account, side.place);
        }
    } else if (side.place.present) {
        store_position(view, account, side.place, fill.market->id, side.position);
    } else {
        insert_position(view, account, side.place, fill.market->id, side.position);
    }
    return credit(view, account, fill.market->terms.settlement_asset, side.swept + side.closed)
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
            ok = ok && volume.ok() && add_volume(view, side->order->account, volume.value());
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
        if (const Status status = load_side(view, *fill.market, context.time_ms, *side);
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
            status = check_order(fill, *side,
                                 {.domain = context.venue.domain, .now_ms = context.time_ms});
        }
    }
    return status == Status::kApplied ? check_pair(fill) : status;
}

/// Taker first, then maker; then limits.
template <class View>
[[nodiscard]] Status check_limits(View& view, const VenueContext& context, const Fill& fill,
                                  MarginCheck margin) {
    if (margin == MarginCheck::kNow) {
        const FillSide& taker = fill.buyer.takes ? fill.buyer : fill.seller;
        const FillSide& maker = fill.buyer.takes ? fill.seller : fill.buyer;
        for (const FillSide* side : {&taker, &maker}) {
            const Status status = judge_side(view, context, fill, *side);
            if (status != Status::kApplied) {
                return margin_status(status, side->takes);
            }
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
    const bool no_room = has_no_room(fill.buyer) || has_no_room(fill.seller);
    return no_room ? Status::kMarketLimit : Status::kApplied;
}

/// One fill, from first check to event; tells its costs to who asks. May have written when it
/// fails: the caller rolls back.
template <class View>
[[nodiscard]] Status settle_trade(View& view, const VenueContext& context, const Trade& trade,
                                  MarginCheck margin, FillCosts* costs = nullptr) {
    Fill fill{.trade = &trade};
    fill.buyer.order = &trade.buyer;
    fill.buyer.buys = true;
    fill.buyer.takes = trade.buyer_is_taker;
    fill.seller.order = &trade.seller;
    fill.seller.takes = !trade.buyer_is_taker;
    Status status = check_fill(view, context, fill);
    if (status == Status::kApplied) {
        expect_positions(view, ExpectedAccount{trade.buyer.account, fill.buyer.account},
                         ExpectedAccount{trade.seller.account, fill.seller.account});
    }
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
    count_owner_lots(view, fill);
    status = check_limits(view, context, fill, margin);
    for (const FillSide* side : {&fill.buyer, &fill.seller}) {
        if (status == Status::kApplied) {
            status = store_side(view, context, fill, *side);
        }
    }
    if (status == Status::kApplied) {
        status = post_fill(view, context, fill);
    }
    if (status == Status::kApplied) {
        emit_trade(view, fill);
        if (costs != nullptr) {
            *costs = {.buyer = costs_of(context, fill, fill.buyer),
                      .seller = costs_of(context, fill, fill.seller)};
        }
    }
    return status;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const Trade& tx) {
    return settle_trade(view, context, tx, MarginCheck::kNow);
}

}  // namespace lockstep
