#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/ids.hpp"
#include "replay/import/trade_survey.hpp"

namespace lockstep {

/// An asset that recorded fills are paid in.
struct CurrencyGrid {
    std::string name;
    std::uint8_t quantum_scale = 8;  ///< one quantum is 10^-quantum_scale
    FeedId feed = kNoFeed;           ///< what values it in the numeraire; none for cash currencies
    std::int64_t value_divisor = 1;  ///< CreateAsset::value_divisor
};

/// The integers in which a market trades here.
struct MarketGrid {
    MarketId market{};
    FeedId feed{};
    AssetId asset{};
    std::uint8_t price_scale = 0;               ///< one tick is 10^-price_scale
    std::uint8_t size_scale = 0;                ///< one lot is 10^-size_scale
    std::int64_t multiplier = 1;                ///< MarketTerms::multiplier
    std::int32_t band_ppm = kBandPpmMax;        ///< MarketParams::band_ppm
    std::int64_t band_ticks = 0;                ///< MarketParams::band_ticks
    std::int64_t max_price = kMaxPrice;         ///< MarketParams::max_price
    std::int64_t max_position_lots = kMaxLots;  ///< MarketParams::max_position_lots
};

/// Ticks, lots and quanta that hold every recorded price, size and amount exactly.
///
/// Rule
///   tick     the finest decimal of any price of the market
///   lot      the finest decimal of any size, and of any position before a trade (spot: of
///            any fee in the coin, as far as twice the sum of the largest balances fits 2^47 lots
///            and lot * tick is not finer than 1e-14)
///   quantum  per currency: at most 1e-8, as fine as fees and every lot * tick need
/// The largest price is 16 times the highest recorded one; the largest position is what the venue
/// allows with it. A market whose lot * tick would be more than 2^30 quanta gets a finer tick. The
/// band covers the market's whole range of recorded prices, so that it turns no recorded trade
/// away.
struct ImportGrid {
    std::vector<CurrencyGrid> currencies;  ///< by AssetId; 0 is the numeraire
    std::vector<MarketGrid> markets;       ///< by RecordedMarketId

    /// Fails when the data do not fit the venue's limits: the reason names the market.
    [[nodiscard]] static Result<ImportGrid, Error> make(const TradeSurvey& survey);

    /// Ticks of a recorded price; empty when it is off the grid.
    [[nodiscard]] std::optional<std::int64_t> ticks(RecordedMarketId market,
                                                    const Decimal& price) const;
    /// Lots of a recorded size or position, rounded to the nearest, ties away from zero.
    [[nodiscard]] std::optional<std::int64_t> lots(RecordedMarketId market,
                                                   const Decimal& size) const;
};

}  // namespace lockstep
