#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "accounts/cell.hpp"
#include "accounts/position.hpp"
#include "accounts/state_key.hpp"
#include "instruments/settlement.hpp"
#include "instruments/transaction.hpp"

namespace lockstep {

/// Stored forms of what governance sets.
[[nodiscard]] Cell encode_venue(const SetVenueParams& venue) noexcept;
[[nodiscard]] SetVenueParams decode_venue(const Cell& cell) noexcept;
[[nodiscard]] Cell encode_asset(const CreateAsset& asset) noexcept;
[[nodiscard]] CreateAsset decode_asset(AssetId id, const Cell& cell) noexcept;
[[nodiscard]] Cell encode_terms(const MarketTerms& terms) noexcept;
[[nodiscard]] MarketTerms decode_terms(const Cell& cell) noexcept;
/// What governance asks of a market.
struct MarketControl {
    MarketStatus status = MarketStatus::kHalted;
    std::optional<std::int64_t> price{};  ///< at which it is to be settled, whatever its feed says
};
[[nodiscard]] Cell encode_control(const MarketControl& control) noexcept;
[[nodiscard]] MarketControl decode_control(const Cell& cell) noexcept;
/// The table of fees by tier; the last one given repeats.
[[nodiscard]] Cell encode_fees(const std::vector<FeeTier>& fees) noexcept;
[[nodiscard]] std::array<FeeTier, kMaxFeeTiers> decode_fees(const Cell& cell) noexcept;
/// A feed's parameters and number of sources.
[[nodiscard]] Cell encode_feed(const FeedParams& params, std::uint32_t sources) noexcept;
[[nodiscard]] FeedParams decode_feed(const Cell& cell, std::uint32_t& sources) noexcept;

/// MarketParams take several cells: numbers, funding terms, and margin tiers four to a cell.
inline constexpr std::size_t kTiersPerCell = 4;
[[nodiscard]] Cell encode_params(const MarketParams& params) noexcept;
[[nodiscard]] Cell encode_funding_terms(const FundingTerms& funding) noexcept;
[[nodiscard]] Cell encode_tiers(const MarketParams& params, std::size_t part) noexcept;

template <class View>
void store_params(View& view, MarketId market, const MarketParams& params) {
    view.write(market_key(CellKind::kMarketParams, market), encode_params(params));
    view.write(market_key(CellKind::kMarketParams, market, 1),
               encode_funding_terms(params.funding));
    for (std::size_t part = 0; part * kTiersPerCell < kMaxMarginTiers; ++part) {
        const StateKey key =
            market_key(CellKind::kMarginTiers, market, static_cast<std::uint32_t>(part));
        if (part * kTiersPerCell < params.margin_tiers.size()) {
            view.write(key, encode_tiers(params, part));
        } else if (view.exists(key)) {
            view.erase(key);
        }
    }
}

/// Fills `params` from its cells and returns the number of tiers that are to follow.
[[nodiscard]] std::size_t decode_params(const Cell& cell, MarketParams& params) noexcept;
[[nodiscard]] FundingTerms decode_funding_terms(const Cell& cell) noexcept;
void decode_tiers(const Cell& cell, std::size_t count, MarketParams& params);

template <class View>
[[nodiscard]] MarketParams load_params(View& view, MarketId market) {
    MarketParams params{};
    std::size_t tiers = 0;
    if (const Cell* cell = view.read(market_key(CellKind::kMarketParams, market))) {
        tiers = decode_params(*cell, params);
    }
    if (const Cell* cell = view.read(market_key(CellKind::kMarketParams, market, 1))) {
        params.funding = decode_funding_terms(*cell);
    }
    for (std::uint32_t part = 0; params.margin_tiers.size() < tiers; ++part) {
        const Cell* cell = view.read(market_key(CellKind::kMarginTiers, market, part));
        if (cell == nullptr) {
            break;
        }
        decode_tiers(*cell, tiers, params);
    }
    return params;
}

/// kFeedSource: a source and the last update it gave.
struct FeedSourceRecord {
    AccountId signer{};
    std::uint32_t weight = 0;
    bool seen = false;
    std::int64_t price = 0;
    std::int64_t confidence = 0;
    std::int64_t publish_time_ms = 0;
    std::uint64_t sequence = 0;

    [[nodiscard]] static FeedSourceRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const FeedSourceRecord&, const FeedSourceRecord&) = default;
};

/// kFeedState: the index.
struct FeedStateRecord {
    std::int64_t index = 0;
    std::int64_t time_ms = 0;  ///< block time at which `index` was last confirmed
    std::int64_t pending = 0;  ///< a jump that waits for the next tick
    bool priced = false;
    bool valid = false;  ///< enough sources are fresh, and `index` was said by two ticks
    bool has_pending = false;

    /// Nothing hints at another price.
    [[nodiscard]] bool fresh() const noexcept { return valid && !has_pending; }

    [[nodiscard]] static FeedStateRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const FeedStateRecord&, const FeedStateRecord&) = default;
};

/// kTick: what margin and trades need of a market.
struct TickRecord {
    std::int64_t mark = 0;
    std::int64_t index = 0;
    FundingIndex funding{};
    std::int64_t settle_price = 0;
    std::uint32_t epoch = 0;
    MarketStatus status = MarketStatus::kHalted;
    bool priced = false;
    bool stale = false;

    [[nodiscard]] static TickRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const TickRecord&, const TickRecord&) = default;
};

/// kMarkState: averages behind the mark and the funding rate.
struct MarkStateRecord {
    static constexpr std::uint32_t kBasis = 1;    ///< `started`: the basis average has a value
    static constexpr std::uint32_t kFunding = 2;  ///< `started`: funding has begun
    static constexpr std::uint32_t kRunning = 4;  ///< `started`: the funding clock runs

    Int128 basis_q32 = 0;
    Int128 premium_sum = 0;  ///< ppb * ms
    std::int64_t basis_time_ms = 0;
    std::int64_t funding_time_ms = 0;  ///< up to which funding has been charged
    std::int64_t sample_time_ms = 0;   ///< of the last premium sample
    std::uint32_t premium_ms = 0;      ///< time covered by premium_sum
    std::uint32_t started = 0;
    std::int64_t premium_ppb = 0;  ///< of the last sample: it holds until the next one

    [[nodiscard]] static MarkStateRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const MarkStateRecord&, const MarkStateRecord&) = default;
};

/// kSettleState: averaging towards expiry, and the calendar of daily settlements.
struct SettleStateRecord {
    PriceAverage average{};
    std::int64_t time_ms = 0;    ///< of the last block that was counted
    std::int64_t interval = -1;  ///< number of the last daily settlement that was done; -1: none

    [[nodiscard]] static SettleStateRecord decode(const Cell& cell) noexcept;
    [[nodiscard]] Cell encode() const noexcept;
    friend bool operator==(const SettleStateRecord&, const SettleStateRecord&) = default;
};

[[nodiscard]] Cell encode_book(const BookUpdate& book) noexcept;
[[nodiscard]] BookUpdate decode_book(MarketId market, const Cell& cell) noexcept;

}  // namespace lockstep
