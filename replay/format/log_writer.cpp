#include "replay/format/log_writer.hpp"

#include "replay/format/end_frame.hpp"

namespace lockstep {

const char* broken_sequence(const BlockHeader& last, const BlockHeader& next) {
    if (last.height == UINT64_MAX || next.height != last.height + 1) {
        return "block heights are not consecutive";
    }
    if (next.time_ms <= last.time_ms) {
        return "block times do not rise";
    }
    return nullptr;
}

Result<LogWriter, Error> LogWriter::create(const std::string& path, const LogHeader& header) {
    auto payload = encode_log_header(header);
    if (!payload) {
        payload.error().file = path;
        return failure(std::move(payload.error()));
    }
    auto file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    LogWriter writer(std::move(*file));
    if (auto written = writer.frames_.append(FrameType::kLogHeader, *payload); !written) {
        return failure(std::move(written.error()));
    }
    return writer;
}

Result<void, Error> LogWriter::append(const LogBlock& block) {
    const char* const broken = last_ ? broken_sequence(*last_, block.header) : nullptr;
    if (broken != nullptr) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = broken,
                             .file = frames_.path(),
                             .block = block.header.height});
    }
    auto payload = encode_block(block);
    if (!payload) {
        payload.error().file = frames_.path();
        return failure(std::move(payload.error()));
    }
    if (auto written = frames_.append(FrameType::kBlock, *payload); !written) {
        return written;
    }
    last_ = block.header;
    ++blocks_;
    transactions_ += block.transactions.size();
    return {};
}

Result<void, Error> LogWriter::close() {
    return write_end(frames_, {blocks_, transactions_});
}

}  // namespace lockstep
