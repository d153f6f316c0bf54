#include "replay/import/nepse_trades.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "replay/import/calendar_time.hpp"
#include "replay/import/csv_row.hpp"

namespace lockstep {
namespace {

constexpr std::int64_t kOpeningMs = (5 * 60 + 15) * 60'000;
constexpr std::uint64_t kTimeMaxUs = 253'402'300'800'000'000;  // the year 10000

/// A row; texts are numbers of names_.
struct Row {
    std::uint64_t order = 0;  ///< transaction number or time: rises with time
    std::uint32_t symbol = 0;
    std::uint32_t buyer = 0;
    std::uint32_t seller = 0;
    Decimal size;
    Decimal price;
    LinePlace place = {};
};

struct Layout {
    bool has_times = false;
    std::vector<std::size_t> columns = {};  ///< order, symbol, buyer, seller, quantity, rate
};

Result<Layout, Error> layout_of(const CsvHeader& header, const LineReader& reader) {
    Layout layout{.has_times = header.has("time_us")};
    Result<std::vector<std::size_t>, Error> columns =
        layout.has_times
            ? header.locate(
                  reader, {"time_us", "symbol", "buyer_member", "seller_member", "qty", "rate_npr"})
            : header.locate(reader,
                            {"Transact. No.", "Symbol", "Buyer", "Seller", "Quantity", "Rate"});
    if (!columns) {
        return failure(columns.error());
    }
    layout.columns = std::move(*columns);
    return layout;
}

class NepseTrades final : public RecordedData {
  public:
    explicit NepseTrades(InputFile file) : file_(std::move(file)) {}

    Result<void, Error> read(RecordSink& sink) override;
    std::string assumptions() const override {
        return "equities are linear markets without funding paid in NPR; accounts are brokers, "
               "which "
               "may sell what they do not hold; without times trades are 1 ms apart";
    }

  private:
    Result<void, Error> read_member(const InputMember& member, RecordSink& sink);
    Result<Row, Error> read_row(const CsvRow& row, const Layout& layout);
    Result<void, Error> put_rows(const Layout& layout, RecordSink& sink);
    Result<std::int64_t, Error> time_of(const Row& row, std::size_t rank, bool has_times) const;
    std::uint32_t number_of(std::string_view name);

    InputFile file_;
    std::vector<Row> rows_;
    std::vector<std::string> names_;
    std::unordered_map<std::string, std::uint32_t> numbers_;
};

Result<void, Error> NepseTrades::read(RecordSink& sink) {
    for (const InputMember& member : file_.members()) {
        if (auto read = read_member(member, sink); !read) {
            return read;
        }
    }
    return {};
}

std::uint32_t NepseTrades::number_of(std::string_view name) {
    const auto [place, fresh] =
        numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
    if (fresh) {
        names_.emplace_back(name);
    }
    return place->second;
}

Result<void, Error> NepseTrades::read_member(const InputMember& member, RecordSink& sink) {
    Result<LineReader, Error> reader = LineReader::open(file_, member);
    if (!reader) {
        return failure(reader.error());
    }
    const Result<CsvHeader, Error> header = CsvHeader::read(*reader);
    if (!header) {
        return failure(header.error());
    }
    const Result<Layout, Error> layout = layout_of(*header, *reader);
    if (!layout) {
        return failure(layout.error());
    }
    rows_.clear();
    CsvRow row;
    while (true) {
        const auto line = reader->next();
        if (!line) {
            return failure(line.error());
        }
        if (!*line) {
            break;
        }
        if (auto split = row.split(*reader, **line, header->columns()); !split) {
            return split;
        }
        Result<Row, Error> parsed = read_row(row, *layout);
        if (!parsed) {
            return failure(reader->locate(parsed.error()));
        }
        parsed->place = reader->place();
        rows_.push_back(*parsed);
    }
    if (!rows_.empty() && rows_.front().order > rows_.back().order) {
        std::reverse(rows_.begin(), rows_.end());
    }
    return put_rows(*layout, sink);
}

Result<Row, Error> NepseTrades::read_row(const CsvRow& row, const Layout& layout) {
    const std::vector<std::size_t>& columns = layout.columns;
    const auto order = row.number(columns[0]);
    const auto size = row.grouped_decimal(columns[4]);
    const auto price = row.grouped_decimal(columns[5]);
    if (!order || !size || !price) {
        return failure(!order ? order.error() : !size ? size.error() : price.error());
    }
    if (layout.has_times && *order >= kTimeMaxUs) {
        return failure(row.error(columns[0], "is not a time in microseconds"));
    }
    for (const std::size_t column : {columns[1], columns[2], columns[3]}) {
        if (row.text(column).empty()) {
            return failure(row.error(column, "is empty"));
        }
    }
    return Row{.order = *order,
               .symbol = number_of(row.text(columns[1])),
               .buyer = number_of(row.text(columns[2])),
               .seller = number_of(row.text(columns[3])),
               .size = *size,
               .price = *price};
}

Result<std::int64_t, Error> NepseTrades::time_of(const Row& row, std::size_t rank,
                                                 bool has_times) const {
    if (has_times) {
        return static_cast<std::int64_t>(row.order / 1000);
    }
    const std::string digits = std::to_string(row.order);
    const auto day = parse_compact_date_ms(std::string_view(digits).substr(0, 8));
    if (digits.size() < 9 || !day) {
        return failure(bad_record("the transaction number does not start with a date"));
    }
    return *day + kOpeningMs + static_cast<std::int64_t>(rank);
}

Result<void, Error> NepseTrades::put_rows(const Layout& layout, RecordSink& sink) {
    const auto located = [&](const Row& row, Error error) {
        if (error.file.empty()) {
            error.message = "line " + std::to_string(row.place.number) + ": " + error.message;
            error.file = file_.path();
            error.offset = row.place.offset;
        }
        return error;
    };
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const Row& row = rows_[i];
        if (row.size.units == 0) {
            sink.leave_out(kZeroQuantity);
            continue;
        }
        const Result<std::int64_t, Error> time = time_of(row, i, layout.has_times);
        if (!time) {
            return failure(located(row, time.error()));
        }
        std::optional<RecordedMarketId> market = sink.find_market(names_[row.symbol]);
        if (!market) {
            market = sink.add_market({.name = names_[row.symbol], .spot = true, .currency = "NPR"});
        }
        RecordedTrade trade{.market = *market, .price = row.price, .size = row.size};
        trade.buyer.account = names_[row.buyer];
        trade.seller.account = names_[row.seller];
        trade.time_ms = *time;
        if (auto put = sink.trade(trade); !put) {
            return failure(located(row, put.error()));
        }
    }
    return {};
}

}  // namespace

std::unique_ptr<RecordedData> open_nepse_trades(InputFile file) {
    return std::make_unique<NepseTrades>(std::move(file));
}

}  // namespace lockstep
