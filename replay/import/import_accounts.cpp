#include "replay/import/import_accounts.hpp"

#include <algorithm>

namespace lockstep {
namespace {

constexpr std::uint64_t kOpeningOwner = 1;
constexpr std::uint32_t kMarketsPerSubaccount = 48;  // below kMaxOpenMarkets
constexpr std::uint16_t kCoinFeeSubaccount = 0x8000;
constexpr std::uint16_t kSelfTradeSubaccount = 0x8000;

}  // namespace

AccountId ImportAccounts::opening(RecordedMarketId market) const {
    return make_account(kOpeningOwner, static_cast<std::uint16_t>(raw(market)));
}

AccountId ImportAccounts::coin_fees(RecordedMarketId market) {
    return make_account(kOpeningOwner,
                        static_cast<std::uint16_t>(raw(market) | kCoinFeeSubaccount));
}

AccountId ImportAccounts::recorded(std::uint32_t account, RecordedMarketId market) const {
    const std::uint32_t group = survey_.holding(account, market).ordinal / kMarketsPerSubaccount;
    return make_account(kFirstRecordedOwner + account, static_cast<std::uint16_t>(group));
}

AccountId ImportAccounts::synthetic(std::uint32_t number, RecordedMarketId market) const {
    return make_account(kFirstRecordedOwner + survey_.accounts().size() + number,
                        static_cast<std::uint16_t>(raw(market) / kMarketsPerSubaccount));
}

AccountId ImportAccounts::other_self(AccountId account) {
    return make_account(owner_of(account),
                        static_cast<std::uint16_t>(subaccount_of(account) | kSelfTradeSubaccount));
}

AccountId ImportAccounts::first_self(AccountId account) {
    return make_account(owner_of(account),
                        static_cast<std::uint16_t>(subaccount_of(account) & ~kSelfTradeSubaccount));
}

std::vector<FundedAccount> ImportAccounts::funded() const {
    std::vector<FundedAccount> out;
    for (std::uint32_t i = 0; i < grid_.markets.size(); ++i) {
        const RecordedMarketId market{i};
        const AssetId asset = grid_.markets[i].asset;
        out.push_back({opening(market), asset});
        if (survey_.markets()[i].coin_fee_scale) {
            out.push_back({coin_fees(market), asset});
        }
        for (std::uint32_t k = 0; uses_synthetic() && k < synthetic_; ++k) {
            out.push_back({synthetic(k, market), asset});
        }
    }
    for (const auto& [account, market] : survey_.holdings()) {
        const AssetId asset = grid_.markets[raw(market)].asset;
        out.push_back({recorded(account, market), asset});
        if (survey_.traded_with_itself(account)) {
            out.push_back({other_self(recorded(account, market)), asset});
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace lockstep
