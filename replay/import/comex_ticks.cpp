#include "replay/import/comex_ticks.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "replay/import/calendar_time.hpp"
#include "replay/import/csv_row.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kColumns = 6;
constexpr std::string_view kZeroSize = "ticks of size 0: no trade";
constexpr std::string_view kSuspicious = "ticks marked suspicious";

std::int64_t contract_units(std::string_view symbol) {
    if (symbol == "gc") {
        return 100;
    }
    if (symbol == "si") {
        return 5'000;
    }
    return symbol == "hg" ? 25'000 : 1;
}

struct Tick {
    std::int64_t time_ms = 0;
    Decimal price;
    Decimal size;
};

/// One csv of the archive and its next tick.
class TickFile {
  public:
    TickFile(TickFileName name, LineReader reader)
        : name_(std::move(name)), reader_(std::move(reader)) {}

    /// Reads the next tick; none at the end.
    Result<void, Error> advance(RecordSink& sink) {
        while (true) {
            tick_.reset();
            const auto line = reader_.next();
            if (!line) {
                return failure(line.error());
            }
            if (!*line) {
                return {};
            }
            Result<std::optional<Tick>, Error> tick = read_row(**line, sink);
            if (!tick) {
                return failure(tick.error());
            }
            if (*tick) {
                if ((*tick)->time_ms < last_time_ms_) {
                    return failure(reader_.error("the time goes backwards"));
                }
                last_time_ms_ = (*tick)->time_ms;
                tick_ = *tick;
                return {};
            }
        }
    }

    [[nodiscard]] const TickFileName& name() const { return name_; }
    [[nodiscard]] const std::optional<Tick>& tick() const { return tick_; }
    [[nodiscard]] const LineReader& reader() const { return reader_; }

  private:
    Result<std::optional<Tick>, Error> read_row(std::string_view line, RecordSink& sink) {
        if (auto split = row_.split(reader_, line, kColumns); !split) {
            return failure(split.error());
        }
        const auto ms = row_.number(0);
        const auto price = row_.decimal(1);
        const auto size = row_.decimal(2);
        if (!ms || !price || !size) {
            return failure(!ms ? ms.error() : !price ? price.error() : size.error());
        }
        if (*ms >= static_cast<std::uint64_t>(kMillisecondsPerDay)) {
            return failure(row_.error(0, "is beyond the day"));
        }
        const std::string_view suspicious = row_.text(5);
        if (suspicious != "0" && suspicious != "1") {
            return failure(row_.error(5, "is neither 0 nor 1"));
        }
        if (suspicious == "1" || size->units == 0) {
            sink.leave_out(suspicious == "1" ? kSuspicious : kZeroSize);
            return std::optional<Tick>();
        }
        return std::optional(Tick{.time_ms = name_.day_ms + static_cast<std::int64_t>(*ms),
                                  .price = *price,
                                  .size = *size});
    }

    TickFileName name_;
    LineReader reader_;
    CsvRow row_;
    std::optional<Tick> tick_;
    std::int64_t last_time_ms_ = std::numeric_limits<std::int64_t>::min();
};

class ComexTicks final : public RecordedData {
  public:
    explicit ComexTicks(InputFile file) : file_(std::move(file)) {}

    Result<void, Error> read(RecordSink& sink) override;
    std::string assumptions() const override {
        return "dated futures of 100 units (gc), 5000 (si), 25000 (hg) or 1 a contract, paid in "
               "USD, "
               "expiring at the end of the delivery month";
    }

  private:
    Result<std::vector<TickFile>, Error> open_files(RecordSink& sink) const;
    static Result<void, Error> put(const TickFile& file, RecordSink& sink);

    InputFile file_;
};

Result<std::vector<TickFile>, Error> ComexTicks::open_files(RecordSink& sink) const {
    std::vector<TickFile> files;
    for (const InputMember& member : file_.members()) {
        const auto name = parse_tick_file_name(member.name);
        if (!name) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "'" + member.name +
                                            "' is not named <yyyymmdd>_<symbol>_tick_trade_"
                                            "<yyyymm>.csv",
                                 .file = file_.path()});
        }
        if (name->day_ms >= name->expiry_ms) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "'" + member.name + "' has ticks behind its expiry",
                                 .file = file_.path()});
        }
        Result<LineReader, Error> reader = LineReader::open(file_, member);
        if (!reader) {
            return failure(reader.error());
        }
        files.emplace_back(*name, std::move(*reader));
        if (auto read = files.back().advance(sink); !read) {
            return failure(read.error());
        }
    }
    return files;
}

Result<void, Error> ComexTicks::put(const TickFile& file, RecordSink& sink) {
    std::optional<RecordedMarketId> market = sink.find_market(file.name().market);
    if (!market) {
        market =
            sink.add_market({.name = file.name().market,
                             .kind = MarketKind::kDatedFuture,
                             .currency = "USD",
                             .contract = {.units = contract_units(file.name().symbol), .scale = 0},
                             .expiry_ms = file.name().expiry_ms});
    }
    const Tick& tick = *file.tick();
    return sink.trade(
        {.market = *market, .price = tick.price, .size = tick.size, .time_ms = tick.time_ms});
}

Result<void, Error> ComexTicks::read(RecordSink& sink) {
    Result<std::vector<TickFile>, Error> files = open_files(sink);
    if (!files) {
        return failure(files.error());
    }
    while (true) {
        TickFile* first = nullptr;
        for (TickFile& file : *files) {
            if (file.tick() &&
                (first == nullptr || file.tick()->time_ms < first->tick()->time_ms)) {
                first = &file;
            }
        }
        if (first == nullptr) {
            return {};
        }
        if (auto done = put(*first, sink); !done) {
            return failure(first->reader().locate(done.error()));
        }
        if (auto read = first->advance(sink); !read) {
            return read;
        }
    }
}

}  // namespace

std::optional<TickFileName> parse_tick_file_name(std::string_view name) {
    name = name.substr(name.find_last_of('/') + 1);
    constexpr std::string_view kMiddle = "_tick_trade_";
    constexpr std::size_t kDateDigits = 8;
    if (!name.ends_with(".csv")) {
        return std::nullopt;
    }
    name.remove_suffix(4);
    const std::size_t middle = name.find(kMiddle);
    if (middle == std::string_view::npos || middle < kDateDigits + 2 || name[kDateDigits] != '_') {
        return std::nullopt;
    }
    const auto day = parse_compact_date_ms(name.substr(0, kDateDigits));
    const std::string_view month = name.substr(middle + kMiddle.size());
    const auto year_month = month.size() == 6 ? parse_unsigned(month) : parse_unsigned("");
    if (!day || !year_month) {
        return std::nullopt;
    }
    const auto year = static_cast<std::int32_t>(*year_month / 100);
    const auto number = static_cast<std::int32_t>(*year_month % 100);
    const CalendarDate next =
        number == 12 ? CalendarDate{year + 1, 1, 1} : CalendarDate{year, number + 1, 1};
    const auto expiry_day = number >= 1 ? days_since_1970(next) : std::nullopt;
    if (!expiry_day) {
        return std::nullopt;
    }
    TickFileName out;
    out.symbol = std::string(name.substr(kDateDigits + 1, middle - kDateDigits - 1));
    out.market = out.symbol + "_" + std::string(month);
    out.day_ms = *day;
    out.expiry_ms = *expiry_day * kMillisecondsPerDay;
    return out;
}

std::unique_ptr<RecordedData> open_comex_ticks(InputFile file) {
    return std::make_unique<ComexTicks>(std::move(file));
}

}  // namespace lockstep
