#include "replay/digest/checked_lines.hpp"

#include <algorithm>
#include <span>

#include "replay/digest/digest_text.hpp"
#include "replay/format/frame.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kCheckDigits = 16;
constexpr std::size_t kLineMax = 16 * 1024;
constexpr std::size_t kBufferStep = 64 * 1024;

}  // namespace

Result<CheckedLineWriter, Error> CheckedLineWriter::create(const std::string& path) {
    Result<OutputFile, Error> file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    return CheckedLineWriter(std::move(*file));
}

Result<void, Error> CheckedLineWriter::line(std::string body) {
    // tidy: allow(raw_bytes) characters have no padding
    check_ = check_of(std::as_bytes(std::span(body)), check_);
    body += ' ' + to_hex(check_) + '\n';
    return file_.write(body);
}

Error CheckedLineReader::corrupt(std::string message) const {
    return {.code = ErrorCode::kCorrupt,
            .message = std::move(message),
            .file = source_->name(),
            .offset = offset_};
}

Result<std::optional<std::string>, Error> CheckedLineReader::raw_line() {
    offset_ = next_offset_;
    std::size_t scanned = position_;
    for (;;) {
        const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(scanned);
        const auto end = std::find(begin, buffer_.end(), std::byte{'\n'});
        if (end != buffer_.end()) {
            const auto length = static_cast<std::size_t>(end - buffer_.begin()) - position_;
            std::string line(length, '\0');
            std::transform(end - static_cast<std::ptrdiff_t>(length), end, line.begin(),
                           [](std::byte b) { return static_cast<char>(b); });
            position_ += length + 1;
            next_offset_ += length + 1;
            return line;
        }
        const std::size_t pending = buffer_.size() - position_;
        if (pending > kLineMax) {
            return failure(corrupt("a line of the " + kind_ + " is too long"));
        }
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(position_));
        position_ = 0;
        scanned = pending;
        buffer_.resize(pending + kBufferStep);
        const auto got = source_->read(std::span(buffer_).subspan(pending));
        if (!got) {
            return failure(got.error());
        }
        buffer_.resize(pending + *got);
        if (*got == 0) {
            if (pending != 0) {
                return failure(corrupt("the " + kind_ + " ends inside a line"));
            }
            return std::nullopt;
        }
    }
}

Result<std::string, Error> CheckedLineReader::line() {
    auto line = raw_line();
    if (!line) {
        return failure(std::move(line.error()));
    }
    if (!*line) {
        return failure(corrupt("the " + kind_ + " ends before its last line"));
    }
    std::string& body = **line;
    if (body.size() <= kCheckDigits || body[body.size() - kCheckDigits - 1] != ' ') {
        return failure(corrupt("a line of the " + kind_ + " has no check"));
    }
    const std::string check = body.substr(body.size() - kCheckDigits);
    body.resize(body.size() - kCheckDigits - 1);
    // tidy: allow(raw_bytes) characters have no padding
    check_ = check_of(std::as_bytes(std::span(body)), check_);
    if (to_hex(check_) != check) {
        return failure(corrupt("a line of the " + kind_ + " is damaged: its check does not match"));
    }
    return std::move(body);
}

Result<std::string, Error> CheckedLineReader::expect(std::string_view keyword) {
    auto body = line();
    if (!body) {
        return body;
    }
    if (!body->starts_with(keyword) || body->size() <= keyword.size() ||
        (*body)[keyword.size()] != ' ') {
        return failure(corrupt("a line '" + std::string(keyword) + " ...' belongs here"));
    }
    body->erase(0, keyword.size() + 1);
    return body;
}

Result<void, Error> CheckedLineReader::expect_end() {
    auto more = raw_line();
    if (!more) {
        return failure(std::move(more.error()));
    }
    if (*more) {
        return failure(corrupt("data after the end of the " + kind_));
    }
    return {};
}

}  // namespace lockstep
