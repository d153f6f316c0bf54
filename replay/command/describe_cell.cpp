#include "replay/command/describe_cell.hpp"

#include <string>

#include "accounts/expiring_table.hpp"
#include "accounts/positions.hpp"
#include "accounts/records.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/int128.hpp"
#include "instruments/records.hpp"
#include "replay/command/describe_transaction.hpp"

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

struct KindName {
    CellKind kind;
    std::string_view name;
};

constexpr KindName kKindNames[] = {
    {CellKind::kAccount, "account"},
    {CellKind::kNonces, "nonces"},
    {CellKind::kCash, "cash"},
    {CellKind::kPositions, "positions"},
    {CellKind::kOrders, "orders"},
    {CellKind::kDepositUsed, "deposit_used"},
    {CellKind::kOwner, "owner"},
    {CellKind::kOwnerLots, "owner_lots"},
    {CellKind::kVenue, "venue"},
    {CellKind::kAssetList, "asset_list"},
    {CellKind::kAsset, "asset"},
    {CellKind::kAssetTotal, "asset_total"},
    {CellKind::kInsurance, "insurance"},
    {CellKind::kClock, "clock"},
    {CellKind::kBadDebt, "bad_debt"},
    {CellKind::kFeedList, "feed_list"},
    {CellKind::kFeed, "feed"},
    {CellKind::kFeedState, "feed_state"},
    {CellKind::kFeedSource, "feed_source"},
    {CellKind::kRestingFeeds, "resting_feeds"},
    {CellKind::kMarketList, "market_list"},
    {CellKind::kMarketTerms, "market_terms"},
    {CellKind::kMarketParams, "market_params"},
    {CellKind::kMarginTiers, "margin_tiers"},
    {CellKind::kFeeSchedule, "fee_schedule"},
    {CellKind::kMarketControl, "market_control"},
    {CellKind::kTick, "tick"},
    {CellKind::kMarkState, "mark_state"},
    {CellKind::kSettleState, "settle_state"},
    {CellKind::kBook, "book"},
    {CellKind::kRestingMarkets, "resting_markets"},
    {CellKind::kOpenInterest, "open_interest"},
    {CellKind::kVolume, "volume"},
    {CellKind::kFees, "fees"},
    {CellKind::kFundClear, "fund_clear"},
    {CellKind::kClaimsLow, "claims_low"},
    {CellKind::kClaimsHigh, "claims_high"},
    {CellKind::kSocialClaims, "social_claims"},
    {CellKind::kDust, "dust"},
    {CellKind::kSettleClear, "settle_clear"},
    {CellKind::kClosedLots, "closed_lots"},
    {CellKind::kLosses, "losses"},
};

Json describe_positions(const StateKey& key, const Cell& cell) {
    Json out = Json::array();
    const PositionSpan span = positions_in(key, cell);
    for (std::size_t i = 0; i < span.size(); ++i) {
        const Position position = span.position(i);
        out.push_back({{"market", raw(span.market(i))},
                       {"lots", position.lots},
                       {"cost", to_string(position.cost)},
                       {"remainder_q32", position.remainder},
                       {"epoch", position.epoch},
                       {"funding_since_q32", to_string(position.since.funding)},
                       {"social_since_q32", to_string(position.since.social)}});
    }
    return out;
}

Json describe_head(const StateKey& key, const Cell& cell) {
    const AccountHead head(cell);
    Json cash = Json::object();
    for (std::size_t i = 0; i < head.inline_assets(); ++i) {
        cash[std::to_string(raw(head.inline_asset(i)))] = to_string(head.inline_cash(i));
    }
    return {{"delegate", account_name(head.delegate())},
            {"salt_below", head.salt_below()},
            {"assets", head.assets()},
            {"fee_tier", head.fee_tier()},
            {"shared", head.shared()},
            {"frozen", head.frozen()},
            {"volume", to_string(head.volume())},
            {"cash", std::move(cash)},
            {"open_positions", head.positions()},
            {"positions", describe_positions(key, cell)}};
}

Json describe_page(const Cell& cell) {
    Json entries = Json::array();
    for (std::size_t i = 0; i < TablePage::size(cell); ++i) {
        const TableEntry entry = TablePage::entry(cell, i);
        entries.push_back(
            {{"key", entry.key}, {"value", entry.value}, {"until_ms", entry.until_ms}});
    }
    return {{"split", TablePage::is_split(cell)}, {"entries", std::move(entries)}};
}

Json describe_account_cell(const StateKey& key, const Cell& cell) {
    switch (key.kind()) {
        case CellKind::kAccount:
            return describe_head(key, cell);
        case CellKind::kPositions:
            return {{"positions", describe_positions(key, cell)}};
        case CellKind::kOrders:
        case CellKind::kNonces:
            return describe_page(cell);
        default:
            return {{"bytes", hex_of(cell.bytes())}};
    }
}

Json describe_feed_cell(const StateKey& key, const Cell& cell) {
    switch (key.kind()) {
        case CellKind::kFeed: {
            std::uint32_t sources = 0;
            Json out = describe_feed_params(decode_feed(cell, sources));
            out["sources"] = sources;
            return out;
        }
        case CellKind::kFeedState: {
            const FeedStateRecord state = FeedStateRecord::decode(cell);
            return {{"index", state.index},     {"time_ms", state.time_ms},
                    {"pending", state.pending}, {"priced", state.priced},
                    {"valid", state.valid},     {"has_pending", state.has_pending}};
        }
        case CellKind::kFeedSource: {
            const FeedSourceRecord source = FeedSourceRecord::decode(cell);
            return {{"signer", account_name(source.signer)},
                    {"weight", source.weight},
                    {"seen", source.seen},
                    {"price", source.price},
                    {"confidence", source.confidence},
                    {"publish_time_ms", source.publish_time_ms},
                    {"sequence", source.sequence}};
        }
        default:
            return {{"bytes", hex_of(cell.bytes())}};
    }
}

Json describe_market_cell(const StateKey& key, const Cell& cell) {
    switch (key.kind()) {
        case CellKind::kMarketTerms:
            return describe_terms(decode_terms(cell));
        case CellKind::kMarketControl:
            return {{"status", market_status_name(cell.load<MarketStatus>(0))}};
        case CellKind::kFeeSchedule:
            return {{"tiers", describe_fees(decode_fees(cell))}};
        case CellKind::kTick: {
            const TickRecord tick = TickRecord::decode(cell);
            return {{"status", market_status_name(tick.status)},
                    {"mark", tick.mark},
                    {"index", tick.index},
                    {"priced", tick.priced},
                    {"stale", tick.stale},
                    {"settle_price", tick.settle_price},
                    {"epoch", tick.epoch},
                    {"funding_q32", to_string(tick.funding.funding)},
                    {"social_q32", to_string(tick.funding.social)}};
        }
        case CellKind::kMarkState: {
            const MarkStateRecord mark = MarkStateRecord::decode(cell);
            return {{"basis_q32", to_string(mark.basis_q32)},
                    {"premium_sum", to_string(mark.premium_sum)},
                    {"basis_time_ms", mark.basis_time_ms},
                    {"funding_time_ms", mark.funding_time_ms},
                    {"sample_time_ms", mark.sample_time_ms},
                    {"premium_ms", mark.premium_ms},
                    {"premium_ppb", mark.premium_ppb}};
        }
        case CellKind::kSettleState: {
            const SettleStateRecord settle = SettleStateRecord::decode(cell);
            return {{"time_ms", settle.time_ms}, {"interval", settle.interval}};
        }
        case CellKind::kBook: {
            const BookUpdate book = decode_book(MarketId{key.item()}, cell);
            return {{"best_bid", describe_price(book.best_bid)},
                    {"best_ask", describe_price(book.best_ask)},
                    {"last", describe_price(book.last)},
                    {"impact_bid", describe_price(book.impact_bid)},
                    {"impact_ask", describe_price(book.impact_ask)},
                    {"external", describe_price(book.external)},
                    {"sequence", book.sequence}};
        }
        default:
            return {{"bytes", hex_of(cell.bytes())}};
    }
}

}  // namespace

std::string_view cell_kind_name(CellKind kind) {
    for (const KindName& known : kKindNames) {
        if (known.kind == kind) {
            return known.name;
        }
    }
    return "other";
}

bool is_account_kind(CellKind kind) {
    return (kind >= CellKind::kAccount && kind < CellKind::kDepositUsed) ||
           kind == CellKind::kOwner || kind == CellKind::kOwnerLots;
}

bool is_market_kind(CellKind kind) {
    return kind >= CellKind::kMarketTerms && kind <= CellKind::kLosses;
}

Json describe_key(const StateKey& key) {
    Json out = {{"cell", cell_kind_name(key.kind())}};
    if (is_account_kind(key.kind())) {
        out["account"] = account_name(AccountId{key.owner()});
    } else if (key.owner() != 0) {
        out["owner"] = key.owner();
    }
    out["item"] = key.item();
    out["chunk"] = key.chunk();
    return out;
}

Json describe_cell(const StateKey& key, const Cell& cell) {
    Json out = describe_key(key);
    if (is_numeric(key.kind())) {
        out["value"] = to_string(cell.number());
    } else if (is_account_kind(key.kind())) {
        out.update(describe_account_cell(key, cell));
    } else if (is_market_kind(key.kind())) {
        out.update(describe_market_cell(key, cell));
    } else {
        out.update(describe_feed_cell(key, cell));
    }
    return out;
}

}  // namespace lockstep
