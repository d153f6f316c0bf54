#include <algorithm>

#include "replay/digest/digest_file.hpp"
#include "replay/digest/digest_text.hpp"
#include "replay/format/frame.hpp"
#include "replay/format/limits.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kFormat = "lockstep-digests";
constexpr std::size_t kCheckDigits = 16;
constexpr std::size_t kLineMax = 16 * 1024;
constexpr std::size_t kReadStep = 64 * 1024;

}  // namespace

Result<DigestReader, Error> DigestReader::open(const std::string& path) {
    auto source = FileSource::open(path);
    if (!source) {
        return failure(std::move(source.error()));
    }
    return open(std::move(*source));
}

Result<DigestReader, Error> DigestReader::open(std::unique_ptr<ByteSource> source) {
    DigestReader reader(std::move(source));
    if (auto read = reader.read_header(); !read) {
        return failure(std::move(read.error()));
    }
    return reader;
}

Error DigestReader::corrupt(std::string message) const {
    return {.code = ErrorCode::kCorrupt,
            .message = std::move(message),
            .file = source_->name(),
            .offset = offset_};
}

Result<std::optional<std::string>, Error> DigestReader::raw_line() {
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
            return failure(corrupt("a line of a digest file is too long"));
        }
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(position_));
        position_ = 0;
        scanned = pending;
        buffer_.resize(pending + kReadStep);
        const auto got = source_->read(std::span(buffer_).subspan(pending));
        if (!got) {
            return failure(got.error());
        }
        buffer_.resize(pending + *got);
        if (*got == 0) {
            if (pending != 0) {
                return failure(corrupt("the digest file ends inside a line"));
            }
            return std::nullopt;
        }
    }
}

Result<std::string, Error> DigestReader::expect(std::string_view keyword) {
    auto line = raw_line();
    if (!line) {
        return failure(std::move(line.error()));
    }
    if (!*line) {
        return failure(corrupt("the digest file ends before its last line"));
    }
    std::string& body = **line;
    if (body.size() <= kCheckDigits || body[body.size() - kCheckDigits - 1] != ' ') {
        return failure(corrupt("a line of the digest file has no check"));
    }
    const std::string check = body.substr(body.size() - kCheckDigits);
    body.resize(body.size() - kCheckDigits - 1);
    check_ = check_of(std::as_bytes(std::span(body)), check_);
    if (to_hex(check_) != check) {
        return failure(corrupt("a line of the digest file is damaged: its check does not match"));
    }
    if (!keyword.empty()) {
        if (!body.starts_with(keyword) || body.size() <= keyword.size() ||
            body[keyword.size()] != ' ') {
            return failure(corrupt("a line '" + std::string(keyword) + " ...' belongs here"));
        }
        body.erase(0, keyword.size() + 1);
    }
    return std::move(body);
}

Result<void, Error> DigestReader::read_header() {
    std::string words[4];
    constexpr std::string_view kKeywords[4] = {kFormat, "chain", "log", "build"};
    for (std::size_t i = 0; i < 4; ++i) {
        auto read = expect(kKeywords[i]);
        if (!read) {
            return failure(std::move(read.error()));
        }
        words[i] = std::move(*read);
    }
    if (words[0] != "1") {
        return failure(corrupt("digest file version " + escape_text(words[0]) +
                               " is not supported; this build reads version 1"));
    }
    const auto chain_id = unescape_text(words[1]);
    const auto log = Digest::from_hex(words[2]);
    const auto build = unescape_text(words[3]);
    if (!chain_id || !log || !build) {
        return failure(corrupt("the header of the digest file is malformed"));
    }
    header_ = {.chain_id = *chain_id, .log = *log, .build = *build};
    return {};
}

Result<std::optional<DigestRecord>, Error> DigestReader::next() {
    if (ended_) {
        return std::nullopt;
    }
    auto line = expect("");
    if (!line) {
        return failure(std::move(line.error()));
    }
    const std::vector<std::string_view> words = split_words(*line);
    if (words[0] == "end") {
        if (auto end = read_end(std::string_view(*line).substr(3)); !end) {
            return failure(std::move(end.error()));
        }
        return std::nullopt;
    }
    const bool with_effects = words.size() == 6 && words[5] == "effects";
    if (words[0] != "block" || (words.size() != 5 && !with_effects)) {
        return failure(corrupt("neither a block nor the end of the digest file"));
    }
    const auto height = parse_u64(words[1]);
    const auto transactions = parse_u64(words[2]);
    const auto block = Digest::from_hex(words[3]);
    const auto state = Digest::from_hex(words[4]);
    if (!height || !transactions || *transactions > kBlockTransactionsMax || !block || !state) {
        return failure(corrupt("a block of the digest file is malformed"));
    }
    if (height_ && (*height_ == UINT64_MAX || *height != *height_ + 1)) {
        return failure(corrupt("heights of the digest file are not consecutive"));
    }
    DigestRecord record{.height = *height,
                        .transactions = *transactions,
                        .block = *block,
                        .state = *state,
                        .effects = std::nullopt};
    if (with_effects) {
        auto effects = read_effects(*transactions);
        if (!effects) {
            return failure(std::move(effects.error()));
        }
        record.effects = std::move(*effects);
    }
    height_ = *height;
    ++blocks_;
    transactions_ += *transactions;
    return record;
}

Result<BlockEffects, Error> DigestReader::read_effects(std::uint64_t transactions) {
    BlockEffects effects;
    const auto read = [this](std::string_view keyword) -> Result<Digest, Error> {
        auto words = expect(keyword);
        if (!words) {
            return failure(std::move(words.error()));
        }
        const auto digest = Digest::from_hex(*words);
        if (!digest) {
            return failure(corrupt("an effect digest is malformed"));
        }
        return *digest;
    };
    const auto begin = read("begin");
    if (!begin) {
        return failure(begin.error());
    }
    effects.begin = *begin;
    for (std::uint64_t i = 0; i < transactions; ++i) {
        const auto digest = read("transaction");
        if (!digest) {
            return failure(digest.error());
        }
        effects.transactions.push_back(*digest);
    }
    const auto end = read("finish");
    if (!end) {
        return failure(end.error());
    }
    effects.end = *end;
    return effects;
}

Result<void, Error> DigestReader::read_end(std::string_view words) {
    if (words != " " + std::to_string(blocks_) + " " + std::to_string(transactions_)) {
        return failure(corrupt("the totals at the end of the digest file do not match its lines"));
    }
    auto more = raw_line();
    if (!more) {
        return failure(std::move(more.error()));
    }
    if (*more) {
        return failure(corrupt("data after the end of the digest file"));
    }
    ended_ = true;
    return {};
}

}  // namespace lockstep
