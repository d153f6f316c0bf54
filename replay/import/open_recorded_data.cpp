#include "replay/import/open_recorded_data.hpp"

#include <cstddef>
#include <fstream>
#include <iterator>

#include "replay/import/layout_data.hpp"
#include "replay/import/record_reader.hpp"
#include "replay/import/trade_fields.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kRecordsTried = 20'000;

/// Finds out whether a layout reads the first trade of a file.
class FirstTrade final : public RecordVisitor {
  public:
    explicit FirstTrade(const TradeLayout& layout) : layout_(layout), fields_(layout) {}

    [[nodiscard]] bool found() const { return found_; }

    bool bind(std::span<const std::string_view> columns) override { return fields_.bind(columns); }
    std::string unbound() const override { return fields_.unbound(); }
    Result<bool, Error> document(const Record&, std::string_view) override { return true; }
    Result<bool, Error> record(const Record& record) override {
        if (++tried_ == kRecordsTried) {
            return false;
        }
        if (record.missing || fields_.skipped_by(record) || !fields_.is_trade(record)) {
            const bool skipped = !record.missing && fields_.skipped_by(record);
            return skipped || !layout_.other.empty();
        }
        Record named = record;
        if (!fields_.names_symbol(record)) {
            named.symbol = "?";  // which is asked for once the layout is known
        }
        found_ = fields_.trade(named).has_value();
        return false;
    }

  private:
    const TradeLayout& layout_;
    TradeFields fields_;
    std::uint64_t tried_ = 0;
    bool found_ = false;
};

Result<std::string, Error> text_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad()) {
        return failure(Error{.message = "cannot be read", .file = path});
    }
    return text;
}

Result<std::vector<TradeLayout>, Error> all_layouts() {
    std::vector<TradeLayout> out;
    for (const ShippedFile& file : shipped_layouts()) {
        Result<TradeLayout, Error> layout =
            parse_layout(std::string(file.text), std::string(file.name) + ".json");
        if (!layout) {
            return failure(layout.error());
        }
        out.push_back(std::move(*layout));
    }
    return out;
}

bool fits(const TradeLayout& layout, const InputFile& file, std::string_view symbol) {
    FirstTrade first(layout);
    const auto read = read_records(layout, file, file.members().front(), symbol, first);
    return read && first.found();
}

Error usage(std::string message, const std::string& path = {}) {
    return {.code = ErrorCode::kUsage, .message = std::move(message), .file = path};
}

/// A layout by its name, or the only one that fits the file.
Result<TradeLayout, Error> choose(const RecordedSource& source, const InputFile& file) {
    Result<std::vector<TradeLayout>, Error> layouts = all_layouts();
    if (!layouts) {
        return failure(layouts.error());
    }
    std::vector<TradeLayout*> fitting;
    for (TradeLayout& layout : *layouts) {
        if (source.format.empty() ? !layout.by_name_only && fits(layout, file, source.symbol)
                                  : layout.name == source.format) {
            fitting.push_back(&layout);
        }
    }
    if (fitting.empty() && !source.format.empty()) {
        return failure(usage("unknown format '" + source.format + "': see import --list"));
    }
    if (fitting.empty()) {
        return failure(
            usage("no layout reads its first trade: name one by --format (see import "
                  "--list), or give your own by --layout",
                  source.path));
    }
    if (fitting.size() > 1) {
        std::string names;
        for (const TradeLayout* layout : fitting) {
            names += (names.empty() ? "" : ", ") + layout->name;
        }
        return failure(usage("several layouts read its first trade, choose by --format: " + names,
                             source.path));
    }
    return std::move(*fitting.front());
}

Result<TradeLayout, Error> layout_of(const RecordedSource& source, const InputFile& file) {
    if (source.layout.empty()) {
        return choose(source, file);
    }
    const Result<std::string, Error> text = text_of_file(source.layout);
    return text ? parse_layout(*text, source.layout) : failure(text.error());
}

Result<InstrumentTable, Error> instruments_of(const RecordedSource& source) {
    Result<InstrumentTable, Error> table =
        InstrumentTable::parse(shipped_instruments(), "instruments.json");
    if (!table || source.instruments.empty()) {
        return table;
    }
    const Result<std::string, Error> text = text_of_file(source.instruments);
    if (!text) {
        return failure(text.error());
    }
    Result<InstrumentTable, Error> own = InstrumentTable::parse(*text, source.instruments);
    if (!own) {
        return own;
    }
    table->prefer(std::move(*own));
    return table;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>, Error> list_layouts() {
    const Result<std::vector<TradeLayout>, Error> layouts = all_layouts();
    if (!layouts) {
        return failure(layouts.error());
    }
    std::vector<std::pair<std::string, std::string>> out;
    for (const TradeLayout& layout : *layouts) {
        out.emplace_back(layout.name, layout.about);
    }
    return out;
}

Result<std::unique_ptr<RecordedData>, Error> open_recorded_data(const RecordedSource& source) {
    Result<InstrumentTable, Error> instruments = instruments_of(source);
    if (!instruments) {
        return failure(instruments.error());
    }
    Result<InputFile, Error> file = InputFile::open(source.path);
    if (!file) {
        return failure(file.error());
    }
    Result<TradeLayout, Error> layout = layout_of(source, *file);
    if (!layout) {
        return failure(layout.error());
    }
    return read_by_layout(std::move(*layout), std::move(*file), std::move(*instruments),
                          source.symbol);
}

}  // namespace lockstep
