#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/block.hpp"
#include "replay/digest/checked_lines.hpp"
#include "replay/digest/run_info.hpp"
#include "replay/result_difference.hpp"

namespace lockstep {

/// What a digest file is about. The same log gives the same header on every machine; who computed
/// the digests is told beside the file (run_info.hpp).
struct DigestHeader {
    std::string chain_id;
    Digest genesis;                         ///< of the text in which the log describes its genesis
    Digest log;                             ///< of the header frame of the log
    std::vector<std::string> modules = {};  ///< names of the machine's modules, may be empty

    friend bool operator==(const DigestHeader&, const DigestHeader&) = default;
};

/// Effect digests of one block, to name the transaction that differs.
struct BlockEffects {
    Digest begin;                      ///< begin-of-block phase
    std::vector<Digest> transactions;  ///< one per transaction, in block order
    Digest end;                        ///< end-of-block phase

    friend bool operator==(const BlockEffects&, const BlockEffects&) = default;
};

/// What a digest file says of one block.
struct DigestRecord {
    std::uint64_t height = 0;
    std::uint64_t transactions = 0;
    Digest input;                         ///< of the block as the log holds it
    Digest block;                         ///< chained over all blocks so far
    Digest state;                         ///< after the block
    std::vector<Digest> modules;          ///< state by module, one per name in the header
    std::optional<BlockEffects> effects;  ///< present when the writer was asked for them

    friend bool operator==(const DigestRecord&, const DigestRecord&) = default;
};

/// The record of an executed block. `input`: digest of the block as the log holds it.
[[nodiscard]] DigestRecord make_digest_record(const BlockResult& result, const Digest& input,
                                              bool with_effects);

/// The first difference of two records, in the order of cause and effect: input, begin phase,
/// transactions, end phase, state by module, state, block digest; nothing when they agree. Effects
/// are compared when both sides have them. `modules` names the modules.
[[nodiscard]] std::optional<Difference> first_difference(const DigestRecord& left,
                                                         const DigestRecord& right,
                                                         std::span<const std::string> modules);

/// Writes a digest file; README.md of the folder above describes the format.
///
/// The bytes depend on the log only: every build, worker count and run gives the same file.
class DigestWriter {
  public:
    [[nodiscard]] static Result<DigestWriter, Error> create(const std::string& path,
                                                            const DigestHeader& header);
    /// REQUIRES as many module sums as the header names.
    [[nodiscard]] Result<void, Error> append(const DigestRecord& record);
    /// Writes the last line and gives the file its name.
    [[nodiscard]] Result<void, Error> close();
    /// The same, and tells beside the file which run wrote it; what is no file, such as a pipe or
    /// standard output, has no beside.
    [[nodiscard]] Result<void, Error> close(const RunInfo& run);

  private:
    DigestWriter(CheckedLineWriter lines, std::vector<std::string> modules)
        : lines_(std::move(lines)), modules_(std::move(modules)), sums_(modules_.size()) {}
    [[nodiscard]] Result<void, Error> append_sums(const DigestRecord& record);
    [[nodiscard]] Result<void, Error> append_effects(const BlockEffects& effects);

    CheckedLineWriter lines_;
    std::vector<std::string> modules_;
    std::vector<Digest> sums_;  ///< after the block before
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
};

/// Reads a digest file with one block in memory. Every byte is covered by a check.
class DigestReader {
  public:
    [[nodiscard]] static Result<DigestReader, Error> open(const std::string& path);
    [[nodiscard]] static Result<DigestReader, Error> open(std::unique_ptr<ByteSource> source);

    [[nodiscard]] const DigestHeader& header() const noexcept { return header_; }
    /// The next block; nothing after the last one, when the file proved to be whole.
    [[nodiscard]] Result<std::optional<DigestRecord>, Error> next();
    [[nodiscard]] const std::string& name() const { return lines_.name(); }
    /// Check of the last line read: after the last block, that of the whole file.
    [[nodiscard]] std::uint64_t check() const noexcept { return lines_.check(); }

  private:
    explicit DigestReader(std::unique_ptr<ByteSource> source)
        : lines_(std::move(source), "digest file") {}
    [[nodiscard]] Result<void, Error> read_header();
    [[nodiscard]] Result<void, Error> read_sums();
    [[nodiscard]] Result<BlockEffects, Error> read_effects(std::uint64_t transactions);
    [[nodiscard]] Result<Digest, Error> read_digest(std::string_view keyword);
    [[nodiscard]] Result<void, Error> read_end(std::string_view words);

    CheckedLineReader lines_;
    DigestHeader header_;
    std::vector<Digest> sums_;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
    std::optional<std::uint64_t> height_;
    bool ended_ = false;
};

/// True when `bytes`, the first of a file, start as a digest file does.
[[nodiscard]] bool looks_like_digest_file(std::span<const std::byte> bytes);

/// Effect digests on one line of a digest file, at most.
inline constexpr std::size_t kEffectsPerLine = 128;
/// Modules that a digest file may name.
inline constexpr std::size_t kModulesMax = 64;

}  // namespace lockstep
