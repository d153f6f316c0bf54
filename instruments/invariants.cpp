#include "instruments/invariants.hpp"

#include <algorithm>

#include "accounts/position.hpp"

namespace lockstep {
namespace {

std::string text(MarketId market) {
    return "market " + std::to_string(raw(market));
}
std::string text(AssetId asset) {
    return "asset " + std::to_string(raw(asset));
}

}  // namespace

void InvariantScan::add_position(const StateKey& key, const Cell& cell) {
    const Position position = Position::decode(cell);
    if (position.lots == 0) {
        malformed_.push_back("I5: empty position of account " + std::to_string(key.owner()) +
                             " in " + text(MarketId{key.item()}));
    }
    MarketSums& market = markets_[MarketId{key.item()}];
    market.lots += position.lots;
    market.longs += std::max<std::int64_t>(position.lots, 0);
    market.cost += position.cost;
    market.remainders += position.remainder;
    market.charged += Checked{position.lots} * position.since.funding;
    market.social += abs(Checked{position.lots}) * position.since.social;
    market.social_size += position.lots < 0 ? -Int128{position.lots} : Int128{position.lots};
    held_[key.owner()].push_back(key.item());
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
        default:
            break;
    }
}

void InvariantScan::add(const StateKey& key, const Cell& cell) {
    switch (key.kind()) {
        case CellKind::kCash:
            assets_[AssetId{key.item()}].cash += cell.number();
            break;
        case CellKind::kAssetTotal:
            assets_[AssetId{key.item()}].total = cell.number();
            break;
        case CellKind::kInsurance:
            assets_[AssetId{key.item()}].insurance = cell.number();
            break;
        case CellKind::kPosition:
            add_position(key, cell);
            break;
        case CellKind::kOpenMarkets: {
            const IdChunk chunk = IdChunk::decode(cell);
            for (const std::uint32_t& id : chunk.ids) {
                // Unused places hold 0, which may also be the first id of part 0.
                if (id != 0 || (key.chunk() == 0 && &id == &chunk.ids[0])) {
                    listed_[key.owner()].push_back(id);
                }
            }
            break;
        }
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
            if (key.kind() >= CellKind::kOpenInterest && key.kind() <= CellKind::kSettleClear) {
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
        const Int128 sum = sums.cash + sums.insurance + held[asset];
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
    std::map<std::uint64_t, std::vector<std::uint32_t>> positions = held_;
    std::map<std::uint64_t, std::vector<std::uint32_t>> lists = listed_;
    for (auto* side : {&positions, &lists}) {
        for (auto& [owner, markets] : *side) {
            std::sort(markets.begin(), markets.end());
        }
    }
    if (positions != lists) {
        out.push_back("I5: lists of open markets differ from the positions");
    }
    return out;
}

}  // namespace lockstep
