#include "instruments/records.hpp"

#include <algorithm>

namespace lockstep {

Cell encode_venue(const SetVenueParams& venue) noexcept {
    Cell cell;
    cell.store(0, venue.profit_cap);
    cell.store(16, venue.valid_window_ms);
    cell.store(24, venue.paused);
    cell.store(25, venue.track_account_volume);
    cell.store(32, venue.domain);
    return cell;
}

SetVenueParams decode_venue(const Cell& cell) noexcept {
    return {.profit_cap = cell.load<Int128>(0),
            .valid_window_ms = cell.load<std::int64_t>(16),
            .paused = cell.load<bool>(24),
            .track_account_volume = cell.load<bool>(25),
            .domain = cell.load<std::uint64_t>(32)};
}

Cell encode_asset(const CreateAsset& asset) noexcept {
    Cell cell;
    cell.store(0, asset.haircut_ppm);
    cell.store(4, asset.liability_ppm);
    cell.store(8, asset.feed);
    cell.store(12, asset.decimals);
    cell.store(16, asset.value_divisor);
    return cell;
}

CreateAsset decode_asset(AssetId id, const Cell& cell) noexcept {
    return {.asset = id,
            .decimals = cell.load<std::uint8_t>(12),
            .haircut_ppm = cell.load<std::int32_t>(0),
            .liability_ppm = cell.load<std::int32_t>(4),
            .feed = cell.load<FeedId>(8),
            .value_divisor = cell.load<std::int64_t>(16)};
}

Cell encode_terms(const MarketTerms& terms) noexcept {
    Cell cell;
    cell.store(0, terms.kind);
    cell.store(1, terms.option_side);
    cell.store(2, terms.allow_negative);
    cell.store(3, terms.host_matched);
    cell.store(4, terms.settlement_asset);
    cell.store(8, terms.feed);
    cell.store(12, static_cast<std::uint32_t>(terms.lot_step));
    cell.store(16, terms.multiplier);
    cell.store(24, terms.strike);
    cell.store(32, terms.expiry_ms);
    cell.store(40, terms.settle_window_ms);
    cell.store(48, terms.settle_interval_ms);
    cell.store(56, terms.price_step);
    return cell;
}

MarketTerms decode_terms(const Cell& cell) noexcept {
    return {.kind = cell.load<MarketKind>(0),
            .option_side = cell.load<OptionSide>(1),
            .allow_negative = cell.load<bool>(2),
            .host_matched = cell.load<bool>(3),
            .settlement_asset = cell.load<AssetId>(4),
            .feed = cell.load<FeedId>(8),
            .multiplier = cell.load<std::int64_t>(16),
            .lot_step = cell.load<std::uint32_t>(12),
            .price_step = cell.load<std::int64_t>(56),
            .strike = cell.load<std::int64_t>(24),
            .expiry_ms = cell.load<std::int64_t>(32),
            .settle_window_ms = cell.load<std::int64_t>(40),
            .settle_interval_ms = cell.load<std::int64_t>(48)};
}

Cell encode_control(const MarketControl& control) noexcept {
    Cell cell;
    cell.store(0, control.status);
    cell.store(8, control.price.value_or(kNoPrice));
    return cell;
}

MarketControl decode_control(const Cell& cell) noexcept {
    const auto price = cell.load<std::int64_t>(8);
    return {.status = cell.load<MarketStatus>(0),
            .price = price == kNoPrice ? std::nullopt : std::optional(price)};
}

Cell encode_fees(const std::vector<FeeTier>& fees) noexcept {
    Cell cell;
    for (std::size_t i = 0; i < kMaxFeeTiers && !fees.empty(); ++i) {
        const FeeTier& tier = fees[std::min(i, fees.size() - 1)];
        cell.store(8 * i, tier.maker_ppm);
        cell.store(8 * i + 4, tier.taker_ppm);
    }
    return cell;
}

std::array<FeeTier, kMaxFeeTiers> decode_fees(const Cell& cell) noexcept {
    std::array<FeeTier, kMaxFeeTiers> fees;
    for (std::size_t i = 0; i < kMaxFeeTiers; ++i) {
        fees[i] = {.maker_ppm = cell.load<std::int32_t>(8 * i),
                   .taker_ppm = cell.load<std::int32_t>(8 * i + 4)};
    }
    return fees;
}

Cell encode_feed(const FeedParams& params, std::uint32_t sources) noexcept {
    Cell cell;
    cell.store(0, params.quorum);
    cell.store(4, sources);
    cell.store(8, params.max_age_ms);
    cell.store(16, params.max_ahead_ms);
    cell.store(24, params.confidence_ppm);
    cell.store(28, params.clamp_ppm);
    cell.store(32, params.jump_ppm);
    cell.store(36, params.allow_negative);
    return cell;
}

FeedParams decode_feed(const Cell& cell, std::uint32_t& sources) noexcept {
    sources = std::min<std::uint32_t>(cell.load<std::uint32_t>(4), kMaxFeedSources);
    return {.quorum = cell.load<std::uint32_t>(0),
            .max_age_ms = cell.load<std::int64_t>(8),
            .max_ahead_ms = cell.load<std::int64_t>(16),
            .confidence_ppm = cell.load<std::int32_t>(24),
            .clamp_ppm = cell.load<std::int32_t>(28),
            .jump_ppm = cell.load<std::int32_t>(32),
            .allow_negative = cell.load<bool>(36)};
}

Cell encode_params(const MarketParams& params) noexcept {
    Cell cell;
    cell.store(0, params.max_price);
    cell.store(8, params.max_position_lots);
    cell.store(16, params.oi_cap_lots);
    cell.store(24, params.oi_margin_lower);
    cell.store(32, params.oi_margin_upper);
    cell.store(40, params.min_notional);
    cell.store(48, params.band_ppm);
    cell.store(52, params.option_floor_ppm);
    cell.store(56, params.ema_decay_q32);
    cell.store(60, static_cast<std::uint8_t>(params.margin_tiers.size()));
    cell.store(64, params.band_ticks);
    cell.store(72, params.maintenance_floor);
    cell.store(80, params.initial_floor);
    return cell;
}

std::size_t decode_params(const Cell& cell, MarketParams& params) noexcept {
    params.max_price = cell.load<std::int64_t>(0);
    params.max_position_lots = cell.load<std::int64_t>(8);
    params.oi_cap_lots = cell.load<std::int64_t>(16);
    params.oi_margin_lower = cell.load<std::int64_t>(24);
    params.oi_margin_upper = cell.load<std::int64_t>(32);
    params.min_notional = cell.load<std::int64_t>(40);
    params.band_ppm = cell.load<std::int32_t>(48);
    params.option_floor_ppm = cell.load<std::int32_t>(52);
    params.ema_decay_q32 = cell.load<std::uint32_t>(56);
    params.band_ticks = cell.load<std::int64_t>(64);
    params.maintenance_floor = cell.load<std::int64_t>(72);
    params.initial_floor = cell.load<std::int64_t>(80);
    return std::min<std::size_t>(cell.load<std::uint8_t>(60), kMaxMarginTiers);
}

Cell encode_funding_terms(const FundingTerms& funding) noexcept {
    Cell cell;
    cell.store(0, funding.interval_ms);
    cell.store(8, funding.interest_ppb);
    cell.store(16, funding.clamp_ppb);
    cell.store(24, funding.cap_ppb);
    return cell;
}

FundingTerms decode_funding_terms(const Cell& cell) noexcept {
    return {.interval_ms = cell.load<std::int64_t>(0),
            .interest_ppb = cell.load<std::int64_t>(8),
            .clamp_ppb = cell.load<std::int64_t>(16),
            .cap_ppb = cell.load<std::int64_t>(24)};
}

Cell encode_tiers(const MarketParams& params, std::size_t part) noexcept {
    Cell cell;
    const std::size_t begin = part * kTiersPerCell;
    const std::size_t end = std::min(begin + kTiersPerCell, params.margin_tiers.size());
    for (std::size_t i = begin; i < end; ++i) {
        const MarginTier& tier = params.margin_tiers[i];
        const std::size_t offset = 16 * (i - begin);
        cell.store(offset, tier.notional_upper);
        cell.store(offset + 8, tier.maintenance_ppm);
        cell.store(offset + 12, tier.initial_ppm);
    }
    return cell;
}

void decode_tiers(const Cell& cell, std::size_t count, MarketParams& params) {
    for (std::size_t i = 0; i < kTiersPerCell && params.margin_tiers.size() < count; ++i) {
        params.margin_tiers.push_back({.notional_upper = cell.load<std::int64_t>(16 * i),
                                       .maintenance_ppm = cell.load<std::int32_t>(16 * i + 8),
                                       .initial_ppm = cell.load<std::int32_t>(16 * i + 12)});
    }
}

FeedSourceRecord FeedSourceRecord::decode(const Cell& cell) noexcept {
    return {.signer = cell.load<AccountId>(0),
            .weight = cell.load<std::uint32_t>(8),
            .seen = cell.load<bool>(12),
            .price = cell.load<std::int64_t>(16),
            .confidence = cell.load<std::int64_t>(24),
            .publish_time_ms = cell.load<std::int64_t>(32),
            .sequence = cell.load<std::uint64_t>(40)};
}

Cell FeedSourceRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, signer);
    cell.store(8, weight);
    cell.store(12, seen);
    cell.store(16, price);
    cell.store(24, confidence);
    cell.store(32, publish_time_ms);
    cell.store(40, sequence);
    return cell;
}

FeedStateRecord FeedStateRecord::decode(const Cell& cell) noexcept {
    return {.index = cell.load<std::int64_t>(0),
            .time_ms = cell.load<std::int64_t>(8),
            .pending = cell.load<std::int64_t>(16),
            .priced = cell.load<bool>(24),
            .valid = cell.load<bool>(25),
            .has_pending = cell.load<bool>(26)};
}

Cell FeedStateRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, index);
    cell.store(8, time_ms);
    cell.store(16, pending);
    cell.store(24, priced);
    cell.store(25, valid);
    cell.store(26, has_pending);
    return cell;
}

TickRecord TickRecord::decode(const Cell& cell) noexcept {
    return {.mark = cell.load<std::int64_t>(0),
            .index = cell.load<std::int64_t>(8),
            .funding = {.funding = cell.load<Int128>(16), .social = cell.load<Int128>(32)},
            .settle_price = cell.load<std::int64_t>(48),
            .epoch = cell.load<std::uint32_t>(56),
            .status = cell.load<MarketStatus>(60),
            .priced = cell.load<bool>(61),
            .stale = cell.load<bool>(62)};
}

Cell TickRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, mark);
    cell.store(8, index);
    cell.store(16, funding.funding);
    cell.store(32, funding.social);
    cell.store(48, settle_price);
    cell.store(56, epoch);
    cell.store(60, status);
    cell.store(61, priced);
    cell.store(62, stale);
    return cell;
}

MarkStateRecord MarkStateRecord::decode(const Cell& cell) noexcept {
    return {.basis_q32 = cell.load<Int128>(0),
            .premium_sum = cell.load<Int128>(16),
            .basis_time_ms = cell.load<std::int64_t>(32),
            .funding_time_ms = cell.load<std::int64_t>(40),
            .sample_time_ms = cell.load<std::int64_t>(48),
            .premium_ms = cell.load<std::uint32_t>(56),
            .started = cell.load<std::uint32_t>(60),
            .premium_ppb = cell.load<std::int64_t>(64)};
}

Cell MarkStateRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, basis_q32);
    cell.store(16, premium_sum);
    cell.store(32, basis_time_ms);
    cell.store(40, funding_time_ms);
    cell.store(48, sample_time_ms);
    cell.store(56, premium_ms);
    cell.store(60, started);
    cell.store(64, premium_ppb);
    return cell;
}

SettleStateRecord SettleStateRecord::decode(const Cell& cell) noexcept {
    return {.average = {.sum = cell.load<Int128>(0), .millis = cell.load<std::int64_t>(16)},
            .time_ms = cell.load<std::int64_t>(24),
            .interval = cell.load<std::int64_t>(32)};
}

Cell SettleStateRecord::encode() const noexcept {
    Cell cell;
    cell.store(0, average.sum);
    cell.store(16, average.millis);
    cell.store(24, time_ms);
    cell.store(32, interval);
    return cell;
}

Cell encode_book(const BookUpdate& book) noexcept {
    Cell cell;
    cell.store(0, book.best_bid);
    cell.store(8, book.best_ask);
    cell.store(16, book.last);
    cell.store(24, book.impact_bid);
    cell.store(32, book.impact_ask);
    cell.store(40, book.external);
    cell.store(48, book.sequence);
    return cell;
}

BookUpdate decode_book(MarketId market, const Cell& cell) noexcept {
    return {.market = market,
            .best_bid = cell.load<std::int64_t>(0),
            .best_ask = cell.load<std::int64_t>(8),
            .last = cell.load<std::int64_t>(16),
            .impact_bid = cell.load<std::int64_t>(24),
            .impact_ask = cell.load<std::int64_t>(32),
            .external = cell.load<std::int64_t>(40),
            .sequence = cell.load<std::uint64_t>(48)};
}

}  // namespace lockstep
