#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "accounts/owner.hpp"
#include "engine/base/rounding.hpp"
#include "instruments/events.hpp"
#include "instruments/trade_handler.hpp"

namespace lockstep {

/// What an account pays when a liquidation lowers its requirement by `freed`, both in quanta of one
/// asset: half of that, and never more of its equity than the part of its requirements that is
/// freed; an account without equity pays nothing. So a fee makes no debt, and shortage falls by at
/// least half of what is freed.
[[nodiscard]] inline Checked liquidation_fee(const Risk& before, Checked freed) noexcept {
    const Int128 maintenance = before.maintenance.value();
    const Int128 equity = std::clamp<Int128>(before.equity_maintenance.value(), 0,
                                             std::max<Int128>(maintenance, 0) / 2);
    return equity == 0 ? Checked{0} : mul_div_floor(freed, equity, maintenance);
}

/// A liquidation while it is worked on: a fill at the mark of some size.
struct Liquidation {
    Trade trade{};
    Fill fill{};
    bool of_buyer = false;  ///< the account buys back what it is short of
    Int128 insurance = 0;   ///< part of the fee

    [[nodiscard]] FillSide& account() noexcept { return of_buyer ? fill.buyer : fill.seller; }
    [[nodiscard]] FillSide& liquidator() noexcept { return of_buyer ? fill.seller : fill.buyer; }
};

/// Check order: account exists, liquidator exists, liquidator frozen, the account has a position,
/// stale market. The account itself may be frozen by whoever.
template <class View>
[[nodiscard]] Status load_liquidation(View& view, const MarketContext& market, const Liquidate& tx,
                                      Liquidation& out) {
    const Cell* const account = view.read(account_key(tx.account));
    const Cell* const liquidator = view.read(account_key(tx.liquidator));
    if (account == nullptr || liquidator == nullptr) {
        return Status::kNoAccount;
    }
    if (AccountHead(*liquidator).frozen()) {
        return Status::kAccountFrozen;
    }
    Position position;
    const AccountBlocks blocks(view, tx.account, *account);
    if (!find_position(blocks, market.id, position).present) {
        return Status::kHealthy;
    }
    if (market.stale) {
        return Status::kOracleStale;
    }
    out.of_buyer = position.lots < 0;
    out.fill.market = &market;
    out.fill.trade = &out.trade;
    out.fill.buyer.order = &out.trade.buyer;
    out.fill.buyer.buys = true;
    out.fill.seller.order = &out.trade.seller;
    out.trade.buyer = {.account = out.of_buyer ? tx.account : tx.liquidator, .market = market.id};
    out.trade.seller = {.account = out.of_buyer ? tx.liquidator : tx.account, .market = market.id};
    out.trade.buyer_is_taker = !out.of_buyer;
    out.trade.price = market.mark;
    out.account().account = account;
    out.liquidator().account = liquidator;
    out.liquidator().takes = true;
    const Status status = load_position(view, market, out.account());
    return status == Status::kApplied ? load_position(view, market, out.liquidator()) : status;
}

/// Fills both sides with `lots` at the mark, with the fee. kOverflow leaves them unusable.
template <class View>
[[nodiscard]] Status fill_at_mark(View& view, const Risk& before, std::int64_t lots,
                                  Liquidation& work) {
    Fill& fill = work.fill;
    FillSide& account = work.account();
    work.trade.lots = lots;
    const std::int64_t held = account.position.lots;
    const Checked freed =
        position_requirement(*fill.market, held).maintenance -
        position_requirement(*fill.market, held + (work.of_buyer ? lots : -lots)).maintenance;
    const Checked fee = liquidation_fee(before, freed);
    Status status = fee.ok() ? price_fill(fill) : Status::kOverflow;
    work.insurance = fee.value() / 2;
    account.fee = fee.value();
    work.liquidator().fee = work.insurance - fee.value();
    for (FillSide* side : {&fill.buyer, &fill.seller}) {
        if (status == Status::kApplied) {
            status = fill_side(fill, *side);
        }
    }
    if (status == Status::kApplied) {
        count_owner_lots(view, fill);
    }
    return status;
}

/// Whether the account covers maintenance once `lots` of it are filled. Takes back what it tries.
template <class View>
[[nodiscard]] bool lots_suffice(View& view, const VenueContext& context, const Risk& before,
                                std::int64_t lots, Liquidation& work) {
    const Fill untouched = work.fill;
    bool suffice = false;
    if (fill_at_mark(view, before, lots, work) == Status::kApplied) {
        const FillSide& side = work.account();
        const Override after{.market = work.fill.market,
                             .position = &side.position,
                             .cash = side.swept + side.closed,
                             .owner_lots = side.owner_lots};
        const Risk risk = assess(view, context, side.blocks, 0, &after);
        suffice = risk.ok() && risk.equity_maintenance.value() >= risk.maintenance.value();
    }
    work.fill = untouched;
    return suffice;
}

/// The least lots, in steps of the market, with which the account covers maintenance again; all of
/// its lots where none do. Found by halving: shortage falls with every lot.
template <class View>
[[nodiscard]] std::int64_t lots_to_liquidate(View& view, const VenueContext& context,
                                             const Risk& before, Liquidation& work) {
    const auto held = static_cast<std::int64_t>(size_of_lots(work.account().position.lots));
    const std::int64_t step = work.fill.market->terms.lot_step;
    std::int64_t too_few = 0;
    std::int64_t enough = held / step + (held % step != 0 ? 1 : 0);
    while (too_few + 1 < enough && !view.stopped()) {
        const std::int64_t middle = too_few + (enough - too_few) / 2;
        const bool suffice = lots_suffice(view, context, before, middle * step, work);
        (suffice ? enough : too_few) = middle;
    }
    return std::min(enough * step, held);
}

/// Debts of an account that has nothing else left are paid by the insurance of their assets, as far
/// as it goes; what is left of the one in the market's asset is a loss of the market's holders
/// (spread_losses), others stay debts of the account.
template <class View>
[[nodiscard]] Status cover_debts(View& view, const MarketContext& market, AccountId account) {
    const Cell* cell = view.read(account_key(account));
    if (cell == nullptr || AccountHead(*cell).positions() != 0) {
        return Status::kApplied;
    }
    const std::uint64_t held = AccountHead(*cell).assets();
    const auto each = [&](auto&& visit) {
        bool going = true;
        for (std::uint64_t left = held; left != 0 && going; left &= left - 1) {
            const AssetId asset{static_cast<std::uint32_t>(std::countr_zero(left))};
            const Cell* const head = view.read(account_key(account));
            going =
                head != nullptr && visit(asset, cash_of(view, account, AccountHead(*head), asset));
        }
        return going;
    };
    if (!each([](AssetId, Int128 cash) { return cash <= 0; })) {
        return Status::kApplied;
    }
    const auto pay = [&](const StateKey& from, AssetId asset, Int128 amount, Int128 change) {
        if (amount <= 0) {
            return true;
        }
        emit(view, EventType::kCashMoved,
             CashEvent{.account = account, .asset = asset, .amount = amount}.encode());
        return post(view, from, change) && credit(view, account, asset, amount);
    };
    const bool paid = each([&](AssetId asset, Int128 cash) {
        const StateKey fund = asset_key(CellKind::kInsurance, asset);
        const Int128 amount = std::min(-cash, number_at(view, fund));
        const bool spreads = asset == market.terms.settlement_asset;
        const Int128 loss = spreads ? -cash - amount : Int128{0};
        return pay(fund, asset, amount, -amount) &&
               pay(market_key(CellKind::kLosses, market.id), asset, loss, loss);
    });
    return paid ? Status::kApplied : Status::kOverflow;
}

/// What the liquidator is held to, as with any fill; then limits.
template <class View>
[[nodiscard]] Status judge_liquidator(View& view, const VenueContext& context, Liquidation& work) {
    const FillSide& side = work.liquidator();
    const Status status = judge_side(view, context, work.fill, side);
    if (status != Status::kApplied) {
        return margin_status(status, true);
    }
    if (exceeds_position_limit(work.fill, side)) {
        return Status::kPositionLimit;
    }
    return has_no_room(side) ? Status::kMarketLimit : Status::kApplied;
}

/// Writes a liquidation: both sides, sums of the market, insurance, events.
template <class View>
[[nodiscard]] Status store_liquidation(View& view, const VenueContext& context, Liquidation& work) {
    Status status = Status::kApplied;
    for (const FillSide* side : {&work.fill.buyer, &work.fill.seller}) {
        if (status == Status::kApplied) {
            status = store_side(view, context, work.fill, *side);
        }
    }
    if (status == Status::kApplied) {
        status = post_fill(view, context, work.fill);
    }
    const MarketContext& market = *work.fill.market;
    const StateKey fund = asset_key(CellKind::kInsurance, market.terms.settlement_asset);
    if (status != Status::kApplied ||
        !post(view, market_key(CellKind::kFees, market.id), -work.insurance) ||
        !post(view, fund, work.insurance)) {
        return Status::kOverflow;
    }
    emit_trade(view, work.fill);
    return cover_debts(view, market, work.account().order->account);
}

/// Takes lots of an account below maintenance over at the mark, as few as heal it.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const Liquidate& tx) {
    if (tx.account == tx.liquidator) {
        return Status::kSelfTrade;
    }
    const MarketContext* const market = context.market(tx.market);
    if (market == nullptr) {
        return Status::kMarketUnknown;
    }
    if (!market->trading() || !market->priced) {
        return Status::kMarketStatus;
    }
    Liquidation work;
    Status status = load_liquidation(view, *market, tx, work);
    if (status != Status::kApplied) {
        return status;
    }
    const Risk before = assess(view, context, work.account().blocks, 0, nullptr);
    if (!before.ok()) {
        return Status::kOverflow;
    }
    if (before.stale) {
        return Status::kOracleStale;
    }
    if (before.equity_maintenance.value() >= before.maintenance.value()) {
        return Status::kHealthy;
    }
    const std::int64_t lots = lots_to_liquidate(view, context, before, work);
    status = fill_at_mark(view, before, lots, work);
    if (status == Status::kApplied) {
        status = judge_liquidator(view, context, work);
    }
    return status == Status::kApplied ? store_liquidation(view, context, work) : status;
}

}  // namespace lockstep
