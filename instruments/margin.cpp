#include "instruments/margin.hpp"

#include <algorithm>

#include "accounts/owner.hpp"
#include "engine/base/rounding.hpp"
#include "instruments/context.hpp"

namespace lockstep {
namespace {

Checked maximum(Checked a, Checked b) noexcept {
    if (!a.ok() || !b.ok()) {
        return Checked::overflowed();
    }
    return a.value() >= b.value() ? a : b;
}

std::int64_t option_out_of_money(const MarketTerms& terms, std::int64_t index) noexcept {
    const std::int64_t distance = terms.strike - index;
    return std::max<std::int64_t>(0, terms.option_side == OptionSide::kCall ? distance : -distance);
}

}  // namespace

MarginTable MarginTable::make(const MarketParams& params, Checked open_notional) noexcept {
    MarginTable table;
    table.option_floor_ppm = params.option_floor_ppm;
    table.maintenance_floor = params.maintenance_floor;
    table.initial_floor = params.initial_floor;
    table.count = std::min(params.margin_tiers.size(), kMaxMarginTiers);
    for (std::size_t i = 0; i < table.count; ++i) {
        Bracket& bracket = table.brackets[i];
        bracket.tier = params.margin_tiers[i];
        if (i > 0) {
            const Bracket& below = table.brackets[i - 1];
            const Int128 limit = below.tier.notional_upper;
            bracket.maintenance_deduction =
                below.maintenance_deduction +
                limit * (bracket.tier.maintenance_ppm - below.tier.maintenance_ppm);
            bracket.initial_deduction = below.initial_deduction +
                                        limit * (bracket.tier.initial_ppm - below.tier.initial_ppm);
        }
    }
    if (params.oi_margin_upper > params.oi_margin_lower) {
        table.oi_whole = Int128{params.oi_margin_upper} - params.oi_margin_lower;
        // What cannot be counted is the most there is.
        table.oi_part = open_notional.ok()
                            ? std::clamp<Int128>(open_notional.value() - params.oi_margin_lower, 0,
                                                 table.oi_whole)
                            : table.oi_whole;
    }
    return table;
}

Requirement MarginTable::of_notional(Checked notional) const noexcept {
    if (!notional.ok() || count == 0) {
        return {.maintenance = Checked::overflowed(), .initial = Checked::overflowed()};
    }
    std::size_t i = 0;
    while (i + 1 < count && notional.value() > brackets[i].tier.notional_upper) {
        ++i;
    }
    const Bracket& bracket = brackets[i];
    const Checked maintenance =
        notional * bracket.tier.maintenance_ppm - bracket.maintenance_deduction;
    Checked initial =
        ceil_div(notional * bracket.tier.initial_ppm - bracket.initial_deduction, kPpm);
    if (oi_part > 0) {
        initial += mul_div_floor(notional - initial, oi_part, oi_whole);
    }
    return {.maintenance = ceil_div(maintenance, kPpm), .initial = initial};
}

bool margin_tiers_valid(const std::vector<MarginTier>& tiers) noexcept {
    if (tiers.empty() || tiers.size() > kMaxMarginTiers) {
        return false;
    }
    for (std::size_t i = 0; i < tiers.size(); ++i) {
        const MarginTier& tier = tiers[i];
        const bool rates = tier.maintenance_ppm > 0 && tier.initial_ppm >= tier.maintenance_ppm &&
                           tier.initial_ppm <= kPpm;
        const bool rises = i == 0 || (tier.notional_upper > tiers[i - 1].notional_upper &&
                                      tier.maintenance_ppm >= tiers[i - 1].maintenance_ppm &&
                                      tier.initial_ppm >= tiers[i - 1].initial_ppm);
        if (!rates || !rises || tier.notional_upper <= 0) {
            return false;
        }
    }
    return true;
}

Checked oi_scaled_initial_ppm(std::int32_t base_ppm, Int128 open_notional, Int128 lower,
                              Int128 upper) noexcept {
    if (upper <= lower || open_notional <= lower) {
        return base_ppm;
    }
    if (open_notional >= upper) {
        return kPpm;
    }
    return Checked{base_ppm} +
           floor_div(Checked{kPpm - base_ppm} * (open_notional - lower), upper - lower);
}

Checked oi_scaled_initial_margin(std::int32_t base_ppm, Checked notional, Int128 open_notional,
                                 Int128 lower, Int128 upper) noexcept {
    return ceil_div(notional * oi_scaled_initial_ppm(base_ppm, open_notional, lower, upper), kPpm);
}

Checked notional_at(const MarketTerms& terms, std::int64_t lots, std::int64_t price) noexcept {
    const Checked size = abs(Checked{lots});
    if (terms.kind == MarketKind::kInversePerpetual) {
        return ceil_div(size * terms.multiplier, price);
    }
    return size * abs(Checked{price}) * terms.multiplier;
}

Checked cash_paid_by_buyer(const MarketTerms& terms, std::int64_t lots,
                           std::int64_t price) noexcept {
    if (terms.kind == MarketKind::kInversePerpetual) {
        return -floor_div(Checked{lots} * terms.multiplier, price);
    }
    return Checked{lots} * price * terms.multiplier;
}

Checked settlement_value(const MarketContext& market, std::int64_t lots) noexcept {
    if (market.terms.kind == MarketKind::kInversePerpetual) {
        return 0;  // paid through the funding index, whose remainders are exact
    }
    return Checked{lots} * market.mark * market.terms.multiplier;
}

Checked equity_value(const MarketContext& market, std::int64_t lots) noexcept {
    if (market.settled()) {
        return settlement_value(market, lots);
    }
    switch (market.terms.kind) {
        case MarketKind::kInversePerpetual: {
            const Checked coins = Checked{lots} * market.terms.multiplier;
            return lots > 0 ? -ceil_div(coins, market.mark) : floor_div(-coins, market.mark);
        }
        case MarketKind::kEuropeanOption:
            return lots > 0 ? Checked{0} : Checked{lots} * market.mark * market.terms.multiplier;
        case MarketKind::kLinearPerpetual:
        case MarketKind::kDatedFuture:
            break;
    }
    return Checked{lots} * market.mark * market.terms.multiplier;
}

Requirement short_option_rates(const MarketContext& market) noexcept {
    const MarketTerms& terms = market.terms;
    const MarginTier& tier = market.margin.brackets[0].tier;
    const Checked spot = std::max<std::int64_t>(0, market.index);
    const std::int64_t out_of_money = option_out_of_money(terms, market.index);
    const Checked initial = maximum(spot * tier.initial_ppm - Checked{out_of_money} * kPpm,
                                    spot * market.margin.option_floor_ppm);
    Checked maintenance = spot * tier.maintenance_ppm;
    if (terms.option_side == OptionSide::kPut) {
        maintenance = maximum(maintenance, Checked{market.mark} * tier.maintenance_ppm);
    }
    return {.maintenance = maintenance * terms.multiplier,
            .initial = maximum(initial, maintenance) * terms.multiplier};
}

Requirement position_requirement(const MarketContext& market, std::int64_t lots) noexcept {
    if (lots == 0 || market.settled()) {
        return {};
    }
    if (market.terms.kind == MarketKind::kEuropeanOption) {
        if (lots > 0) {
            return {};
        }
        const Requirement lot = short_option_rates(market);
        const Checked size = -Checked{lots};
        return {.maintenance = ceil_div(size * lot.maintenance, kPpm),
                .initial = ceil_div(size * lot.initial, kPpm)};
    }
    const Requirement required =
        market.margin.of_notional(notional_at(market.terms, lots, market.mark));
    if (market.margin.initial_floor == 0) {
        return required;
    }
    const Checked size = abs(Checked{lots});
    return {.maintenance = maximum(required.maintenance, size * market.margin.maintenance_floor),
            .initial = maximum(required.initial, size * market.margin.initial_floor)};
}

Requirement owner_surcharge(const MarketContext& market, std::int64_t lots,
                            Int128 owner_lots) noexcept {
    const Int128 own = size_of_lots(lots);
    if (own == 0 || owner_lots <= own || !market.tiered() || market.settled()) {
        return {};
    }
    if (owner_lots > kMaxLots) {
        return {.maintenance = Checked::overflowed(), .initial = Checked::overflowed()};
    }
    const Requirement alone = position_requirement(market, lots);
    const Requirement all = position_requirement(market, static_cast<std::int64_t>(owner_lots));
    const auto share = [&](Checked whole, Checked least) {
        return maximum(mul_div_ceil(whole, own, owner_lots), least) - least;
    };
    return {.maintenance = share(all.maintenance, alone.maintenance),
            .initial = share(all.initial, alone.initial)};
}

Checked collateral_value(const AssetContext& asset, Checked amount) noexcept {
    if (!amount.ok() || asset.is_unit()) {
        return amount;
    }
    if (amount.value() >= 0) {
        if (!asset.priced) {
            return 0;
        }
        const Checked gross = floor_div(amount * asset.price, asset.divisor);
        return asset.haircut_ppm == 0 ? gross : floor_div(gross * (kPpm - asset.haircut_ppm), kPpm);
    }
    if (!asset.priced) {
        return Checked::overflowed();
    }
    const Checked gross = ceil_div(-amount * asset.price, asset.divisor);
    return asset.liability_ppm == 0 ? -gross
                                    : -ceil_div(gross * (kPpm + asset.liability_ppm), kPpm);
}

Checked requirement_value(const AssetContext& asset, Checked amount) noexcept {
    if (amount.ok() && (amount.value() == 0 || asset.is_unit())) {
        return amount;
    }
    return asset.priced ? ceil_div(amount * asset.price, asset.divisor) : Checked::overflowed();
}

bool reduces_risk(const Risk& before, const Risk& after, Checked costs) noexcept {
    if (!before.ok() || !after.ok() || after.maintenance.value() > before.maintenance.value()) {
        return false;
    }
    const Int128 equity = before.equity_maintenance.value();
    if (after.maintenance.value() == before.maintenance.value()) {
        return after.equity_maintenance.value() > equity;
    }
    const Checked kept = after.equity_maintenance + costs;
    if (kept.ok() && kept.value() >= equity) {
        return true;
    }
    const Checked left = after.equity_maintenance * before.maintenance;
    const Checked right = before.equity_maintenance * after.maintenance;
    return equity >= before.maintenance.value() && left.ok() && right.ok() &&
           left.value() >= right.value();
}

}  // namespace lockstep
