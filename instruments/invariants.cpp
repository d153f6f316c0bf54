#include "instruments/invariants.hpp"

#include <algorithm>
#include <functional>

namespace lockstep {
namespace {

std::string text(MarketId market) {
    return "market " + std::to_string(raw(market));
}
std::string text(AssetId asset) {
    return "asset " + std::to_string(raw(asset));
}

}  // namespace

void InvariantScan::add_account(const StateKey& key, const Cell& cell) {
    const AccountHead head(cell);
    bool held = head.inline_assets() == cell.load<std::uint8_t>(48);
    for (std::size_t i = 0; i < head.inline_assets(); ++i) {
        assets_[head.inline_asset(i)].cash += head.inline_cash(i);
        held = held && head.holds(head.inline_asset(i)) && head.place_of(head.inline_asset(i)) == i;
    }
    if (!held || (cell.size() - head.positions_offset()) % AccountLayout::kPositionSize != 0) {
        malformed_.push_back("I5: head block of account " + std::to_string(key.owner()));
    }
    counts_[key.owner()] = head.positions();
    owned_[owner_of(AccountId{key.owner()})].insert(key.owner());
    if (head.shared()) {
        shared_.insert(key.owner());
    }
    add_positions(key.owner(), 0, head.own_positions());
}

void InvariantScan::add_positions(std::uint64_t account, std::uint32_t block,
                                  const PositionSpan& span) {
    std::vector<std::uint32_t>& held = blocks_[account][block];
    for (std::size_t i = 0; i < span.size(); ++i) {
        const Position position = span.position(i);
        if (position.lots == 0) {
            malformed_.push_back("I5: empty position of account " + std::to_string(account) +
                                 " in " + text(span.market(i)));
        }
        MarketSums& market = markets_[span.market(i)];
        market.lots += position.lots;
        market.longs += std::max<std::int64_t>(position.lots, 0);
        market.cost += position.cost;
        market.remainders += position.remainder;
        market.charged += Checked{position.lots} * position.since.funding;
        market.social += abs(Checked{position.lots}) * position.since.social;
        market.social_size += position.lots < 0 ? -Int128{position.lots} : Int128{position.lots};
        held.push_back(raw(span.market(i)));
        owner_lots_[{owner_of(AccountId{account}), span.market(i)}] += size_of_lots(position.lots);
    }
}

/// I5: positions ascend by market, all blocks but the last are full, and the head counts them.
void InvariantScan::check_accounts(std::vector<std::string>& out) const {
    for (const auto& [account, blocks] : blocks_) {
        std::vector<std::uint32_t> markets;
        bool dense = true;
        std::uint32_t expected = 0;
        for (const auto& [block, held] : blocks) {
            const std::size_t room = AccountLayout::room(block);
            const bool last = block == blocks.rbegin()->first;
            dense = dense && block == expected++ && (held.size() == room || last) &&
                    held.size() <= room && (block == 0 || !held.empty());
            markets.insert(markets.end(), held.begin(), held.end());
        }
        const auto count = counts_.find(account);
        if (!dense || count == counts_.end() || count->second != markets.size() ||
            std::adjacent_find(markets.begin(), markets.end(), std::greater_equal<>()) !=
                markets.end()) {
            out.push_back("I5: blocks of account " + std::to_string(account) +
                          " do not hold its positions in order");
        }
    }
}

/// I5: all accounts of an owner with several are marked as shared, others are not; the lots that
/// are kept of him are those of his accounts.
void InvariantScan::check_owners(std::vector<std::string>& out) const {
    auto kept = kept_lots_;
    for (const auto& [owner, accounts] : owned_) {
        const bool several =
            owner != 0 && (accounts.size() > 1 || *accounts.begin() != raw(make_account(owner)));
        for (const std::uint64_t account : accounts) {
            if (shared_.contains(account) != several) {
                out.push_back("I5: account " + std::to_string(account) +
                              " is not marked as the accounts of its owner are");
            }
        }
        for (auto it = owner_lots_.lower_bound({owner, MarketId{0}});
             several && it != owner_lots_.end() && it->first.first == owner; ++it) {
            const auto found = kept.find(it->first);
            if (found == kept.end() || found->second != it->second) {
                out.push_back("I5: lots of owner " + std::to_string(owner) + " in " +
                              text(it->first.second) + " are " + to_string(it->second));
            }
            kept.erase(it->first);
        }
    }
    for (const auto& [place, lots] : kept) {
        out.push_back("I5: owner " + std::to_string(place.first) + " has no lots in " +
                      text(place.second));
    }
}

void InvariantScan::add_market_number(const StateKey& key, Int128 number) {
    MarketSums& market = markets_[MarketId{key.item()}];
    switch (key.kind()) {
        case CellKind::kOpenInterest:
            market.open_interest = number;
            break;
        case CellKind::kFees:
            market.fees = number;
            break;
        case CellKind::kFundClear:
            market.sums.clearing = number;
            break;
        case CellKind::kClaimsLow:
            market.sums.claims_low = number;
            break;
        case CellKind::kClaimsHigh:
            market.sums.claims_high = number;
            break;
        case CellKind::kSocialClaims:
            market.sums.social_claims = number;
            break;
        case CellKind::kDust:
            market.sums.dust = number;
            break;
        case CellKind::kSettleClear:
            market.settle_clear = number;
            break;
        case CellKind::kClosedLots:
            market.closed_lots = number;
            break;
        case CellKind::kLosses:
            market.losses = number;
            break;
        default:
            break;
    }
}

void InvariantScan::add(const StateKey& key, const Cell& cell) {
    switch (key.kind()) {
        case CellKind::kCash:
            assets_[AssetId{key.item()}].cash += cell.number();
            break;
        case CellKind::kOwnerLots:
            kept_lots_[{owner_of(AccountId{key.owner()}), MarketId{key.item()}}] = cell.number();
            break;
        case CellKind::kAssetTotal:
            assets_[AssetId{key.item()}].total = cell.number();
            break;
        case CellKind::kInsurance:
            assets_[AssetId{key.item()}].insurance = cell.number();
            break;
        case CellKind::kBadDebt:
            assets_[AssetId{key.item()}].bad_debt = cell.number();
            break;
        case CellKind::kAccount:
            add_account(key, cell);
            break;
        case CellKind::kPositions:
            add_positions(key.owner(), key.chunk(), positions_in(key, cell));
            break;
        case CellKind::kMarketTerms: {
            MarketSums& market = markets_[MarketId{key.item()}];
            market.terms = decode_terms(cell);
            market.known = true;
            break;
        }
        case CellKind::kTick:
            markets_[MarketId{key.item()}].tick = TickRecord::decode(cell);
            break;
        default:
            if (key.kind() >= CellKind::kOpenInterest && key.kind() <= CellKind::kLosses) {
                add_market_number(key, cell.number());
            }
            break;
    }
}

void InvariantScan::check_market(MarketId market, const MarketSums& sums,
                                 std::vector<std::string>& out) const {
    const bool settled = sums.tick.status == MarketStatus::kSettled;
    if (!sums.known) {
        out.push_back("I2: position in unknown " + text(market));
    }
    if (!settled && sums.lots != 0) {
        out.push_back("I2: lots of " + text(market) + " add up to " + to_string(sums.lots));
    }
    const MarketContext context{
        .id = market, .terms = sums.terms, .status = sums.tick.status, .mark = sums.tick.mark};
    Checked due = 0;
    if (settled && sums.lots >= -kMaxLots && sums.lots <= kMaxLots) {
        due = settlement_value(context, static_cast<std::int64_t>(sums.lots));
    }
    if (!due.ok() || sums.settle_clear != due.value()) {
        out.push_back("I2: settlement of " + text(market) + " does not cancel");
    }
    if (sums.lots + sums.closed_lots != 0) {
        out.push_back("I2: closed lots of " + text(market) + " are " + to_string(sums.closed_lots) +
                      ", open ones add up to " + to_string(sums.lots));
    }
    if (sums.longs != sums.open_interest) {
        out.push_back("I2: open interest of " + text(market) + " is " +
                      to_string(sums.open_interest) + ", long lots are " + to_string(sums.longs));
    }
    if (!funding_balances(sums.sums)) {
        out.push_back("I3: funding of " + text(market) + " does not balance");
    }
    // In a settled market the closed positions' q * F are still part of the claims.
    const Checked closed = settled ? -Checked{sums.lots} * sums.tick.funding.funding : Checked{0};
    const Checked claims = sums.charged + sums.remainders + closed;
    const WideAddends parts = split_wide(claims.value());
    const Int128 high = sums.sums.claims_high - parts.high;
    const Int128 low = sums.sums.claims_low - parts.low;
    if (!claims.ok() || low != -(high << 96)) {
        out.push_back("I3: funding claims of " + text(market) + " differ from its positions");
    }
    const Checked social = Checked{sums.social_size} * sums.tick.funding.social - sums.social;
    if (!social.ok() || social.value() != sums.sums.social_claims) {
        out.push_back("I3: social claims of " + text(market) + " differ from its positions");
    }
    if (sums.losses != 0) {
        out.push_back("I1: losses of " + text(market) + " are not spread");
    }
    if (!sums.terms.host_matched && sums.fees < 0) {
        out.push_back("I7: fees of " + text(market) + " are " + to_string(sums.fees));
    }
}

std::vector<std::string> InvariantScan::violations() const {
    std::vector<std::string> out = malformed_;
    std::map<AssetId, Int128> held;
    for (const auto& [market, sums] : markets_) {
        check_market(market, sums, out);
        held[sums.terms.settlement_asset] +=
            sums.cost + sums.fees + sums.sums.clearing + sums.settle_clear;
    }
    for (const auto& [asset, sums] : assets_) {
        const Int128 sum = sums.cash + sums.insurance + held[asset] - sums.bad_debt;
        if (sum != sums.total) {
            out.push_back("I1: " + text(asset) + " holds " + to_string(sums.total) +
                          ", accounted for are " + to_string(sum));
        }
        if (sums.insurance < 0) {
            out.push_back("I8: insurance of " + text(asset) + " is " + to_string(sums.insurance));
        }
        held.erase(asset);
    }
    for (const auto& [asset, sum] : held) {
        if (sum != 0) {
            out.push_back("I1: " + text(asset) + " was never deposited, accounted for are " +
                          to_string(sum));
        }
    }
    check_accounts(out);
    check_owners(out);
    return out;
}

}  // namespace lockstep
