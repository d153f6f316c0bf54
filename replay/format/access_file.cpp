#include "replay/format/access_file.hpp"

#include <array>

#include "replay/format/end_frame.hpp"

namespace lockstep {

Result<AccessWriter, Error> AccessWriter::create(const std::string& path,
                                                 const AccessHeader& header) {
    auto payload = encode_access_header(header);
    if (!payload) {
        payload.error().file = path;
        return failure(std::move(payload.error()));
    }
    auto file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    AccessWriter writer(std::move(*file));
    if (auto written = writer.frames_.append(FrameType::kAccessHeader, *payload); !written) {
        return failure(std::move(written.error()));
    }
    return writer;
}

Result<void, Error> AccessWriter::append(const BlockAccesses& block) {
    if (last_ && (*last_ == UINT64_MAX || block.height != *last_ + 1)) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = "block heights are not consecutive",
                             .file = frames_.path(),
                             .block = block.height});
    }
    auto payload = encode_block_accesses(block);
    if (!payload) {
        payload.error().file = frames_.path();
        return failure(std::move(payload.error()));
    }
    if (auto written = frames_.append(FrameType::kAccessBlock, *payload); !written) {
        return written;
    }
    last_ = block.height;
    ++blocks_;
    transactions_ += block.list.size();
    return {};
}

Result<void, Error> AccessWriter::close() {
    return write_end(frames_, {blocks_, transactions_});
}

Result<AccessReader, Error> AccessReader::open(const std::string& path) {
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    return open(std::move(*source));
}

Result<AccessReader, Error> AccessReader::open(std::unique_ptr<ByteSource> source) {
    AccessReader reader(std::move(source));
    if (auto read = reader.read_header(); !read) {
        return failure(std::move(read.error()));
    }
    return reader;
}

Error AccessReader::corrupt(std::string message, std::uint64_t offset) const {
    return {.code = ErrorCode::kCorrupt,
            .message = std::move(message),
            .file = frames_.name(),
            .offset = offset};
}

Result<void, Error> AccessReader::read_header() {
    auto frame = frames_.next();
    if (!frame) {
        return failure(std::move(frame.error().error));
    }
    if (!*frame || (*frame)->type != FrameType::kAccessHeader) {
        return failure(corrupt("not an access list file", 0));
    }
    auto header = decode_access_header((*frame)->payload);
    if (!header) {
        return failure(corrupt(std::move(header.error().message), 0));
    }
    header_ = std::move(*header);
    return {};
}

Result<std::optional<BlockAccesses>, Error> AccessReader::next() {
    if (ended_) {
        return std::nullopt;
    }
    auto read = frames_.next();
    if (!read) {
        return failure(std::move(read.error().error));
    }
    if (!*read) {
        return failure(corrupt("the file ends without an end frame", offset()));
    }
    const Frame& frame = **read;
    if (frame.type == FrameType::kEnd) {
        return finish(frame);
    }
    if (frame.type != FrameType::kAccessBlock) {
        return failure(
            corrupt("unexpected frame type " + std::to_string(static_cast<unsigned>(frame.type)),
                    frame.offset));
    }
    auto block = decode_block_accesses(frame.payload);
    if (!block) {
        block.error().file = frames_.name();
        block.error().offset = frame.offset;
        return failure(std::move(block.error()));
    }
    if (last_ && (*last_ == UINT64_MAX || block->height != *last_ + 1)) {
        Error error = corrupt("block heights are not consecutive", frame.offset);
        error.block = block->height;
        return failure(std::move(error));
    }
    last_ = block->height;
    ++blocks_;
    transactions_ += block->list.size();
    return std::move(*block);
}

Result<std::optional<BlockAccesses>, Error> AccessReader::finish(const Frame& frame) {
    if (auto ends = check_end(frames_, frame, {blocks_, transactions_}, "file"); !ends) {
        return failure(std::move(ends.error()));
    }
    ended_ = true;
    return std::nullopt;
}

bool is_access_file(const std::string& path) {
    auto source =
        path == "-" ? Result<std::unique_ptr<FileSource>, Error>(nullptr) : FileSource::open(path);
    std::array<std::byte, 8> start{};
    if (!source || *source == nullptr) {
        return false;
    }
    const auto got = (*source)->read(start);
    ByteReader in(start);
    return got && *got == start.size() && in.get<std::uint32_t>() == kFrameMagic &&
           in.get<std::uint16_t>() == kFrameVersion &&
           in.get<std::uint16_t>() == static_cast<std::uint16_t>(FrameType::kAccessHeader);
}

}  // namespace lockstep
