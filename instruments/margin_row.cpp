#include "instruments/margin_row.hpp"

#include <algorithm>
#include <limits>

#include "engine/base/rounding.hpp"
#include "instruments/context.hpp"

namespace lockstep {
namespace {

/// Requirements of a lot, ppm of quanta. REQUIRES: not settled, a linear market or an option.
Requirement requirement_per_lot(const MarketContext& market, Checked value) noexcept {
    if (market.terms.kind == MarketKind::kEuropeanOption) {
        return short_option_rates(market);
    }
    const MarginTier& tier = market.margin.brackets[0].tier;
    return {.maintenance = abs(value) * tier.maintenance_ppm,
            .initial = abs(value) * tier.initial_ppm};
}

bool fits_64(Checked value) noexcept {
    return value.ok() && value.value() >= 0 &&
           value.value() <= std::numeric_limits<std::int64_t>::max();
}

}  // namespace

MarginRow MarginRow::make(const MarketContext& market) noexcept {
    MarginRow row{.index = market.funding,
                  .asset = raw(market.terms.settlement_asset) % kMaxAssets};
    const bool option = market.terms.kind == MarketKind::kEuropeanOption;
    const bool inverse = market.terms.kind == MarketKind::kInversePerpetual;
    const Checked value = settlement_value(market, 1);
    Requirement required{};
    if (!market.settled()) {
        if (market.stale) {
            return row;  // to be noticed
        }
        const bool scaled =
            !option && (market.margin.oi_part != 0 || market.margin.initial_floor != 0);
        if (inverse || scaled || market.margin.count == 0) {
            return row;
        }
        required = requirement_per_lot(market, value);
    }
    if (!fits_64(abs(value)) || !fits_64(required.maintenance) || !fits_64(required.initial)) {
        return row;
    }
    row.value_per_lot = static_cast<std::int64_t>(value.value());
    row.maintenance = static_cast<std::uint64_t>(required.maintenance.value());
    row.initial = static_cast<std::uint64_t>(required.initial.value());
    row.whole = option || market.settled() || market.margin.count == 1 ? 1 : 0;
    row.shorts_only = option && !market.settled() ? 1 : 0;
    const auto per_lot = static_cast<std::uint64_t>(abs(value).value());
    std::uint64_t value_most = std::numeric_limits<std::int64_t>::max();
    // The last bracket has no end.
    if (row.whole == 0) {
        value_most = static_cast<std::uint64_t>(market.margin.brackets[0].tier.notional_upper);
    }
    const std::uint64_t most = per_lot == 0 ? value_most : value_most / per_lot;
    row.lots_end = (std::min<std::uint64_t>(most, kMaxLots) + 1) & MarginRow::kLotsMask;
    return row;
}

Requirement MarginRow::requirement(std::int64_t lots) const noexcept {
    const Checked size = abs(Checked{counted(lots)});
    return {.maintenance = ceil_div(size * maintenance, kPpm),
            .initial = ceil_div(size * initial, kPpm)};
}

}  // namespace lockstep
