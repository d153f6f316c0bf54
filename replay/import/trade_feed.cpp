#include "replay/import/trade_feed.hpp"

#include <algorithm>
#include <utility>

#include "engine/base/rounding.hpp"
#include "replay/import/recorded_time.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kEmptyQuotes = "quotes with an empty side";
constexpr std::string_view kForeignFees =
    "fees in a token that is neither the market's currency nor traded (the trade is kept)";

bool is_multiple(const Decimal& value, const std::optional<Decimal>& of) {
    if (!of) {
        return true;
    }
    const std::uint8_t scale = std::max(value.scale, of->scale);
    const auto units = value.at_scale(scale);
    const auto step = of->at_scale(scale);
    return !units || !step || *units % *step == 0;
}

Decimal rounded(const Decimal& value, std::uint8_t decimals) {
    if (value.scale <= decimals) {
        return value.shortest();
    }
    return Decimal{value.rounded_to(decimals).value_or(value.units), decimals}.shortest();
}

}  // namespace

Result<void, Error> TradeFeed::block(const RecordedBlock& block) {
    if (last_block_ && block.number <= *last_block_) {
        return failure(bad_record("block " + std::to_string(block.number) +
                                  " stands behind block " + std::to_string(*last_block_)));
    }
    last_block_ = block.number;
    return sink_.block(block);
}

Result<TradeFeed::Known*, Error> TradeFeed::market_of(const TradeRow& row) {
    const auto [place, fresh] = markets_.try_emplace(row.market);
    Known& known = place->second;
    if (fresh) {
        Result<Instrument, Error> instrument =
            instruments_.find(row.venue, row.symbol, row.time_ms);
        if (!instrument) {
            return failure(instrument.error());
        }
        known.instrument = std::move(*instrument);
        known.instrument.market.name = row.market;
        const auto found = sink_.find_market(row.market);
        known.id = found ? *found : sink_.add_market(known.instrument.market);
    }
    return &known;
}

Result<void, Error> TradeFeed::check(const TradeRow& row, Known& known) {
    const Instrument& instrument = known.instrument;
    if (row.price.units < 0 ? !instrument.negative_prices : row.price.units == 0) {
        return failure(bad_record("the price is " + row.price.text() + ", where " + row.market +
                                  " needs one above 0"));
    }
    if (row.size.units <= 0) {
        return failure(bad_record("the size is " + row.size.text() + ", not positive"));
    }
    if (!is_multiple(row.price, instrument.tick) || !is_multiple(row.size, instrument.lot)) {
        return failure(bad_record("the price " + row.price.text() + " or the size " +
                                  row.size.text() + " is no multiple of the tick or lot of " +
                                  row.market));
    }
    const std::int64_t expiry_ms = instrument.market.expiry_ms;
    if (expiry_ms != 0 && row.time_ms >= expiry_ms) {
        return failure(bad_record("a trade of " + time_text(row.time_ms) +
                                  " behind the expiry of " + row.market + ", " +
                                  time_text(expiry_ms)));
    }
    out_of_order_ += row.time_ms < known.last_time_ms || row.number < known.last_number ? 1U : 0U;
    known.last_time_ms = row.time_ms;
    known.last_number = row.number;
    return {};
}

RecordedSide TradeFeed::side_of(const RowSide& side, const Known& known, bool buys) {
    const RecordedMarket& market = known.instrument.market;
    RecordedSide out{
        .account = side.account, .tells_fee = side.fee.has_value(), .closed_profit = side.profit};
    if (side.position) {
        out.position_before = rounded(*side.position, market.spot ? layout_.spot_position_decimals
                                                                  : layout_.position_decimals);
    }
    if (!side.fee || side.fee_token.empty() || side.fee_token == market.currency) {
        out.fee = side.fee;
    } else if (market.spot && (buys ? side.fee->units >= 0 : side.fee->units < 0)) {
        out.coin_fee = side.fee;
    } else if (side.fee->units != 0) {
        sink_.leave_out(kForeignFees);
    }
    return out;
}

Result<void, Error> TradeFeed::trade(const TradeRow& row) {
    const Result<Known*, Error> known = market_of(row);
    if (!known) {
        return failure(known.error());
    }
    if (auto checked = check(row, **known); !checked) {
        return checked;
    }
    if (!layout_.block.empty() && !layout_.blocks_are_texts() && last_block_ != row.block) {
        if (auto started = block({.number = row.block, .time_ms = row.block_time_ms}); !started) {
            return started;
        }
    }
    liquidations_ += row.liquidation ? 1U : 0U;
    RecordedTrade trade{.market = (*known)->id,
                        .price = row.price,
                        .size = row.size,
                        .buyer_is_taker = row.buyer_is_taker,
                        .time_ms = row.time_ms};
    if (row.only_buyer.value_or(true) || !row.buyer.account.empty()) {
        trade.buyer = side_of(row.buyer, **known, true);
    }
    if (!row.only_buyer.value_or(false) || !row.seller.account.empty()) {
        trade.seller = side_of(row.seller, **known, false);
    }
    if (!row.only_buyer && trade.buyer.account == trade.seller.account) {
        trade.seller.position_before.reset();
    }
    return sink_.trade(trade);
}

Result<void, Error> TradeFeed::quote(const TradeFields::Quote& quote) {
    const std::uint8_t scale = std::max(quote.bid.scale, quote.ask.scale);
    const auto low = quote.bid.at_scale(scale);
    const auto high = quote.ask.at_scale(scale);
    if (!low || !high || *low <= 0 || *high <= 0) {
        sink_.leave_out(kEmptyQuotes);
        return {};
    }
    const auto known = market_of(quote.market);
    if (!known) {
        return failure(known.error());
    }
    const Checked middle = floor_div(Checked{*low} + Checked{*high}, Checked{2});
    if (!middle.ok()) {
        return failure(bad_record("a quote is out of range"));
    }
    return sink_.index((*known)->id, Decimal{middle.value(), scale}.shortest());
}

std::vector<std::string> TradeFeed::notes() const {
    std::vector<std::string> out;
    if (out_of_order_ > 0) {
        out.push_back(
            std::to_string(out_of_order_) +
            " trades are older than one before them in their market: kept in their place");
    }
    if (liquidations_ > 0) {
        out.push_back(std::to_string(liquidations_) +
                      " trades are marked as liquidations, and imported as trades");
    }
    return out;
}

}  // namespace lockstep
