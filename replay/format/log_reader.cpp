#include "replay/format/log_reader.hpp"

#include "replay/format/end_frame.hpp"
#include "replay/format/log_writer.hpp"

namespace lockstep {

Result<LogReader, Error> LogReader::open(const std::string& path, LogReaderOptions options) {
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    return open(std::move(*source), options);
}

Result<LogReader, Error> LogReader::open(std::unique_ptr<ByteSource> source,
                                         LogReaderOptions options) {
    LogReader reader(std::move(source), options);
    if (auto read = reader.read_header(); !read) {
        return failure(std::move(read.error()));
    }
    return reader;
}

Error LogReader::corrupt(std::string message, std::uint64_t offset) const {
    return {.code = ErrorCode::kCorrupt,
            .message = std::move(message),
            .file = frames_.name(),
            .offset = offset};
}

Result<void, Error> LogReader::read_header() {
    auto frame = frames_.next();
    if (!frame) {
        return failure(std::move(frame.error().error));
    }
    if (!*frame) {
        return failure(corrupt("the log is empty", 0));
    }
    if ((*frame)->type != FrameType::kLogHeader) {
        return failure(corrupt("a log starts with a header frame", 0));
    }
    auto header = decode_log_header((*frame)->payload);
    if (!header) {
        return failure(corrupt(std::move(header.error().message), 0));
    }
    header_ = std::move(*header);
    header_digest_ = frames_.chain();
    return {};
}

LogPlace LogReader::place() const noexcept {
    return {.offset = frames_.offset(),
            .sequence = frames_.sequence(),
            .chain = frames_.chain(),
            .height = last_->height,
            .time_ms = last_->time_ms,
            .blocks = blocks_,
            .transactions = transactions_};
}

Result<void, Error> LogReader::go_on_from(const LogPlace& place) {
    if (auto skipped = frames_.skip_to(place.offset, place.sequence, place.chain); !skipped) {
        return skipped;
    }
    last_ = BlockHeader{.height = place.height, .time_ms = place.time_ms};
    blocks_ = place.blocks;
    transactions_ = place.transactions;
    return {};
}

Result<std::optional<LogBlock>, Error> LogReader::next() {
    if (ended_) {
        return std::nullopt;
    }
    auto read = frames_.next();
    if (!read) {
        return stop(std::move(read.error()));
    }
    if (!*read) {
        return stop_torn(
            corrupt("the file ends without an end frame: its writer was stopped", offset()));
    }
    const Frame& frame = **read;
    if (frame.type == FrameType::kEnd) {
        return finish(frame);
    }
    if (frame.type != FrameType::kBlock) {
        return failure(
            corrupt("unexpected frame type " + std::to_string(static_cast<unsigned>(frame.type)),
                    frame.offset));
    }
    block_digest_ = digest_of(frame.payload);
    auto block = decode_block(frame.payload);
    if (!block) {
        block.error().file = frames_.name();
        block.error().offset = frame.offset;
        return failure(std::move(block.error()));
    }
    const char* const broken = last_ ? broken_sequence(*last_, block->header) : nullptr;
    if (broken != nullptr) {
        Error error = corrupt(broken, frame.offset);
        error.block = block->header.height;
        return failure(std::move(error));
    }
    last_ = block->header;
    ++blocks_;
    transactions_ += block->transactions.size();
    return std::move(*block);
}

Result<std::optional<LogBlock>, Error> LogReader::stop(FrameFailure broken) {
    if (broken.torn_by_zeros && options_.allow_torn_tail) {
        const auto zeros = frames_.only_zeros_follow(*broken.torn_by_zeros);
        if (!zeros) {
            return failure(zeros.error());
        }
        broken.torn = *zeros;
    }
    return broken.torn ? stop_torn(std::move(broken.error)) : failure(std::move(broken.error));
}

Result<std::optional<LogBlock>, Error> LogReader::stop_torn(Error error) {
    if (!options_.allow_torn_tail) {
        error.message = "torn tail: " + error.message;
        return failure(std::move(error));
    }
    torn_tail_ = std::move(error);
    ended_ = true;
    return std::nullopt;
}

Result<std::optional<LogBlock>, Error> LogReader::finish(const Frame& frame) {
    if (auto ends = check_end(frames_, frame, {blocks_, transactions_}, "log"); !ends) {
        return failure(std::move(ends.error()));
    }
    ended_ = true;
    return std::nullopt;
}

}  // namespace lockstep
