#include "replay/digest/digest_file.hpp"

#include "replay/digest/digest_text.hpp"
#include "replay/format/frame.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kTitle = "lockstep-digests 1";

std::optional<Difference> effects_difference(const DigestRecord& left, const DigestRecord& right) {
    if (!left.effects || !right.effects) {
        return std::nullopt;
    }
    const auto differ = [&](std::string what, const Digest& a, const Digest& b,
                            std::optional<std::uint64_t> transaction) {
        return Difference{.block = left.height,
                          .transaction = transaction,
                          .what = std::move(what) + " differ: " + a.hex() + " and " + b.hex()};
    };
    if (left.effects->begin != right.effects->begin) {
        return differ("effects of the begin-of-block phase", left.effects->begin,
                      right.effects->begin, std::nullopt);
    }
    for (std::size_t i = 0; i < left.effects->transactions.size(); ++i) {
        if (left.effects->transactions[i] != right.effects->transactions[i]) {
            return differ("effects", left.effects->transactions[i], right.effects->transactions[i],
                          i);
        }
    }
    if (left.effects->end != right.effects->end) {
        return differ("effects of the end-of-block phase", left.effects->end, right.effects->end,
                      std::nullopt);
    }
    return std::nullopt;
}

}  // namespace

DigestRecord make_digest_record(const BlockResult& result, bool with_effects) {
    DigestRecord record{.height = result.header.height,
                        .transactions = result.receipts.size(),
                        .block = result.block,
                        .state = result.state,
                        .effects = std::nullopt};
    if (with_effects) {
        BlockEffects& effects = record.effects.emplace();
        effects.begin = result.begin_effects;
        effects.end = result.end_effects;
        effects.transactions.reserve(result.receipts.size());
        for (const Receipt& receipt : result.receipts) {
            effects.transactions.push_back(receipt.effects);
        }
    }
    return record;
}

std::optional<Difference> first_difference(const DigestRecord& left, const DigestRecord& right) {
    const auto differ = [&](const char* what, const std::string& a, const std::string& b) {
        return Difference{.block = left.height,
                          .transaction = std::nullopt,
                          .what = std::string(what) + " differ: " + a + " and " + b};
    };
    if (left.height != right.height) {
        return differ("heights", std::to_string(left.height), std::to_string(right.height));
    }
    if (left.transactions != right.transactions) {
        return differ("transaction counts", std::to_string(left.transactions),
                      std::to_string(right.transactions));
    }
    if (auto difference = effects_difference(left, right)) {
        return difference;
    }
    if (left.state != right.state) {
        return differ("state digests", left.state.hex(), right.state.hex());
    }
    if (left.block != right.block) {
        return differ("block digests", left.block.hex(), right.block.hex());
    }
    return std::nullopt;
}

Result<DigestWriter, Error> DigestWriter::create(const std::string& path,
                                                 const DigestHeader& header) {
    Result<OutputFile, Error> file = OutputFile::create(path);
    if (!file) {
        return failure(std::move(file.error()));
    }
    DigestWriter writer(std::move(*file));
    for (std::string body : {std::string(kTitle), "chain " + escape_text(header.chain_id),
                             "log " + header.log.hex(), "build " + escape_text(header.build)}) {
        if (auto written = writer.line(std::move(body)); !written) {
            return failure(std::move(written.error()));
        }
    }
    return writer;
}

Result<void, Error> DigestWriter::line(std::string body) {
    check_ = check_of(std::as_bytes(std::span(body)), check_);
    body += ' ' + to_hex(check_) + '\n';
    return file_.write(body);
}

Result<void, Error> DigestWriter::append(const DigestRecord& record) {
    ++blocks_;
    transactions_ += record.transactions;
    auto written = line("block " + std::to_string(record.height) + ' ' +
                        std::to_string(record.transactions) + ' ' + record.block.hex() + ' ' +
                        record.state.hex() + (record.effects ? " effects" : ""));
    if (!record.effects || !written) {
        return written;
    }
    if (written = line("begin " + record.effects->begin.hex()); !written) {
        return written;
    }
    for (const Digest& effects : record.effects->transactions) {
        if (written = line("transaction " + effects.hex()); !written) {
            return written;
        }
    }
    return line("finish " + record.effects->end.hex());
}

Result<void, Error> DigestWriter::close() {
    if (auto written = line("end " + std::to_string(blocks_) + ' ' + std::to_string(transactions_));
        !written) {
        return written;
    }
    return file_.commit();
}

bool looks_like_digest_file(std::span<const std::byte> bytes) {
    constexpr std::string_view kStart = "lockstep-digests ";
    return bytes.size() >= kStart.size() &&
           std::equal(kStart.begin(), kStart.end(), bytes.begin(),
                      [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

}  // namespace lockstep
