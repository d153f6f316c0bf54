#include "replay/import/hyperliquid_fills.hpp"

#include <absl/container/flat_hash_map.h>

#include <utility>
#include <vector>

#include "replay/import/calendar_time.hpp"
#include "replay/import/json_fields.hpp"
#include "replay/import/line_reader.hpp"

namespace lockstep {
namespace {

constexpr std::uint8_t kPerpetualPositionScale = 6;
constexpr std::uint8_t kSpotPositionScale = 12;
constexpr std::string_view kCurrency = "USDC";
constexpr std::string_view kForeignFee =
    "fees in a token that is neither USDC nor the traded coin (the fill is kept)";

/// One element of a block's events.
struct Fill {
    std::string_view user;
    std::string_view coin;
    bool buys = false;
    bool taker = false;
    bool spot = false;
    Decimal price;
    Decimal size;
    Decimal position;
    Decimal closed_profit;
    std::optional<Decimal> fee;
    std::optional<Decimal> coin_fee;
    bool foreign_fee = false;
    std::int64_t time_ms = 0;
    std::uint64_t trade_id = 0;
    bool paired = false;
};

using Json = simdjson::dom::element;

Result<Decimal, Error> position_field(const Json& object, bool spot) {
    const Result<Decimal, Error> value = decimal_field(object, "startPosition");
    if (!value) {
        return value;
    }
    const std::uint8_t scale = spot ? kSpotPositionScale : kPerpetualPositionScale;
    const auto units = value->rounded_to(scale);
    if (!units) {
        return failure(bad_record("'startPosition' is out of range"));
    }
    return Decimal{.units = *units, .scale = scale}.shortest();
}

Result<void, Error> read_texts(const Json& object, Fill& fill) {
    const auto coin = json_field<std::string_view>(object, "coin");
    const auto side = json_field<std::string_view>(object, "side");
    const auto crossed = json_field<bool>(object, "crossed");
    const auto time = json_field<std::int64_t>(object, "time");
    const auto id = json_field<std::uint64_t>(object, "tid");
    for (const Error* error : {coin ? nullptr : &coin.error(), side ? nullptr : &side.error(),
                               crossed ? nullptr : &crossed.error(), time ? nullptr : &time.error(),
                               id ? nullptr : &id.error()}) {
        if (error != nullptr) {
            return failure(*error);
        }
    }
    if (coin->empty() || (*side != "B" && *side != "A")) {
        return failure(bad_record("'coin' is empty or 'side' is neither B nor A"));
    }
    fill.coin = *coin;
    fill.spot = coin->front() == '@' || coin->find('/') != std::string_view::npos;
    fill.buys = *side == "B";
    fill.taker = *crossed;
    fill.time_ms = *time;
    fill.trade_id = *id;
    return {};
}

Result<void, Error> read_numbers(const Json& object, Fill& fill) {
    const auto price = decimal_field(object, "px");
    const auto size = decimal_field(object, "sz");
    const auto fee = decimal_field(object, "fee");
    const auto profit = decimal_field(object, "closedPnl");
    const auto token = json_field<std::string_view>(object, "feeToken");
    const auto position = position_field(object, fill.spot);
    for (const auto* value : {&price, &size, &fee, &position, &profit}) {
        if (!*value) {
            return failure(value->error());
        }
    }
    if (!token) {
        return failure(token.error());
    }
    fill.price = *price;
    fill.size = *size;
    fill.position = *position;
    fill.closed_profit = *profit;
    if (*token == kCurrency) {
        fill.fee = *fee;
    } else if (fill.spot && (fill.buys ? fee->units >= 0 : fee->units < 0)) {
        fill.coin_fee = *fee;
    } else {
        fill.foreign_fee = fee->units != 0;
    }
    return {};
}

Result<Fill, Error> read_fill(const Json& event) {
    simdjson::dom::array pair;
    if (event.get(pair) != simdjson::SUCCESS || pair.size() != 2) {
        return failure(bad_record("an event is not a pair of user and fill"));
    }
    Fill fill;
    if (pair.at(0).get(fill.user) != simdjson::SUCCESS || fill.user.empty()) {
        return failure(bad_record("the user of an event is not a text"));
    }
    const Json object = pair.at(1).value_unsafe();
    if (auto read = read_texts(object, fill); !read) {
        return failure(read.error());
    }
    if (auto read = read_numbers(object, fill); !read) {
        return failure(read.error());
    }
    return fill;
}

RecordedSide side_of(const Fill& fill) {
    return {.account = fill.user,
            .fee = fill.fee,
            .coin_fee = fill.coin_fee,
            .position_before = fill.position,
            .closed_profit = fill.closed_profit};
}

class HyperliquidFills final : public RecordedData {
  public:
    explicit HyperliquidFills(InputFile file) : file_(std::move(file)) {}

    Result<void, Error> read(RecordSink& sink) override;
    std::string assumptions() const override {
        return "coins are linear markets paid in USDC; spot coins (@) have no funding and fees in "
               "the coin change the balance; startPosition is rounded to 1e-6 (spot: to 1e-12 and "
               "then to the lot)";
    }

  private:
    Result<void, Error> read_line(std::string_view line, RecordSink& sink);
    Result<void, Error> read_events(const simdjson::dom::array& events);
    Result<void, Error> put_trades(RecordSink& sink);
    Result<void, Error> put_trade(const Fill& first, const Fill* second, RecordSink& sink);

    InputFile file_;
    simdjson::dom::parser parser_;
    std::vector<Fill> fills_;
};

Result<void, Error> HyperliquidFills::read(RecordSink& sink) {
    return for_each_line(file_, [&](std::string_view line) { return read_line(line, sink); });
}

Result<void, Error> HyperliquidFills::read_line(std::string_view line, RecordSink& sink) {
    Json document;
    if (const auto code = parser_.parse(line.data(), line.size()).get(document);
        code != simdjson::SUCCESS) {
        return failure(bad_record(std::string("not JSON: ") + simdjson::error_message(code)));
    }
    const auto number = json_field<std::uint64_t>(document, "block_number");
    const auto time_text = json_field<std::string_view>(document, "block_time");
    const auto events = json_field<simdjson::dom::array>(document, "events");
    if (!number || !time_text || !events) {
        return failure(!number ? number.error() : !time_text ? time_text.error() : events.error());
    }
    const auto time_ms = parse_iso_time_ms(*time_text);
    if (!time_ms) {
        return failure(bad_record("'block_time' is not an ISO time"));
    }
    if (auto begun = sink.block({.number = *number, .time_ms = *time_ms}); !begun) {
        return begun;
    }
    if (auto read = read_events(*events); !read) {
        return read;
    }
    return put_trades(sink);
}

Result<void, Error> HyperliquidFills::read_events(const simdjson::dom::array& events) {
    fills_.clear();
    for (const Json event : events) {
        Result<Fill, Error> fill = read_fill(event);
        if (!fill) {
            fill.error().message =
                "event " + std::to_string(fills_.size()) + ": " + fill.error().message;
            return failure(fill.error());
        }
        fills_.push_back(*fill);
    }
    return {};
}

/// Joins the sides that share a trade id: each side with the next one of the opposite direction.
Result<void, Error> HyperliquidFills::put_trades(RecordSink& sink) {
    absl::flat_hash_map<std::uint64_t, std::vector<std::size_t>> by_id;
    for (std::size_t i = 0; i < fills_.size(); ++i) {
        by_id[fills_[i].trade_id].push_back(i);
    }
    for (std::size_t i = 0; i < fills_.size(); ++i) {
        if (fills_[i].paired) {
            continue;
        }
        Fill* other = nullptr;
        for (const std::size_t k : by_id[fills_[i].trade_id]) {
            if (k > i && !fills_[k].paired && fills_[k].buys != fills_[i].buys) {
                other = &fills_[k];
                break;
            }
        }
        if (other != nullptr) {
            other->paired = true;
        }
        if (auto put = put_trade(fills_[i], other, sink); !put) {
            return put;
        }
    }
    return {};
}

Result<void, Error> HyperliquidFills::put_trade(const Fill& first, const Fill* second,
                                                RecordSink& sink) {
    if (second != nullptr && (second->coin != first.coin || second->price != first.price ||
                              second->size != first.size)) {
        return failure(bad_record("the sides of trade " + std::to_string(first.trade_id) +
                                  " differ in coin, price or size"));
    }
    std::optional<RecordedMarketId> market = sink.find_market(first.coin);
    if (!market) {
        market = sink.add_market({.name = std::string(first.coin),
                                  .spot = first.spot,
                                  .currency = std::string(kCurrency)});
    }
    RecordedTrade trade{.market = *market,
                        .price = first.price,
                        .size = first.size,
                        .buyer_is_taker = first.buys == first.taker,
                        .time_ms = first.time_ms};
    (first.buys ? trade.buyer : trade.seller) = side_of(first);
    if (first.foreign_fee) {
        sink.leave_out(kForeignFee);
    }
    if (second != nullptr) {
        (first.buys ? trade.seller : trade.buyer) = side_of(*second);
        if (second->foreign_fee) {
            sink.leave_out(kForeignFee);
        }
    }
    return sink.trade(trade);
}

}  // namespace

std::unique_ptr<RecordedData> open_hyperliquid_fills(InputFile file) {
    return std::make_unique<HyperliquidFills>(std::move(file));
}

}  // namespace lockstep
