#include "instruments/governance.hpp"

#include "instruments/fees.hpp"

namespace lockstep {
namespace {

bool within(std::int64_t value, std::int64_t low, std::int64_t high) noexcept {
    return low <= value && value <= high;
}

constexpr std::int64_t kDayMs = 86'400'000;

/// Where prices may be <= 0 neither margin nor band can be a share of them alone; a lot's initial
/// requirement then covers at least what a fill at the end of the band loses.
bool floors_valid(const MarketTerms& terms, const MarketParams& params) noexcept {
    const std::int64_t least = terms.allow_negative ? 1 : 0;
    const Checked band = Checked{params.band_ticks} * terms.multiplier;
    return within(params.band_ticks, least, kMaxPrice) &&
           within(params.maintenance_floor, least, params.initial_floor) &&
           params.initial_floor <= kMaxFloor &&
           (!terms.allow_negative || params.initial_floor >= band.value());
}

}  // namespace

Status validate(const CreateAsset& tx) noexcept {
    const bool sound = raw(tx.asset) < kMaxAssets && within(tx.haircut_ppm, 0, kPpm) &&
                       within(tx.liability_ppm, 0, 10 * kPpm) &&
                       within(tx.value_divisor, 1, kMaxValueDivisor);
    return sound ? Status::kApplied : Status::kParamRange;
}

Status validate(const CreateFeed& tx) noexcept {
    const FeedParams& params = tx.params;
    bool sound = tx.feed != kNoFeed && raw(tx.feed) < kMaxFeeds && !tx.sources.empty() &&
                 tx.sources.size() <= kMaxFeedSources && params.quorum >= 1 &&
                 params.quorum <= tx.sources.size() && params.max_age_ms > 0 &&
                 within(params.max_ahead_ms, 0, kDayMs) && within(params.confidence_ppm, 0, kPpm) &&
                 within(params.clamp_ppm, 0, kPpm) && within(params.jump_ppm, 0, 100 * kPpm);
    for (const FeedSource& source : tx.sources) {
        sound = sound && source.weight > 0;
    }
    return sound ? Status::kApplied : Status::kParamRange;
}

Status validate(const MarketTerms& terms) noexcept {
    const bool inverse = terms.kind == MarketKind::kInversePerpetual;
    const bool option = terms.kind == MarketKind::kEuropeanOption;
    const bool dated = terms.kind == MarketKind::kDatedFuture || option;
    const std::int64_t limit = inverse ? kMaxInverseMultiplier : kMaxMultiplier;
    if (!within(terms.multiplier, 1, limit)) {
        return Status::kMultNotInteger;
    }
    const bool sound =
        terms.kind <= MarketKind::kEuropeanOption && terms.option_side <= OptionSide::kPut &&
        raw(terms.settlement_asset) < kMaxAssets && within(terms.lot_step, 1, 0xffffffff) &&
        within(terms.price_step, 1, kMaxPrice) && terms.expiry_ms >= 0 &&
        (terms.expiry_ms > 0) == dated && within(terms.settle_window_ms, dated ? 1 : 0, kDayMs) &&
        within(terms.settle_interval_ms, 0, 365 * kDayMs) && (!option || terms.strike >= 0) &&
        terms.strike <= kMaxPrice && !(terms.allow_negative && (inverse || option));
    return sound ? Status::kApplied : Status::kParamRange;
}

Status validate(const MarketTerms& terms, const MarketParams& params) noexcept {
    const FundingTerms& funding = params.funding;
    const bool sound =
        margin_tiers_valid(params.margin_tiers) && within(params.max_price, 1, kMaxPrice) &&
        within(params.max_position_lots, 1, kMaxLots) && params.oi_cap_lots >= 0 &&
        params.oi_margin_lower >= 0 && params.oi_margin_upper >= 0 && params.min_notional >= 0 &&
        within(params.band_ppm, 1, terms.host_matched ? kBandPpmMax : kPpm) &&
        within(params.option_floor_ppm, 0, kPpm) && floors_valid(terms, params) &&
        within(funding.interval_ms, 0, kDayMs) && within(funding.interest_ppb, -kPpb, kPpb) &&
        within(funding.clamp_ppb, 0, kPpb) &&
        within(funding.cap_ppb, funding.interval_ms > 0 ? 1 : 0, kPpb);
    if (!sound) {
        return Status::kParamRange;
    }
    Checked largest = Checked{params.max_position_lots} * terms.multiplier;
    if (terms.kind != MarketKind::kInversePerpetual) {
        largest = largest * params.max_price;
    }
    return largest.ok() && largest.value() <= kMaxPositionValue ? Status::kApplied
                                                                : Status::kParamRange;
}

Status validate(const MarketTerms& terms, const std::vector<FeeTier>& fees) noexcept {
    bool sound = fees.size() <= kMaxFeeTiers;
    for (const FeeTier& tier : fees) {
        sound = sound && within(tier.maker_ppm, -kPpm, kPpm) && within(tier.taker_ppm, -kPpm, kPpm);
    }
    sound = sound && (terms.host_matched || fees_never_negative(fees.data(), fees.size()));
    return sound ? Status::kApplied : Status::kParamRange;
}

Status validate(const SetVenueParams& tx) noexcept {
    // No two hours of nonces that share a key may live together; with room for the two open ends.
    const std::int64_t longest = (NonceBits::kRing - 2) * NonceBits::kBucketMs;
    const bool sound = tx.profit_cap >= 0 && tx.profit_cap <= kMaxPositionValue &&
                       within(tx.valid_window_ms, 0, longest);
    return sound ? Status::kApplied : Status::kParamRange;
}

}  // namespace lockstep
