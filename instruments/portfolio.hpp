#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "accounts/id_list.hpp"
#include "accounts/ledger.hpp"
#include "accounts/records.hpp"
#include "instruments/context.hpp"

namespace lockstep {

using OpenMarkets = IdList<kMaxOpenMarkets>;

/// A position that a handler holds in hand, not yet written: it stands in for the stored one.
struct Override {
    const MarketContext* market = nullptr;
    const Position* position = nullptr;
    Int128 cash = 0;  ///< to be credited in the settlement asset
};

/// What one position means for margin, in its settlement asset.
struct PositionTerm {
    AssetId asset;
    Int128 profit;
    Int128 maintenance;
    Int128 initial;
};

/// Collects the terms of one account, then values them. No cell is read here.
class RiskSum {
  public:
    /// False when a number leaves its range.
    [[nodiscard]] bool add(const MarketContext& market, Position position) noexcept;
    /// Sums per asset, values in the numeraire. `cash(asset)` is asked once per asset in use.
    template <class Cash>
    [[nodiscard]] Risk value(const VenueContext& context, std::uint64_t assets, Int128 profit_cap,
                             Cash&& cash) const {
        for (std::size_t i = 0; i < count_; ++i) {
            assets |= std::uint64_t{1} << (raw(terms_[i].asset) % kMaxAssets);
        }
        Risk risk;
        Checked profit = 0;
        for (; assets != 0; assets &= assets - 1) {
            const AssetId asset{static_cast<std::uint32_t>(std::countr_zero(assets))};
            add_asset(context.assets[raw(asset)], asset, cash(asset), risk, profit);
        }
        finish(profit, profit_cap, risk);
        return risk;
    }

  private:
    void add_asset(const AssetContext& asset, AssetId id, Checked cash, Risk& risk,
                   Checked& profit) const noexcept;
    static void finish(Checked profit, Int128 profit_cap, Risk& risk) noexcept;

    std::size_t count_ = 0;
    std::array<PositionTerm, kMaxOpenMarkets + 1> terms_;  // only the first count_ are set
};

/// Equity and requirements of an account: its cash, and its positions brought to the indices of the
/// block. `change` stands in for one stored position; null for none.
template <class View>
[[nodiscard]] Risk assess(View& view, const VenueContext& context, AccountId account,
                          const AccountRecord& record, const OpenMarkets& open, Int128 profit_cap,
                          const Override* change) {
    RiskSum sum;
    bool ok = true;
    for (const std::uint32_t number : open.ids()) {
        const MarketContext* market = context.market(MarketId{number});
        if (market == nullptr || (change != nullptr && market == change->market)) {
            continue;
        }
        if (const Cell* cell = view.read(position_key(account, market->id))) {
            ok = sum.add(*market, Position::decode(*cell)) && ok;
        }
    }
    if (change != nullptr && change->position->lots != 0) {
        ok = sum.add(*change->market, *change->position) && ok;
    }
    Risk risk = sum.value(context, record.assets, profit_cap, [&](AssetId asset) {
        Checked cash = number_at(view, cash_key(account, asset));
        if (change != nullptr && change->market->terms.settlement_asset == asset) {
            cash += change->cash;
        }
        return cash;
    });
    if (!ok) {
        risk.initial = Checked::overflowed();
    }
    return risk;
}

/// An account that is going to be assessed.
struct Exposure {
    AccountId account{};
    const AccountRecord* record = nullptr;
    const OpenMarkets* open = nullptr;
};

/// Tells the view which cells `assess` is going to read of some accounts, one after the other, so
/// that their cache misses overlap.
template <class View, class... Exposures>
void expect_exposures(View& view, const Exposures&... exposures) {
    const auto name_cells = [](const Exposure& exposure, auto& sink) {
        for (const std::uint32_t number : exposure.open->ids()) {
            sink(position_key(exposure.account, MarketId{number}));
        }
        for (std::uint64_t assets = exposure.record->assets; assets != 0; assets &= assets - 1) {
            const auto asset = static_cast<std::uint32_t>(std::countr_zero(assets));
            sink(cash_key(exposure.account, AssetId{asset}));
        }
    };
    const auto name = [&](auto&& sink) { (name_cells(exposures, sink), ...); };
    if constexpr (requires { view.expect(name); }) {
        view.expect(name);
    }
}

/// A market that settles in an asset the account never held makes the account hold it.
template <class View>
[[nodiscard]] bool credit(View& view, AccountId account, AccountRecord& record, AssetId asset,
                          Int128 amount) {
    const std::uint64_t bit = std::uint64_t{1} << (raw(asset) % kMaxAssets);
    if (amount != 0 && (record.assets & bit) == 0) {
        record.assets |= bit;
        view.write(account_key(account), record.encode());
    }
    return post(view, cash_key(account, asset), amount);
}

}  // namespace lockstep
