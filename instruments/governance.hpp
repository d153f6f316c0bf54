#pragma once

#include "instruments/market_phase.hpp"
#include "instruments/prologue.hpp"

namespace lockstep {

/// Checks of parameters alone; kApplied when they are sound.
[[nodiscard]] Status validate(const CreateAsset& tx) noexcept;
[[nodiscard]] Status validate(const CreateFeed& tx) noexcept;
/// Terms: multiplier, steps, dates, strike. kMultNotInteger when a payoff could not be whole.
[[nodiscard]] Status validate(const MarketTerms& terms) noexcept;
/// Parameters of a market with these terms: tiers, bounds, limits; the largest position's notional
/// must stay below 2^85 quanta.
[[nodiscard]] Status validate(const MarketTerms& terms, const MarketParams& params) noexcept;
/// Rates within +-100 %; rebates never above fees (I7) unless the matcher charges its own.
[[nodiscard]] Status validate(const MarketTerms& terms, const std::vector<FeeTier>& fees) noexcept;
[[nodiscard]] Status validate(const SetVenueParams& tx) noexcept;

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const CreateAsset& tx) {
    if (const Status status = validate(tx); status != Status::kApplied) {
        return status;
    }
    const StateKey key = asset_key(CellKind::kAsset, tx.asset);
    if (view.exists(key)) {
        return Status::kExists;
    }
    if (tx.feed != kNoFeed && !view.exists(feed_key(CellKind::kFeed, tx.feed))) {
        return Status::kFeedUnknown;
    }
    view.write(key, encode_asset(tx));
    auto list = IdList<kMaxAssets>::load(view, CellKind::kAssetList, 0);
    list.insert(view, raw(tx.asset));
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const CreateFeed& tx) {
    if (const Status status = validate(tx); status != Status::kApplied) {
        return status;
    }
    if (view.exists(feed_key(CellKind::kFeed, tx.feed))) {
        return Status::kExists;
    }
    FeedList list = FeedList::load(view, CellKind::kFeedList, 0);
    if (list.full()) {
        return Status::kLimit;
    }
    list.insert(view, raw(tx.feed));
    const auto count = static_cast<std::uint32_t>(tx.sources.size());
    view.write(feed_key(CellKind::kFeed, tx.feed), encode_feed(tx.params, count));
    for (std::uint32_t i = 0; i < count; ++i) {
        const FeedSource& source = tx.sources[i];
        view.write(feed_key(CellKind::kFeedSource, tx.feed, i),
                   FeedSourceRecord{.signer = source.signer, .weight = source.weight}.encode());
    }
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const CreateMarket& tx) {
    Status status = validate(tx.terms);
    if (status == Status::kApplied) {
        status = validate(tx.terms, tx.params);
    }
    if (status == Status::kApplied) {
        status = validate(tx.terms, tx.fees);
    }
    if (status != Status::kApplied) {
        return status;
    }
    if (raw(tx.market) >= kMaxMarkets || tx.status > MarketStatus::kHalted ||
        (tx.terms.expiry_ms > 0 && tx.terms.expiry_ms <= context.time_ms)) {
        return Status::kParamRange;
    }
    if (!view.exists(feed_key(CellKind::kFeed, tx.terms.feed))) {
        return Status::kFeedUnknown;
    }
    if (!view.exists(asset_key(CellKind::kAsset, tx.terms.settlement_asset))) {
        return Status::kAssetUnknown;
    }
    if (view.exists(market_key(CellKind::kMarketTerms, tx.market))) {
        return Status::kExists;
    }
    MarketList list = MarketList::load(view, CellKind::kMarketList, 0);
    if (list.full()) {
        return Status::kLimit;
    }
    list.insert(view, raw(tx.market));
    view.write(market_key(CellKind::kMarketTerms, tx.market), encode_terms(tx.terms));
    store_params(view, tx.market, tx.params);
    view.write(market_key(CellKind::kFeeSchedule, tx.market), encode_fees(tx.fees));
    view.write(market_key(CellKind::kMarketControl, tx.market),
               encode_control({.status = tx.status}));
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const UpdateMarket& tx) {
    const Cell* cell = view.read(market_key(CellKind::kMarketTerms, tx.market));
    if (cell == nullptr) {
        return Status::kMarketUnknown;
    }
    const Status status = validate(decode_terms(*cell), tx.params);
    if (status == Status::kApplied) {
        store_params(view, tx.market, tx.params);
        wake_market(view, tx.market);
    }
    return status;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const SetMarketStatus& tx) {
    if (!view.exists(market_key(CellKind::kMarketTerms, tx.market))) {
        return Status::kMarketUnknown;
    }
    const MarketContext* market = context.market(tx.market);
    const bool ended = market != nullptr && (market->status == MarketStatus::kSettled ||
                                             market->status == MarketStatus::kFrozen);
    if (tx.status > MarketStatus::kClosing || ended) {
        return Status::kTransition;
    }
    view.write(market_key(CellKind::kMarketControl, tx.market),
               encode_control({.status = tx.status}));
    wake_market(view, tx.market);
    return Status::kApplied;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const SetFeeSchedule& tx) {
    const Cell* cell = view.read(market_key(CellKind::kMarketTerms, tx.market));
    if (cell == nullptr) {
        return Status::kMarketUnknown;
    }
    const Status status = validate(decode_terms(*cell), tx.fees);
    if (status == Status::kApplied) {
        view.write(market_key(CellKind::kFeeSchedule, tx.market), encode_fees(tx.fees));
    }
    return status;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const SetVenueParams& tx) {
    const Status status = validate(tx);
    if (status != Status::kApplied) {
        return status;
    }
    const StateKey key{CellKind::kVenue, 0};
    const Cell* cell = view.read(key);
    const bool paused = cell != nullptr && decode_venue(*cell).paused;
    if (paused != tx.paused) {
        const MarketList list = MarketList::load(view, CellKind::kMarketList, 0);
        for (const std::uint32_t number : list.ids()) {
            wake_market(view, MarketId{number});  // their funding stops or goes on
        }
    }
    view.write(key, encode_venue(tx));
    return Status::kApplied;
}

/// Check order: market known, not trading and not settled, price in range.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const SettleMarket& tx) {
    const MarketContext* market = context.market(tx.market);
    if (market == nullptr || !view.exists(market_key(CellKind::kMarketTerms, tx.market))) {
        return Status::kMarketUnknown;
    }
    if (market->trading() || market->settled()) {
        return Status::kTransition;
    }
    const bool option = market->terms.kind == MarketKind::kEuropeanOption;
    const std::int64_t least = market->terms.allow_negative ? -market->max_price : option ? 0 : 1;
    if (tx.price < least || tx.price > (option ? kMaxPrice : market->max_price)) {
        return Status::kParamRange;
    }
    view.write(market_key(CellKind::kMarketControl, tx.market),
               encode_control({.status = market->status, .price = tx.price}));
    wake_market(view, tx.market);
    return Status::kApplied;
}

}  // namespace lockstep
