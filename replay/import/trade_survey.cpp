#include "replay/import/trade_survey.hpp"

#include <algorithm>

#include "engine/base/check.hpp"

namespace lockstep {
namespace {

/// Largest scale of prices and sizes that can still be put on a grid of whole quanta.
constexpr std::uint8_t kGridScaleMax = 18;

bool is_time(std::int64_t time_ms) {
    constexpr std::int64_t kYear10000Ms = 253'402'300'800'000;
    return time_ms >= 0 && time_ms < kYear10000Ms;
}

/// |value| at kReachScale, rounded up; not ok when out of range.
Checked reach_of(const Decimal& value) {
    const auto units = value.rounded_to(kReachScale);
    if (!units) {
        return Checked::overflowed();
    }
    return Checked{*units < 0 ? -*units : *units} + Checked{1};
}

std::uint8_t scale_of(const Decimal& value) {
    return value.shortest().scale;
}

}  // namespace

bool less_than(const Decimal& a, const Decimal& b) {
    const std::uint8_t scale = std::max(a.scale, b.scale);
    const auto left = a.at_scale(scale);
    const auto right = b.at_scale(scale);
    if (left && right) {
        return *left < *right;
    }
    return left ? b.units > 0 : a.units < 0;
}

std::optional<RecordedMarketId> TradeSurvey::find_market(std::string_view name) const {
    const auto found = market_ids_.find(name);
    return found == market_ids_.end() ? std::nullopt : std::optional(found->second);
}

RecordedMarketId TradeSurvey::add_market(const RecordedMarket& market) {
    const RecordedMarketId id{static_cast<std::uint32_t>(markets_.size())};
    MarketSurvey survey;
    survey.market = market;
    markets_.push_back(std::move(survey));
    market_ids_.emplace(market.name, id);
    return id;
}

std::uint32_t TradeSurvey::add_account(std::string_view name) {
    if (const auto found = account_ids_.find(name); found != account_ids_.end()) {
        return found->second;
    }
    const auto id = static_cast<std::uint32_t>(accounts_.size());
    accounts_.emplace_back(name);
    account_ids_.emplace(name, id);
    markets_of_.push_back(0);
    self_trader_.push_back(false);
    return id;
}

std::optional<std::uint32_t> TradeSurvey::find_account(std::string_view name) const {
    const auto found = account_ids_.find(name);
    return found == account_ids_.end() ? std::nullopt : std::optional(found->second);
}

const HoldingSurvey& TradeSurvey::holding(std::uint32_t account, RecordedMarketId market) const {
    const auto found = holdings_.find(pair_key(account, market));
    LOCKSTEP_CHECK(found != holdings_.end());
    return found->second;
}

void TradeSurvey::see_side(RecordedMarketId market, const RecordedSide& side, const Decimal& size) {
    MarketSurvey& survey = markets_[raw(market)];
    if (side.fee) {
        std::uint8_t& scale = fee_scales_[survey.market.currency];
        scale = std::max(scale, scale_of(*side.fee));
    }
    if (side.coin_fee) {
        survey.coin_fee_scale =
            std::max(survey.coin_fee_scale.value_or(0), scale_of(*side.coin_fee));
    }
    if (side.position_before && !survey.market.spot) {
        survey.size_scale = std::max(survey.size_scale, scale_of(*side.position_before));
    }
    if (side.account.empty()) {
        return;
    }
    const std::uint32_t account = add_account(side.account);
    const auto [place, fresh] = holdings_.try_emplace(pair_key(account, market));
    if (fresh) {
        place->second = {.ordinal = markets_of_[account]++, .first_position = side.position_before};
        holding_order_.emplace_back(account, market);
    }
    if (side.position_before) {
        Checked& known = place->second.reach;
        const Checked reach = reach_of(*side.position_before) + reach_of(size);
        if (!reach.ok() || !known.ok() || reach.value() > known.value()) {
            survey.reach = survey.reach + (reach - known);
            known = reach;
        }
    }
}

void TradeSurvey::see_price(MarketSurvey& market, const Decimal& price) {
    market.price_scale = std::max(market.price_scale, scale_of(price));
    if (!market.first_price) {
        market.first_price = price;
        market.lowest_price = price;
        market.highest_price = price;
    }
    if (less_than(price, market.lowest_price)) {
        market.lowest_price = price;
    }
    if (less_than(market.highest_price, price)) {
        market.highest_price = price;
    }
}

void TradeSurvey::see_time(std::int64_t time_ms) {
    first_time_ms_ = std::min(first_time_ms_, time_ms);
}

Result<void, Error> TradeSurvey::block(const RecordedBlock& block) {
    if (!is_time(block.time_ms)) {
        return failure(bad_record("the time is not between 1970 and 9999"));
    }
    if (!first_block_) {
        first_block_ = block;
    }
    has_blocks_ = true;
    see_time(block.time_ms);
    return {};
}

Result<void, Error> TradeSurvey::trade(const RecordedTrade& trade) {
    if (!is_time(trade.time_ms)) {
        return failure(bad_record("the time is not between 1970 and 9999"));
    }
    if (trade.size.units <= 0) {
        return failure(bad_record("the size is not positive"));
    }
    MarketSurvey& market = markets_[raw(trade.market)];
    ++trades_;
    ++market.trades;
    const auto volume = trade.size.at_scale(kVolumeScale);
    market.volume = market.volume + (volume ? Checked{*volume} : Checked::overflowed());
    see_price(market, trade.price);
    market.size_scale = std::max(market.size_scale, scale_of(trade.size));
    if (market.price_scale > kGridScaleMax || market.size_scale > kGridScaleMax) {
        return failure(bad_record("more decimals than 18"));
    }
    const bool seller_first =
        trade.buyer.account == trade.seller.account && !trade.buyer.position_before;
    see_side(trade.market, seller_first ? trade.seller : trade.buyer, trade.size);
    see_side(trade.market, seller_first ? trade.buyer : trade.seller, trade.size);
    if (!has_blocks_) {  // else the blocks tell the time
        see_time(trade.time_ms);
    }
    if (trade.buyer.account.empty() || trade.seller.account.empty()) {
        ++anonymous_trades_;
    } else if (trade.buyer.account == trade.seller.account) {
        ++self_trades_;
        self_trader_[*find_account(trade.buyer.account)] = true;
    }
    return {};
}

Result<void, Error> TradeSurvey::index(RecordedMarketId market, const Decimal& price) {
    see_price(markets_[raw(market)], price);
    return {};
}

void TradeSurvey::leave_out(std::string_view rule) {
    const auto found = left_out_.find(rule);
    if (found == left_out_.end()) {
        left_out_.emplace(rule, 1);
    } else {
        ++found->second;
    }
}

}  // namespace lockstep
