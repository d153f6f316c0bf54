#pragma once

#include "accounts/account.hpp"
#include "accounts/ledger.hpp"
#include "instruments/events.hpp"
#include "instruments/market_phase.hpp"

namespace lockstep {

/// What a market's residual accounts hold in quanta of its settlement asset.
template <class View>
[[nodiscard]] Checked residue_of(View& view, MarketId market) {
    return Checked{number_at(view, market_key(CellKind::kFees, market))} +
           number_at(view, market_key(CellKind::kFundClear, market)) +
           number_at(view, market_key(CellKind::kSettleClear, market));
}

/// True while somebody holds a position of a settled market. All lots add up to 0: once the longs
/// are closed, and those that were closed add up to 0, there are no shorts either.
template <class View>
[[nodiscard]] bool has_positions(View& view, MarketId market) {
    return number_at(view, market_key(CellKind::kOpenInterest, market)) != 0 ||
           number_at(view, market_key(CellKind::kClosedLots, market)) != 0;
}

/// Erases every cell of a market.
template <class View>
void erase_market(View& view, MarketId market) {
    const auto erase = [&](const StateKey& key) {
        if (view.exists(key)) {
            view.erase(key);
        }
    };
    for (const CellKind kind :
         {CellKind::kMarketTerms, CellKind::kMarketParams, CellKind::kFeeSchedule,
          CellKind::kMarketControl, CellKind::kTick, CellKind::kMarkState, CellKind::kSettleState,
          CellKind::kBook, CellKind::kOpenInterest, CellKind::kVolume, CellKind::kFees,
          CellKind::kFundClear, CellKind::kClaimsLow, CellKind::kClaimsHigh,
          CellKind::kSocialClaims, CellKind::kDust, CellKind::kSettleClear, CellKind::kClosedLots,
          CellKind::kLosses}) {
        erase(market_key(kind, market));
    }
    erase(market_key(CellKind::kMarketParams, market, 1));
    for (std::uint32_t part = 0; part * kTiersPerCell < kMaxMarginTiers; ++part) {
        erase(market_key(CellKind::kMarginTiers, market, part));
    }
}

/// Check order: market known, settled, no positions, residue not negative.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const DelistMarket& tx) {
    const MarketContext* market = context.market(tx.market);
    if (market == nullptr || !view.exists(market_key(CellKind::kMarketTerms, tx.market))) {
        return Status::kMarketUnknown;
    }
    if (!market->settled()) {
        return Status::kNotSettled;
    }
    if (has_positions(view, tx.market)) {
        return Status::kOpenPositions;
    }
    const Checked residue = residue_of(view, tx.market);
    if (!residue.ok() || residue.value() < 0) {
        return Status::kInsufficientCash;
    }
    const AssetId asset = market->terms.settlement_asset;
    if (!post(view, asset_key(CellKind::kInsurance, asset), residue.value())) {
        return Status::kOverflow;
    }
    erase_market(view, tx.market);
    MarketList list = MarketList::load(view, CellKind::kMarketList, 0);
    list.remove(view, raw(tx.market));
    RestingMarkets<View>::forget(view, CellKind::kRestingMarkets, raw(tx.market));
    return Status::kApplied;
}

/// True when an asset or a market follows the feed.
template <class View>
[[nodiscard]] bool feed_in_use(View& view, FeedId feed) {
    const auto assets = IdList<kMaxAssets>::load(view, CellKind::kAssetList, 0);
    for (const std::uint32_t number : assets.ids()) {
        const AssetId id{number};
        const Cell* cell = view.read(asset_key(CellKind::kAsset, id));
        if (cell != nullptr && decode_asset(id, *cell).feed == feed) {
            return true;
        }
    }
    const MarketList markets = MarketList::load(view, CellKind::kMarketList, 0);
    for (const std::uint32_t number : markets.ids()) {
        const Cell* cell = view.read(market_key(CellKind::kMarketTerms, MarketId{number}));
        if (view.stopped() || (cell != nullptr && decode_terms(*cell).feed == feed)) {
            return true;
        }
    }
    return false;
}

template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext&, const Envelope&,
                            const RemoveFeed& tx) {
    const Cell* cell = view.read(feed_key(CellKind::kFeed, tx.feed));
    if (cell == nullptr) {
        return Status::kFeedUnknown;
    }
    if (feed_in_use(view, tx.feed)) {
        return Status::kInUse;
    }
    std::uint32_t sources = 0;
    static_cast<void>(decode_feed(*cell, sources));
    for (std::uint32_t i = 0; i < sources; ++i) {
        view.erase(feed_key(CellKind::kFeedSource, tx.feed, i));
    }
    if (view.exists(feed_key(CellKind::kFeedState, tx.feed))) {
        view.erase(feed_key(CellKind::kFeedState, tx.feed));
    }
    view.erase(feed_key(CellKind::kFeed, tx.feed));
    FeedList list = FeedList::load(view, CellKind::kFeedList, 0);
    list.remove(view, raw(tx.feed));
    RestingFeeds<View>::forget(view, CellKind::kRestingFeeds, raw(tx.feed));
    return Status::kApplied;
}

/// Takes whole quanta out of a market's dust: the clearing account of funding holds them.
template <class View>
[[nodiscard]] bool take_dust(View& view, MarketId market, Int128 amount) {
    const Checked fraction = Checked{amount} * (Int128{1} << 32);
    return fraction.ok() && post(view, market_key(CellKind::kDust, market), -fraction.value()) &&
           post(view, market_key(CellKind::kFundClear, market), -amount);
}

/// Check order: amount, market or asset known, account exists, enough is held.
template <class View>
[[nodiscard]] Status handle(View& view, const VenueContext& context, const Envelope&,
                            const PayOut& tx) {
    if (tx.amount <= 0) {
        return Status::kAmount;
    }
    const bool insurance = tx.source == PayOutSource::kInsurance;
    const Cell* terms =
        insurance ? nullptr : view.read(market_key(CellKind::kMarketTerms, tx.market));
    if (!insurance && terms == nullptr) {
        return Status::kMarketUnknown;
    }
    const AssetId asset = insurance ? tx.asset : decode_terms(*terms).settlement_asset;
    if (context.asset(asset) == nullptr) {
        return Status::kAssetUnknown;
    }
    if (!view.exists(account_key(tx.to))) {
        return Status::kNoAccount;
    }
    const StateKey fees = market_key(CellKind::kFees, tx.market);
    const StateKey fund = asset_key(CellKind::kInsurance, asset);
    const bool dust = tx.source == PayOutSource::kDust;
    const Int128 held = dust ? number_at(view, market_key(CellKind::kDust, tx.market)) >> 32
                             : number_at(view, insurance ? fund : fees);
    if (held < tx.amount) {
        return Status::kInsufficientCash;
    }
    const bool taken = dust ? take_dust(view, tx.market, tx.amount)
                            : post(view, insurance ? fund : fees, -tx.amount);
    if (!taken || !credit(view, tx.to, asset, tx.amount)) {
        return Status::kOverflow;
    }
    emit(view, EventType::kCashMoved,
         CashEvent{.account = tx.to, .asset = asset, .amount = tx.amount}.encode());
    return Status::kApplied;
}

}  // namespace lockstep
