#include "instruments/margin_row.hpp"

#include <limits>

#include "instruments/context.hpp"

namespace lockstep {

MarginRow MarginRow::make(const MarketContext& market) noexcept {
    MarginRow row{.index = market.funding, .asset = raw(market.terms.settlement_asset)};
    const bool linear = market.terms.kind == MarketKind::kLinearPerpetual ||
                        market.terms.kind == MarketKind::kDatedFuture;
    const bool plain =
        linear && !market.settled() && market.margin.count != 0 && market.margin.oi_part == 0;
    if (!plain ||
        __builtin_mul_overflow(market.mark, market.terms.multiplier, &row.value_per_lot)) {
        row.value_per_lot = std::numeric_limits<std::int64_t>::min();  // times any lots too much
        return row;
    }
    const MarginTier& tier = market.margin.brackets[0].tier;
    // The last bracket has no end.
    row.notional_upper = static_cast<std::uint64_t>(
        market.margin.count == 1 ? std::numeric_limits<std::int64_t>::max() : tier.notional_upper);
    row.maintenance_ppm = static_cast<std::uint32_t>(tier.maintenance_ppm);
    row.initial_ppm = static_cast<std::uint32_t>(tier.initial_ppm);
    return row;
}

}  // namespace lockstep
