#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>

#include "accounts/ids.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/int128.hpp"

namespace lockstep {

/// Kinds of state cells. The numbers are part of every digest.
enum class CellKind : std::uint8_t {
    // per account
    kAccount = 1,      ///< head block: AccountLayout
    kNonces = 2,       ///< TablePage; item = stripe, chunk = its number
    kCash = 3,         ///< number, quanta; item = asset; of those without room in the head block
    kPositions = 4,    ///< continuation block: AccountLayout; chunk = its number, from 1
    kOrders = 5,       ///< TablePage; chunk = its number
    kDepositUsed = 8,  ///< mark; owner = deposit reference, item = asset
    // per owner; owner = his subaccount 0
    kOwner = 9,       ///< mark: he has accounts beside subaccount 0
    kOwnerLots = 10,  ///< number: lots of all his accounts, long and short; item = market

    // venue
    kVenue = 16,       ///< VenueRecord
    kAssetList = 17,   ///< IdChunk
    kAsset = 18,       ///< AssetRecord; item = asset
    kAssetTotal = 19,  ///< number: deposits - withdrawals
    kInsurance = 20,   ///< number, quanta; item = asset
    kClock = 21,       ///< i64: time of the last block, ms
    kBadDebt = 22,     ///< number, quanta owed to the venue by nobody; item = asset

    // feeds
    kFeedList = 32,      ///< IdChunk
    kFeed = 33,          ///< FeedRecord; item = feed
    kFeedState = 34,     ///< FeedStateRecord
    kFeedSource = 35,    ///< FeedSourceRecord; chunk = source
    kRestingFeeds = 36,  ///< RestingFeed each; item = page

    // markets: governance
    kMarketList = 48,   ///< IdChunk
    kMarketTerms = 49,  ///< item = market, as for all below
    kMarketParams = 50,
    kMarginTiers = 51,  ///< chunk = part of the table
    kFeeSchedule = 52,
    kMarketControl = 53,  ///< the status that governance asked for
    // markets: written by the phases of a block only
    kTick = 56,            ///< TickRecord
    kMarkState = 57,       ///< MarkStateRecord
    kSettleState = 58,     ///< SettleStateRecord
    kBook = 59,            ///< BookRecord
    kRestingMarkets = 60,  ///< RestingMarket each; item = page
    // markets: numbers that user transactions only add to
    kOpenInterest = 64,  ///< sum of max(q, 0), lots
    kVolume = 65,        ///< lots
    kFees = 66,          ///< quanta of the settlement asset
    kFundClear = 67,     ///< quanta; clearing account of funding and social loss
    kClaimsLow = 68,     ///< Q32: sum of q * F0 + rem is high * 2^96 + low
    kClaimsHigh = 69,
    kSocialClaims = 70,  ///< Q32
    kDust = 71,          ///< Q32 remainders of closed positions
    kSettleClear = 72,   ///< quanta; clearing account of final settlement, 0 when all are closed
    kClosedLots = 73,    ///< signed lots closed by final settlement, 0 when all are closed
    kLosses = 74,        ///< quanta that the block's liquidations left; spread at its end
};

/// Address of a state cell: 16 bytes, ordered by (kind, item, chunk, owner).
class StateKey {
  public:
    constexpr StateKey() noexcept = default;
    constexpr StateKey(CellKind kind, std::uint64_t owner, std::uint32_t item = 0,
                       std::uint32_t chunk = 0) noexcept
        : tag_(static_cast<std::uint64_t>(kind) << 56 | static_cast<std::uint64_t>(item) << 24 |
               (chunk & 0xffffffU)),
          owner_(owner) {}
    /// Inverse of encode.
    [[nodiscard]] static constexpr StateKey from_words(std::uint64_t tag,
                                                       std::uint64_t owner) noexcept {
        StateKey key;
        key.tag_ = tag;
        key.owner_ = owner;
        return key;
    }

    [[nodiscard]] constexpr CellKind kind() const noexcept {
        return static_cast<CellKind>(tag_ >> 56);
    }
    [[nodiscard]] constexpr std::uint32_t item() const noexcept {
        return static_cast<std::uint32_t>(tag_ >> 24);
    }
    [[nodiscard]] constexpr std::uint32_t chunk() const noexcept {
        return static_cast<std::uint32_t>(tag_ & 0xffffffU);
    }
    [[nodiscard]] constexpr std::uint64_t owner() const noexcept { return owner_; }
    [[nodiscard]] constexpr std::uint64_t tag() const noexcept { return tag_; }

    /// Both halves of one product: each bit of the key moves bits everywhere.
    [[nodiscard]] constexpr std::uint64_t hash() const noexcept {
        const UInt128 product =
            UInt128{owner_ ^ 0x9e3779b97f4a7c15U} * (tag_ ^ 0xbf58476d1ce4e5b9U);
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }
    void encode(ByteWriter& out) const { out.put(tag_, owner_); }

    friend constexpr bool operator==(const StateKey&, const StateKey&) = default;
    friend constexpr auto operator<=>(const StateKey& a, const StateKey& b) noexcept {
        return a.wide() <=> b.wide();
    }

  private:
    [[nodiscard]] constexpr UInt128 wide() const noexcept { return UInt128{tag_} << 64 | owner_; }

    std::uint64_t tag_ = 0;
    std::uint64_t owner_ = 0;
};
static_assert(sizeof(StateKey) == 16 && std::is_trivially_copyable_v<StateKey>);

/// True for kinds whose cell is one Int128.
[[nodiscard]] constexpr bool is_numeric(CellKind kind) noexcept {
    return kind == CellKind::kCash || kind == CellKind::kOwnerLots ||
           kind == CellKind::kAssetTotal || kind == CellKind::kInsurance ||
           kind == CellKind::kBadDebt ||
           (kind >= CellKind::kOpenInterest && kind <= CellKind::kLosses);
}

/// The cell whose order the cells of a unit share: the head block of subaccount 0 for all that is
/// an owner's own, whatever his account; the volume of a market for all that its transactions only
/// add to.
[[nodiscard]] constexpr StateKey unit_key(const StateKey& key) noexcept {
    const CellKind kind = key.kind();
    if (kind == CellKind::kNonces && is_venue(AccountId{key.owner()})) {
        return {kind, key.owner(), key.item(), 1};  // the root of its table
    }
    if (kind <= CellKind::kOrders || kind == CellKind::kOwner || kind == CellKind::kOwnerLots) {
        return {CellKind::kAccount, raw(make_account(owner_of(AccountId{key.owner()})))};
    }
    if (kind >= CellKind::kOpenInterest && kind <= CellKind::kLosses) {
        return {CellKind::kVolume, 0, key.item()};
    }
    return key;
}

/// Makers of keys, one per way of addressing.
[[nodiscard]] constexpr StateKey account_key(AccountId account) noexcept {
    return {CellKind::kAccount, raw(account)};
}
[[nodiscard]] constexpr StateKey cash_key(AccountId account, AssetId asset) noexcept {
    return {CellKind::kCash, raw(account), raw(asset)};
}
[[nodiscard]] constexpr StateKey positions_key(AccountId account, std::uint32_t block) noexcept {
    return {CellKind::kPositions, raw(account), 0, block};
}
[[nodiscard]] constexpr StateKey asset_key(CellKind kind, AssetId asset) noexcept {
    return {kind, 0, raw(asset)};
}
[[nodiscard]] constexpr StateKey feed_key(CellKind kind, FeedId feed,
                                          std::uint32_t chunk = 0) noexcept {
    return {kind, 0, raw(feed), chunk};
}
[[nodiscard]] constexpr StateKey market_key(CellKind kind, MarketId market,
                                            std::uint32_t chunk = 0) noexcept {
    return {kind, 0, raw(market), chunk};
}

}  // namespace lockstep
