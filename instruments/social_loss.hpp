#pragma once

#include "accounts/ledger.hpp"
#include "engine/base/rounding.hpp"
#include "instruments/context.hpp"
#include "instruments/events.hpp"
#include "instruments/records.hpp"
#include "instruments/resting.hpp"

namespace lockstep {

/// What every lot of a market, long or short, pays of a loss: Q32 of a quantum, rounded up.
[[nodiscard]] inline Checked loss_per_lot(Checked loss, Checked lots) noexcept {
    return ceil_div(loss * (Int128{1} << 32), lots);
}

/// Charges a loss to all positions of a market through its index. False, and nothing done, where
/// there are none, or the index would leave its range (R-FUND-3).
template <class View>
[[nodiscard]] bool charge_loss(View& view, const MarketContext& market, Int128 loss) {
    const Checked lots =
        Checked{2} * number_at(view, market_key(CellKind::kOpenInterest, market.id));
    const Checked delta = loss_per_lot(loss, lots);
    const Cell* const cell = view.read(market_key(CellKind::kTick, market.id));
    if (!delta.ok() || cell == nullptr) {
        return false;
    }
    TickRecord tick = TickRecord::decode(*cell);
    const Checked index = Checked{tick.funding.social} + delta;
    const Checked charged = lots * delta;
    const Checked excess = charged - Checked{loss} * (Int128{1} << 32);
    if (!funding_index_fits(index, market.max_position_lots) || !excess.ok()) {
        return false;
    }
    tick.funding.social = index.value();
    view.write(market_key(CellKind::kTick, market.id), tick.encode());
    wake_market(view, market.id);
    EventBytes<36> event;
    event.put(market.id).put(loss).put(delta.value());
    emit(view, EventType::kLossSpread, event);
    return post(view, market_key(CellKind::kFundClear, market.id), -loss) &&
           post(view, market_key(CellKind::kSocialClaims, market.id), charged.value()) &&
           post(view, market_key(CellKind::kDust, market.id), excess.value());
}

/// What liquidations of the block have left uncovered is borne by all who hold the market at the
/// end of it; where nobody does, it is a debt of the venue.
template <class View>
void spread_losses(View& view, const VenueContext& context) {
    for (const MarketContext& market : context.markets) {
        const StateKey key = market_key(CellKind::kLosses, market.id);
        const Int128 loss = number_at(view, key);
        if (loss == 0) {
            continue;
        }
        view.erase(key);
        if (!charge_loss(view, market, loss)) {
            static_cast<void>(
                post(view, asset_key(CellKind::kBadDebt, market.terms.settlement_asset), loss));
        }
    }
}

}  // namespace lockstep
