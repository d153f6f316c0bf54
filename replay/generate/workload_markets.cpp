#include "replay/generate/workload_markets.hpp"

#include <algorithm>

namespace lockstep {
namespace {

constexpr std::int64_t kLinearMultiplier = 10;              // 1e-4 units * 0.1 USD in 1e-6 USD
constexpr std::int64_t kInverseMultiplier = 1'000'000'000;  // 1 USD = 10 ticks, times 1e8 quanta
constexpr std::int64_t kCoinDivisor = 1'000;                // 1e-8 coin at a tick of 1e5 quanta
constexpr std::int64_t kPriceMax = std::int64_t{1} << 24;
constexpr std::int64_t kTenYearsMs = std::int64_t{3650} * 86'400'000;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kFirstPriceLow = 5'000;
constexpr std::int64_t kFirstPriceHigh = 600'000;
constexpr std::int32_t kBandPpm = 50'000;
constexpr std::int32_t kCoinLiabilityPpm = 50'000;

bool is_dated(MarketKind kind) {
    return kind == MarketKind::kDatedFuture || kind == MarketKind::kEuropeanOption;
}

}  // namespace

WorkloadMarkets::WorkloadMarkets(std::uint32_t count, std::int64_t start_ms, std::uint64_t seed,
                                 bool short_dated)
    : count_(count), book_sequences_(count, 0) {
    Random random(seed);
    for (std::uint32_t i = 0; i < count; i += kMarketsPerFeed) {
        const std::int64_t price = random.between(kFirstPriceLow, kFirstPriceHigh);
        feeds_.push_back({.first_price = price, .price = price});
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        terms_.push_back(make_terms(i, start_ms, short_dated));
    }
}

std::uint32_t WorkloadMarkets::coins() const noexcept {
    return std::min(feeds(), kCoinsMax);
}

MarketKind WorkloadMarkets::kind(std::uint32_t market) const noexcept {
    switch (market % kMarketsPerFeed) {
        case 1:
            return feed_of(market) < kCoinsMax ? MarketKind::kInversePerpetual
                                               : MarketKind::kLinearPerpetual;
        case 2:
            return MarketKind::kDatedFuture;
        case 3:
            return MarketKind::kEuropeanOption;
        default:
            return MarketKind::kLinearPerpetual;
    }
}

MarketTerms WorkloadMarkets::make_terms(std::uint32_t market, std::int64_t start_ms,
                                        bool short_dated) const {
    const std::uint32_t feed = feed_of(market);
    MarketTerms terms{
        .kind = kind(market), .feed = FeedId{feed + 1}, .multiplier = kLinearMultiplier};
    if (terms.kind == MarketKind::kInversePerpetual) {
        terms.settlement_asset = AssetId{feed + 1};
        terms.multiplier = kInverseMultiplier;
    }
    if (is_dated(terms.kind)) {
        const bool soon = short_dated && feed % 4 == 0;
        terms.expiry_ms = start_ms + (soon ? kMinuteMs : kTenYearsMs);
        terms.settle_window_ms = kMinuteMs / 4;
    }
    if (terms.kind == MarketKind::kEuropeanOption) {
        terms.option_side = feed % 2 == 0 ? OptionSide::kCall : OptionSide::kPut;
        terms.strike = feeds_[feed].first_price;
    }
    return terms;
}

CreateAsset WorkloadMarkets::asset(std::uint32_t number) const {
    CreateAsset asset{.asset = AssetId{number}};
    if (number > 0) {
        asset.decimals = 8;
        asset.haircut_ppm = kCoinLiabilityPpm;
        asset.liability_ppm = kCoinLiabilityPpm;
        asset.feed = FeedId{number};
        asset.value_divisor = kCoinDivisor;
    }
    return asset;
}

CreateFeed WorkloadMarkets::feed(std::uint32_t number) const {
    CreateFeed feed;
    feed.feed = FeedId{number + 1};
    feed.params.max_age_ms = kTenYearsMs;
    feed.sources.push_back({.signer = role_account(Role::kOracle)});
    return feed;
}

CreateMarket WorkloadMarkets::market(std::uint32_t number) const {
    CreateMarket market;
    market.market = MarketId{number};
    market.terms = terms_[number];
    const bool option = market.terms.kind == MarketKind::kEuropeanOption;
    market.params.margin_tiers.push_back(
        {.maintenance_ppm = option ? 100'000 : 30'000, .initial_ppm = option ? 150'000 : 50'000});
    market.params.option_floor_ppm = option ? 100'000 : 0;
    market.params.max_price = kPriceMax;
    market.params.band_ppm = kBandPpm;
    if (!is_dated(market.terms.kind)) {
        market.params.funding.interval_ms = 60 * kMinuteMs;
        market.params.funding.cap_ppb = 10'000'000;
    }
    market.fees.push_back({.maker_ppm = -20, .taker_ppm = 350});
    market.fees.push_back({.maker_ppm = 0, .taker_ppm = 300});
    return market;
}

std::int64_t WorkloadMarkets::fair_price(std::uint32_t market) const noexcept {
    const MarketTerms& terms = terms_[market];
    const std::int64_t price = feeds_[feed_of(market)].price;
    if (terms.kind != MarketKind::kEuropeanOption) {
        return price;
    }
    const std::int64_t above = price - terms.strike;
    const std::int64_t intrinsic =
        std::max<std::int64_t>(terms.option_side == OptionSide::kCall ? above : -above, 0);
    return intrinsic + price / 50;
}

std::int64_t WorkloadMarkets::draw_price(std::uint32_t market, Random& random) const {
    const std::int64_t reach = feeds_[feed_of(market)].price / 200;
    return std::max<std::int64_t>(fair_price(market) + random.between(-reach, reach), 1);
}

OracleUpdate WorkloadMarkets::tick(std::uint32_t number, std::int64_t time_ms, Random& random) {
    Feed& feed = feeds_[number];
    const std::int64_t reach = feed.price / 1000;
    const std::int64_t step = random.between(-reach, reach);
    if (feed.moved_ms != time_ms) {
        feed.moved_ms = time_ms;
        feed.price = std::clamp(feed.price + step, feed.first_price / 2, feed.first_price * 2);
    }
    return quote(number, time_ms);
}

OracleUpdate WorkloadMarkets::quote(std::uint32_t number, std::int64_t time_ms) {
    Feed& feed = feeds_[number];
    return {.feed = FeedId{number + 1},
            .price = feed.price,
            .confidence = feed.price / 10'000,
            .publish_time_ms = time_ms,
            .sequence = ++feed.sequence};
}

BookUpdate WorkloadMarkets::book(std::uint32_t market) {
    const std::int64_t fair = fair_price(market);
    return {.market = MarketId{market},
            .best_bid = fair - 1,
            .best_ask = fair + 1,
            .last = fair,
            .impact_bid = fair - 2,
            .impact_ask = fair + 2,
            .external = kind(market) == MarketKind::kEuropeanOption ? fair : kNoPrice,
            .sequence = ++book_sequences_[market]};
}

}  // namespace lockstep
