#include "replay/command/access_sinks.hpp"

#include <utility>

namespace lockstep {

Result<void, Error> AccessSinks::open(const LogReader& log) {
    if (!options_.use.empty()) {
        auto reader = AccessReader::open(options_.use);
        if (!reader) {
            return failure(std::move(reader.error()));
        }
        if (reader->header().log != log.header_digest()) {
            return failure(Error{.code = ErrorCode::kCorrupt,
                                 .message = "holds access lists of another log",
                                 .file = options_.use});
        }
        reader_.emplace(std::move(*reader));
    }
    if (!options_.write.empty()) {
        auto writer = AccessWriter::create(
            options_.write, {.chain_id = log.header().chain_id, .log = log.header_digest()});
        if (!writer) {
            return failure(std::move(writer.error()));
        }
        writer_.emplace(std::move(*writer));
    }
    return {};
}

void AccessSinks::join(VenueDriver& driver) {
    if (reader_) {
        driver.use_accesses([this](std::uint64_t height) { return list_of(height); });
    }
    if (writer_ || options_.conflicts != 0) {
        driver.add_access_sink([this](std::uint64_t height, const AccessList<StateKey>& list) {
            return take(height, list);
        });
    }
}

Result<void, Error> AccessSinks::close() {
    return writer_ ? writer_->close() : Result<void, Error>{};
}

Result<const AccessList<StateKey>*, Error> AccessSinks::list_of(std::uint64_t height) {
    while (!next_ || next_->height < height) {
        auto read = reader_->next();
        if (!read) {
            return failure(std::move(read.error()));
        }
        if (!*read) {
            return nullptr;  // this block and all behind it are not listed
        }
        next_ = std::move(**read);
    }
    return next_->height == height ? &next_->list : nullptr;
}

Result<void, Error> AccessSinks::take(std::uint64_t height, const AccessList<StateKey>& list) {
    if (options_.conflicts != 0) {
        conflicts_.add(height, list);
    }
    return writer_ ? writer_->append({.height = height, .list = list}) : Result<void, Error>{};
}

}  // namespace lockstep
