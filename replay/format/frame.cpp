#include "replay/format/frame.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <string>

namespace lockstep {
namespace {

constexpr std::size_t kUnsizedStep = std::size_t{1} << 20;

constexpr std::uint64_t padding_of(std::uint64_t length) {
    return (8 - length % 8) % 8;
}

bool all_zero(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

/// The header check covers the header's bytes without the check itself.
std::uint64_t header_check(const FrameFields& fields) {
    ByteWriter covered;
    covered.put(fields.magic);
    covered.put(fields.version);
    covered.put(fields.type);
    covered.put(fields.length);
    covered.put(fields.sequence);
    put(covered, fields.previous);
    return check_of(covered.bytes());
}

}  // namespace

std::uint64_t check_of(std::span<const std::byte> bytes, std::uint64_t seed) noexcept {
    // tidy: allow(raw_bytes) the one place where checks are made
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Digest encode_frame(ByteWriter& out, const FrameFields& fields,
                    std::span<const std::byte> payload) {
    const std::size_t begin = out.size();
    out.put(fields.magic);
    out.put(fields.version);
    out.put(fields.type);
    out.put(fields.length);
    out.put(header_check(fields));
    out.put(fields.sequence);
    put(out, fields.previous);
    out.append(payload);
    for (std::uint64_t i = 0; i < padding_of(payload.size()); ++i) {
        out.put(std::uint8_t{0});
    }
    out.put(check_of(out.bytes().subspan(begin + kFrameHeaderSize)));
    return digest_of(out.bytes().subspan(begin));
}

FrameReader::FrameReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

FrameFailure FrameReader::corrupt(std::string message) const {
    return {.error = {.code = ErrorCode::kCorrupt,
                      .message = std::move(message),
                      .file = source_->name(),
                      .offset = offset_}};
}

FrameFailure FrameReader::torn(std::string message) const {
    FrameFailure out = corrupt(std::move(message));
    out.torn = true;
    return out;
}

FrameFailure FrameReader::damaged_header(std::string message) const {
    FrameFailure out = corrupt(std::move(message));
    if (sequence_ > 0) {
        const std::span<const std::byte> bytes = buffer_;
        out.torn_by_zeros = all_zero(bytes.last(kFrameCheckSize)) ? 0 : kFrameCheckSize;
    }
    return out;
}

/// `check`: what the check of the payload should be.
FrameFailure FrameReader::damaged_payload(std::uint64_t check) const {
    FrameFailure out = corrupt("frame payload is damaged: its check does not match");
    ByteWriter whole;
    whole.put(check);
    const std::span<const std::byte> found = std::span(buffer_).last(kFrameCheckSize);
    const auto [lost, ignored] =
        std::mismatch(found.begin(), found.end(), whole.bytes().begin(), whole.bytes().end());
    if (all_zero(std::span(lost, found.end()))) {
        // Some bytes of a check may be zeros by themselves, eight are not.
        out.torn_by_zeros = lost == found.begin() ? 0 : 1;
    }
    return out;
}

Result<bool, Error> FrameReader::only_zeros_follow(std::uint64_t count) {
    buffer_.resize(kUnsizedStep);
    for (std::uint64_t found = 0;;) {
        const auto got = source_->read(buffer_);
        if (!got) {
            return failure(got.error());
        }
        found += *got;
        if (!all_zero(std::span(buffer_).first(*got))) {
            return false;
        }
        if (*got < buffer_.size()) {
            return found >= count;
        }
    }
}

Result<void, Error> FrameReader::skip_to(std::uint64_t offset, std::uint64_t sequence,
                                         const Digest& chain) {
    if (offset < offset_) {
        return failure(Error{.code = ErrorCode::kCorrupt,
                             .message = "cannot be read on from a place that lies behind",
                             .file = source_->name(),
                             .offset = offset});
    }
    if (auto skipped = source_->skip(offset - offset_); !skipped) {
        return skipped;
    }
    offset_ = offset;
    sequence_ = sequence;
    chain_ = chain;
    return {};
}

Result<void, FrameFailure> FrameReader::check_header(const FrameFields& fields) const {
    if (fields.magic != kFrameMagic) {
        return failure(damaged_header(sequence_ == 0 ? "not a Lockstep log: wrong magic"
                                                     : "frame header is damaged: wrong magic"));
    }
    if (fields.version != kFrameVersion) {
        return failure(damaged_header("frame version " + std::to_string(fields.version) +
                                      " is not supported; this build reads version " +
                                      std::to_string(kFrameVersion)));
    }
    return {};
}

Result<void, FrameFailure> FrameReader::read_body(std::uint64_t length) {
    const std::uint64_t body = length + padding_of(length) + kFrameCheckSize;
    if (const auto left = source_->remaining(); left && *left < body) {
        return failure(torn("the file ends inside this frame: " + std::to_string(body) +
                            " bytes announced, " + std::to_string(*left) + " present"));
    }
    // Without a known size the buffer grows only as bytes arrive.
    const std::size_t step = source_->remaining() ? static_cast<std::size_t>(body) : kUnsizedStep;
    for (std::uint64_t done = 0; done < body;) {
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(step, body - done));
        const auto begin = kFrameHeaderSize + static_cast<std::size_t>(done);
        buffer_.resize(begin + want);
        const auto got = source_->read(std::span(buffer_).subspan(begin));
        if (!got) {
            return failure(FrameFailure{.error = got.error()});
        }
        if (*got < want) {
            return failure(torn("the file ends inside this frame"));
        }
        done += want;
    }
    return {};
}

Result<std::optional<Frame>, FrameFailure> FrameReader::next() {
    buffer_.resize(kFrameHeaderSize);
    const auto got = source_->read(buffer_);
    if (!got) {
        return failure(FrameFailure{.error = got.error()});
    }
    if (*got == 0) {
        return std::nullopt;
    }
    if (*got < kFrameHeaderSize) {
        return failure(torn("the file ends inside this frame's header"));
    }
    ByteReader in(buffer_);
    FrameFields fields{.magic = in.get<std::uint32_t>(),
                       .version = in.get<std::uint16_t>(),
                       .type = static_cast<FrameType>(in.get<std::uint16_t>()),
                       .length = in.get<std::uint64_t>()};
    const auto check = in.get<std::uint64_t>();
    fields.sequence = in.get<std::uint64_t>();
    fields.previous = get_digest(in);
    if (auto checked = check_header(fields); !checked) {
        return failure(std::move(checked.error()));
    }
    if (check != header_check(fields)) {
        return failure(damaged_header("frame header is damaged: its check does not match"));
    }
    if (fields.length > kFramePayloadMax) {
        return failure(corrupt("frame length " + std::to_string(fields.length) +
                               " exceeds the limit of " + std::to_string(kFramePayloadMax)));
    }
    if (fields.sequence != sequence_) {
        return failure(corrupt("frame " + std::to_string(fields.sequence) + " where frame " +
                               std::to_string(sequence_) + " belongs"));
    }
    if (fields.previous != chain_) {
        return failure(corrupt("frame does not continue the frame before it: chain mismatch"));
    }
    if (auto read = read_body(fields.length); !read) {
        return failure(std::move(read.error()));
    }
    const std::span<const std::byte> bytes = buffer_;
    const std::span<const std::byte> padded =
        bytes.subspan(kFrameHeaderSize, bytes.size() - kFrameHeaderSize - kFrameCheckSize);
    const std::uint64_t payload_check = check_of(padded);
    if (ByteReader(bytes.last(kFrameCheckSize)).get<std::uint64_t>() != payload_check) {
        return failure(damaged_payload(payload_check));
    }
    const auto length = static_cast<std::size_t>(fields.length);
    for (const std::byte pad : padded.subspan(length)) {
        if (pad != std::byte{0}) {
            return failure(corrupt("frame padding is not zero"));
        }
    }
    const Frame frame{.type = fields.type,
                      .sequence = sequence_,
                      .offset = offset_,
                      .payload = padded.first(length)};
    chain_ = digest_of(bytes);
    offset_ += bytes.size();
    ++sequence_;
    return frame;
}

Result<void, Error> FrameWriter::append(FrameType type, std::span<const std::byte> payload) {
    if (payload.size() > kFramePayloadMax) {
        return failure(Error{.code = ErrorCode::kUsage,
                             .message = "a block of " + std::to_string(payload.size()) +
                                        " bytes exceeds the frame limit of " +
                                        std::to_string(kFramePayloadMax),
                             .file = file_.path()});
    }
    buffer_.clear();
    chain_ = encode_frame(
        buffer_,
        {.type = type, .length = payload.size(), .sequence = sequence_, .previous = chain_},
        payload);
    ++sequence_;
    return file_.write(buffer_.bytes());
}

}  // namespace lockstep
