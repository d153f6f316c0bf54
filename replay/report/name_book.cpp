#include "replay/report/name_book.hpp"

#include <algorithm>

#include "replay/command/describe_cell.hpp"
#include "replay/command/describe_transaction.hpp"

namespace lockstep {
namespace {

std::string plain_kind_name(CellKind kind) {
    std::string out(cell_kind_name(kind));
    std::replace(out.begin(), out.end(), '_', ' ');
    return out;
}

bool is_feed_kind(CellKind kind) {
    return kind >= CellKind::kFeedList && kind <= CellKind::kRestingFeeds;
}

}  // namespace

std::string NameBook::market(MarketId market) const {
    const auto known = markets_.find(static_cast<std::uint32_t>(market));
    return known != markets_.end() ? known->second
                                   : "market " + std::to_string(static_cast<std::uint32_t>(market));
}

std::string NameBook::account(AccountId account) const {
    if (is_venue(account)) {
        return "the venue's key " + std::to_string(subaccount_of(account));
    }
    const auto known = owners_.find(owner_of(account));
    return "account " + account_name(account) +
           (known != owners_.end() ? " (" + known->second + ')' : std::string());
}

std::string NameBook::cell(const StateKey& key) const {
    const CellKind kind = key.kind();
    const std::string what =
        plain_kind_name(kind) +
        (key.chunk() != 0 ? ", part " + std::to_string(key.chunk()) : std::string());
    if (kind == CellKind::kAccount) {
        return account(AccountId{key.owner()}) + ": cash and positions";
    }
    if (kind == CellKind::kCash) {
        return account(AccountId{key.owner()}) + ": cash of asset " + std::to_string(key.item());
    }
    if (is_account_kind(kind)) {
        return account(AccountId{key.owner()}) + ": " + what;
    }
    if (kind == CellKind::kMarketList || kind == CellKind::kRestingMarkets) {
        return "all markets: " + what;
    }
    if (is_market_kind(kind)) {
        return market(MarketId{key.item()}) + ": " + what;
    }
    if (kind == CellKind::kFeedList || kind == CellKind::kRestingFeeds) {
        return "all feeds: " + what;
    }
    if (is_feed_kind(kind)) {
        return "feed " + std::to_string(key.item()) + ": " + what;
    }
    if (kind == CellKind::kAsset || kind == CellKind::kAssetTotal || kind == CellKind::kInsurance) {
        return "asset " + std::to_string(key.item()) + ": " + what;
    }
    return "venue: " + what;
}

}  // namespace lockstep
