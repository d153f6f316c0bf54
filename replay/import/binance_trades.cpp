#include "replay/import/binance_trades.hpp"

#include <array>
#include <utility>

#include "replay/import/csv_row.hpp"

namespace lockstep {
namespace {

/// The market that a csv row names.
Result<RecordedMarket, Error> describe_market(std::string_view kind, std::string_view symbol) {
    const BinanceSymbol parts = split_binance_symbol(symbol);
    RecordedMarket market{.name = std::string(kind) + ":" + std::string(symbol)};
    if (parts.base.empty()) {
        return failure(bad_record("symbol '" + std::string(symbol) + "' has no base"));
    }
    if (kind == "cm") {
        market.kind = MarketKind::kInversePerpetual;
        market.currency = parts.base;
        market.contract = {.units = parts.base == "BTC" ? 100 : 10, .scale = 0};
    } else if (kind == "usdm" || kind == "spot") {
        market.spot = kind == "spot";
        market.currency = parts.quote;
    } else {
        return failure(bad_record("market '" + std::string(kind) + "' is not usdm, cm or spot"));
    }
    return market;
}

class BinanceTrades final : public RecordedData {
  public:
    explicit BinanceTrades(InputFile file) : file_(std::move(file)) {}

    Result<void, Error> read(RecordSink& sink) override;
    std::string assumptions() const override {
        return "usdm symbols are linear perpetuals, cm symbols inverse perpetuals of 100 USD (BTC) "
               "or "
               "10 USD a contract, spot symbols linear markets";
    }

  private:
    Result<void, Error> read_member(LineReader& reader, RecordSink& sink);
    Result<void, Error> read_row(const CsvRow& row, RecordSink& sink);

    InputFile file_;
    std::vector<std::size_t> columns_;
    std::string name_;
};

Result<void, Error> BinanceTrades::read(RecordSink& sink) {
    for (const InputMember& member : file_.members()) {
        Result<LineReader, Error> reader = LineReader::open(file_, member);
        if (!reader) {
            return failure(reader.error());
        }
        if (auto read = read_member(*reader, sink); !read) {
            return failure(reader->locate(read.error()));
        }
    }
    return {};
}

Result<void, Error> BinanceTrades::read_member(LineReader& reader, RecordSink& sink) {
    const Result<CsvHeader, Error> header = CsvHeader::read(reader);
    if (!header) {
        return failure(header.error());
    }
    Result<std::vector<std::size_t>, Error> columns = header->locate(
        reader, {"trade_time_ms", "market", "symbol", "price", "qty", "buyer_is_maker"});
    if (!columns) {
        return failure(columns.error());
    }
    columns_ = std::move(*columns);
    CsvRow row;
    while (true) {
        const auto line = reader.next();
        if (!line) {
            return failure(line.error());
        }
        if (!*line) {
            return {};
        }
        if (auto split = row.split(reader, **line, header->columns()); !split) {
            return split;
        }
        if (auto read = read_row(row, sink); !read) {
            return failure(reader.locate(read.error()));
        }
    }
}

Result<void, Error> BinanceTrades::read_row(const CsvRow& row, RecordSink& sink) {
    const auto time = row.time_ms(columns_[0]);
    const auto price = row.decimal(columns_[3]);
    const auto size = row.decimal(columns_[4]);
    const std::string_view maker = row.text(columns_[5]);
    if (!time || !price || !size) {
        return failure(!time ? time.error() : !price ? price.error() : size.error());
    }
    const bool buyer_is_maker = maker == "1" || maker == "true" || maker == "True";
    if (!buyer_is_maker && maker != "0" && maker != "false" && maker != "False") {
        return failure(row.error(columns_[5], "is neither 0 nor 1"));
    }
    if (size->units == 0) {
        sink.leave_out(kZeroQuantity);
        return {};
    }
    const std::string_view kind = row.text(columns_[1]);
    const std::string_view symbol = row.text(columns_[2]);
    name_.assign(kind).append(":").append(symbol);
    std::optional<RecordedMarketId> market = sink.find_market(name_);
    if (!market) {
        const Result<RecordedMarket, Error> described = describe_market(kind, symbol);
        if (!described) {
            return failure(described.error());
        }
        market = sink.add_market(*described);
    }
    return sink.trade({.market = *market,
                       .price = *price,
                       .size = *size,
                       .buyer_is_taker = !buyer_is_maker,
                       .time_ms = *time});
}

}  // namespace

BinanceSymbol split_binance_symbol(std::string_view symbol) {
    constexpr std::array<std::string_view, 9> kQuotes = {"USDT", "USDC", "FDUSD", "BUSD", "TUSD",
                                                         "BTC",  "ETH",  "BNB",   "USD"};
    symbol = symbol.substr(0, symbol.find('_'));
    for (const std::string_view quote : kQuotes) {
        if (symbol.size() > quote.size() && symbol.ends_with(quote)) {
            return {.base = std::string(symbol.substr(0, symbol.size() - quote.size())),
                    .quote = std::string(quote)};
        }
    }
    return {.base = std::string(symbol), .quote = "USDT"};
}

std::unique_ptr<RecordedData> open_binance_trades(InputFile file) {
    return std::make_unique<BinanceTrades>(std::move(file));
}

}  // namespace lockstep
