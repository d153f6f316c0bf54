#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/checked.hpp"
#include "instruments/terms.hpp"

namespace lockstep {

struct MarketContext;
struct AssetContext;

/// Maintenance and initial requirement, quanta.
struct Requirement {
    Checked maintenance{};
    Checked initial{};
};

/// Margin brackets of a market, ready for use.
///
/// Requirements are continuous over brackets: each carries the deduction
/// `ded_k = ded_(k-1) + L_k * (rate_k - rate_(k-1))`, kept in ppm of quanta so that it has no
/// fraction.
struct MarginTable {
    struct Bracket {
        MarginTier tier;
        Int128 maintenance_deduction = 0;  ///< ppm of quanta
        Int128 initial_deduction = 0;
    };
    std::array<Bracket, kMaxMarginTiers> brackets{};
    std::size_t count = 0;
    /// For high open interest the initial requirement IM of notional N rises towards N: to
    /// IM + floor((N - IM) * part / whole), part and whole from the open notional (D6). That is
    /// continuous and monotone in N for any brackets, as IM and N - IM are.
    Int128 oi_part = 0;
    Int128 oi_whole = 1;
    std::int64_t maintenance_floor = 0;  ///< quanta a lot
    std::int64_t initial_floor = 0;
    std::int32_t option_floor_ppm = 0;

    [[nodiscard]] static MarginTable make(const MarketParams& params,
                                          Checked open_notional) noexcept;
    /// Requirement of a position of `notional` >= 0 quanta by its brackets; each rounded up.
    [[nodiscard]] Requirement of_notional(Checked notional) const noexcept;
};

/// True when brackets rise and 0 < maintenance <= initial <= 100 % in each (MM <= IM).
[[nodiscard]] bool margin_tiers_valid(const std::vector<MarginTier>& tiers) noexcept;

/// Initial rate for open notional between `lower` and `upper`, as in dYdX v4's OIMF; ppm, floored.
[[nodiscard]] Checked oi_scaled_initial_ppm(std::int32_t base_ppm, Int128 open_notional,
                                            Int128 lower, Int128 upper) noexcept;

/// Initial margin of dYdX v4: ceil(notional * oi_scaled_initial_ppm / 10^6).
[[nodiscard]] Checked oi_scaled_initial_margin(std::int32_t base_ppm, Checked notional,
                                               Int128 open_notional, Int128 lower,
                                               Int128 upper) noexcept;

/// |value| at `price` of `lots`, in quanta of the settlement asset. Inverse: rounded up.
[[nodiscard]] Checked notional_at(const MarketTerms& terms, std::int64_t lots,
                                  std::int64_t price) noexcept;

/// What a buyer of `lots` > 0 at `price` pays, negative when he receives: exact for linear markets;
/// inverse: -floor(lots * KC / price), computed once for both sides.
[[nodiscard]] Checked cash_paid_by_buyer(const MarketTerms& terms, std::int64_t lots,
                                         std::int64_t price) noexcept;

/// Value of `lots` at the market's mark as it counts in equity, beside `cost`. Inverse: rounded
/// against the holder. Options: a long one counts only once settled, a short one always (1.5).
[[nodiscard]] Checked equity_value(const MarketContext& market, std::int64_t lots) noexcept;

/// Value that final settlement pays for `lots`; exact.
[[nodiscard]] Checked settlement_value(const MarketContext& market, std::int64_t lots) noexcept;

/// Requirement of a position at the market's mark; nothing once settled.
[[nodiscard]] Requirement position_requirement(const MarketContext& market,
                                               std::int64_t lots) noexcept;

/// What a position needs beyond position_requirement because its owner holds `owner_lots` over all
/// of his accounts: its share of what those need together, rounded up, is the least.
[[nodiscard]] Requirement owner_surcharge(const MarketContext& market, std::int64_t lots,
                                          Int128 owner_lots) noexcept;

/// Requirements of one short lot of an option that is not settled, in ppm of quanta: a share of the
/// underlying less what the option is out of the money, with a floor; the mark itself is already a
/// debt in equity.
[[nodiscard]] Requirement short_option_rates(const MarketContext& market) noexcept;

/// Numeraire value of an amount: assets are floored twice (price, haircut), debts ceiled twice.
[[nodiscard]] Checked collateral_value(const AssetContext& asset, Checked amount) noexcept;

/// Numeraire value of a requirement >= 0, rounded up.
[[nodiscard]] Checked requirement_value(const AssetContext& asset, Checked amount) noexcept;

/// The two sums that decide about an account, in numeraire quanta.
struct Risk {
    Checked equity_maintenance{};  ///< E_M: all profit counts
    Checked equity_initial{};      ///< E_I: profit counts up to the cap
    Checked maintenance{};
    Checked initial{};
    bool stale = false;  ///< some price behind them is old or about to change

    [[nodiscard]] bool ok() const noexcept {
        return equity_maintenance.ok() && equity_initial.ok() && maintenance.ok() && initial.ok();
    }
    /// E_I >= IM.
    [[nodiscard]] bool covers_initial() const noexcept {
        return ok() && equity_initial.value() >= initial.value();
    }
};

/// True when a change is no gift and lowers the maintenance requirement: equity falls by no more
/// than `costs`; or, from an account that covers maintenance, the ratio of equity to requirement
/// does not fall (cross multiplication, dYdX's rule for accounts below IM). With the same
/// requirement, when equity rises. So an account below maintenance may close at the mark or better,
/// solvent or not.
[[nodiscard]] bool reduces_risk(const Risk& before, const Risk& after, Checked costs) noexcept;

}  // namespace lockstep
