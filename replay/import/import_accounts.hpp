#pragma once

#include <cstdint>
#include <vector>

#include "replay/import/import_grid.hpp"

namespace lockstep {

/// Owner of the first recorded account; 1 is the opening owner.
inline constexpr std::uint64_t kFirstRecordedOwner = 2;

/// An account of an import and a currency it trades in.
struct FundedAccount {
    AccountId account{};
    AssetId asset{};
    friend auto operator<=>(const FundedAccount&, const FundedAccount&) = default;
};

/// Which account of the venue stands for whom.
///
/// Rules
///   owner 1            the opening owner: counterparty of positions that stood before the data and
///                      of sides that are not recorded; one subaccount per market,
///                      and with bit 15 set one that takes the fees paid in the market's coin
///   owners from 2      recorded accounts in order of first appearance, then synthetic ones
///   subaccount         one for each 48 markets of the owner (the venue allows 512 open markets);
///                      bit 15 marks the selling side of a trade of an account with itself
class ImportAccounts {
  public:
    ImportAccounts(const TradeSurvey& survey, const ImportGrid& grid, std::uint32_t synthetic)
        : survey_(survey), grid_(grid), synthetic_(synthetic) {}

    [[nodiscard]] AccountId opening(RecordedMarketId market) const;
    /// Where fees in the traded coin go.
    [[nodiscard]] static AccountId coin_fees(RecordedMarketId market);
    [[nodiscard]] AccountId recorded(std::uint32_t account, RecordedMarketId market) const;
    [[nodiscard]] AccountId synthetic(std::uint32_t number, RecordedMarketId market) const;
    /// The account that sells to `account` in a trade with itself.
    [[nodiscard]] static AccountId other_self(AccountId account);
    /// The account that `account` is, or is the other self of.
    [[nodiscard]] static AccountId first_self(AccountId account);

    /// Every account of the import with its currencies, sorted.
    [[nodiscard]] std::vector<FundedAccount> funded() const;
    /// True when trades without a recorded side exist.
    [[nodiscard]] bool uses_synthetic() const { return survey_.anonymous_trades() > 0; }

  private:
    const TradeSurvey& survey_;
    const ImportGrid& grid_;
    std::uint32_t synthetic_;
};

}  // namespace lockstep
