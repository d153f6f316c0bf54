#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/contract/block.hpp"
#include "replay/digest/digest_file.hpp"
#include "replay/divergence/divergence.hpp"
#include "replay/format/log_reader.hpp"

namespace lockstep {

/// What to do with the digests of a replay.
struct DigestOptions {
    std::string write;     ///< digest file to write; empty: none
    bool effects = false;  ///< with one digest per transaction
    bool part = false;     ///< the replay may begin behind the first block of the log
    std::string against;   ///< digest file or bundle to compare with; empty: none
};

/// How far a replay was compared with the other side.
struct Compared {
    std::uint64_t blocks = 0;         ///< that were equal
    std::optional<bool> agrees = {};  ///< nothing: the replay failed before that could be said
    bool all = false;                 ///< neither side has blocks left that were not compared
};

/// Writes and compares digests as blocks come out.
class DigestSinks {
  public:
    /// Errors: kCorrupt when `against` is about another log.
    [[nodiscard]] Result<void, Error> open(const DigestOptions& options, const LogReader& log);
    [[nodiscard]] bool active() const { return writer_ || expected_ != nullptr; }

    /// `input`: digest of the block as the log holds it. Errors: kDivergence.
    [[nodiscard]] Result<void, Error> take(const BlockResult& result, const Digest& input);

    /// `complete`: the log was replayed to its end, so the digest file must end here too.
    /// Errors: kUsage when no block was compared.
    [[nodiscard]] Result<void, Error> close(bool complete, const RunInfo& run);

    /// Nothing without `against`.
    [[nodiscard]] const std::optional<Compared>& compared() const { return compared_; }
    /// Where the other side (left) and this run (right) part, when that ended the replay.
    [[nodiscard]] const std::optional<Divergence>& divergence() const { return divergence_; }
    /// The other side, which stands at the divergence. REQUIRES `against`.
    [[nodiscard]] const Side& expected() const { return *expected_; }

  private:
    [[nodiscard]] Result<void, Error> check(const DigestRecord& actual);
    [[nodiscard]] Error differ(DivergencePlace place, Difference difference,
                               std::optional<DigestRecord> left, std::optional<DigestRecord> right);

    std::optional<DigestWriter> writer_;
    std::unique_ptr<Side> expected_;
    std::optional<DigestRecord> ahead_;  ///< of a bundle: its next block
    DigestHeader header_;
    std::optional<Divergence> divergence_;
    std::optional<Compared> compared_;
    bool effects_ = false;
    bool part_ = false;
};

}  // namespace lockstep
