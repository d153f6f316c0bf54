#include "replay/import/import_prelude.hpp"

#include <algorithm>
#include <utility>

namespace lockstep {
namespace {

constexpr std::size_t kPreludeTransactions = 1000;
constexpr std::int64_t kPreludeLeadMs = 86'400'000;
/// Ten thousand years, longer than any gap in data: an import has no stale prices.
constexpr std::int64_t kFeedAgeMaxMs = std::int64_t{3'652'500} * 86'400'000;
constexpr std::uint32_t kAmpleUnitsPower = 12;
constexpr std::int32_t kInitialPpm = 1'000;
constexpr std::int32_t kMaintenancePpm = 500;
constexpr AccountId kSource = role_account(Role::kOracle);

bool allows_negative(const MarketSurvey& survey) {
    return survey.first_price && survey.lowest_price.units <= 0;
}

CreateFeed feed_of(const MarketSurvey& survey, const MarketGrid& grid) {
    CreateFeed feed;
    feed.feed = grid.feed;
    feed.params.max_age_ms = kFeedAgeMaxMs;
    feed.params.allow_negative = allows_negative(survey);
    feed.sources.push_back({.signer = kSource});
    return feed;
}

CreateMarket market_of(const MarketSurvey& survey, const MarketGrid& grid) {
    CreateMarket market;
    market.market = grid.market;
    market.terms = {.kind = survey.market.kind,
                    .allow_negative = allows_negative(survey),
                    .host_matched = true,
                    .settlement_asset = grid.asset,
                    .feed = grid.feed,
                    .multiplier = grid.multiplier,
                    .expiry_ms = survey.market.expiry_ms};
    market.params.margin_tiers.push_back(
        {.maintenance_ppm = kMaintenancePpm, .initial_ppm = kInitialPpm});
    market.params.band_ppm = grid.band_ppm;
    market.params.band_ticks = grid.band_ticks;
    // Where prices may be <= 0, a lot is held to what it can lose within the band.
    market.params.maintenance_floor =
        allows_negative(survey) ? grid.band_ticks * grid.multiplier : 0;
    market.params.initial_floor = market.params.maintenance_floor;
    market.params.max_price = grid.max_price;
    market.params.max_position_lots = grid.max_position_lots;
    return market;
}

Result<void, Error> push_accounts(BlockAssembler& blocks,
                                  const std::vector<FundedAccount>& funded) {
    for (std::size_t i = 0; i < funded.size(); ++i) {
        if (i == 0 || funded[i].account != funded[i - 1].account) {
            if (auto done = next_prelude_block(blocks, false); !done) {
                return done;
            }
            blocks.push_venue(CreateAccount{.account = funded[i].account});
        }
    }
    return next_prelude_block(blocks, true);
}

Result<void, Error> push_deposits(BlockAssembler& blocks, const ImportGrid& grid,
                                  const std::vector<FundedAccount>& funded) {
    std::uint64_t reference = 0;
    for (const FundedAccount& entry : funded) {
        if (auto done = next_prelude_block(blocks, false); !done) {
            return done;
        }
        const CurrencyGrid& currency = grid.currencies[raw(entry.asset)];
        blocks.push_venue(Deposit{.account = entry.account,
                                  .asset = entry.asset,
                                  .amount = power_of_ten(kAmpleUnitsPower + currency.quantum_scale),
                                  .reference = ++reference});
    }
    return next_prelude_block(blocks, true);
}

}  // namespace

Result<void, Error> next_prelude_block(BlockAssembler& blocks, bool force) {
    if (blocks.size() < kPreludeTransactions && !force) {
        return {};
    }
    if (auto finished = blocks.finish(); !finished) {
        return finished;
    }
    blocks.start(blocks.time_ms() + 1);
    return {};
}

Result<void, Error> write_import_prelude(BlockAssembler& blocks, const TradeSurvey& survey,
                                         const ImportGrid& grid, const ImportAccounts& accounts) {
    blocks.start(std::max<std::int64_t>(survey.first_time_ms() - kPreludeLeadMs, 0));
    for (const MarketGrid& market : grid.markets) {
        blocks.push_venue(feed_of(survey.markets()[raw(market.market)], market));
    }
    if (auto done = next_prelude_block(blocks, true); !done) {
        return done;
    }
    for (std::size_t i = 0; i < grid.currencies.size(); ++i) {
        const CurrencyGrid& currency = grid.currencies[i];
        blocks.push_venue(CreateAsset{.asset = AssetId{static_cast<std::uint32_t>(i)},
                                      .decimals = currency.quantum_scale,
                                      .feed = currency.feed,
                                      .value_divisor = currency.value_divisor});
    }
    if (auto done = next_prelude_block(blocks, true); !done) {
        return done;
    }
    for (const MarketGrid& market : grid.markets) {
        blocks.push_venue(market_of(survey.markets()[raw(market.market)], market));
    }
    if (auto done = next_prelude_block(blocks, true); !done) {
        return done;
    }
    const std::vector<FundedAccount> funded = accounts.funded();
    if (auto done = push_accounts(blocks, funded); !done) {
        return done;
    }
    return push_deposits(blocks, grid, funded);
}

}  // namespace lockstep
