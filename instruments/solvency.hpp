#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "accounts/positions.hpp"
#include "engine/base/checked.hpp"
#include "instruments/context.hpp"
#include "instruments/records.hpp"

namespace lockstep {

/// What the venue has of one asset and whom it belongs to; quanta. Positions count at their marks,
/// funding up to now.
struct AssetStatement {
    AssetId asset{};
    Checked total = 0;      ///< deposits less withdrawals
    Checked cash = 0;       ///< of all accounts, debts subtracted
    Checked positions = 0;  ///< cost and value of all positions that settle in it
    Checked fees = 0;
    Checked insurance = 0;
    Checked bad_debt = 0;  ///< that nobody owes and nobody could be charged with
    Checked clearing = 0;  ///< funding charged to some and not yet credited to others

    /// total less all that it belongs to: 0, but for less than a quantum of every inverse position,
    /// whose mark is rounded against its holder.
    [[nodiscard]] Checked difference() const noexcept {
        return total - cash - positions - fees - insurance - clearing + bad_debt;
    }
};

/// Who owns what, in numeraire quanta.
struct SolvencyStatement {
    std::vector<AssetStatement> assets{};  ///< by id
    std::uint64_t accounts = 0;
    std::uint64_t below_initial = 0;
    std::uint64_t below_maintenance = 0;
    std::uint64_t insolvent = 0;
    Checked equity = 0;     ///< E_M of the accounts that have some
    Checked debt = 0;       ///< -E_M of those that owe, and bad debts
    Checked insurance = 0;  ///< what may cover it

    /// True when the insurance covers every debt.
    [[nodiscard]] bool solvent() const noexcept {
        return debt.ok() && insurance.ok() && debt.value() <= insurance.value();
    }
};

/// Adds the venue up from all cells of a state, account by account (I9).
///
/// Role:    tests, replay and audits; not part of block execution. Feed every cell to add() in any
///          order, then ask statement().
/// Cost:    O(cells) time and memory.
class SolvencyScan {
  public:
    void add(const StateKey& key, const Cell& cell);
    [[nodiscard]] SolvencyStatement statement() const;

  private:
    struct Market {
        MarketTerms terms{};
        MarketParams params{};
        std::map<std::uint32_t, Cell> tiers{};
        std::size_t tier_count = 0;
        TickRecord tick{};
        Int128 open_interest = 0;
        Int128 fees = 0;
        Int128 clearing = 0;
    };

    [[nodiscard]] VenueContext make_context() const;
    [[nodiscard]] Int128 owner_lots(std::uint64_t account, MarketId market) const;
    void add_account(std::uint64_t account, const VenueContext& context,
                     SolvencyStatement& out) const;

    std::map<std::uint32_t, Market> markets_;
    std::map<std::uint32_t, CreateAsset> assets_;
    std::map<std::uint32_t, FeedStateRecord> feeds_;
    std::map<std::uint32_t, Int128> totals_;
    std::map<std::uint32_t, Int128> insurance_;
    std::map<std::uint32_t, Int128> bad_debts_;
    /// Blocks by account and number, 0 is the head; cash beside the head by account and asset.
    std::map<std::uint64_t, std::map<std::uint32_t, Cell>> blocks_;
    std::map<std::uint64_t, std::map<std::uint32_t, Int128>> cash_;
    /// Lots of owners with several accounts, by subaccount 0 and market.
    std::map<std::uint64_t, std::map<std::uint32_t, Int128>> owner_lots_;
};

}  // namespace lockstep
