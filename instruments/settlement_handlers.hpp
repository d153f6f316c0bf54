#pragma once

#include <algorithm>

#include "accounts/owner.hpp"
#include "instruments/events.hpp"
#include "instruments/portfolio.hpp"
#include "instruments/prologue.hpp"
#include "instruments/trade_checks.hpp"

namespace lockstep {

/// Takes a closed position out of the market's sums. Its q * F stays in the claims: F no longer
/// moves, and over all positions of the market these terms cancel.
template <class View>
[[nodiscard]] bool post_closing(View& view, const MarketContext& market, const Position& position,
                                const FundingFlow& flow, Int128 value) {
    const Int128 remainder = position.remainder;
    return post_funding(
               view, market.id,
               {.paid = flow.paid, .claims = flow.claims - remainder, .social = flow.social}) &&
           post(view, market_key(CellKind::kDust, market.id), remainder) &&
           post(view, market_key(CellKind::kSettleClear, market.id), -value) &&
           post(view, market_key(CellKind::kClosedLots, market.id), position.lots) &&
           post(view, market_key(CellKind::kOpenInterest, market.id),
                -Int128{std::max<std::int64_t>(position.lots, 0)});
}

/// Closes one position of a settled market at its settlement price. Nothing to do when absent.
template <class View>
[[nodiscard]] Status close_settled(View& view, const MarketContext& market, AccountId account) {
    FillSide side{};
    side.account = view.read(account_key(account));
    if (side.account == nullptr) {
        return Status::kApplied;
    }
    side.blocks = AccountBlocks(view, account, *side.account);
    side.place = find_position(side.blocks, market.id, side.position);
    if (!side.place.present) {
        return Status::kApplied;
    }
    if (settle_side(market, side) != Status::kApplied) {
        return Status::kOverflow;
    }
    if (side.head().shared()) {
        move_owner_lots(view, account, market.id, -size_of_lots(side.lots_before));
    }
    const Checked value = settlement_value(market, side.position.lots);
    const Checked cash = Checked{side.position.cost} + value + side.swept;
    if (!cash.ok() || !post_closing(view, market, side.position, side.funding, value.value()) ||
        !credit(view, account, market.terms.settlement_asset, cash.value())) {
        return Status::kOverflow;
    }
    remove_position(view, account, side.place);
    emit(view, EventType::kPositionSettled,
         PositionSettledEvent{.account = account,
                              .market = market.id,
                              .lots = side.lots_before,
                              .cost = side.cost_before,
                              .funding = side.funding.paid,
                              .value = value.value(),
                              .cash = cash.value()}
             .encode());
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const SettleBatch& tx) {
    if (tx.accounts.size() > kMaxSettleList) {
        return Status::kBatchSize;
    }
    const auto out_of_order = [](AccountId a, AccountId b) { return !(raw(a) < raw(b)); };
    if (std::adjacent_find(tx.accounts.begin(), tx.accounts.end(), out_of_order) !=
        tx.accounts.end()) {
        return Status::kListOrder;
    }
    const MarketContext* market = context.market(tx.market);
    if (market == nullptr) {
        return Status::kMarketUnknown;
    }
    if (!market->settled()) {
        return Status::kNotSettled;
    }
    for (const AccountId account : tx.accounts) {
        const Status status = close_settled(view, *market, account);
        if (status != Status::kApplied || view.stopped()) {
            return status != Status::kApplied ? status : Status::kInconsistent;
        }
    }
    return Status::kApplied;
}

/// Settled market: closes the position. Dated future: realises up to the last daily settlement;
/// kNoEpoch when that has been done.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const RealisePnl& tx) {
    const MarketContext* market = context.market(tx.market);
    if (market == nullptr) {
        return Status::kMarketUnknown;
    }
    if (market->settled()) {
        return close_settled(view, *market, tx.account);
    }
    FillSide side{};
    side.account = view.read(account_key(tx.account));
    if (side.account != nullptr) {
        side.blocks = AccountBlocks(view, tx.account, *side.account);
        side.place = find_position(side.blocks, tx.market, side.position);
    }
    if (!side.place.present || side.position.epoch == market->epoch) {
        return Status::kNoEpoch;
    }
    const AssetId asset = market->terms.settlement_asset;
    if (settle_side(*market, side) != Status::kApplied ||
        !post_funding(view, market->id, side.funding) ||
        !credit(view, tx.account, asset, side.swept)) {
        return Status::kOverflow;
    }
    store_position(view, tx.account, side.place, tx.market, side.position);
    emit(view, EventType::kCashMoved,
         CashEvent{.account = tx.account, .asset = asset, .amount = side.swept}.encode());
    return Status::kApplied;
}

}  // namespace lockstep
