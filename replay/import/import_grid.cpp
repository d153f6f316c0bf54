#include "replay/import/import_grid.hpp"

#include <algorithm>

#include "engine/base/rounding.hpp"
#include "instruments/price_phase.hpp"

namespace lockstep {
namespace {

constexpr std::uint8_t kQuantumScaleMost = 24;
constexpr std::uint32_t kCoinNotionalScaleMost = 14;
constexpr std::int64_t kBandSlackPpm = 50'000;

bool is_inverse(const RecordedMarket& market) {
    return market.kind == MarketKind::kInversePerpetual;
}

/// Lots of spot coins are as fine as fees in the coin, within the venue's range.
std::uint8_t size_scale_of(const MarketSurvey& survey) {
    std::uint8_t scale = survey.size_scale;
    if (!survey.coin_fee_scale || !survey.reach.ok()) {
        return scale;
    }
    while (scale < *survey.coin_fee_scale && survey.price_scale + scale < kCoinNotionalScaleMost) {
        const Checked lots = Checked{2} * survey.reach * Checked{power_of_ten(scale + 1U)};
        if (!lots.ok() || lots.value() / power_of_ten(kReachScale) > kMaxLots) {
            break;
        }
        ++scale;
    }
    return scale;
}

/// Decimals that one unit of size times one unit of price needs.
std::uint32_t notional_scale(const MarketSurvey& survey) {
    return std::uint32_t{survey.price_scale} + size_scale_of(survey) + survey.market.contract.scale;
}

std::size_t currency_index(std::vector<CurrencyGrid>& currencies, const std::string& name) {
    const auto found = std::find_if(currencies.begin(), currencies.end(),
                                    [&](const CurrencyGrid& c) { return c.name == name; });
    if (found != currencies.end()) {
        return static_cast<std::size_t>(found - currencies.begin());
    }
    currencies.push_back({.name = name});
    return currencies.size() - 1;
}

/// Currencies of linear markets are cash, the first of them the numeraire; coins follow.
std::vector<CurrencyGrid> list_currencies(const TradeSurvey& survey) {
    std::vector<CurrencyGrid> currencies;
    for (const MarketSurvey& market : survey.markets()) {
        if (!is_inverse(market.market)) {
            CurrencyGrid& cash = currencies[currency_index(currencies, market.market.currency)];
            const auto needed = std::min<std::uint32_t>(notional_scale(market), kQuantumScaleMost);
            cash.quantum_scale = std::max(cash.quantum_scale, static_cast<std::uint8_t>(needed));
        }
    }
    if (currencies.empty()) {
        currencies.push_back({.name = "USD"});
    }
    for (CurrencyGrid& cash : currencies) {
        if (const auto fee = survey.fee_scales().find(cash.name);
            fee != survey.fee_scales().end()) {
            cash.quantum_scale = std::clamp(fee->second, cash.quantum_scale, kQuantumScaleMost);
        }
    }
    for (const MarketSurvey& market : survey.markets()) {
        if (is_inverse(market.market)) {
            currency_index(currencies, market.market.currency);
        }
    }
    return currencies;
}

/// 10^exponent when it is a positive i64.
std::optional<std::int64_t> small_power(std::int64_t exponent) {
    if (exponent < 0 || exponent > 18) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(power_of_ten(static_cast<std::uint32_t>(exponent)));
}

std::optional<std::int64_t> narrow(Checked value) {
    if (!value.ok() || value.value() > std::numeric_limits<std::int64_t>::max() ||
        value.value() < std::numeric_limits<std::int64_t>::min()) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(value.value());
}

/// Quanta per lot and tick; the tick is refined while there are more than the venue takes.
bool set_linear_multiplier(MarketGrid& grid, const MarketSurvey& survey, std::uint8_t quantum) {
    const Decimal contract = survey.market.contract;
    for (; grid.price_scale <= kQuantumScaleMost; ++grid.price_scale) {
        const std::int64_t exponent =
            std::int64_t{quantum} - grid.price_scale - grid.size_scale - contract.scale;
        if (exponent < 0) {
            return false;
        }
        const auto power = small_power(exponent);
        const auto multiplier =
            power ? narrow(Checked{*power} * Checked{contract.units}) : std::nullopt;
        if (multiplier && *multiplier <= kMaxMultiplier) {
            grid.multiplier = *multiplier;
            return *multiplier >= 1;
        }
    }
    return false;
}

/// KC = coin quanta times ticks per lot.
bool set_inverse_multiplier(MarketGrid& grid, const MarketSurvey& survey, std::uint8_t quantum) {
    const Decimal contract = survey.market.contract;
    const auto power =
        small_power(std::int64_t{quantum} + grid.price_scale - grid.size_scale - contract.scale);
    const auto multiplier =
        power ? narrow(Checked{*power} * Checked{contract.units}) : std::nullopt;
    if (!multiplier || *multiplier < 1) {
        return false;
    }
    grid.multiplier = *multiplier;
    return true;
}

/// Distance in ppm that covers the range of prices from its lowest; the widest there is when a
/// price is not positive or the range is wider than that.
std::int32_t band_of(std::int64_t lowest, std::int64_t highest) {
    if (lowest <= 0) {
        return kBandPpmMax;
    }
    const Checked width =
        ceil_div((Checked{highest} - Checked{lowest}) * Checked{kPpm}, Checked{lowest});
    return width.ok() && width.value() + kBandSlackPpm < kBandPpmMax
               ? static_cast<std::int32_t>(width.value() + kBandSlackPpm)
               : kBandPpmMax;
}

/// The venue wants max_position * multiplier (* max_price, unless inverse) <= kMaxPositionValue.
void set_limits(MarketGrid& grid, bool inverse, std::int64_t lowest, std::int64_t highest) {
    const std::int64_t reach = std::max({highest, -lowest, std::int64_t{1}});
    grid.max_price = std::min(kMaxPrice, reach <= kMaxPrice / 16 ? reach * 16 : kMaxPrice);
    const Int128 unit = Int128{grid.multiplier} * (inverse ? 1 : grid.max_price);
    grid.max_position_lots =
        static_cast<std::int64_t>(std::min<Int128>(kMaxLots, kMaxPositionValue / unit));
}

}  // namespace

Result<ImportGrid, Error> ImportGrid::make(const TradeSurvey& survey) {
    if (survey.markets().size() > kMaxListedFeeds) {
        return failure(bad_record("more markets than the venue holds"));
    }
    ImportGrid out;
    out.currencies = list_currencies(survey);
    if (out.currencies.size() > kMaxAssets) {
        return failure(bad_record("more currencies than the venue holds"));
    }
    for (std::size_t i = 0; i < survey.markets().size(); ++i) {
        const MarketSurvey& market = survey.markets()[i];
        const std::size_t asset = currency_index(out.currencies, market.market.currency);
        CurrencyGrid& currency = out.currencies[asset];
        MarketGrid grid{.market = MarketId{static_cast<std::uint32_t>(i)},
                        .feed = FeedId{static_cast<std::uint32_t>(i + 1)},
                        .asset = AssetId{static_cast<std::uint32_t>(asset)},
                        .price_scale = market.price_scale,
                        .size_scale = size_scale_of(market)};
        if (is_inverse(market.market)) {
            const std::int64_t divisor = std::int64_t{currency.quantum_scale} + grid.price_scale -
                                         out.currencies[0].quantum_scale;
            const auto power = small_power(divisor);
            if (!power || !set_inverse_multiplier(grid, market, currency.quantum_scale)) {
                return failure(
                    bad_record("market " + market.market.name + " does not fit whole quanta"));
            }
            if (currency.feed == kNoFeed) {
                currency.feed = grid.feed;
                currency.value_divisor = *power;
            }
        } else if (!set_linear_multiplier(grid, market, currency.quantum_scale)) {
            return failure(
                bad_record("market " + market.market.name + " does not fit whole quanta"));
        }
        out.markets.push_back(grid);
        if (market.first_price) {
            const RecordedMarketId id{static_cast<std::uint32_t>(i)};
            const auto lowest = out.ticks(id, market.lowest_price);
            const auto highest = out.ticks(id, market.highest_price);
            if (!lowest || !highest) {
                return failure(
                    bad_record("prices of " + market.market.name + " exceed 2^40 ticks"));
            }
            out.markets.back().band_ppm = band_of(*lowest, *highest);
            out.markets.back().band_ticks = *lowest <= 0 ? *highest - *lowest + 1 : 0;
            set_limits(out.markets.back(), is_inverse(market.market), *lowest, *highest);
        }
    }
    return out;
}

std::optional<std::int64_t> ImportGrid::ticks(RecordedMarketId market, const Decimal& price) const {
    const auto units = price.at_scale(markets[raw(market)].price_scale);
    if (!units || magnitude(*units) > static_cast<UInt128>(kMaxPrice)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*units);
}

std::optional<std::int64_t> ImportGrid::lots(RecordedMarketId market, const Decimal& size) const {
    const auto units = size.rounded_to(markets[raw(market)].size_scale);
    if (!units || magnitude(*units) > static_cast<UInt128>(kMaxLots)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*units);
}

}  // namespace lockstep
