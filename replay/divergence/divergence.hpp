#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/bundle/block_recorder.hpp"
#include "replay/divergence/side.hpp"

namespace lockstep {

/// Where in a block two runs part.
enum class DivergencePlace : std::uint8_t {
    kLength,       ///< one side ends before this block
    kInput,        ///< they executed different blocks
    kBegin,        ///< begin-of-block phase
    kTransaction,  ///< the transaction is named
    kEnd,          ///< end-of-block phase
    kBlock,        ///< somewhere in the block: one side tells of no transactions
};
[[nodiscard]] std::string_view place_name(DivergencePlace place);

/// What the difference goes back to, as far as the sides tell.
enum class DivergenceKind : std::uint8_t {
    kLog,        ///< the logs differ
    kGenesis,    ///< the logs differ from their first block on, or describe other geneses
    kLength,     ///< one run covers fewer blocks
    kVersion,    ///< other versions of Lockstep
    kMachine,    ///< other processors
    kCompiler,   ///< other compilers, libraries or options
    kScheduler,  ///< other executors or worker counts; or parallel differs from serial here
    kUnknown,    ///< nothing that is known differs
};
[[nodiscard]] std::string_view kind_name(DivergenceKind kind);

/// The first place where two sides differ.
struct Divergence {
    DivergencePlace place = DivergencePlace::kBlock;
    Difference difference;
    std::optional<DigestRecord> left;  ///< nothing when that side has ended
    std::optional<DigestRecord> right;
    bool first_block = false;  ///< of the log
};

/// A comparison of two sides over all blocks that both tell of.
struct Comparison {
    std::uint64_t blocks = 0;  ///< that were equal
    std::optional<Divergence> divergence;
};

/// Compares until the first difference; the sides then stand at its block.
/// Errors: of the sides.
[[nodiscard]] Result<Comparison, Error> compare(Side& left, Side& right);

/// Reads a side to its end, so that damage behind the difference is found too.
[[nodiscard]] Result<void, Error> drain(Side& side);

/// Where two records of one block part; they differ.
[[nodiscard]] DivergencePlace place_of(const DigestRecord& left, const DigestRecord& right,
                                       const Difference& difference);

using VenueRecorder = BlockRecorder<Venue>;
using VenueRecording = VenueRecorder::Recording;

/// A block as the serial executor of this build executes it.
struct Reexecution {
    LogBlock block;
    Digest input;
    VenueRecording recording;

    [[nodiscard]] DigestRecord record() const {
        return make_digest_record(recording.result, input, true);
    }
};

/// Executes the log serially up to `height` and records that block; nothing when the log has no
/// such block. Errors: kCorrupt, kEnvironment.
[[nodiscard]] Result<std::optional<Reexecution>, Error> reexecute(const std::string& log,
                                                                  std::uint64_t height);

/// What is known of the cause.
struct Verdict {
    DivergenceKind kind = DivergenceKind::kUnknown;
    std::vector<std::string> reasons;  ///< in words, the strongest first
    /// Whether each side agrees with the serial executor here; nothing when it was not asked.
    std::optional<bool> left_agrees;
    std::optional<bool> right_agrees;
};

/// `here`: the block as executed serially here, when it was. The sides stand at the divergence.
[[nodiscard]] Verdict judge(const Divergence& divergence, const Side& left, const Side& right,
                            const DigestRecord* here);

/// The first transaction in which two blocks differ; nothing when one is a prefix of the other.
[[nodiscard]] std::optional<std::uint64_t> first_different_input(const LogBlock& left,
                                                                 const LogBlock& right);

}  // namespace lockstep
