#include "replay/digest/digest_file.hpp"

#include <algorithm>

#include "engine/base/check.hpp"
#include "replay/digest/digest_text.hpp"

namespace lockstep {
namespace {

constexpr std::string_view kDigestsTitle = "lockstep-digests 2";

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

DigestRecord make_digest_record(const BlockResult& result, const Digest& input, bool with_effects) {
    DigestRecord record{.height = result.header.height,
                        .transactions = result.receipts.size(),
                        .input = input,
                        .block = result.block,
                        .state = result.state,
                        .modules = result.modules,
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

std::optional<Difference> first_difference(const DigestRecord& left, const DigestRecord& right,
                                           std::span<const std::string> modules) {
    const auto differ = [&](const std::string& what, const std::string& a, const std::string& b) {
        return Difference{.block = left.height,
                          .transaction = std::nullopt,
                          .what = what + " differ: " + a + " and " + b};
    };
    if (left.height != right.height) {
        return differ("heights", std::to_string(left.height), std::to_string(right.height));
    }
    if (left.transactions != right.transactions) {
        return differ("transaction counts", std::to_string(left.transactions),
                      std::to_string(right.transactions));
    }
    if (left.input != right.input) {
        return differ("inputs", left.input.hex(), right.input.hex());
    }
    if (auto difference = effects_difference(left, right)) {
        return difference;
    }
    std::string changed;
    for (std::size_t i = 0; i < std::min(left.modules.size(), right.modules.size()); ++i) {
        if (left.modules[i] != right.modules[i]) {
            changed += (changed.empty() ? "" : ", ") +
                       (i < modules.size() ? modules[i] : std::to_string(i));
        }
    }
    if (left.state != right.state || !changed.empty()) {
        return differ("state digests" + (changed.empty() ? "" : " (" + changed + ')'),
                      left.state.hex(), right.state.hex());
    }
    if (left.block != right.block) {
        return differ("block digests", left.block.hex(), right.block.hex());
    }
    return std::nullopt;
}

Result<DigestWriter, Error> DigestWriter::create(const std::string& path,
                                                 const DigestHeader& header) {
    auto lines = CheckedLineWriter::create(path);
    if (!lines) {
        return failure(std::move(lines.error()));
    }
    DigestWriter writer(std::move(*lines), header.modules);
    std::string modules = "modules " + std::to_string(header.modules.size());
    for (const std::string& name : header.modules) {
        modules += ' ' + name;
    }
    for (std::string body :
         {std::string(kDigestsTitle), "chain " + escape_text(header.chain_id),
          "genesis " + header.genesis.hex(), "log " + header.log.hex(), std::move(modules)}) {
        if (auto written = writer.lines_.line(std::move(body)); !written) {
            return failure(std::move(written.error()));
        }
    }
    return writer;
}

Result<void, Error> DigestWriter::append(const DigestRecord& record) {
    LOCKSTEP_CHECK(record.modules.size() == modules_.size());
    ++blocks_;
    transactions_ += record.transactions;
    auto written = lines_.line("block " + std::to_string(record.height) + ' ' +
                               std::to_string(record.transactions) + ' ' + record.input.hex() +
                               ' ' + record.block.hex() + ' ' + record.state.hex() +
                               (record.effects ? " effects" : ""));
    if (written && !modules_.empty()) {
        written = append_sums(record);
    }
    if (written && record.effects) {
        written = append_effects(*record.effects);
    }
    return written;
}

Result<void, Error> DigestWriter::append_sums(const DigestRecord& record) {
    std::string body = "sums";
    for (std::size_t i = 0; i < modules_.size(); ++i) {
        if (record.modules[i] != sums_[i]) {
            body += ' ' + modules_[i] + ' ' + record.modules[i].hex();
        }
    }
    sums_ = record.modules;
    return lines_.line(std::move(body));
}

Result<void, Error> DigestWriter::append_effects(const BlockEffects& effects) {
    auto written = lines_.line("begin " + effects.begin.hex());
    const std::span<const Digest> all = effects.transactions;
    for (std::size_t at = 0; written && at < all.size(); at += kEffectsPerLine) {
        std::string body = "transactions";
        for (const Digest& digest : all.subspan(at, std::min(kEffectsPerLine, all.size() - at))) {
            body += ' ' + digest.hex();
        }
        written = lines_.line(std::move(body));
    }
    return written ? lines_.line("finish " + effects.end.hex()) : written;
}

Result<void, Error> DigestWriter::close() {
    if (auto written =
            lines_.line("end " + std::to_string(blocks_) + ' ' + std::to_string(transactions_));
        !written) {
        return written;
    }
    return lines_.commit();
}

Result<void, Error> DigestWriter::close(const RunInfo& run) {
    if (!lines_.is_named()) {
        return close();
    }
    // Two writers must not leave the digests of one and the run of the other, and a writer that is
    // stopped in between no run of other digests.
    const FolderLock lock(lines_.path());
    if (auto removed = remove_run_info(lines_.path()); !removed) {
        return removed;
    }
    if (auto closed = close(); !closed) {
        return closed;
    }
    return write_run_info(lines_.path(), lines_.check(), run);
}

bool looks_like_digest_file(std::span<const std::byte> bytes) {
    constexpr std::string_view kStart = "lockstep-digests ";
    return bytes.size() >= kStart.size() &&
           std::equal(kStart.begin(), kStart.end(), bytes.begin(),
                      [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

}  // namespace lockstep
