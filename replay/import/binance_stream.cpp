#include <utility>

#include "engine/base/rounding.hpp"
#include "replay/import/binance_trades.hpp"
#include "replay/import/json_fields.hpp"
#include "replay/import/line_reader.hpp"

namespace lockstep {
namespace {

using Json = simdjson::dom::element;

constexpr std::string_view kOtherEvents = "stream lines that are neither trade nor bookTicker";
constexpr std::string_view kOtherTrades = "stream trades that are not of type MARKET or of size 0";
constexpr std::string_view kEmptyQuotes = "quotes with an empty side";

class BinanceStream final : public RecordedData {
  public:
    explicit BinanceStream(InputFile file) : file_(std::move(file)) {}

    Result<void, Error> read(RecordSink& sink) override;
    std::string assumptions() const override {
        return "trades of linear perpetuals; the index is the middle of the best quote";
    }

  private:
    Result<void, Error> read_line(std::string_view line, RecordSink& sink);
    static Result<RecordedMarketId, Error> market_of(const Json& event, RecordSink& sink);
    static Result<void, Error> read_trade(const Json& event, RecordSink& sink);
    static Result<void, Error> read_quote(const Json& event, RecordSink& sink);

    InputFile file_;
    simdjson::dom::parser parser_;
};

Result<void, Error> BinanceStream::read(RecordSink& sink) {
    return for_each_line(file_, [&](std::string_view line) { return read_line(line, sink); });
}

Result<void, Error> BinanceStream::read_line(std::string_view line, RecordSink& sink) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || !parse_unsigned(line.substr(0, blank))) {
        return failure(bad_record("the line does not start with a receive time"));
    }
    line.remove_prefix(blank + 1);
    Json document;
    if (const auto code = parser_.parse(line.data(), line.size()).get(document);
        code != simdjson::SUCCESS) {
        return failure(bad_record(std::string("not JSON: ") + simdjson::error_message(code)));
    }
    Json event;
    std::string_view type;
    if (document["data"].get(event) == simdjson::SUCCESS &&
        event["e"].get(type) == simdjson::SUCCESS) {
        if (type == "trade") {
            return read_trade(event, sink);
        }
        if (type == "bookTicker") {
            return read_quote(event, sink);
        }
    }
    sink.leave_out(kOtherEvents);
    return {};
}

Result<RecordedMarketId, Error> BinanceStream::market_of(const Json& event, RecordSink& sink) {
    const auto symbol = json_field<std::string_view>(event, "s");
    if (!symbol) {
        return failure(symbol.error());
    }
    if (const auto known = sink.find_market(*symbol)) {
        return *known;
    }
    return sink.add_market(
        {.name = std::string(*symbol), .currency = split_binance_symbol(*symbol).quote});
}

Result<void, Error> BinanceStream::read_trade(const Json& event, RecordSink& sink) {
    const auto price = decimal_field(event, "p");
    const auto size = decimal_field(event, "q");
    if (!price || !size) {
        return failure(!price ? price.error() : size.error());
    }
    std::int64_t time_ms = 0;
    bool buyer_is_maker = false;
    if (event["T"].get(time_ms) != simdjson::SUCCESS ||
        event["m"].get(buyer_is_maker) != simdjson::SUCCESS) {
        return failure(bad_record("'T' or 'm' is missing or of another type"));
    }
    std::string_view type = "MARKET";
    if (event["X"].get(type) == simdjson::SUCCESS && type != "MARKET") {
        type = "other";
    }
    if (type == "other" || size->units == 0) {
        sink.leave_out(kOtherTrades);
        return {};
    }
    const auto market = market_of(event, sink);
    if (!market) {
        return failure(market.error());
    }
    return sink.trade({.market = *market,
                       .price = *price,
                       .size = *size,
                       .buyer_is_taker = !buyer_is_maker,
                       .time_ms = time_ms});
}

Result<void, Error> BinanceStream::read_quote(const Json& event, RecordSink& sink) {
    const auto bid = decimal_field(event, "b");
    const auto ask = decimal_field(event, "a");
    if (!bid || !ask) {
        return failure(!bid ? bid.error() : ask.error());
    }
    const std::uint8_t scale = std::max(bid->scale, ask->scale);
    const auto low = bid->at_scale(scale);
    const auto high = ask->at_scale(scale);
    if (!low || !high || *low <= 0 || *high <= 0) {
        sink.leave_out(kEmptyQuotes);
        return {};
    }
    const auto market = market_of(event, sink);
    if (!market) {
        return failure(market.error());
    }
    const Checked middle = floor_div(Checked{*low} + Checked{*high}, Checked{2});
    if (!middle.ok()) {
        return failure(bad_record("a quote is out of range"));
    }
    return sink.index(*market, Decimal{.units = middle.value(), .scale = scale}.shortest());
}

}  // namespace

std::unique_ptr<RecordedData> open_binance_stream(InputFile file) {
    return std::make_unique<BinanceStream>(std::move(file));
}

}  // namespace lockstep
