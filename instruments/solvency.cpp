#include "instruments/solvency.hpp"

#include "instruments/market_phase.hpp"
#include "instruments/portfolio.hpp"

namespace lockstep {
namespace {

/// Adds a position at the market's mark, an option's too, with its cost and funding up to now.
void add_position(const MarketContext& market, Position position, AssetStatement& out) {
    FundingFlow flow;
    if (!settle_funding(position, market.funding, flow)) {
        out.positions = Checked::overflowed();
        return;
    }
    const bool option = market.terms.kind == MarketKind::kEuropeanOption;
    out.positions += Checked{position.cost} + (option ? settlement_value(market, position.lots)
                                                      : equity_value(market, position.lots));
    out.clearing += -Checked{flow.paid};
}

}  // namespace

void SolvencyScan::add(const StateKey& key, const Cell& cell) {
    switch (key.kind()) {
        case CellKind::kAccount:
            blocks_[key.owner()][0] = cell;
            break;
        case CellKind::kPositions:
            blocks_[key.owner()][key.chunk()] = cell;
            break;
        case CellKind::kCash:
            cash_[key.owner()][key.item()] = cell.number();
            break;
        case CellKind::kOwnerLots:
            owner_lots_[key.owner()][key.item()] = cell.number();
            break;
        case CellKind::kAsset:
            assets_[key.item()] = decode_asset(AssetId{key.item()}, cell);
            break;
        case CellKind::kAssetTotal:
            totals_[key.item()] = cell.number();
            break;
        case CellKind::kInsurance:
            insurance_[key.item()] = cell.number();
            break;
        case CellKind::kBadDebt:
            bad_debts_[key.item()] = cell.number();
            break;
        case CellKind::kFeedState:
            feeds_[key.item()] = FeedStateRecord::decode(cell);
            break;
        case CellKind::kMarketTerms:
            markets_[key.item()].terms = decode_terms(cell);
            break;
        case CellKind::kMarketParams:
            if (key.chunk() == 0) {
                Market& market = markets_[key.item()];
                market.tier_count = decode_params(cell, market.params);
            }
            break;
        case CellKind::kMarginTiers:
            markets_[key.item()].tiers[key.chunk()] = cell;
            break;
        case CellKind::kTick:
            markets_[key.item()].tick = TickRecord::decode(cell);
            break;
        case CellKind::kOpenInterest:
            markets_[key.item()].open_interest = cell.number();
            break;
        case CellKind::kFees:
            markets_[key.item()].fees = cell.number();
            break;
        case CellKind::kFundClear:
            markets_[key.item()].clearing = cell.number();
            break;
        default:
            break;
    }
}

VenueContext SolvencyScan::make_context() const {
    VenueContext context;
    for (const auto& [id, market] : markets_) {
        MarketSetup setup{.id = MarketId{id}, .terms = market.terms, .params = market.params};
        for (const auto& [part, cell] : market.tiers) {
            decode_tiers(cell, market.tier_count, setup.params);
        }
        context.add(market_context(setup, market.tick, market.open_interest, {}));
    }
    for (const auto& [id, asset] : assets_) {
        const auto state = feeds_.find(raw(asset.feed));
        const FeedPrice feed =
            state == feeds_.end() ? FeedPrice{} : FeedPrice::of(asset.feed, state->second);
        context.assets[id % kMaxAssets] = asset_context(asset, &feed);
    }
    return context;
}

Int128 SolvencyScan::owner_lots(std::uint64_t account, MarketId market) const {
    const auto owner = owner_lots_.find(raw(first_account(AccountId{account})));
    if (owner == owner_lots_.end()) {
        return 0;
    }
    const auto lots = owner->second.find(raw(market));
    return lots == owner->second.end() ? 0 : lots->second;
}

void SolvencyScan::add_account(std::uint64_t account, const VenueContext& context,
                               SolvencyStatement& out) const {
    const auto& blocks = blocks_.at(account);
    const auto first = blocks.find(0);
    if (first == blocks.end()) {
        return;
    }
    const AccountHead head(first->second);
    RiskSum sum(context, Rounding::kExact);
    for (const auto& [number, block] : blocks) {
        const PositionSpan span = number == 0 ? head.own_positions() : PositionSpan(block, 0);
        sum.add(span, MarketId{kMaxMarkets});
        for (std::size_t i = 0; i < span.size(); ++i) {
            if (const MarketContext* market = context.market(span.market(i))) {
                const auto asset = raw(market->terms.settlement_asset);
                add_position(*market, span.position(i), out.assets[asset % kMaxAssets]);
                if (head.shared()) {
                    sum.add_surcharge(*market, span.position(i).lots,
                                      owner_lots(account, market->id));
                }
            }
        }
    }
    const auto beside = cash_.find(account);
    const Risk risk = sum.value(head.assets(), 0, [&](AssetId asset) {
        const std::size_t place = head.place_of(asset);
        Int128 cash = 0;
        if (place < head.inline_assets()) {
            cash = head.inline_cash(place);
        } else if (beside != cash_.end() && beside->second.contains(raw(asset))) {
            cash = beside->second.at(raw(asset));
        }
        out.assets[raw(asset)].cash += cash;
        return cash;
    });
    ++out.accounts;
    const auto less = [](Checked a, Checked b) {
        return !a.ok() || !b.ok() || a.value() < b.value();
    };
    out.below_initial += less(risk.equity_initial, risk.initial) ? 1U : 0U;
    out.below_maintenance += less(risk.equity_maintenance, risk.maintenance) ? 1U : 0U;
    if (less(risk.equity_maintenance, 0)) {
        ++out.insolvent;
        out.debt += -risk.equity_maintenance;
    } else {
        out.equity += risk.equity_maintenance;
    }
}

SolvencyStatement SolvencyScan::statement() const {
    SolvencyStatement out;
    const VenueContext context = make_context();
    out.assets.resize(kMaxAssets);
    for (std::uint32_t id = 0; id < kMaxAssets; ++id) {
        out.assets[id].asset = AssetId{id};
    }
    for (const auto& [account, blocks] : blocks_) {
        add_account(account, context, out);
    }
    for (const auto& [id, market] : markets_) {
        AssetStatement& asset = out.assets[raw(market.terms.settlement_asset) % kMaxAssets];
        asset.fees += market.fees;
        asset.clearing += market.clearing;
    }
    for (const auto& [id, total] : totals_) {
        out.assets[id % kMaxAssets].total = total;
    }
    for (const auto& [id, owed] : bad_debts_) {
        out.assets[id % kMaxAssets].bad_debt = owed;
        out.debt += requirement_value(context.assets[id % kMaxAssets], owed);
    }
    for (const auto& [id, held] : insurance_) {
        out.assets[id % kMaxAssets].insurance = held;
        out.insurance += collateral_value(context.assets[id % kMaxAssets], held);
    }
    std::erase_if(out.assets,
                  [&](const AssetStatement& asset) { return !assets_.contains(raw(asset.asset)); });
    return out;
}

}  // namespace lockstep
