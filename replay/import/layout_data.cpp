#include "replay/import/layout_data.hpp"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <utility>

#include "engine/base/digest.hpp"
#include "engine/base/rounding.hpp"
#include "replay/import/record_reader.hpp"
#include "replay/import/trade_fields.hpp"
#include "replay/import/trade_survey.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kRepeatedRecords = "records that repeat an earlier one";
constexpr std::string_view kRepeatedBlocks = "blocks that repeat an earlier one";
constexpr std::string_view kOtherVariants =
    "trades in another form than the first of their market: told twice";
constexpr std::string_view kEmptyQuotes = "quotes with an empty side";
constexpr std::string_view kForeignFees =
    "fees in a token that is neither the market's currency nor traded (the trade is kept)";

struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept { return digest.low; }
};

void put_side(ByteWriter& out, const RowSide& side) {
    out.put_text(side.account);
    out.put_text(side.fee_token);
    for (const auto* value : {&side.position, &side.fee, &side.profit}) {
        const Decimal number = value->value_or(Decimal{}).shortest();
        out.put(value->has_value());
        out.put(number.units);
        out.put(number.scale);
    }
}

/// What two records must share to be the same.
std::uint64_t content_of(const TradeRow& row, ByteWriter& out) {
    out.clear();
    for (const Decimal& number : {row.price.shortest(), row.size.shortest()}) {
        out.put(number.units);
        out.put(number.scale);
    }
    out.put(row.time_ms);
    out.put(row.buyer_is_taker);
    put_side(out, row.buyer);
    put_side(out, row.seller);
    return digest_of(out.bytes()).low;
}

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

/// One walk over the data.
class LayoutWalk final : public RecordVisitor {
  public:
    LayoutWalk(const TradeLayout& layout, const InputFile& file, const InstrumentTable& instruments,
               RecordSink& sink)
        : layout_(layout),
          file_(file),
          instruments_(instruments),
          sink_(sink),
          fields_(layout),
          blocks_are_texts_(!layout.block.empty() && layout.block.front().starts_with('/')) {}

    Result<void, Error> read(std::string_view symbol);
    [[nodiscard]] std::vector<std::string> notes() const;

    bool bind(std::span<const std::string_view> columns) override { return fields_.bind(columns); }
    std::string unbound() const override { return fields_.unbound(); }
    Result<bool, Error> document(const Record& record, std::string_view text) override;
    Result<bool, Error> record(const Record& record) override;

  private:
    struct Known {
        RecordedMarketId id{};
        Instrument instrument;
        std::int64_t last_time_ms = 0;
        std::uint64_t last_number = 0;
    };

    Result<void, Error> take(TradeRow row);
    Result<void, Error> pair_up();
    Result<void, Error> put_or_keep(TradeRow& row);
    Result<void, Error> put_kept();
    Result<void, Error> put(const TradeRow& row);
    Result<void, Error> put_quote(const Record& record);
    Result<void, Error> start_block(const RecordedBlock& block);
    Result<Known*, Error> market_of(const TradeRow& row);
    Result<void, Error> check(const TradeRow& row, Known& known);
    Result<bool, Error> is_repeat(const TradeRow& row);
    RecordedSide side_of(const RowSide& side, const Known& known, bool buys);
    [[nodiscard]] Error at(const TradeRow& row, Error error) const;

    const TradeLayout& layout_;
    const InputFile& file_;
    const InstrumentTable& instruments_;
    RecordSink& sink_;
    TradeFields fields_;
    bool blocks_are_texts_;
    std::size_t member_ = 0;
    std::vector<TradeRow> pending_;  ///< records of one party, of the block or time at hand
    std::vector<TradeRow> kept_;     ///< to be put in order
    absl::flat_hash_map<std::string, Known> markets_;
    absl::flat_hash_map<std::string, std::string> variants_;       ///< by market
    absl::flat_hash_map<Digest, std::uint64_t, DigestHash> seen_;  ///< content by identity
    absl::flat_hash_map<std::uint64_t, Digest> seen_blocks_;
    ByteWriter bytes_;
    std::optional<std::uint64_t> last_block_;
    std::uint64_t out_of_order_ = 0;
    std::uint64_t moved_ = 0;
    std::uint64_t liquidations_ = 0;
};

Result<void, Error> LayoutWalk::read(std::string_view symbol) {
    for (const std::string& name : file_.left_out()) {
        sink_.leave_out("the member '" + name + "' of the archive, which holds no records");
    }
    for (member_ = 0; member_ < file_.members().size(); ++member_) {
        if (auto read = read_records(layout_, file_, file_.members()[member_], symbol, *this);
            !read) {
            return read;
        }
        if (auto paired = pair_up(); !paired) {
            return paired;
        }
    }
    return put_kept();
}

Error LayoutWalk::at(const TradeRow& row, Error error) const {
    const bool several = file_.members().size() > 1;
    return locate_record(
        std::move(error), layout_,
        several ? file_.path() + "/" + file_.members()[row.member].name : file_.path(), row.place);
}

Result<bool, Error> LayoutWalk::document(const Record& record, std::string_view text) {
    if (!blocks_are_texts_) {
        return true;
    }
    if (auto paired = pair_up(); !paired) {
        return failure(paired.error());
    }
    const Result<RecordedBlock, Error> block = fields_.block(record);
    if (!block) {
        return failure(block.error());
    }
    const Digest digest = digest_of(std::as_bytes(std::span(text)));
    const auto [seen, fresh] = seen_blocks_.try_emplace(block->number, digest);
    if (!fresh) {
        if (seen->second != digest) {
            return failure(bad_record("block " + std::to_string(block->number) +
                                      " was told before, differently"));
        }
        sink_.leave_out(kRepeatedBlocks);
        return false;
    }
    auto started = start_block(*block);
    return started ? Result<bool, Error>(true) : failure(started.error());
}

Result<void, Error> LayoutWalk::start_block(const RecordedBlock& block) {
    if (last_block_ && block.number <= *last_block_) {
        return failure(bad_record("block " + std::to_string(block.number) +
                                  " stands behind block " + std::to_string(*last_block_)));
    }
    last_block_ = block.number;
    return sink_.block(block);
}

Result<bool, Error> LayoutWalk::record(const Record& record) {
    const auto done = [](Result<void, Error> result) -> Result<bool, Error> {
        return result ? Result<bool, Error>(true) : failure(result.error());
    };
    const auto skipped = record.missing ? std::nullopt : fields_.skipped_by(record);
    if (skipped) {
        sink_.leave_out(*skipped);
        return true;
    }
    if (record.missing || !fields_.is_trade(record)) {
        if (!record.missing && fields_.is_quote(record)) {
            return done(put_quote(record));
        }
        if (layout_.other.empty()) {
            return failure(bad_record("no trade of the layout " + layout_.name));
        }
        sink_.leave_out(layout_.other);
        return true;
    }
    Result<TradeRow, Error> row = fields_.trade(record);
    if (!row) {
        return failure(row.error());
    }
    if (row->size.units == 0 && !layout_.zero_size.empty()) {
        sink_.leave_out(layout_.zero_size);
        return true;
    }
    row->member = member_;
    if (variants_.try_emplace(row->market, row->variant).first->second != row->variant) {
        sink_.leave_out(kOtherVariants);
        return true;
    }
    const Result<bool, Error> repeat = is_repeat(*row);
    if (!repeat) {
        return failure(repeat.error());
    }
    if (*repeat) {
        sink_.leave_out(kRepeatedRecords);
        return true;
    }
    return done(take(std::move(*row)));
}

Result<bool, Error> LayoutWalk::is_repeat(const TradeRow& row) {
    if (row.identity.empty()) {
        return false;
    }
    const Digest identity = digest_of(std::as_bytes(std::span(row.identity)));
    const auto [seen, fresh] = seen_.try_emplace(identity, content_of(row, bytes_));
    if (fresh) {
        return false;
    }
    if (seen->second != content_of(row, bytes_)) {
        std::string words = row.identity;
        std::replace(words.begin(), words.end(), '\n', ' ');
        return failure(bad_record("the record '" + words.substr(0, 80) +
                                  "' was told before, with other content"));
    }
    return true;
}

Result<void, Error> LayoutWalk::take(TradeRow row) {
    if (layout_.pair.empty()) {
        return put_or_keep(row);
    }
    if (!blocks_are_texts_ && !pending_.empty() && pending_.front().time_ms != row.time_ms) {
        if (auto paired = pair_up(); !paired) {
            return paired;
        }
    }
    pending_.push_back(std::move(row));
    return {};
}

/// Joins the records that share a pair: each with the next one of the other direction.
Result<void, Error> LayoutWalk::pair_up() {
    absl::flat_hash_map<std::string, std::vector<std::size_t>> by_pair;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        by_pair[pending_[i].pair].push_back(i);
    }
    std::vector<bool> joined(pending_.size());
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (joined[i]) {
            continue;
        }
        TradeRow& row = pending_[i];
        for (const std::size_t k :
             row.pair.empty() ? std::vector<std::size_t>() : by_pair[row.pair]) {
            TradeRow& other = pending_[k];
            if (k <= i || joined[k] || other.only_buyer == row.only_buyer) {
                continue;
            }
            if (other.market != row.market || other.price.shortest() != row.price.shortest() ||
                other.size.shortest() != row.size.shortest()) {
                return failure(at(other, bad_record("the two records of trade " + row.pair +
                                                    " differ in market, price or size")));
            }
            (*row.only_buyer ? row.seller : row.buyer) =
                *row.only_buyer ? std::move(other.seller) : std::move(other.buyer);
            joined[k] = true;
            if (row.buyer.account == row.seller.account) {
                (*row.only_buyer ? row.seller : row.buyer).position.reset();
            }
            break;
        }
        if (auto put = put_or_keep(row); !put) {
            return put;
        }
    }
    pending_.clear();
    return {};
}

Result<void, Error> LayoutWalk::put_or_keep(TradeRow& row) {
    if (layout_.restores_order) {
        kept_.push_back(std::move(row));
        return {};
    }
    auto done = put(row);
    return done ? done : failure(at(row, done.error()));
}

Result<void, Error> LayoutWalk::put_kept() {
    std::vector<std::size_t> order(kept_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        for (const std::string& key : layout_.order) {
            const TradeRow& left = kept_[a];
            const TradeRow& right = kept_[b];
            if (key == "time" ? left.time_ms != right.time_ms : left.number != right.number) {
                return key == "time" ? left.time_ms < right.time_ms : left.number < right.number;
            }
        }
        return false;
    });
    std::int64_t day_ms = 0;
    std::int64_t rank = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        moved_ += order[i] != i ? 1U : 0U;
        TradeRow& row = kept_[order[i]];
        if (layout_.time.start_ms) {  // the day's trades are 1 ms apart
            rank = row.time_ms == day_ms ? rank + 1 : 0;
            day_ms = row.time_ms;
            row.time_ms += rank;
        }
        if (auto done = put(row); !done) {
            return failure(at(row, done.error()));
        }
    }
    return {};
}

Result<LayoutWalk::Known*, Error> LayoutWalk::market_of(const TradeRow& row) {
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

Result<void, Error> LayoutWalk::check(const TradeRow& row, Known& known) {
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

RecordedSide LayoutWalk::side_of(const RowSide& side, const Known& known, bool buys) {
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

Result<void, Error> LayoutWalk::put(const TradeRow& row) {
    const Result<Known*, Error> known = market_of(row);
    if (!known) {
        return failure(known.error());
    }
    if (auto checked = check(row, **known); !checked) {
        return checked;
    }
    if (!layout_.block.empty() && !blocks_are_texts_ && last_block_ != row.block) {
        if (auto started = start_block({.number = row.block, .time_ms = row.block_time_ms});
            !started) {
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

Result<void, Error> LayoutWalk::put_quote(const Record& record) {
    const auto quote = fields_.quote(record);
    if (!quote) {
        return failure(quote.error());
    }
    const std::uint8_t scale = std::max(quote->bid.scale, quote->ask.scale);
    const auto low = quote->bid.at_scale(scale);
    const auto high = quote->ask.at_scale(scale);
    if (!low || !high || *low <= 0 || *high <= 0) {
        sink_.leave_out(kEmptyQuotes);
        return {};
    }
    const auto known = market_of(quote->market);
    if (!known) {
        return failure(known.error());
    }
    const Checked middle = floor_div(Checked{*low} + Checked{*high}, Checked{2});
    if (!middle.ok()) {
        return failure(bad_record("a quote is out of range"));
    }
    return sink_.index((*known)->id, Decimal{middle.value(), scale}.shortest());
}

std::vector<std::string> LayoutWalk::notes() const {
    std::vector<std::string> out;
    const auto add = [&](std::uint64_t count, const char* words) {
        if (count > 0) {
            out.push_back(std::to_string(count) + " " + words);
        }
    };
    add(moved_, "records stood out of order and were put in it");
    add(out_of_order_,
        "trades are older than one before them in their market: kept in their place");
    add(liquidations_, "trades are marked as liquidations, and imported as trades");
    return out;
}

class LayoutData final : public RecordedData {
  public:
    LayoutData(TradeLayout layout, InputFile file, InstrumentTable instruments, std::string symbol)
        : layout_(std::move(layout)),
          file_(std::move(file)),
          instruments_(std::move(instruments)),
          symbol_(std::move(symbol)) {}

    Result<void, Error> read(RecordSink& sink) override {
        LayoutWalk walk(layout_, file_, instruments_, sink);
        auto done = walk.read(symbol_);
        notes_ = walk.notes();
        return done;
    }
    std::string assumptions() const override { return layout_.assumes; }
    std::string format() const override { return layout_.name; }
    std::vector<std::string> notes() const override { return notes_; }
    bool can_be_checked() const override { return layout_.can_be_checked(); }
    std::optional<std::uint8_t> entry_digits() const override { return layout_.entry_digits; }

  private:
    TradeLayout layout_;
    InputFile file_;
    InstrumentTable instruments_;
    std::string symbol_;
    std::vector<std::string> notes_;
};

}  // namespace

std::unique_ptr<RecordedData> read_by_layout(TradeLayout layout, InputFile file,
                                             InstrumentTable instruments, std::string symbol) {
    return std::make_unique<LayoutData>(std::move(layout), std::move(file), std::move(instruments),
                                        std::move(symbol));
}

}  // namespace lockstep
