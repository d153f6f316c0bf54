#include "instruments/portfolio.hpp"

#include <algorithm>

namespace lockstep {

RiskSum::AssetSum& RiskSum::sum_of(std::uint32_t asset) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (sums_[i].asset == asset) {
            return sums_[i];
        }
    }
    AssetSum& fresh = sums_[std::min(count_, sums_.size() - 1)];
    fresh = {.asset = asset, .profit = 0, .maintenance = 0, .initial = 0};
    count_ = std::min(count_ + 1, sums_.size());
    return fresh;
}

inline void RiskSum::add_term(std::uint32_t asset, const PositionTerm& term) noexcept {
    AssetSum& sum = count_ != 0 && sums_[0].asset == asset ? sums_[0] : sum_of(asset);
    const bool overflows =
        static_cast<int>(__builtin_add_overflow(sum.profit, term.profit, &sum.profit)) |
        static_cast<int>(
            __builtin_add_overflow(sum.maintenance, term.maintenance, &sum.maintenance)) |
        static_cast<int>(__builtin_add_overflow(sum.initial, term.initial, &sum.initial));
    overflowed_ = overflowed_ || overflows;
}

void RiskSum::add(const VenueContext& context, MarketId market, const Position& position) noexcept {
    const std::uint32_t place = context.place_of(market);
    if (place == 0) {
        return;
    }
    const MarginRow& row = context.rows[place - 1];
    PositionTerm term;
    if (row.term(position, term)) [[likely]] {
        add_term(row.asset, term);
    } else {
        add_plainly(context.markets[place - 1], position);
    }
}

void RiskSum::add(const VenueContext& context, const PositionSpan& span,
                  MarketId left_out) noexcept {
    for (std::size_t i = 0; i < span.size(); ++i) {
        if (span.market(i) != left_out) [[likely]] {
            add(context, span.market(i), span.position(i));
        }
    }
}

void RiskSum::add_plainly(const MarketContext& market, Position position) noexcept {
    FundingFlow flow;
    const bool settled = settle_funding(position, market.funding, flow);
    const Checked profit = Checked{position.cost} + equity_value(market, position.lots);
    const Requirement required = position_requirement(market, position.lots);
    if (!settled || !profit.ok() || !required.maintenance.ok() || !required.initial.ok()) {
        overflowed_ = true;
        return;
    }
    add_term(raw(market.terms.settlement_asset), {.profit = profit.value(),
                                                  .maintenance = required.maintenance.value(),
                                                  .initial = required.initial.value()});
}

void RiskSum::add_asset(const AssetContext& asset, AssetId id, Checked cash, Risk& risk,
                        Checked& profit) const noexcept {
    const auto end = sums_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto sum = std::find_if(sums_.begin(), end,
                                  [id](const AssetSum& item) { return item.asset == raw(id); });
    const Checked gain = sum != end ? sum->profit : Int128{0};
    // Losses reduce the asset before its haircut; profits are kept apart for the cap.
    const bool loss = gain.value() < 0;
    const Checked owned = collateral_value(asset, loss ? cash + gain : cash);
    risk.equity_initial += owned;
    if (!loss) {
        profit += collateral_value(asset, gain);
    }
    if (sum != end) {
        risk.maintenance += requirement_value(asset, sum->maintenance);
        risk.initial += requirement_value(asset, sum->initial);
    }
}

void RiskSum::finish(Checked profit, Int128 profit_cap, Risk& risk) const noexcept {
    risk.equity_maintenance = risk.equity_initial + profit;
    risk.equity_initial += profit.ok() ? Checked{std::min(profit.value(), profit_cap)} : profit;
    if (overflowed_) {
        risk.initial = Checked::overflowed();
    }
}

}  // namespace lockstep
