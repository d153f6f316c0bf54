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
#include "engine/block.hpp"
#include "replay/format/byte_source.hpp"
#include "replay/format/output_file.hpp"
#include "replay/result_difference.hpp"

namespace lockstep {

/// What a digest file says of the run that wrote it.
struct DigestHeader {
    std::string chain_id;
    Digest log;         ///< of the header frame of the log; digests of another log do not compare
    std::string build;  ///< who computed it; for people, never compared
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
    Digest block;                         ///< chained over all blocks so far
    Digest state;                         ///< after the block
    std::optional<BlockEffects> effects;  ///< present when the writer was asked for them

    friend bool operator==(const DigestRecord&, const DigestRecord&) = default;
};

/// The record of an executed block.
[[nodiscard]] DigestRecord make_digest_record(const BlockResult& result, bool with_effects);

/// The first difference of two records; nothing when they agree. Effects are compared when both
/// sides have them.
[[nodiscard]] std::optional<Difference> first_difference(const DigestRecord& left,
                                                         const DigestRecord& right);

/// Writes a digest file; README.md of this folder describes the format.
///
/// The bytes depend on the log and the build only: every worker count and every run gives the same
/// file.
class DigestWriter {
  public:
    [[nodiscard]] static Result<DigestWriter, Error> create(const std::string& path,
                                                            const DigestHeader& header);
    [[nodiscard]] Result<void, Error> append(const DigestRecord& record);
    /// Writes the last line and gives the file its name.
    [[nodiscard]] Result<void, Error> close();

  private:
    explicit DigestWriter(OutputFile file) : file_(std::move(file)) {}
    [[nodiscard]] Result<void, Error> line(std::string body);

    OutputFile file_;
    std::uint64_t check_ = 0;
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
    [[nodiscard]] const std::string& name() const { return source_->name(); }

  private:
    explicit DigestReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
    [[nodiscard]] Error corrupt(std::string message) const;
    /// One line without its check and line end; nothing at the end of the file.
    [[nodiscard]] Result<std::optional<std::string>, Error> raw_line();
    /// The words after `keyword` of a line that must start with it.
    [[nodiscard]] Result<std::string, Error> expect(std::string_view keyword);
    [[nodiscard]] Result<void, Error> read_header();
    [[nodiscard]] Result<BlockEffects, Error> read_effects(std::uint64_t transactions);
    [[nodiscard]] Result<void, Error> read_end(std::string_view words);

    std::unique_ptr<ByteSource> source_;
    DigestHeader header_;
    std::vector<std::byte> buffer_;
    std::size_t position_ = 0;
    std::uint64_t offset_ = 0;  ///< of the line under work
    std::uint64_t next_offset_ = 0;
    std::uint64_t check_ = 0;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
    std::optional<std::uint64_t> height_;
    bool ended_ = false;
};

/// True when `bytes`, the first of a file, start as a digest file does.
[[nodiscard]] bool looks_like_digest_file(std::span<const std::byte> bytes);

/// Compiler, processor and version of this build, in one line.
[[nodiscard]] std::string build_description();

}  // namespace lockstep
