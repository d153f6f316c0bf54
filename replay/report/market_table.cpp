#include "replay/report/market_table.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/int128.hpp"
#include "engine/base/rounding.hpp"
#include "instruments/funding.hpp"
#include "instruments/records.hpp"
#include "replay/command/describe_transaction.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

/// What the cells of one market say.
struct MarketRow {
    std::uint32_t id = 0;
    std::optional<MarketTerms> terms;  ///< nothing: it was delisted
    FundingTerms funding;
    TickRecord tick;
    MarkStateRecord mark;
    Int128 volume = 0;
    Int128 open_interest = 0;
    Int128 fees = 0;
};

void take_cell(const StateKey& key, const Cell& cell, MarketRow& row) {
    switch (key.kind()) {
        case CellKind::kMarketTerms:
            row.terms = decode_terms(cell);
            break;
        case CellKind::kMarketParams:
            if (key.chunk() == 1) {
                row.funding = decode_funding_terms(cell);
            }
            break;
        case CellKind::kTick:
            row.tick = TickRecord::decode(cell);
            break;
        case CellKind::kMarkState:
            row.mark = MarkStateRecord::decode(cell);
            break;
        case CellKind::kVolume:
            row.volume = cell.number();
            break;
        case CellKind::kOpenInterest:
            row.open_interest = cell.number();
            break;
        case CellKind::kFees:
            row.fees = cell.number();
            break;
        default:
            break;
    }
}

/// At the mean premium of the interval that runs; null without funding.
Json funding_rate(const MarketRow& row) {
    if (row.funding.interval_ms == 0 || row.mark.premium_ms == 0) {
        return nullptr;
    }
    const Checked rate =
        funding_rate_ppb(floor_div(row.mark.premium_sum, row.mark.premium_ms), row.funding);
    return rate.ok() ? Json(static_cast<std::int64_t>(rate.value())) : Json();
}

Json describe_market(const MarketRow& row, const NameBook& names) {
    const bool priced = row.tick.priced;
    return {{"market", row.id},
            {"name", names.market(MarketId{row.id})},
            {"kind", describe_terms(*row.terms).at("kind")},
            {"status", market_status_name(row.tick.status)},
            {"settlement_asset", static_cast<std::uint32_t>(row.terms->settlement_asset)},
            {"volume_lots", to_string(row.volume)},
            {"open_interest_lots", to_string(row.open_interest)},
            {"mark", priced ? Json(row.tick.mark) : Json()},
            {"index", priced ? Json(row.tick.index) : Json()},
            {"funding_rate_ppb", funding_rate(row)},
            {"funding_q32_per_lot", to_string(row.tick.funding.funding)},
            {"fees", to_string(row.fees)}};
}

}  // namespace

Json describe_markets(const StateStore<Venue>& store, const NameBook& names) {
    std::map<std::uint32_t, MarketRow> markets;
    store.for_each([&](const StateKey& key, const Cell& cell) {
        const CellKind kind = key.kind();
        if (kind >= CellKind::kMarketTerms && kind <= CellKind::kClosedLots &&
            kind != CellKind::kRestingMarkets) {
            MarketRow& row = markets[key.item()];
            row.id = key.item();
            take_cell(key, cell, row);
        }
    });
    std::vector<MarketRow> rows;
    for (const auto& [id, row] : markets) {
        if (row.terms) {
            rows.push_back(row);
        }
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const MarketRow& a, const MarketRow& b) { return a.volume > b.volume; });
    Json out = Json::array();
    for (const MarketRow& row : rows) {
        out.push_back(describe_market(row, names));
    }
    return out;
}

}  // namespace lockstep
