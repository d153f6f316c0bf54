#include "replay/import/layout.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace lockstep {
namespace {

using Json = nlohmann::ordered_json;

/// A key of a layout that is missing, unknown or wrong.
class LayoutFault : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Takes the keys of a JSON object one by one and complains about those nobody asked for.
class LayoutObject {
  public:
    LayoutObject(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
        if (!object.is_object()) {
            throw LayoutFault("'" + path_ + "' is no object");
        }
    }

    const Json* find(const std::string& key) {
        taken_.push_back(key);
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }
    [[nodiscard]] std::string path(const std::string& key) const {
        return path_.empty() ? key : path_ + "." + key;
    }
    std::string text(const std::string& key) {
        const Json* const value = find(key);
        if (value != nullptr && !value->is_string()) {
            throw LayoutFault("'" + path(key) + "' is no text");
        }
        return value == nullptr ? std::string() : value->get<std::string>();
    }
    bool flag(const std::string& key) {
        const Json* const value = find(key);
        if (value != nullptr && !value->is_boolean()) {
            throw LayoutFault("'" + path(key) + "' is neither true nor false");
        }
        return value != nullptr && value->get<bool>();
    }
    std::optional<std::uint64_t> number(const std::string& key, std::uint64_t most) {
        const Json* const value = find(key);
        if (value == nullptr) {
            return std::nullopt;
        }
        if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most) {
            throw LayoutFault("'" + path(key) + "' is no number up to " + std::to_string(most));
        }
        return value->get<std::uint64_t>();
    }
    /// A text or a list of texts.
    std::vector<std::string> texts(const std::string& key) {
        const Json* const value = find(key);
        return value == nullptr ? std::vector<std::string>() : texts_of(*value, path(key));
    }
    std::optional<std::regex> pattern(const std::string& key) {
        const std::string text = this->text(key);
        return text.empty() ? std::nullopt : std::optional(regex_of(text, path(key)));
    }
    void end() const {
        for (const auto& [key, value] : object_.items()) {
            if (std::find(taken_.begin(), taken_.end(), key) == taken_.end()) {
                throw LayoutFault("'" + path(key) + "' is no key of a layout");
            }
        }
    }

    static std::vector<std::string> texts_of(const Json& value, const std::string& path) {
        std::vector<std::string> out;
        for (const Json& text : value.is_array() ? value : Json::array({value})) {
            if (!text.is_string()) {
                throw LayoutFault("'" + path + "' is neither a text nor a list of texts");
            }
            out.push_back(text.get<std::string>());
        }
        return out;
    }
    static std::regex regex_of(const std::string& text, const std::string& path) {
        try {
            return std::regex(text, std::regex::ECMAScript | std::regex::optimize);
        } catch (const std::regex_error&) {
            throw LayoutFault("'" + path + "' is no regular expression");
        }
    }

  private:
    const Json& object_;
    std::string path_;
    std::vector<std::string> taken_;
};

FieldConditions conditions_of(const Json* object, const std::string& path) {
    FieldConditions out;
    if (object == nullptr) {
        return out;
    }
    if (!object->is_object()) {
        throw LayoutFault("'" + path + "' is no object");
    }
    for (const auto& [place, wanted] : object->items()) {
        FieldCondition condition;
        condition.at = {place};
        if (wanted.is_boolean()) {
            condition.present = wanted.get<bool>();
        } else if (wanted.is_object()) {
            LayoutObject match(wanted, path + "." + place);
            condition.match = match.pattern("match");
            match.end();
        } else {
            condition.values = LayoutObject::texts_of(wanted, path + "." + place);
        }
        out.push_back(std::move(condition));
    }
    return out;
}

FieldChoice choice_of(const Json* value, const std::string& path, const char* yes, const char* no) {
    FieldChoice out;
    if (value != nullptr) {
        LayoutObject object(*value, path);
        out.at = object.texts("at");
        out.yes = object.texts(yes);
        out.no = object.texts(no);
        out.none = object.texts("none");
        object.end();
    }
    return out;
}

TimeField time_of(const Json* value, const std::string& path) {
    TimeField out;
    if (value == nullptr) {
        return out;
    }
    LayoutObject object(*value, path);
    out.at = object.texts("at");
    const auto unit = time_unit_of(object.text("unit"));
    const std::string zone = object.text("zone");
    const auto known = TimeZone::find(zone.empty() ? "UTC" : zone);
    const std::string start = object.text("start");
    if (!unit) {
        throw LayoutFault("'" + path + ".unit' is not s, ms, us, ns, epoch, calendar or date");
    }
    if (!known) {
        throw LayoutFault("'" + path + ".zone' is no time zone that is known here");
    }
    out.unit = *unit;
    out.zone = *known;
    out.day = object.texts("day");
    if (!start.empty()) {
        out.start_ms = parse_time_of_day(start);
        if (!out.start_ms || out.unit != TimeUnit::kDate) {
            throw LayoutFault("'" + path + ".start' is no hh:mm of a date");
        }
    }
    object.end();
    return out;
}

SideFields side_of(LayoutObject& object, const std::string& prefix) {
    return {.account = object.texts(prefix.empty() ? "account" : prefix),
            .position = object.texts(prefix.empty() ? "position" : prefix + "_position"),
            .fee = object.texts(prefix.empty() ? "fee" : prefix + "_fee"),
            .fee_token = object.texts(prefix.empty() ? "fee_token" : prefix + "_fee_token"),
            .profit = object.texts(prefix.empty() ? "profit" : prefix + "_profit")};
}

BinaryField binary_field(const std::string& name, const Json& value) {
    LayoutObject object(value, "records.fields." + name);
    BinaryField out{.name = name};
    const std::string type = object.text("type");
    out.offset = object.number("offset", 65'535).value_or(0);
    out.scale = static_cast<std::uint8_t>(object.number("scale", 30).value_or(0));
    object.end();
    const std::vector<std::pair<std::string, std::size_t>> sizes = {
        {"u8", 1},  {"u16", 2}, {"u32", 4}, {"u64", 8}, {"i8", 1},
        {"i16", 2}, {"i32", 4}, {"i64", 8}, {"char", 1}};
    const auto found = std::find_if(sizes.begin(), sizes.end(),
                                    [&](const auto& size) { return size.first == type; });
    if (found == sizes.end()) {
        throw LayoutFault("'records.fields." + name + ".type' is not u8 to u64, i8 to i64 or char");
    }
    out.bytes = found->second;
    out.kind = type[0] == 'u'   ? BinaryField::Kind::kUnsigned
               : type[0] == 'i' ? BinaryField::Kind::kSigned
                                : BinaryField::Kind::kCharacter;
    return out;
}

void read_records(const Json* value, TradeLayout& layout) {
    if (value == nullptr) {
        throw LayoutFault("'records' is missing");
    }
    LayoutObject object(*value, "records");
    const std::string form = object.text("form");
    if (form == "delimited") {
        layout.form = RecordForm::kDelimited;
        const std::string delimiter = object.text("delimiter");
        if (delimiter.size() > 1 || delimiter == "\"") {
            throw LayoutFault("'records.delimiter' is not one character");
        }
        layout.delimiter = delimiter.empty() ? ',' : delimiter[0];
        layout.columns = object.texts("columns");
    } else if (form == "json") {
        layout.form = RecordForm::kJson;
        layout.records = object.texts("at");
        if (layout.records.empty()) {
            layout.records.emplace_back();
        }
    } else if (form == "binary" || form == "dbn") {
        layout.form = RecordForm::kBinary;
        if (form == "binary") {
            layout.header_bytes = object.number("header_bytes", 1U << 30).value_or(0);
            layout.record_bytes = object.number("record_bytes", 65'535).value_or(0);
            if (layout.record_bytes == 0) {
                throw LayoutFault("'records.record_bytes' is missing");
            }
        }
        if (const Json* fields = object.find("fields"); fields != nullptr) {
            for (const auto& [name, field] : fields->items()) {
                layout.binary.push_back(binary_field(name, field));
            }
        }
    } else {
        throw LayoutFault("'records.form' is not delimited, json, dbn or binary");
    }
    object.end();
}

void read_trade(LayoutObject& object, TradeLayout& layout) {
    layout.symbol = object.texts("symbol");
    layout.market = object.texts("market");
    layout.price = object.texts("price");
    layout.size = object.texts("size");
    layout.number = object.texts("number");
    layout.liquidation = object.texts("liquidation");
    layout.time = time_of(object.find("time"), "trade.time");
    layout.taker = choice_of(object.find("taker"), "trade.taker", "buyer", "seller");
    layout.buyer = side_of(object, "buyer");
    layout.seller = side_of(object, "seller");
    layout.side = side_of(object, "");
    layout.buys = choice_of(object.find("side"), "trade.side", "buyer", "seller");
    layout.crossed = choice_of(object.find("is_taker"), "trade.is_taker", "yes", "no");
    layout.pair = object.texts("pair");
    layout.joins_pairs = object.find("joins_pairs") == nullptr || object.flag("joins_pairs");
    object.end();
    for (const auto& [places, key] : {std::pair(&layout.symbol, "symbol"),
                                      {&layout.price, "price"},
                                      {&layout.size, "size"},
                                      {&layout.time.at, "time"}}) {
        if (places->empty()) {
            throw LayoutFault("'trade." + std::string(key) + "' is missing");
        }
    }
}

void read_rest(LayoutObject& object, TradeLayout& layout) {
    layout.when = conditions_of(object.find("when"), "when");
    layout.other = object.text("other");
    layout.zero_size = object.text("zero_size");
    if (const Json* rules = object.find("skip"); rules != nullptr) {
        for (const Json& rule : *rules) {
            LayoutObject entry(rule, "skip");
            layout.skip.emplace_back(conditions_of(entry.find("when"), "skip.when"),
                                     entry.text("rule"));
            entry.end();
        }
    }
    if (const Json* block = object.find("block"); block != nullptr) {
        LayoutObject entry(*block, "block");
        layout.block = entry.texts("number");
        layout.block_time = time_of(entry.find("time"), "block.time");
        entry.end();
    }
    if (const Json* quote = object.find("quote"); quote != nullptr) {
        LayoutObject entry(*quote, "quote");
        layout.quote_when = conditions_of(entry.find("when"), "quote.when");
        layout.bid = entry.texts("bid");
        layout.ask = entry.texts("ask");
        entry.end();
    }
    if (const Json* identity = object.find("identity"); identity != nullptr) {
        for (const Json& places : *identity) {
            layout.identity.push_back(LayoutObject::texts_of(places, "identity"));
        }
    }
    layout.variant = object.texts("variant");
    layout.no_identity = object.texts("no_identity");
    layout.order = object.texts("order");
    layout.restores_order = object.flag("restore_order");
    layout.position_decimals =
        static_cast<std::uint8_t>(object.number("position_decimals", 30).value_or(30));
    layout.spot_position_decimals =
        static_cast<std::uint8_t>(object.number("spot_position_decimals", 30).value_or(30));
    if (const auto digits = object.number("entry_digits", 30)) {
        layout.entry_digits = static_cast<std::uint8_t>(*digits);
    }
    for (const std::string& key : layout.order) {
        if (key != "time" && key != "number") {
            throw LayoutFault("'order' names neither time nor number");
        }
    }
}

TradeLayout read_layout(const Json& json) {
    LayoutObject object(json, "");
    TradeLayout layout;
    layout.name = object.text("name");
    layout.about = object.text("about");
    layout.assumes = object.text("assumes");
    layout.by_name_only = object.flag("by_name_only");
    layout.venue = object.texts("venue");
    layout.file = object.pattern("file");
    layout.symbols = object.pattern("symbols");
    read_records(object.find("records"), layout);
    const Json* const trade = object.find("trade");
    if (layout.name.empty() || trade == nullptr) {
        throw LayoutFault("'name' or 'trade' is missing");
    }
    LayoutObject fields(*trade, "trade");
    read_trade(fields, layout);
    read_rest(object, layout);
    object.end();
    return layout;
}

/// The text as JSON, on top of the shipped layout that it is like.
Json complete(const std::string& text, std::uint32_t depth = 0) {
    constexpr std::uint32_t kLikenessMax = 4;
    Json json = Json::parse(text, nullptr, true, true);
    const auto like = json.is_object() ? json.find("like") : json.end();
    if (!json.is_object() || like == json.end()) {
        return json;
    }
    for (const ShippedFile& file : shipped_layouts()) {
        if (like->is_string() && file.name == like->get<std::string>() && depth < kLikenessMax) {
            json.erase("like");
            Json whole = complete(std::string(file.text), depth + 1);
            whole.merge_patch(json);
            return whole;
        }
    }
    throw LayoutFault("'like' names no layout of the program");
}

}  // namespace

bool TradeLayout::can_be_checked() const {
    const auto has = [](const SideFields& fields) {
        return !fields.position.empty() || !fields.fee.empty() || !fields.profit.empty();
    };
    return has(buyer) || has(seller) || has(side);
}

Result<TradeLayout, Error> parse_layout(const std::string& text, const std::string& file) {
    try {
        return read_layout(complete(text));
    } catch (const LayoutFault& fault) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = std::string("bad layout: ") + fault.what(),
                             .file = file});
    } catch (const nlohmann::json::exception& fault) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = std::string("bad layout: ") + fault.what(),
                             .file = file});
    }
}

}  // namespace lockstep
