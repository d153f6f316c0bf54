#include <utility>

#include "replay/import/csv_row.hpp"
#include "replay/import/input_file.hpp"
#include "replay/report/name_book.hpp"

namespace lockstep {

Result<NameBook, Error> NameBook::read(const std::string& path) {
    auto file = InputFile::open(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    auto reader = LineReader::open(*file, file->members().front());
    if (!reader) {
        return failure(std::move(reader.error()));
    }
    const auto header = CsvHeader::read(*reader);
    if (!header) {
        return failure(header.error());
    }
    const auto columns = header->locate(*reader, {"kind", "id", "name"});
    if (!columns) {
        return failure(columns.error());
    }
    NameBook book;
    CsvRow row;
    for (;;) {
        auto line = reader->next();
        if (!line) {
            return failure(std::move(line.error()));
        }
        if (!*line) {
            return book;
        }
        if (auto split = row.split(*reader, **line, header->columns()); !split) {
            return failure(std::move(split.error()));
        }
        const std::string_view kind = row.text((*columns)[0]);
        const auto id = row.number((*columns)[1]);
        if (!id) {
            return failure(id.error());
        }
        std::string name(row.text((*columns)[2]));
        if (kind == "market" && *id < kMaxMarkets) {
            book.markets_[static_cast<std::uint32_t>(*id)] = std::move(name);
        } else if (kind == "owner") {
            book.owners_[*id] = std::move(name);
        } else {
            return failure(row.error(
                (*columns)[0],
                "takes market, with an id below " + std::to_string(kMaxMarkets) + ", and owner"));
        }
    }
}

}  // namespace lockstep
