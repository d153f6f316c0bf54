#include "replay/import/line_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace lockstep {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

Result<LineReader, Error> LineReader::open(const InputFile& file, const InputMember& member) {
    Result<std::unique_ptr<ByteSource>, Error> source = file.open_member(member);
    if (!source) {
        return failure(source.error());
    }
    return LineReader(std::move(*source));
}

Error LineReader::error(const std::string& reason) const {
    return {.code = ErrorCode::kCorrupt,
            .message = "line " + std::to_string(place_.number) + ": " + reason,
            .file = source_->name(),
            .offset = place_.offset};
}

Error LineReader::locate(Error error) const {
    if (error.file.empty()) {
        error.message = "line " + std::to_string(place_.number) + ": " + error.message;
        error.file = source_->name();
        error.offset = place_.offset;
    }
    return error;
}

/// Reads more bytes behind those not yet returned; false at the end of the source.
Result<bool, Error> LineReader::fill() {
    if (begin_ > 0) {
        // tidy: allow(raw_bytes) bytes of a text
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() < end_ + kReadBytes) {
        buffer_.resize(std::max(end_ + kReadBytes, buffer_.size() * 2));
    }
    const Result<std::size_t, Error> count =
        source_->read(std::span(buffer_).subspan(end_, buffer_.size() - end_));
    if (!count) {
        return failure(count.error());
    }
    end_ += *count;
    return *count > 0;
}

Result<std::optional<std::string_view>, Error> LineReader::take(std::size_t length,
                                                                std::size_t separator) {
    // tidy: allow(raw_bytes) bytes of a text
    std::string_view line(reinterpret_cast<const char*>(buffer_.data()) + begin_, length);
    place_.offset = begin_offset_;
    ++place_.number;
    begin_ += length + separator;
    begin_offset_ += length + separator;
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (place_.number == 1 && line.starts_with(kByteOrderMark)) {
        line.remove_prefix(kByteOrderMark.size());
        place_.offset += kByteOrderMark.size();
    }
    if (line.find('\0') != std::string_view::npos) {
        return failure(error("a NUL byte"));
    }
    if (!simdjson::validate_utf8(line.data(), line.size())) {
        return failure(error("not UTF-8"));
    }
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    return std::optional(line);
}

Result<std::optional<std::string_view>, Error> LineReader::next() {
    std::size_t searched = 0;
    while (true) {
        if (end_ > begin_ + searched) {
            const std::byte* const start = buffer_.data() + begin_;
            if (const void* feed = std::memchr(start + searched, '\n', end_ - begin_ - searched)) {
                const auto length =
                    static_cast<std::size_t>(static_cast<const std::byte*>(feed) - start);
                if (length <= line_bytes_max_) {
                    return take(length, 1);
                }
            }
        }
        searched = end_ - begin_;
        if (searched > line_bytes_max_) {
            place_ = {.number = place_.number + 1, .offset = begin_offset_};
            return failure(error("longer than " + std::to_string(line_bytes_max_) + " bytes"));
        }
        const Result<bool, Error> more = fill();
        if (!more) {
            return failure(more.error());
        }
        if (!*more) {
            if (end_ == begin_) {
                return std::optional<std::string_view>();
            }
            return take(end_ - begin_, 0);
        }
    }
}

}  // namespace lockstep
