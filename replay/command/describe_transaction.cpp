#include "replay/command/describe_transaction.hpp"

#include <array>
#include <variant>

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, std::variant_size_v<Payload>> kPayloadNames = {
    "create_asset",     "create_feed",       "create_market", "update_market",  "set_market_status",
    "set_fee_schedule", "set_venue_params",  "settle_market", "delist_market",  "remove_feed",
    "pay_out",          "oracle_update",     "book_update",   "create_account", "deposit",
    "withdraw",         "transfer",          "set_delegate",  "set_frozen",     "set_fee_tier",
    "cancel_orders",    "insurance_deposit", "trade",         "batch",          "settle_batch",
    "realise_pnl",      "liquidate"};

Json describe_order(const Order& order) {
    return {{"account", account_name(order.account)},
            {"market", raw(order.market)},
            {"limit_price", order.limit_price},
            {"lots", order.lots},
            {"max_fee_ppm", order.max_fee_ppm},
            {"reduce_only", order.reduce_only},
            {"good_til_ms", order.good_til_ms},
            {"salt", order.salt},
            {"domain", order.domain},
            {"side", order.side == OrderSide::kBuy ? "buy" : "sell"}};
}

Json describe_trade(const Trade& trade) {
    Json out = {{"lots", trade.lots},
                {"price", trade.price},
                {"buyer_is_taker", trade.buyer_is_taker},
                {"buyer", describe_order(trade.buyer)},
                {"seller", describe_order(trade.seller)},
                {"host_fees", nullptr}};
    if (trade.host_fees) {
        out["host_fees"] = {{"buyer", to_string(trade.host_fees->buyer)},
                            {"seller", to_string(trade.host_fees->seller)}};
    }
    return out;
}

Json cash(AccountId account, AssetId asset, Int128 amount) {
    return {
        {"account", account_name(account)}, {"asset", raw(asset)}, {"amount", to_string(amount)}};
}

/// One overload per alternative of Payload.
struct PayloadFields {
    Json operator()(const CreateAsset& tx) const {
        return {{"asset", raw(tx.asset)},        {"decimals", tx.decimals},
                {"haircut_ppm", tx.haircut_ppm}, {"liability_ppm", tx.liability_ppm},
                {"feed", raw(tx.feed)},          {"value_divisor", tx.value_divisor}};
    }
    Json operator()(const CreateFeed& tx) const {
        Json sources = Json::array();
        for (const FeedSource& source : tx.sources) {
            sources.push_back({{"signer", account_name(source.signer)}, {"weight", source.weight}});
        }
        return {{"feed", raw(tx.feed)},
                {"params", describe_feed_params(tx.params)},
                {"sources", std::move(sources)}};
    }
    Json operator()(const CreateMarket& tx) const {
        return {{"market", raw(tx.market)},
                {"status", market_status_name(tx.status)},
                {"terms", describe_terms(tx.terms)},
                {"params", describe_params(tx.params)},
                {"fees", describe_fees(tx.fees)}};
    }
    Json operator()(const UpdateMarket& tx) const {
        return {{"market", raw(tx.market)}, {"params", describe_params(tx.params)}};
    }
    Json operator()(const SetMarketStatus& tx) const {
        return {{"market", raw(tx.market)}, {"status", market_status_name(tx.status)}};
    }
    Json operator()(const SetFeeSchedule& tx) const {
        return {{"market", raw(tx.market)}, {"fees", describe_fees(tx.fees)}};
    }
    Json operator()(const SetVenueParams& tx) const {
        return {{"profit_cap", to_string(tx.profit_cap)},
                {"valid_window_ms", tx.valid_window_ms},
                {"paused", tx.paused},
                {"track_account_volume", tx.track_account_volume},
                {"domain", tx.domain}};
    }
    Json operator()(const SettleMarket& tx) const {
        return {{"market", raw(tx.market)}, {"price", tx.price}};
    }
    Json operator()(const DelistMarket& tx) const { return {{"market", raw(tx.market)}}; }
    Json operator()(const RemoveFeed& tx) const { return {{"feed", raw(tx.feed)}}; }
    Json operator()(const PayOut& tx) const {
        static constexpr std::array<std::string_view, 3> kSources = {"fees", "dust", "insurance"};
        Json out = cash(tx.to, tx.asset, tx.amount);
        out["source"] = kSources[static_cast<std::size_t>(tx.source)];
        out["market"] = raw(tx.market);
        return out;
    }
    Json operator()(const OracleUpdate& tx) const {
        return {{"feed", raw(tx.feed)},
                {"source", tx.source},
                {"price", tx.price},
                {"confidence", tx.confidence},
                {"publish_time_ms", tx.publish_time_ms},
                {"sequence", tx.sequence}};
    }
    Json operator()(const BookUpdate& tx) const {
        return {{"market", raw(tx.market)},
                {"best_bid", describe_price(tx.best_bid)},
                {"best_ask", describe_price(tx.best_ask)},
                {"last", describe_price(tx.last)},
                {"impact_bid", describe_price(tx.impact_bid)},
                {"impact_ask", describe_price(tx.impact_ask)},
                {"external", describe_price(tx.external)},
                {"sequence", tx.sequence}};
    }
    Json operator()(const CreateAccount& tx) const {
        return {{"account", account_name(tx.account)}};
    }
    Json operator()(const Deposit& tx) const {
        Json out = cash(tx.account, tx.asset, tx.amount);
        out["reference"] = tx.reference;
        return out;
    }
    Json operator()(const Withdraw& tx) const { return cash(tx.account, tx.asset, tx.amount); }
    Json operator()(const Transfer& tx) const {
        return {{"from", account_name(tx.from)},
                {"to", account_name(tx.to)},
                {"asset", raw(tx.asset)},
                {"amount", to_string(tx.amount)}};
    }
    Json operator()(const SetDelegate& tx) const {
        return {{"account", account_name(tx.account)}, {"delegate", account_name(tx.delegate)}};
    }
    Json operator()(const SetFrozen& tx) const {
        return {{"account", account_name(tx.account)}, {"frozen", tx.frozen}};
    }
    Json operator()(const SetFeeTier& tx) const {
        return {{"account", account_name(tx.account)}, {"tier", tx.tier}};
    }
    Json operator()(const CancelOrders& tx) const {
        return {{"account", account_name(tx.account)}, {"salt_below", tx.salt_below}};
    }
    Json operator()(const InsuranceDeposit& tx) const {
        return cash(tx.account, tx.asset, tx.amount);
    }
    Json operator()(const Trade& tx) const { return describe_trade(tx); }
    Json operator()(const Batch& tx) const {
        Json fills = Json::array();
        for (const Trade& fill : tx.fills) {
            fills.push_back(describe_trade(fill));
        }
        return {{"atomic", tx.atomic}, {"fills", std::move(fills)}};
    }
    Json operator()(const SettleBatch& tx) const {
        Json accounts = Json::array();
        for (const AccountId account : tx.accounts) {
            accounts.push_back(account_name(account));
        }
        return {{"market", raw(tx.market)}, {"accounts", std::move(accounts)}};
    }
    Json operator()(const Liquidate& tx) const {
        return {{"account", account_name(tx.account)},
                {"market", raw(tx.market)},
                {"liquidator", account_name(tx.liquidator)}};
    }
    Json operator()(const RealisePnl& tx) const {
        return {{"account", account_name(tx.account)}, {"market", raw(tx.market)}};
    }
};

std::string_view kind_name(MarketKind kind) {
    switch (kind) {
        case MarketKind::kLinearPerpetual:
            return "linear_perpetual";
        case MarketKind::kInversePerpetual:
            return "inverse_perpetual";
        case MarketKind::kDatedFuture:
            return "dated_future";
        case MarketKind::kEuropeanOption:
            return "european_option";
    }
    return "unknown";
}

/// `value` with at least `width` digits.
std::string digits(std::int64_t value, std::size_t width) {
    std::string text = std::to_string(value);
    return std::string(width > text.size() ? width - text.size() : 0, '0') + text;
}

}  // namespace

Json describe_transaction(const Transaction& transaction) {
    Json out = {{"type", payload_name(transaction.payload)},
                {"signer", account_name(transaction.envelope.signer)},
                {"nonce", transaction.envelope.nonce},
                {"valid_until_ms", transaction.envelope.valid_until_ms}};
    out.update(std::visit(PayloadFields{}, transaction.payload));
    return out;
}

std::string_view payload_name(const Payload& payload) {
    return kPayloadNames[payload.index()];
}

Json describe_terms(const MarketTerms& terms) {
    return {{"kind", kind_name(terms.kind)},
            {"option_side", terms.option_side == OptionSide::kCall ? "call" : "put"},
            {"allow_negative", terms.allow_negative},
            {"host_matched", terms.host_matched},
            {"settlement_asset", raw(terms.settlement_asset)},
            {"feed", raw(terms.feed)},
            {"multiplier", terms.multiplier},
            {"lot_step", terms.lot_step},
            {"price_step", terms.price_step},
            {"strike", terms.strike},
            {"expiry_ms", terms.expiry_ms},
            {"settle_window_ms", terms.settle_window_ms},
            {"settle_interval_ms", terms.settle_interval_ms}};
}

Json describe_params(const MarketParams& params) {
    Json tiers = Json::array();
    for (const MarginTier& tier : params.margin_tiers) {
        tiers.push_back({{"notional_upper", tier.notional_upper},
                         {"maintenance_ppm", tier.maintenance_ppm},
                         {"initial_ppm", tier.initial_ppm}});
    }
    return {{"margin_tiers", std::move(tiers)},
            {"funding",
             {{"interval_ms", params.funding.interval_ms},
              {"interest_ppb", params.funding.interest_ppb},
              {"clamp_ppb", params.funding.clamp_ppb},
              {"cap_ppb", params.funding.cap_ppb}}},
            {"max_price", params.max_price},
            {"max_position_lots", params.max_position_lots},
            {"oi_cap_lots", params.oi_cap_lots},
            {"oi_margin_lower", params.oi_margin_lower},
            {"oi_margin_upper", params.oi_margin_upper},
            {"min_notional", params.min_notional},
            {"band_ppm", params.band_ppm},
            {"option_floor_ppm", params.option_floor_ppm},
            {"ema_decay_q32", params.ema_decay_q32},
            {"band_ticks", params.band_ticks},
            {"maintenance_floor", params.maintenance_floor},
            {"initial_floor", params.initial_floor}};
}

Json describe_fees(std::span<const FeeTier> fees) {
    Json out = Json::array();
    for (const FeeTier& tier : fees) {
        out.push_back({{"maker_ppm", tier.maker_ppm}, {"taker_ppm", tier.taker_ppm}});
    }
    return out;
}

Json describe_feed_params(const FeedParams& params) {
    return {{"quorum", params.quorum},
            {"max_age_ms", params.max_age_ms},
            {"max_ahead_ms", params.max_ahead_ms},
            {"confidence_ppm", params.confidence_ppm},
            {"clamp_ppm", params.clamp_ppm},
            {"jump_ppm", params.jump_ppm},
            {"allow_negative", params.allow_negative}};
}

std::string_view market_status_name(MarketStatus status) {
    switch (status) {
        case MarketStatus::kActive:
            return "active";
        case MarketStatus::kReduceOnly:
            return "reduce_only";
        case MarketStatus::kHalted:
            return "halted";
        case MarketStatus::kClosing:
            return "closing";
        case MarketStatus::kSettlementPending:
            return "settlement_pending";
        case MarketStatus::kSettled:
            return "settled";
        case MarketStatus::kFrozen:
            return "frozen";
    }
    return "unknown";
}

std::string account_name(AccountId account) {
    std::string out = std::to_string(owner_of(account));
    if (subaccount_of(account) != 0) {
        out += '.' + std::to_string(subaccount_of(account));
    }
    return out;
}

std::string time_name(std::int64_t time_ms) {
    constexpr std::int64_t kDayMs = 86'400'000;
    constexpr std::int64_t kFirst = -62'135'596'800'000;  // year 1
    constexpr std::int64_t kLast = 253'402'300'800'000;   // year 10000
    if (time_ms < kFirst || time_ms >= kLast) {
        return std::to_string(time_ms);
    }
    const std::int64_t days = (time_ms - kFirst) / kDayMs;  // since 1 January of year 1
    const std::int64_t in_day = (time_ms - kFirst) % kDayMs;
    // Civil date of a day count (Hinnant): years start in March, eras have 400 years.
    const std::int64_t shifted = days + 306;
    const std::int64_t era = shifted / 146'097;
    const std::int64_t day_of_era = shifted % 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_index = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * month_index + 2) / 5 + 1;
    const std::int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
    const std::int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
    return digits(year, 4) + '-' + digits(month, 2) + '-' + digits(day, 2) + 'T' +
           digits(in_day / 3'600'000, 2) + ':' + digits(in_day / 60'000 % 60, 2) + ':' +
           digits(in_day / 1'000 % 60, 2) + '.' + digits(in_day % 1'000, 3) + 'Z';
}

Json describe_price(std::int64_t price) {
    return price == kNoPrice ? Json() : Json(price);
}

}  // namespace lockstep
