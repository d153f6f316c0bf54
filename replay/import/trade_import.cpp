#include "replay/import/trade_import.hpp"

#include <algorithm>
#include <limits>

#include "instruments/fees.hpp"
#include "instruments/margin.hpp"
#include "replay/import/import_prelude.hpp"

namespace lockstep {
namespace {

/// A recorded fee is taken as it is, whatever its share of the notional.
constexpr std::int32_t kRecordedFeePpm = std::numeric_limits<std::int32_t>::max();

/// Balances are kept to 10^-12, or to the lot where that is finer.
std::uint8_t residue_scale(const MarketGrid& grid) {
    constexpr std::uint8_t kBalanceScale = 12;
    return std::max(kBalanceScale, grid.size_scale);
}

Int128 residue_per_lot(const MarketGrid& grid) {
    return power_of_ten(std::uint32_t{residue_scale(grid)} - grid.size_scale);
}

/// Orders of a log let the venue take a fee of so many times the trade's notional.
bool fees_fit(const MarketTerms& terms, const Trade& trade) {
    const Checked notional = abs(cash_paid_by_buyer(terms, trade.lots, trade.price));
    const Checked most = fee_of(notional, kRecordedFeePpm);
    return most.ok() && std::max(trade.host_fees->buyer, trade.host_fees->seller) <= most.value();
}

/// Coins of an inverse market are rounded down, to none where the price is far too high.
bool is_worth_something(const MarketTerms& terms, const Trade& trade) {
    const Checked coins = cash_paid_by_buyer(terms, trade.lots, trade.price);
    return terms.kind != MarketKind::kInversePerpetual || (coins.ok() && coins.value() != 0);
}

Error changed_data() {
    return bad_record("the data changed between two readings");
}

}  // namespace

TradeImport::TradeImport(const TradeSurvey& survey, const ImportGrid& grid,
                         const TradeImportOptions& options, BlockSink sink)
    : survey_(survey),
      grid_(grid),
      options_(options),
      accounts_(survey, grid, std::max<std::uint32_t>(options.accounts, 2)),
      blocks_(std::move(sink)),
      random_(options.seed),
      zipf_(std::max<std::uint32_t>(options.accounts, 2), options.zipf_quarters),
      markets_(survey.markets().size()),
      positions_(survey.markets().size()),
      residues_(survey.markets().size()) {}

Result<void, Error> TradeImport::begin() {
    if (auto written = write_import_prelude(blocks_, survey_, grid_, accounts_); !written) {
        return written;
    }
    for (std::uint32_t i = 0; i < markets_.size(); ++i) {
        const auto price = grid_.ticks(RecordedMarketId{i}, *survey_.markets()[i].first_price);
        markets_[i] = {.last_price = price.value_or(0), .moved = true};
        moved_.push_back(i);
    }
    push_moved_prices();
    if (auto opened = open_positions(); !opened) {
        return opened;
    }
    if (auto finished = blocks_.finish(); !finished) {
        return finished;
    }
    counts_.prelude_blocks = blocks_.blocks();
    return {};
}

Result<void, Error> TradeImport::open_positions() {
    if (auto done = next_prelude_block(blocks_, true); !done) {
        return done;
    }
    for (const auto& [account, market] : survey_.holdings()) {
        const std::optional<Decimal>& position = survey_.holding(account, market).first_position;
        if (!position) {
            continue;
        }
        const Result<std::int64_t, Error> lots = position_lots(market, *position);
        if (!lots) {
            return failure(lots.error());
        }
        if (*lots != 0) {
            if (auto pushed = push_position(market, accounts_.recorded(account, market), *lots,
                                            accounts_.opening(market));
                !pushed) {
                return pushed;
            }
            ++counts_.opening_trades;
        }
        if (auto done = next_prelude_block(blocks_, false); !done) {
            return done;
        }
    }
    return {};
}

void TradeImport::start_block(std::int64_t time_ms) {
    blocks_.start(time_ms);
    block_start_ms_ = time_ms;
    block_trades_ = 0;
    push_moved_prices();
}

void TradeImport::push_moved_prices() {
    for (const std::uint32_t market : moved_) {
        MarketState& state = markets_[market];
        state.moved = false;
        blocks_.push_venue(OracleUpdate{.feed = grid_.markets[market].feed,
                                        .price = state.last_price,
                                        .publish_time_ms = blocks_.time_ms(),
                                        .sequence = ++state.sequence});
        ++counts_.oracle_updates;
    }
    moved_.clear();
}

MarketTerms TradeImport::terms_of(RecordedMarketId market) const {
    return {.kind = survey_.markets()[raw(market)].market.kind,
            .multiplier = grid_.markets[raw(market)].multiplier};
}

Result<void, Error> TradeImport::push_trade(RecordedMarketId market, Trade trade, Parties parties,
                                            std::int32_t max_fee_ppm) {
    trade.buyer = {.account = parties.buyer,
                   .market = grid_.markets[raw(market)].market,
                   .limit_price = trade.price,
                   .lots = trade.lots,
                   .max_fee_ppm = max_fee_ppm,
                   .good_til_ms = blocks_.valid_until_ms()};
    trade.seller = trade.buyer;
    trade.seller.account = parties.seller;
    trade.seller.side = OrderSide::kSell;
    if (!is_worth_something(terms_of(market), trade)) {
        return failure(bad_record("a trade in " + survey_.markets()[raw(market)].market.name +
                                  " is worth less than the smallest amount of its currency"));
    }
    auto& positions = positions_[raw(market)];
    const std::int64_t bought = positions[raw(parties.buyer)] += trade.lots;
    const std::int64_t sold = positions[raw(parties.seller)] -= trade.lots;
    if (std::max(bought, -sold) > grid_.markets[raw(market)].max_position_lots) {
        return failure(bad_record("a position in " + survey_.markets()[raw(market)].market.name +
                                  " exceeds the venue's range"));
    }
    blocks_.push_venue(std::move(trade));
    return {};
}

/// Moves `lots` (signed) into an account from another one, at the market's last price without fee.
Result<void, Error> TradeImport::push_position(RecordedMarketId market, AccountId account,
                                               std::int64_t lots, AccountId against) {
    const Parties parties = lots > 0 ? Parties{account, against} : Parties{against, account};
    Trade trade;
    trade.lots = lots > 0 ? lots : -lots;
    trade.price = markets_[raw(market)].last_price;
    trade.host_fees = HostFees{};
    return push_trade(market, trade, parties, 0);
}

std::optional<Int128> TradeImport::fee_quanta(RecordedMarketId market,
                                              const RecordedSide& side) const {
    if (!side.fee) {
        return Int128{0};
    }
    return side.fee->rounded_to(
        grid_.currencies[raw(grid_.markets[raw(market)].asset)].quantum_scale);
}

std::optional<RecordedMarketId> TradeImport::find_market(std::string_view name) const {
    return survey_.find_market(name);
}

RecordedMarketId TradeImport::add_market(const RecordedMarket&) {
    return RecordedMarketId{std::numeric_limits<std::uint32_t>::max()};
}

Result<void, Error> TradeImport::block(const RecordedBlock& block) {
    if (auto finished = blocks_.finish(); !finished) {
        return finished;
    }
    block_number_ = block.number;
    start_block(block.time_ms);
    return {};
}

Result<void, Error> TradeImport::index(RecordedMarketId market, const Decimal& price) {
    if (raw(market) >= markets_.size()) {
        return failure(changed_data());
    }
    const auto ticks = grid_.ticks(market, price);
    if (!ticks) {
        return failure(changed_data());
    }
    MarketState& state = markets_[raw(market)];
    if (state.last_price != *ticks && !state.moved) {
        state.moved = true;
        moved_.push_back(raw(market));
    }
    state.last_price = *ticks;
    return {};
}

Result<AccountId, Error> TradeImport::account_of(const RecordedSide& side,
                                                 RecordedMarketId market) const {
    const auto number = survey_.find_account(side.account);
    if (!number) {
        return failure(changed_data());
    }
    return accounts_.recorded(*number, market);
}

Result<TradeImport::Parties, Error> TradeImport::parties_of(const RecordedTrade& trade) {
    const bool buyer_known = !trade.buyer.account.empty();
    const bool seller_known = !trade.seller.account.empty();
    if (!buyer_known && !seller_known) {
        const std::uint32_t first = zipf_.draw(random_);
        std::uint32_t second = zipf_.draw(random_);
        if (second == first) {
            second = (first + 1) % zipf_.count();
        }
        return Parties{accounts_.synthetic(first, trade.market),
                       accounts_.synthetic(second, trade.market)};
    }
    if (!buyer_known || !seller_known) {
        ++counts_.one_sided;
    }
    Result<AccountId, Error> buyer = accounts_.opening(trade.market);
    Result<AccountId, Error> seller = accounts_.opening(trade.market);
    if (buyer_known) {
        buyer = account_of(trade.buyer, trade.market);
    }
    if (seller_known) {
        seller = account_of(trade.seller, trade.market);
    }
    if (!buyer || !seller) {
        return failure(changed_data());
    }
    if (*buyer == *seller) {
        seller = ImportAccounts::other_self(*seller);
    }
    return Parties{*buyer, *seller};
}

Result<std::int64_t, Error> TradeImport::position_lots(RecordedMarketId market,
                                                       const Decimal& position) const {
    const auto lots = grid_.lots(market, position);
    if (!lots) {
        return failure(bad_record("position " + position.text() + " of " +
                                  survey_.markets()[raw(market)].market.name +
                                  " exceeds 2^47 lots"));
    }
    return *lots;
}

Result<void, Error> TradeImport::align_position(RecordedMarketId market, AccountId account,
                                                const RecordedSide& side) {
    if (!side.position_before) {
        return {};
    }
    const Result<std::int64_t, Error> recorded = position_lots(market, *side.position_before);
    if (!recorded) {
        return failure(recorded.error());
    }
    account = ImportAccounts::first_self(account);
    auto& positions = positions_[raw(market)];
    const std::int64_t held = positions[raw(account)];
    const auto other = positions.find(raw(ImportAccounts::other_self(account)));
    const std::int64_t difference =
        *recorded - held - (other == positions.end() ? 0 : other->second);
    const bool spot = survey_.markets()[raw(market)].market.spot;
    if (difference != 0) {
        if (auto pushed = push_position(market, account, difference, accounts_.opening(market));
            !pushed) {
            return pushed;
        }
        ++(spot ? counts_.balance_trades : counts_.gap_trades);
        if (gaps_.size() < kGapsListed) {
            gaps_.push_back({.block = block_number_, .market = market, .lots = difference});
        }
    }
    if (spot) {
        const auto [residue, fresh] = residues_[raw(market)].try_emplace(raw(account), 0);
        if (fresh || difference != 0) {
            const MarketGrid& grid = grid_.markets[raw(market)];
            const auto exact = side.position_before->rounded_to(residue_scale(grid));
            if (!exact) {
                return failure(bad_record("the balance is out of range"));
            }
            residue->second = *exact - *recorded * residue_per_lot(grid);
        }
    }
    return {};
}

Result<void, Error> TradeImport::take_coin_fee(RecordedMarketId market, AccountId account,
                                               const RecordedSide& side) {
    if (!side.coin_fee) {
        return {};
    }
    account = ImportAccounts::first_self(account);
    const MarketGrid& grid = grid_.markets[raw(market)];
    const auto fee = side.coin_fee->rounded_to(residue_scale(grid));
    Int128& residue = residues_[raw(market)][raw(account)];
    const Checked rest = fee ? Checked{residue} - Checked{*fee} : Checked::overflowed();
    const auto lots = rest.ok()
                          ? Decimal{.units = rest.value(), .scale = residue_scale(grid)}.rounded_to(
                                grid.size_scale)
                          : std::nullopt;
    if (!lots || magnitude(*lots) > static_cast<UInt128>(kMaxLots)) {
        return failure(bad_record("the fee in the coin is out of range"));
    }
    residue = rest.value() - *lots * residue_per_lot(grid);
    if (*lots != 0) {
        if (auto pushed = push_position(market, account, static_cast<std::int64_t>(*lots),
                                        ImportAccounts::coin_fees(market));
            !pushed) {
            return pushed;
        }
        ++counts_.coin_fee_trades;
    }
    return {};
}

bool TradeImport::block_is_full(const RecordedTrade& trade) const {
    return blocks_.is_open() && !survey_.has_blocks() &&
           (block_trades_ >= options_.block_trades ||
            (options_.block_ms > 0 && trade.time_ms - block_start_ms_ >= options_.block_ms));
}

Result<void, Error> TradeImport::trade(const RecordedTrade& trade) {
    if (raw(trade.market) >= markets_.size()) {
        return failure(changed_data());
    }
    if (block_is_full(trade)) {
        if (auto finished = blocks_.finish(); !finished) {
            return finished;
        }
    }
    if (!blocks_.is_open()) {
        start_block(trade.time_ms);
    }
    const auto price = grid_.ticks(trade.market, trade.price);
    const auto lots = grid_.lots(trade.market, trade.size);
    const auto buyer_fee = fee_quanta(trade.market, trade.buyer);
    const auto seller_fee = fee_quanta(trade.market, trade.seller);
    if (!price || !lots || *lots <= 0 || !buyer_fee || !seller_fee) {
        return failure(bad_record("price, size or fee exceeds the venue's range"));
    }
    const Result<Parties, Error> parties = parties_of(trade);
    if (!parties) {
        return failure(parties.error());
    }
    if (auto aligned = align_position(trade.market, parties->buyer, trade.buyer); !aligned) {
        return aligned;
    }
    if (auto aligned = align_position(trade.market, parties->seller, trade.seller); !aligned) {
        return aligned;
    }
    Trade fill;
    fill.buyer_is_taker = trade.buyer_is_taker;
    fill.lots = *lots;
    fill.price = *price;
    fill.host_fees = HostFees{.buyer = *buyer_fee, .seller = *seller_fee};
    if (!fees_fit(terms_of(trade.market), fill)) {
        return failure(bad_record("a fee is over 2,147 times what was traded"));
    }
    if (auto pushed = push_trade(trade.market, fill, *parties, kRecordedFeePpm); !pushed) {
        return pushed;
    }
    ++block_trades_;
    ++counts_.trades;
    if (auto moved = index(trade.market, trade.price); !moved) {
        return moved;
    }
    if (auto taken = take_coin_fee(trade.market, parties->buyer, trade.buyer); !taken) {
        return taken;
    }
    return take_coin_fee(trade.market, parties->seller, trade.seller);
}

bool is_recorded_trade(const Trade& trade) noexcept {
    return trade.buyer.max_fee_ppm == kRecordedFeePpm;
}

bool is_coin_fee(const Trade& trade) noexcept {
    const AccountId fees = ImportAccounts::coin_fees(RecordedMarketId{raw(trade.buyer.market)});
    return trade.buyer.account == fees || trade.seller.account == fees;
}

Error no_trades(const TradeSurvey& survey) {
    std::string words = "the data hold no trades";
    for (const auto& [rule, count] : survey.left_out()) {
        words += "; left out: " + std::to_string(count) + " " + rule;
    }
    return bad_record(words);
}

Result<ImportedTrades, Error> import_trades(RecordedData& data, const TradeImportOptions& options,
                                            const BlockSink& sink) {
    ImportedTrades out;
    if (auto read = data.read(out.survey); !read) {
        return failure(read.error());
    }
    if (out.survey.trades() == 0) {
        return failure(no_trades(out.survey));
    }
    Result<ImportGrid, Error> grid = ImportGrid::make(out.survey);
    if (!grid) {
        return failure(grid.error());
    }
    out.grid = std::move(*grid);
    TradeImport import(out.survey, out.grid, options, sink);
    if (auto begun = import.begin(); !begun) {
        return failure(begun.error());
    }
    if (auto read = data.read(import); !read) {
        return failure(read.error());
    }
    if (auto finished = import.finish(); !finished) {
        return failure(finished.error());
    }
    out.counts = import.counts();
    out.gaps = import.gaps();
    out.blocks = import.blocks().blocks();
    out.transactions = import.blocks().transactions();
    return out;
}

}  // namespace lockstep
