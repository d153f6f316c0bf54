#include "replay/import/open_recorded_data.hpp"

#include "replay/import/binance_trades.hpp"
#include "replay/import/comex_ticks.hpp"
#include "replay/import/hyperliquid_fills.hpp"
#include "replay/import/line_reader.hpp"
#include "replay/import/nepse_trades.hpp"

namespace lockstep {
namespace {

/// True when the first line is `<number> {...`.
Result<bool, Error> looks_like_stream(const InputFile& file) {
    Result<LineReader, Error> reader = LineReader::open(file, file.members().front());
    if (!reader) {
        return failure(reader.error());
    }
    const auto line = reader->next();
    if (!line) {
        return failure(line.error());
    }
    return *line && (*line)->find(" {") != std::string_view::npos;
}

}  // namespace

const std::vector<std::string>& recorded_data_formats() {
    static const std::vector<std::string> kFormats = {"hyperliquid-fills", "binance-trades",
                                                      "comex-ticks", "nepse"};
    return kFormats;
}

Result<std::unique_ptr<RecordedData>, Error> open_recorded_data(std::string_view format,
                                                                const std::string& path) {
    Result<InputFile, Error> file = InputFile::open(path);
    if (!file) {
        return failure(file.error());
    }
    if (format == "hyperliquid-fills") {
        return open_hyperliquid_fills(std::move(*file));
    }
    if (format == "comex-ticks") {
        return open_comex_ticks(std::move(*file));
    }
    if (format == "nepse") {
        return open_nepse_trades(std::move(*file));
    }
    if (format == "binance-trades") {
        const Result<bool, Error> stream = looks_like_stream(*file);
        if (!stream) {
            return failure(stream.error());
        }
        return *stream ? open_binance_stream(std::move(*file))
                       : open_binance_trades(std::move(*file));
    }
    return failure(Error{.code = ErrorCode::kUsage,
                         .message = "unknown format '" + std::string(format) + "'"});
}

}  // namespace lockstep
