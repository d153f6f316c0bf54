#include <algorithm>

#include "replay/digest/digest_file.hpp"
#include "replay/digest/digest_text.hpp"
#include "replay/format/limits.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kFormat = "lockstep-digests";

/// A module's name: 1 to 32 lower-case letters, digits and underscores.
bool is_module_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

/// "<count> <name> …" with distinct names.
std::optional<std::vector<std::string>> parse_modules(std::string_view text) {
    const std::vector<std::string_view> words = split_words(text);
    const auto count = parse_u64(words[0]);
    if (!count || *count > kModulesMax || words.size() != *count + 1) {
        return std::nullopt;
    }
    std::vector<std::string> names(words.begin() + 1, words.end());
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    const bool distinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    if (!distinct || !std::all_of(names.begin(), names.end(), is_module_name)) {
        return std::nullopt;
    }
    return names;
}

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

Result<void, Error> DigestReader::read_header() {
    constexpr std::string_view kKeywords[] = {kFormat, "chain", "genesis", "log", "modules"};
    std::vector<std::string> words;
    for (const std::string_view keyword : kKeywords) {
        auto read = lines_.expect(keyword);
        if (!read) {
            return failure(std::move(read.error()));
        }
        words.push_back(std::move(*read));
        if (words[0] != "2") {
            return failure(lines_.corrupt("digest file version " + escape_text(words[0]) +
                                          " is not supported; this build reads version 2"));
        }
    }
    auto chain_id = unescape_text(words[1]);
    const auto genesis = Digest::from_hex(words[2]);
    const auto log = Digest::from_hex(words[3]);
    auto modules = parse_modules(words[4]);
    if (!chain_id || !genesis || !log || !modules) {
        return failure(lines_.corrupt("the header of the digest file is malformed"));
    }
    header_ = {.chain_id = std::move(*chain_id),
               .genesis = *genesis,
               .log = *log,
               .modules = std::move(*modules)};
    sums_.resize(header_.modules.size());
    return {};
}

Result<std::optional<DigestRecord>, Error> DigestReader::next() {
    if (ended_) {
        return std::nullopt;
    }
    auto line = lines_.line();
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
    const bool with_effects = words.size() == 7 && words[6] == "effects";
    if (words[0] != "block" || (words.size() != 6 && !with_effects)) {
        return failure(lines_.corrupt("neither a block nor the end of the digest file"));
    }
    const auto height = parse_u64(words[1]);
    const auto transactions = parse_u64(words[2]);
    const auto input = Digest::from_hex(words[3]);
    const auto block = Digest::from_hex(words[4]);
    const auto state = Digest::from_hex(words[5]);
    if (!height || !transactions || *transactions > kBlockTransactionsMax || !input || !block ||
        !state) {
        return failure(lines_.corrupt("a block of the digest file is malformed"));
    }
    if (height_ && (*height_ == UINT64_MAX || *height != *height_ + 1)) {
        return failure(lines_.corrupt("heights of the digest file are not consecutive"));
    }
    if (auto read = read_sums(); !read) {
        return failure(std::move(read.error()));
    }
    DigestRecord record{.height = *height,
                        .transactions = *transactions,
                        .input = *input,
                        .block = *block,
                        .state = *state,
                        .modules = sums_,
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

Result<void, Error> DigestReader::read_sums() {
    if (header_.modules.empty()) {
        return {};
    }
    auto line = lines_.line();
    if (!line) {
        return failure(std::move(line.error()));
    }
    const std::vector<std::string_view> words = split_words(*line);
    if (words[0] != "sums" || words.size() % 2 == 0) {
        return failure(lines_.corrupt("a line 'sums ...' belongs here"));
    }
    std::size_t module = 0;
    for (std::size_t i = 1; i < words.size(); i += 2, ++module) {
        while (module < header_.modules.size() && header_.modules[module] != words[i]) {
            ++module;
        }
        const auto sum = Digest::from_hex(words[i + 1]);
        if (module == header_.modules.size() || !sum) {
            return failure(lines_.corrupt("the sums of a block are malformed"));
        }
        sums_[module] = *sum;
    }
    return {};
}

Result<Digest, Error> DigestReader::read_digest(std::string_view keyword) {
    auto words = lines_.expect(keyword);
    if (!words) {
        return failure(std::move(words.error()));
    }
    const auto digest = Digest::from_hex(*words);
    if (!digest) {
        return failure(lines_.corrupt("an effect digest is malformed"));
    }
    return *digest;
}

Result<BlockEffects, Error> DigestReader::read_effects(std::uint64_t transactions) {
    BlockEffects effects;
    const auto begin = read_digest("begin");
    if (!begin) {
        return failure(begin.error());
    }
    effects.begin = *begin;
    while (effects.transactions.size() < transactions) {
        auto line = lines_.expect("transactions");
        if (!line) {
            return failure(std::move(line.error()));
        }
        const std::vector<std::string_view> words = split_words(*line);
        const std::uint64_t left = transactions - effects.transactions.size();
        if (words.size() != std::min<std::uint64_t>(left, kEffectsPerLine)) {
            return failure(lines_.corrupt("a line has another number of effect digests"));
        }
        for (const std::string_view word : words) {
            const auto digest = Digest::from_hex(word);
            if (!digest) {
                return failure(lines_.corrupt("an effect digest is malformed"));
            }
            effects.transactions.push_back(*digest);
        }
    }
    const auto end = read_digest("finish");
    if (!end) {
        return failure(end.error());
    }
    effects.end = *end;
    return effects;
}

Result<void, Error> DigestReader::read_end(std::string_view words) {
    if (words != " " + std::to_string(blocks_) + " " + std::to_string(transactions_)) {
        return failure(
            lines_.corrupt("the totals at the end of the digest file do not match its lines"));
    }
    if (auto end = lines_.expect_end(); !end) {
        return end;
    }
    ended_ = true;
    return {};
}

}  // namespace lockstep
