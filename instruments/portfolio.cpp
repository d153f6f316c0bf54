#include "instruments/portfolio.hpp"

#include <algorithm>

namespace lockstep {

bool RiskSum::add(const MarketContext& market, Position position) noexcept {
    if (count_ == terms_.size()) {
        return false;
    }
    FundingFlow flow;
    if (!settle_funding(position, market.funding, flow)) {
        return false;
    }
    const Checked profit = Checked{position.cost} + equity_value(market, position.lots);
    const Requirement required = position_requirement(market, position.lots);
    if (!profit.ok() || !required.maintenance.ok() || !required.initial.ok()) {
        return false;
    }
    terms_[count_++] = {.asset = market.terms.settlement_asset,
                        .profit = profit.value(),
                        .maintenance = required.maintenance.value(),
                        .initial = required.initial.value()};
    return true;
}

void RiskSum::add_asset(const AssetContext& asset, AssetId id, Checked cash, Risk& risk,
                        Checked& profit) const noexcept {
    Checked gain = 0;
    Checked maintenance = 0;
    Checked initial = 0;
    for (std::size_t i = 0; i < count_; ++i) {
        if (terms_[i].asset == id) {
            gain += terms_[i].profit;
            maintenance += terms_[i].maintenance;
            initial += terms_[i].initial;
        }
    }
    // Losses reduce the asset before its haircut; profits are kept apart for the cap.
    const bool loss = gain.value() < 0;
    const Checked owned = collateral_value(asset, loss ? cash + gain : cash);
    risk.equity_initial += owned;
    if (!loss) {
        profit += collateral_value(asset, gain);
    } else if (!gain.ok()) {
        profit = Checked::overflowed();
    }
    risk.maintenance += requirement_value(asset, maintenance);
    risk.initial += requirement_value(asset, initial);
}

void RiskSum::finish(Checked profit, Int128 profit_cap, Risk& risk) noexcept {
    risk.equity_maintenance = risk.equity_initial + profit;
    risk.equity_initial += profit.ok() ? Checked{std::min(profit.value(), profit_cap)} : profit;
}

}  // namespace lockstep
