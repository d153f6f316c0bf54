#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "accounts/owner.hpp"
#include "accounts/positions.hpp"
#include "instruments/context.hpp"

namespace lockstep {

/// A position that a handler holds in hand, not yet written: it stands in for the stored one.
struct Override {
    const MarketContext* market = nullptr;
    const Position* position = nullptr;
    Int128 cash = 0;        ///< to be credited in the settlement asset
    Int128 owner_lots = 0;  ///< of all accounts of the owner in the market
};

/// How requirements are added up.
enum class Rounding : std::uint8_t {
    kExact,   ///< each position rounded up, as the rules say
    kUpward,  ///< initial ones never too low, at most a quantum a position too high; no others
};

/// Adds up what the positions of one account mean, then values it. No cell is read here.
class RiskSum {
  public:
    RiskSum(const VenueContext& context, Rounding rounding) noexcept
        : context_(context), upward_(rounding == Rounding::kUpward) {}

    /// Takes a position in a market of the context; in unknown ones it counts for nothing.
    void add(MarketId market, const Position& position) noexcept;
    /// Takes all positions of a block but the one in `left_out`.
    void add(const PositionSpan& span, MarketId left_out) noexcept;
    /// Takes what a position needs because of other accounts of its owner (owner_surcharge).
    void add_surcharge(const MarketContext& market, std::int64_t lots, Int128 owner_lots) noexcept;
    /// Values the sums, and the cash in `assets`, in the numeraire. `cash(asset)` is asked once for
    /// each asset in use.
    template <class Cash>
    [[nodiscard]] Risk value(std::uint64_t assets, Int128 profit_cap, Cash&& cash) const {
        Risk risk;
        Checked profit = 0;
        for (assets |= used_; assets != 0; assets &= assets - 1) {
            const auto asset = static_cast<std::uint32_t>(std::countr_zero(assets));
            add_asset(asset, cash(AssetId{asset}), risk, profit);
        }
        finish(profit, profit_cap, risk);
        return risk;
    }

  private:
    struct AssetSum {
        Int128 profit;
        Int128 maintenance;
        Int128 initial;  ///< ppm of quanta where upward_, else quanta
    };
    struct Narrow;

    [[nodiscard]] AssetSum& sum_of(std::uint32_t asset) noexcept;
    void add_one(MarketId market, const Position& position) noexcept;
    void add_upward(PositionSpan span, MarketId left_out) noexcept;
    void add_stored(PositionSpan span, std::size_t i) noexcept;
    void flush(const Narrow& taken) noexcept;
    void add_term(std::uint32_t asset, const PositionTerm& term) noexcept;
    void add_plainly(std::uint32_t place, Position position) noexcept;
    void add_asset(std::uint32_t id, Checked cash, Risk& risk, Checked& profit) const noexcept;
    void add_stale_asset(std::uint32_t id, Checked cash, Risk& risk) const noexcept;
    void finish(Checked profit, Int128 profit_cap, Risk& risk) const noexcept;

    const VenueContext& context_;
    const bool upward_;
    bool overflowed_ = false;                ///< some number has left its range
    bool stale_ = false;                     ///< some mark is old, or about to change
    std::uint64_t used_ = 0;                 ///< bits of the assets that have a sum
    std::array<AssetSum, kMaxAssets> sums_;  // only those in use are set: the rest costs nothing
};

/// Adds what the positions of an account need because of other accounts of its owner.
template <class View>
[[gnu::noinline]] void add_surcharges(View& view, const VenueContext& context,
                                      const AccountBlocks& blocks, const Override* change,
                                      RiskSum& sum) {
    for (std::uint32_t block = 0; block < blocks.size() && !view.stopped(); ++block) {
        const PositionSpan span = blocks.span(block);
        for (std::size_t i = 0; i < span.size(); ++i) {
            const MarketId id = span.market(i);
            const MarketContext* const market = context.market(id);  // tiered ones do not rest
            const bool replaced = change != nullptr && change->market->id == id;
            if (market != nullptr && market->tiered() && !replaced) {
                sum.add_surcharge(*market, span.position(i).lots,
                                  number_at(view, owner_lots_key(blocks.account(), id)));
            }
        }
    }
    if (change != nullptr) {
        sum.add_surcharge(*change->market, change->position->lots, change->owner_lots);
    }
}

/// Equity and requirements of an account: its cash, and its positions brought to the indices of the
/// block. `change` stands in for one stored position; null for none.
template <class View>
[[nodiscard]] Risk assess(View& view, const VenueContext& context, const AccountBlocks& blocks,
                          Int128 profit_cap, const Override* change,
                          Rounding rounding = Rounding::kExact) {
    RiskSum sum(context, rounding);
    for (std::uint32_t block = 0; block < blocks.size(); ++block) {
        sum.add(blocks.span(block), change != nullptr ? change->market->id : MarketId{kMaxMarkets});
    }
    const AccountHead head = blocks.head();
    if (head.shared()) [[unlikely]] {
        add_surcharges(view, context, blocks, change, sum);
    }
    std::uint64_t assets = head.assets();
    AssetId credited{kMaxAssets};
    if (change != nullptr) {
        credited = change->market->terms.settlement_asset;
        if (change->position->lots != 0) {
            sum.add(change->market->id, *change->position);
        }
        if (change->cash != 0) {
            assets |= std::uint64_t{1} << (raw(credited) % kMaxAssets);  // held from now on
        }
    }
    return sum.value(assets, profit_cap, [&](AssetId asset) {
        const Checked cash = cash_of(view, blocks.account(), head, asset);
        return asset == credited ? cash + change->cash : cash;
    });
}

/// What an account is held to when it changes. Every way to change one goes through `judge`: single
/// fills, fills of batches, cash that leaves.
struct MarginPolicy {
    Int128 profit_cap = 0;         ///< unrealised profit that counts for initial margin
    bool reducing_passes = false;  ///< below initial margin, less risk than before is enough

    /// A fill: initial margin at fresh prices, or less risk than before it (I6).
    [[nodiscard]] static MarginPolicy of_fill(const VenueContext& context) noexcept {
        return {.profit_cap = context.venue.profit_cap, .reducing_passes = true};
    }
    /// Cash leaves: initial margin at fresh prices, without any unrealised profit.
    [[nodiscard]] static MarginPolicy of_cash_out() noexcept { return {}; }

    /// Whether an account may stand as it is, with `change` if there is one: kApplied; kMargin; or
    /// kOracleStale, where only the age of a price stands against it. `before()` gives its risk
    /// before the change and `costs()` what it may have lost by it (FillCosts); asked only where
    /// they matter. Requirements that are never too low decide most cases; the exact ones where
    /// those do not.
    template <class View, class Before, class Costs>
    [[nodiscard]] Status judge(View& view, const VenueContext& context, const AccountBlocks& blocks,
                               const Override* change, Before&& before, Costs&& costs) const {
        const auto risk = [&](Rounding rounding) {
            return assess(view, context, blocks, profit_cap, change, rounding);
        };
        if (const Risk upward = risk(Rounding::kUpward); upward.covers_initial() && !upward.stale)
            [[likely]] {
            return Status::kApplied;
        }
        const Risk after = risk(Rounding::kExact);
        const bool covered = after.covers_initial();
        if ((covered && !after.stale) ||
            (reducing_passes && reduces_risk(before(), after, costs()))) {
            return Status::kApplied;
        }
        return covered ? Status::kOracleStale : Status::kMargin;
    }
};

/// An account whose positions are going to be read.
struct ExpectedAccount {
    AccountId id{};
    const Cell* cell = nullptr;  ///< its head block
};

/// Tells the view which continuation blocks of accounts are going to be looked up, so that their
/// cache misses overlap.
template <class View, class... Accounts>
void expect_positions(View& view, const Accounts&... accounts) {
    if (((AccountLayout::blocks(AccountHead(*accounts.cell).positions()) == 0) && ...)) {
        return;
    }
    const auto name_cells = [](const auto& account, auto& sink) {
        const std::uint32_t blocks = AccountLayout::blocks(AccountHead(*account.cell).positions());
        for (std::uint32_t block = 1; block <= blocks && block <= kMaxOpenMarkets; ++block) {
            sink(positions_key(account.id, block));
        }
    };
    const auto name = [&](auto&& sink) { (name_cells(accounts, sink), ...); };
    if constexpr (requires { view.prefetch(name); }) {
        view.prefetch(name);
    }
}

}  // namespace lockstep
