#include "instruments/portfolio.hpp"

#include <algorithm>
#include <limits>

#include "engine/base/rounding.hpp"

namespace lockstep {
namespace {

constexpr auto kWhole = static_cast<UInt128>(kPpm);

/// Whole quanta of an amount in ppm. REQUIRES: amount < 2^127.
Int128 quanta(UInt128 amount) noexcept {
    constexpr auto kSmall = std::numeric_limits<std::uint64_t>::max();
    // Nearly every amount fits, and a wide division costs as much as all the rest.
    return amount <= kSmall ? static_cast<Int128>(static_cast<std::uint64_t>(amount) /
                                                  static_cast<std::uint64_t>(kPpm))
                            : static_cast<Int128>(amount / kWhole);
}

}  // namespace

inline RiskSum::AssetSum& RiskSum::sum_of(std::uint32_t asset) noexcept {
    AssetSum& sum = sums_[asset % kMaxAssets];
    const std::uint64_t bit = std::uint64_t{1} << (asset % kMaxAssets);
    if ((used_ & bit) == 0) {
        used_ |= bit;
        sum = {.profit = 0, .maintenance = 0, .initial = 0};
    }
    return sum;
}

inline void RiskSum::add_term(std::uint32_t asset, const PositionTerm& term) noexcept {
    AssetSum& sum = sum_of(asset);
    Int128 initial = static_cast<Int128>(term.initial + (kWhole - 1));
    if (!upward_) {
        initial = quanta(static_cast<UInt128>(initial));
        overflowed_ =
            __builtin_add_overflow(sum.maintenance, quanta(term.maintenance + (kWhole - 1)),
                                   &sum.maintenance) ||
            overflowed_;
    }
    const bool too_much = __builtin_add_overflow(sum.initial, initial, &sum.initial);
    overflowed_ =
        __builtin_add_overflow(sum.profit, term.profit, &sum.profit) || too_much || overflowed_;
}

void RiskSum::add(MarketId market, const Position& position) noexcept {
    add_one(market, position);
}

inline void RiskSum::add_one(MarketId market, const Position& position) noexcept {
    const std::uint32_t place = context_.place_of(market);
    if (place == 0) {
        return;
    }
    const MarginRow& row = context_.rows[place - 1];
    PositionTerm term;
    if (row.term(position, term)) [[likely]] {
        add_term(row.asset, term);
    } else {
        add_plainly(place, position);
    }
}

void RiskSum::add(const PositionSpan& span, MarketId left_out) noexcept {
    if (upward_) {
        add_upward(span, left_out);
        return;
    }
    for (std::size_t i = 0; i < span.size(); ++i) {
        if (span.market(i) != left_out) {
            add_one(span.market(i), span.position(i));
        }
    }
}

/// Consecutive positions of a block in one asset, added up in 64 bits. A position that does not fit
/// in is left to the wide sums.
struct RiskSum::Narrow {
    std::uint32_t asset = kMaxAssets;
    std::uint64_t count = 0;
    std::int64_t profit = 0;    ///< quanta
    std::uint64_t initial = 0;  ///< ppm of quanta

    /// REQUIRES: the row answers plainly.
    [[nodiscard]] bool add(const MarginRow& row, const Position& position) noexcept {
        const auto cost = static_cast<std::int64_t>(position.cost);
        std::int64_t gained = position.lots * row.value_per_lot;
        std::uint64_t required = 0;
        if (position.cost != cost || __builtin_add_overflow(gained, cost, &gained) ||
            __builtin_add_overflow(profit, gained, &gained) ||
            __builtin_mul_overflow(MarginRow::size_of(position.lots), row.initial, &required) ||
            __builtin_add_overflow(initial, required, &required)) [[unlikely]] {
            return false;
        }
        profit = gained;
        initial = required;
        ++count;
        return true;
    }
};

inline void RiskSum::flush(const Narrow& taken) noexcept {
    if (taken.count == 0) {
        return;
    }
    AssetSum& sum = sum_of(taken.asset);
    const auto initial = static_cast<Int128>(taken.initial + taken.count * (kWhole - 1));
    const bool much_profit = __builtin_add_overflow(sum.profit, taken.profit, &sum.profit);
    const bool much_initial = __builtin_add_overflow(sum.initial, initial, &sum.initial);
    overflowed_ = overflowed_ || much_profit || much_initial;
}

/// The same as add_one for each, in 64 bits where the row answers plainly and they fit.
void RiskSum::add_upward(PositionSpan span, MarketId left_out) noexcept {
    const std::span<const std::uint32_t> places(context_.market_slot);
    const MarginRow* const rows = context_.rows.data();
    Narrow taken;
    for (std::size_t i = 0; i < span.size(); ++i) {
        const MarketId market = span.market(i);
        const std::uint32_t place = raw(market) < places.size() ? places[raw(market)] : 0;
        if (market == left_out || place == 0) [[unlikely]] {
            continue;
        }
        const MarginRow& row = rows[place - 1];
        if (row.asset != taken.asset) [[unlikely]] {
            flush(taken);
            taken = {.asset = static_cast<std::uint32_t>(row.asset)};
        }
        const Position position = span.position(i);
        if (!row.answers_plainly(position) || !taken.add(row, position)) [[unlikely]] {
            add_stored(span, i);
        }
    }
    flush(taken);
}

// Loads the position again, so that the loop above need not keep it.
[[gnu::noinline]] void RiskSum::add_stored(PositionSpan span, std::size_t i) noexcept {
    add_one(span.market(i), span.position(i));
}

void RiskSum::add_plainly(std::uint32_t place, Position position) noexcept {
    const MarginRow& row = context_.rows[place - 1];
    const MarketContext* const market = context_.market_at(place);
    FundingFlow flow;
    const bool settled = settle_funding(position, row.index, flow);
    const Checked value =
        market != nullptr ? equity_value(*market, position.lots) : row.value(position.lots);
    const Requirement required = market != nullptr ? position_requirement(*market, position.lots)
                                                   : row.requirement(position.lots);
    AssetSum& sum = sum_of(row.asset);
    const Checked profit = Checked{sum.profit} + position.cost + value;
    const Checked maintenance = Checked{sum.maintenance} + required.maintenance;
    const Checked initial =
        Checked{sum.initial} + (upward_ ? required.initial * kPpm : required.initial);
    sum = {
        .profit = profit.value(), .maintenance = maintenance.value(), .initial = initial.value()};
    overflowed_ = overflowed_ || !settled || !profit.ok() || !maintenance.ok() || !initial.ok();
    stale_ = stale_ || (market != nullptr && market->stale && !market->settled());
}

void RiskSum::add_surcharge(const MarketContext& market, std::int64_t lots,
                            Int128 owner_lots) noexcept {
    const Requirement extra = owner_surcharge(market, lots, owner_lots);
    AssetSum& sum = sum_of(raw(market.terms.settlement_asset));
    const Checked maintenance = Checked{sum.maintenance} + extra.maintenance;
    const Checked initial = Checked{sum.initial} + (upward_ ? extra.initial * kPpm : extra.initial);
    sum.maintenance = maintenance.value();
    sum.initial = initial.value();
    overflowed_ = overflowed_ || !maintenance.ok() || !initial.ok();
}

void RiskSum::add_asset(std::uint32_t id, Checked cash, Risk& risk,
                        Checked& profit) const noexcept {
    const AssetContext& asset = context_.assets[id];
    const bool unit = asset.is_unit();
    const auto owned = [&](const Checked& amount) {
        return unit ? amount : collateral_value(asset, amount);
    };
    const auto owed = [&](const Checked& amount) {
        return unit ? amount : requirement_value(asset, amount);
    };
    if (!asset.fresh) [[unlikely]] {
        add_stale_asset(id, cash, risk);
        return;
    }
    if ((used_ >> id & 1U) == 0) {
        risk.equity_initial += owned(cash);
        return;
    }
    const AssetSum& sum = sums_[id];
    // Losses reduce the asset before its haircut; profits are kept apart for the cap.
    if (sum.profit < 0) {
        risk.equity_initial += owned(cash + sum.profit);
    } else {
        risk.equity_initial += owned(cash);
        profit += owned(sum.profit);
    }
    if (upward_) {
        risk.initial += owed(quanta(static_cast<UInt128>(sum.initial)));
    } else {
        risk.initial += owed(sum.initial);
        risk.maintenance += owed(sum.maintenance);
    }
}

/// An old price backs nothing; what is owed at one cannot be judged.
void RiskSum::add_stale_asset(std::uint32_t id, Checked cash, Risk& risk) const noexcept {
    const AssetContext& asset = context_.assets[id];
    const bool used = (used_ >> id & 1U) != 0;
    const AssetSum sum = used ? sums_[id] : AssetSum{.profit = 0, .maintenance = 0, .initial = 0};
    const Checked owned = collateral_value(asset, sum.profit < 0 ? cash + sum.profit : cash);
    const Checked extra = sum.profit < 0 ? Checked{0} : collateral_value(asset, sum.profit);
    const Checked initial = upward_ ? ceil_div(Checked{sum.initial}, kPpm) : Checked{sum.initial};
    const bool owes = !owned.ok() || owned.value() < 0;
    risk.equity_initial += owes ? owned : Checked{0};
    risk.equity_maintenance += (owes ? Checked{0} : owned) + extra;
    risk.maintenance += requirement_value(asset, sum.maintenance);
    risk.initial += requirement_value(asset, initial);
    risk.stale = risk.stale || owes || sum.initial != 0;
}

void RiskSum::finish(Checked profit, Int128 profit_cap, Risk& risk) const noexcept {
    if (!upward_) {
        risk.equity_maintenance += risk.equity_initial + profit;
    }
    risk.stale = risk.stale || stale_;
    risk.equity_initial += profit.ok() ? Checked{std::min(profit.value(), profit_cap)} : profit;
    if (overflowed_) {
        risk.initial = Checked::overflowed();
    }
}

}  // namespace lockstep
