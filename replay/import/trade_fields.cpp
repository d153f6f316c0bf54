#include "replay/import/trade_fields.hpp"

#include <algorithm>

#include "replay/import/csv_row.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kValueShown = 40;
constexpr std::size_t kMatchedMax = 256;
constexpr std::int64_t kTimeMinMs = 315'532'800'000;    // 1980
constexpr std::int64_t kTimeEndMs = 7'258'118'400'000;  // 2200

Error bad_value(const RecordField& field, std::string_view text, std::string_view reason) {
    return bad_record("'" + field.name() + "' " +
                      (text.empty() ? std::string("is missing")
                                    : "is '" + std::string(text.substr(0, kValueShown)) + "'") +
                      ", " + std::string(reason));
}

std::string alternatives(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) {
        out += (out.empty() ? "'" : ", '") + text + "'";
    }
    return out;
}

bool is_one_of(const std::vector<std::string>& texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

TradeFields::TradeFields(const TradeLayout& layout)
    : layout_(layout),
      when_(conditions(layout.when)),
      quote_when_(conditions(layout.quote_when)),
      venue_(field(layout.venue)),
      symbol_(field(layout.symbol)),
      market_(field(layout.market)),
      price_(field(layout.price)),
      size_(field(layout.size)),
      number_(field(layout.number)),
      liquidation_(field(layout.liquidation)),
      time_{&layout.time, field(layout.time.at), field(layout.time.day)},
      taker_{&layout.taker, field(layout.taker.at)},
      buyer_(side(layout.buyer)),
      seller_(side(layout.seller)),
      side_(side(layout.side)),
      buys_{&layout.buys, field(layout.buys.at)},
      crossed_{&layout.crossed, field(layout.crossed.at)},
      pair_(field(layout.pair)),
      variant_(field(layout.variant)),
      block_(field(layout.block)),
      block_time_{&layout.block_time, field(layout.block_time.at), field(layout.block_time.day)},
      bid_(field(layout.bid)),
      ask_(field(layout.ask)) {
    for (const auto& [rule, words] : layout.skip) {
        skip_.push_back(conditions(rule));
    }
    for (const FieldPlaces& places : layout.identity) {
        identity_.push_back(field(places));
    }
}

RecordField TradeFields::field(const FieldPlaces& places) const {
    return RecordField(places, layout_.form);
}

TradeFields::Conditions TradeFields::conditions(const FieldConditions& rules) const {
    Conditions out;
    for (const FieldCondition& rule : rules) {
        out.push_back({&rule, field(rule.at)});
    }
    return out;
}

TradeFields::Side TradeFields::side(const SideFields& fields) const {
    return {field(fields.account), field(fields.position), field(fields.fee),
            field(fields.fee_token), field(fields.profit)};
}

std::vector<RecordField*> TradeFields::all_fields() {
    std::vector<RecordField*> out = {
        &venue_,          &symbol_,      &market_,      &price_,
        &size_,           &number_,      &liquidation_, &time_.field,
        &time_.day,       &taker_.field, &buys_.field,  &crossed_.field,
        &pair_,           &variant_,     &block_,       &block_time_.field,
        &block_time_.day, &bid_,         &ask_};
    for (Side* side : {&buyer_, &seller_, &side_}) {
        out.insert(out.end(),
                   {&side->account, &side->position, &side->fee, &side->fee_token, &side->profit});
    }
    for (Conditions* conditions : {&when_, &quote_when_}) {
        for (Condition& condition : *conditions) {
            out.push_back(&condition.field);
        }
    }
    for (Conditions& conditions : skip_) {
        for (Condition& condition : conditions) {
            out.push_back(&condition.field);
        }
    }
    for (RecordField& identity : identity_) {
        out.push_back(&identity);
    }
    return out;
}

bool TradeFields::bind(std::span<const std::string_view> columns) {
    for (RecordField* field : all_fields()) {
        if (!field->bind(columns)) {
            unbound_ = field->name();
            return false;
        }
    }
    return true;
}

bool TradeFields::meets(Conditions& conditions, const Record& record) {
    return std::all_of(conditions.begin(), conditions.end(), [&](Condition& condition) {
        const FieldCondition& rule = *condition.rule;
        const auto text = condition.field.text(record);
        if (rule.present) {
            return text.has_value() == *rule.present;
        }
        if (rule.match) {
            return text && text->size() <= kMatchedMax &&
                   std::regex_match(text->begin(), text->end(), *rule.match);
        }
        return is_one_of(rule.values, text.value_or(""));
    });
}

std::optional<std::string_view> TradeFields::skipped_by(const Record& record) {
    for (std::size_t i = 0; i < skip_.size(); ++i) {
        if (meets(skip_[i], record)) {
            return layout_.skip[i].second;
        }
    }
    return std::nullopt;
}

bool TradeFields::names_symbol(const Record& record) {
    return !record.symbol.empty() || !symbol_.text(record).value_or("").empty();
}

bool TradeFields::is_quote(const Record& record) {
    return !quote_when_.empty() && meets(quote_when_, record);
}

Result<std::string, Error> TradeFields::text(RecordField& field, const Record& record) const {
    const auto text = field.text(record);
    if (!text || text->empty()) {
        return failure(bad_value(field, "", "a text is needed"));
    }
    return std::string(*text);
}

Result<Decimal, Error> TradeFields::decimal(RecordField& field, const Record& record) const {
    const std::string_view text = field.text(record).value_or("");
    const auto value = parse_grouped_decimal(text);
    if (!value) {
        return failure(bad_value(field, text,
                                 value.error() == ParseError::kOutOfRange
                                     ? "a number of at most 30 decimals is needed"
                                     : "a number is needed"));
    }
    return *value;
}

Result<std::optional<Decimal>, Error> TradeFields::if_told(RecordField& field,
                                                           const Record& record) const {
    if (!field.is_set() || !field.text(record)) {
        return std::optional<Decimal>();
    }
    const Result<Decimal, Error> value = decimal(field, record);
    return value ? Result<std::optional<Decimal>, Error>(*value) : failure(value.error());
}

Result<std::uint64_t, Error> TradeFields::number(RecordField& field, const Record& record) const {
    if (!field.is_set()) {
        return 0;
    }
    const std::string_view text = field.text(record).value_or("");
    const auto value = parse_unsigned(text);
    if (!value) {
        return failure(bad_value(field, text, "a whole number is needed"));
    }
    return *value;
}

Result<std::optional<bool>, Error> TradeFields::chosen(Choice& choice, const Record& record) const {
    if (!choice.field.is_set()) {
        return std::optional<bool>();
    }
    const std::string_view text = choice.field.text(record).value_or("");
    const FieldChoice& rule = *choice.rule;
    if (is_one_of(rule.yes, text) || is_one_of(rule.no, text)) {
        return std::optional(is_one_of(rule.yes, text));
    }
    if (is_one_of(rule.none, text)) {
        return std::optional<bool>();
    }
    return failure(bad_value(
        choice.field, text,
        "one of " + alternatives(rule.yes) + ", " + alternatives(rule.no) + " is needed"));
}

Result<std::int64_t, Error> TradeFields::time(Time& time, const Record& record) const {
    const TimeField& rule = *time.rule;
    const std::string_view text = time.field.text(record).value_or("");
    std::optional<std::int64_t> ms = parse_time(text, rule.unit, rule.zone);
    if (ms && time.day.is_set()) {
        const std::string_view day_text = time.day.text(record).value_or("");
        const auto day = parse_time(day_text, TimeUnit::kDate, {});
        if (!day) {
            return failure(bad_value(time.day, day_text, "a date is needed"));
        }
        if (*ms >= kMillisecondsPerDay) {
            return failure(bad_value(time.field, text, "which is beyond the day"));
        }
        ms = rule.zone.to_utc(*day + *ms);
    }
    if (ms && rule.start_ms) {
        ms = rule.zone.to_utc(*ms + *rule.start_ms);
    }
    if (!ms) {
        return failure(bad_value(time.field, text, "a time is needed"));
    }
    if (*ms < kTimeMinMs || *ms >= kTimeEndMs) {
        return failure(bad_value(
            time.field, text,
            "the time " + time_text(std::clamp<std::int64_t>(*ms, 0, 253'402'300'799'999)) +
                ", where one from 1980 to 2199 is needed: another unit?"));
    }
    return *ms;
}

Result<void, Error> TradeFields::read_names(TradeRow& row, const Record& record) {
    auto symbol = symbol_.text(record);
    if (!symbol || symbol->empty()) {
        symbol = record.symbol;
    }
    if (symbol->empty()) {
        return failure(bad_record("the symbol is told neither by '" + symbol_.name() +
                                  "' nor by the name of the file: give it by --symbol"));
    }
    row.symbol = *symbol;
    row.venue = venue_.text(record).value_or(layout_.name);
    row.market = market_.text(record).value_or(row.symbol);
    const bool fits = !layout_.symbols || (row.symbol.size() <= kMatchedMax &&
                                           std::regex_match(row.symbol, *layout_.symbols));
    return fits ? Result<void, Error>()
                : failure(bad_record("the symbol '" + row.symbol.substr(0, kValueShown) +
                                     "' is none of those that " + layout_.name + " is about"));
}

Result<void, Error> TradeFields::read_numbers(TradeRow& row, const Record& record) {
    const auto price = decimal(price_, record);
    const auto size = decimal(size_, record);
    const auto time_ms = time(time_, record);
    const auto count = number(number_, record);
    const auto taker = chosen(taker_, record);
    for (const Error* error :
         {price ? nullptr : &price.error(), size ? nullptr : &size.error(),
          time_ms ? nullptr : &time_ms.error(), count ? nullptr : &count.error(),
          taker ? nullptr : &taker.error()}) {
        if (error != nullptr) {
            return failure(*error);
        }
    }
    row.price = *price;
    row.size = *size;
    row.time_ms = *time_ms;
    row.number = *count;
    row.buyer_is_taker = taker->value_or(true);
    row.liquidation = liquidation_.is_set() && liquidation_.text(record).has_value();
    return {};
}

Result<void, Error> TradeFields::read_side(Side& side, RowSide& into, const Record& record) {
    const auto position = if_told(side.position, record);
    const auto fee = if_told(side.fee, record);
    const auto profit = if_told(side.profit, record);
    for (const auto* value : {&position, &fee, &profit}) {
        if (!*value) {
            return failure(value->error());
        }
    }
    into.position = *position;
    into.fee = *fee;
    into.profit = *profit;
    into.fee_token = side.fee_token.text(record).value_or("");
    if (side.account.is_set()) {
        Result<std::string, Error> account = text(side.account, record);
        if (!account) {
            return failure(account.error());
        }
        into.account = std::move(*account);
    }
    return {};
}

Result<void, Error> TradeFields::read_sides(TradeRow& row, const Record& record) {
    if (!layout_.has_sides()) {
        if (auto read = read_side(buyer_, row.buyer, record); !read) {
            return read;
        }
        return read_side(seller_, row.seller, record);
    }
    const auto buys = chosen(buys_, record);
    const auto crossed = chosen(crossed_, record);
    if (!buys || !crossed) {
        return failure(!buys ? buys.error() : crossed.error());
    }
    row.only_buyer = buys->value_or(true);
    row.buyer_is_taker = *row.only_buyer == crossed->value_or(true);
    if (pair_.is_set()) {
        row.pair = pair_.text(record).value_or("");
    }
    return read_side(side_, *row.only_buyer ? row.buyer : row.seller, record);
}

void TradeFields::read_identity(TradeRow& row, const Record& record) {
    for (RecordField& field : identity_) {
        const std::string_view text = field.text(record).value_or("");
        if (text.empty() || is_one_of(layout_.no_identity, text)) {
            row.identity.clear();
            return;
        }
        if (row.identity.empty()) {
            row.identity = row.market;
        }
        row.identity.append(1, '\n').append(text);
    }
}

Result<TradeRow, Error> TradeFields::trade(const Record& record) {
    TradeRow row;
    row.place = record.place;
    if (auto read = read_names(row, record); !read) {
        return failure(read.error());
    }
    if (auto read = read_numbers(row, record); !read) {
        return failure(read.error());
    }
    if (auto read = read_sides(row, record); !read) {
        return failure(read.error());
    }
    if (is_one_of(layout_.no_identity, row.pair)) {
        row.pair.clear();
    }
    read_identity(row, record);
    row.variant = variant_.text(record).value_or("");
    if (block_.is_set()) {
        const auto block = this->block(record);
        if (!block) {
            return failure(block.error());
        }
        row.block = block->number;
        row.block_time_ms = block->time_ms;
    }
    return row;
}

Result<TradeFields::Quote, Error> TradeFields::quote(const Record& record) {
    Quote out;
    if (auto read = read_names(out.market, record); !read) {
        return failure(read.error());
    }
    const auto bid = decimal(bid_, record);
    const auto ask = decimal(ask_, record);
    if (!bid || !ask) {
        return failure(!bid ? bid.error() : ask.error());
    }
    out.bid = *bid;
    out.ask = *ask;
    return out;
}

Result<RecordedBlock, Error> TradeFields::block(const Record& record) {
    const auto height = number(block_, record);
    const auto time_ms = time(block_time_, record);
    if (!height || !time_ms) {
        return failure(!height ? height.error() : time_ms.error());
    }
    return RecordedBlock{.number = *height, .time_ms = *time_ms};
}

}  // namespace lockstep
