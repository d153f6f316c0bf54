#include "replay/import/instrument_table.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "replay/import/recorded_time.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kSymbolMax = 128;
constexpr std::string_view kKinds = "linear, inverse, future or spot";

using TableJson = nlohmann::ordered_json;

class TableFault : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

std::string text_of(const TableJson& entry, const char* key) {
    const auto found = entry.find(key);
    if (found == entry.end()) {
        return {};
    }
    if (!found->is_string()) {
        throw TableFault("'" + std::string(key) + "' is no text");
    }
    return found->get<std::string>();
}

std::optional<Decimal> decimal_of(const TableJson& entry, const char* key) {
    const std::string text = text_of(entry, key);
    if (text.empty()) {
        return std::nullopt;
    }
    const auto value = parse_decimal(text);
    if (!value || value->units <= 0) {
        throw TableFault("'" + std::string(key) + "' is no positive number in quotes");
    }
    return *value;
}

void check_keys(const TableJson& entry) {
    static const std::vector<std::string> kKeys = {
        "venue",  "symbol", "kind", "quote", "settlement", "contract",       "contracts",
        "expiry", "month",  "year", "tick",  "lot",        "negative_prices"};
    for (const auto& [key, value] : entry.items()) {
        if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
            throw TableFault("'" + key + "' is no key of an instrument");
        }
    }
}

/// `text` with $1 … $9 replaced by the groups.
std::string filled(const std::string& text, const std::smatch& groups) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$' && i + 1 < text.size() && text[i + 1] >= '1' && text[i + 1] <= '9') {
            out += groups[static_cast<std::size_t>(text[++i] - '0')].str();
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

/// 1 … 12 of a number, a letter of futures or the start of an English name; 0 when it is none.
std::int64_t month_of(const std::string& text) {
    constexpr std::string_view kLetters = "FGHJKMNQUVXZ";
    constexpr std::string_view kNames = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    const std::size_t letter = text.size() == 1 ? kLetters.find(text) : std::string_view::npos;
    if (letter != std::string_view::npos) {
        return static_cast<std::int64_t>(letter) + 1;
    }
    const std::size_t name = text.size() == 3 ? kNames.find(text) : std::string_view::npos;
    if (name != std::string_view::npos && name % 3 == 0) {
        return static_cast<std::int64_t>(name / 3) + 1;
    }
    const auto number = parse_unsigned(text);
    return number && *number <= 12 ? static_cast<std::int64_t>(*number) : 0;
}

/// The end of the last day that a future trades; empty when it says none.
std::optional<std::int64_t> expiry_of(const std::string& rule, const std::string& month,
                                      const std::string& year, std::int64_t time_ms) {
    if (rule != "third-friday" && rule != "month-end") {
        const std::string day = rule.size() == 6 ? "20" + rule : rule;
        const auto start = day.size() == 8 ? parse_time(day, TimeUnit::kDate, {})
                                           : parse_time(day, TimeUnit::kCalendar, {});
        return start && day.size() == 8 ? std::optional(*start + kMillisecondsPerDay) : start;
    }
    const auto number = parse_unsigned(year);
    if (!number || year.empty() || year.size() > 4 || year.size() == 3) {
        return std::nullopt;
    }
    const std::int64_t step = year.size() == 1 ? 10 : year.size() == 2 ? 100 : 10'000;
    const auto written = static_cast<std::int64_t>(*number);
    std::int64_t whole = year_of(time_ms) / step * step + written;
    for (int attempt = 0; attempt < 2; ++attempt, whole += step) {
        const auto day =
            delivery_day(step == 10'000 ? written : whole, month_of(month), rule == "third-friday");
        if (!day) {
            return std::nullopt;
        }
        const std::int64_t expiry = (*day + 1) * kMillisecondsPerDay;
        if (expiry > time_ms || step == 10'000) {
            return expiry;
        }
    }
    return std::nullopt;
}

Error instrument_error(const std::string& symbol, const std::string& reason) {
    return bad_record("instrument '" + symbol + "' " + reason);
}

}  // namespace

Result<InstrumentTable, Error> InstrumentTable::parse(std::string_view text,
                                                      const std::string& file) {
    InstrumentTable table;
    try {
        for (const TableJson& json : TableJson::parse(text, nullptr, true, true)) {
            check_keys(json);
            Entry entry;
            if (const auto venue = json.find("venue"); venue != json.end()) {
                for (const TableJson& name :
                     venue->is_array() ? *venue : TableJson::array({*venue})) {
                    entry.venues.push_back(name.get<std::string>());
                }
            }
            entry.symbol = std::regex(text_of(json, "symbol"));
            entry.kind = text_of(json, "kind");
            entry.settlement = text_of(json, "settlement");
            if (entry.settlement.empty() && entry.kind != "inverse") {
                entry.settlement = text_of(json, "quote");
            }
            entry.contract = text_of(json, "contract");
            if (const auto sizes = json.find("contracts"); sizes != json.end()) {
                for (const auto& [key, size] : sizes->items()) {
                    entry.contracts.emplace_back(key, size.get<std::string>());
                }
            }
            entry.expiry = text_of(json, "expiry");
            entry.month = text_of(json, "month");
            entry.year = text_of(json, "year");
            entry.instrument.tick = decimal_of(json, "tick");
            entry.instrument.lot = decimal_of(json, "lot");
            entry.instrument.negative_prices = json.value("negative_prices", false);
            if (text_of(json, "symbol").empty() || entry.kind.empty()) {
                throw TableFault("an instrument needs 'symbol' and 'kind'");
            }
            table.entries_.push_back(std::move(entry));
        }
    } catch (const std::exception& fault) {  // of this file, the JSON or the regular expressions
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = std::string("bad table of instruments: ") + fault.what(),
                             .file = file});
    }
    return table;
}

void InstrumentTable::prefer(InstrumentTable table) {
    std::move(entries_.begin(), entries_.end(), std::back_inserter(table.entries_));
    entries_ = std::move(table.entries_);
}

Result<Instrument, Error> InstrumentTable::find(const std::string& venue, const std::string& symbol,
                                                std::int64_t time_ms) const {
    for (const Entry& entry : entries_) {
        const bool here =
            entry.venues.empty() ||
            std::find(entry.venues.begin(), entry.venues.end(), venue) != entry.venues.end();
        std::smatch groups;
        if (here && symbol.size() <= kSymbolMax && std::regex_match(symbol, groups, entry.symbol)) {
            return instrument_of(entry, symbol, groups, time_ms);
        }
    }
    return failure(
        instrument_error(symbol, "of " + venue +
                                     " is not known: --instruments FILE tells its kind, settlement "
                                     "currency and contract size"));
}

Result<Instrument, Error> InstrumentTable::instrument_of(const Entry& entry,
                                                         const std::string& symbol,
                                                         const std::smatch& groups,
                                                         std::int64_t time_ms) {
    Instrument out = entry.instrument;
    RecordedMarket& market = out.market;
    if (entry.kind == "linear" || entry.kind == "spot") {
        market.spot = entry.kind == "spot";
    } else if (entry.kind == "inverse") {
        market.kind = MarketKind::kInversePerpetual;
    } else if (entry.kind == "future") {
        market.kind = MarketKind::kDatedFuture;
        const auto expiry = expiry_of(filled(entry.expiry, groups), filled(entry.month, groups),
                                      filled(entry.year, groups), time_ms);
        if (!expiry) {
            return failure(instrument_error(symbol,
                                            "has no 'expiry' that can be read: give it in "
                                            "--instruments FILE"));
        }
        if (time_ms >= *expiry) {
            return failure(instrument_error(symbol, "has a trade of " + time_text(time_ms) +
                                                        " behind its expiry, " +
                                                        time_text(*expiry)));
        }
        market.expiry_ms = *expiry;
    } else {
        return failure(instrument_error(
            symbol, "is of the kind '" + entry.kind +
                        "', which is not imported; these are: " + std::string(kKinds)));
    }
    market.currency = filled(entry.settlement, groups);
    std::string contract = filled(entry.contract, groups);
    if (!entry.contracts.empty()) {
        const auto size = std::find_if(entry.contracts.begin(), entry.contracts.end(),
                                       [&](const auto& of) { return of.first == contract; });
        contract = size == entry.contracts.end() ? "" : size->second;
    } else if (contract.empty() && (market.spot || entry.kind == "linear")) {
        contract = "1";
    }
    const auto size = parse_decimal(contract);
    if (!size || size->units <= 0) {
        return failure(instrument_error(
            symbol, "has no contract size that is known: give 'contract' in --instruments FILE"));
    }
    market.contract = *size;
    if (market.currency.empty()) {
        return failure(instrument_error(
            symbol, "has no currency that is known: give 'settlement' in --instruments FILE"));
    }
    return out;
}

}  // namespace lockstep
