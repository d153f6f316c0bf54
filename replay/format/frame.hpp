#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/byte_source.hpp"
#include "replay/format/limits.hpp"
#include "replay/format/output_file.hpp"

namespace lockstep {

/// The frame is what damage is detected on; README.md of this folder describes every byte.
inline constexpr std::uint32_t kFrameMagic = 0x474c'534cU;  ///< the bytes "LSLG"
inline constexpr std::uint16_t kFrameVersion = 1;
inline constexpr std::size_t kFrameHeaderSize = 48;
inline constexpr std::size_t kFrameCheckSize = 8;

enum class FrameType : std::uint16_t {
    kLogHeader = 1,
    kBlock = 2,
    kEnd = 3,
    kAccessHeader = 4,
    kAccessBlock = 5,
    kBundleHeader = 16,  ///< replay/bundle/bundle_file.hpp
    kBundleBlock = 17,
    kSnapshotChunk = 32,  ///< replay/split/snapshot_file.hpp
    kSnapshotEnd = 33,
};

/// What the header of a frame says, before any check.
struct FrameFields {
    std::uint32_t magic = kFrameMagic;
    std::uint16_t version = kFrameVersion;
    FrameType type = FrameType::kBlock;
    std::uint64_t length = 0;
    std::uint64_t sequence = 0;
    Digest previous = {};
};

/// Appends one frame to `out`; returns its digest, the `previous` of the frame that follows.
Digest encode_frame(ByteWriter& out, const FrameFields& fields, std::span<const std::byte> payload);

/// One frame that passed every check. `payload` is valid until the reader's next call.
struct Frame {
    FrameType type = FrameType::kLogHeader;
    std::uint64_t sequence = 0;
    std::uint64_t offset = 0;  ///< of the frame in the file
    std::span<const std::byte> payload;
};

/// Why there is no further frame.
struct FrameFailure {
    Error error;
    bool torn = false;  ///< the file ends inside this frame: a writer was stopped, nothing is wrong
    /// So does what was written of it, if so many zeros or more are all that follows: a file
    /// system that was stopped keeps the length of a file, not its last bytes. Nothing: damage.
    std::optional<std::uint64_t> torn_by_zeros = {};
};

/// Reads frames front to back with one frame in memory.
///
/// Checks, before a payload is handed out: magic, version, type, length limit and length against
/// the rest of the file, both checks, zero padding, sequence without gaps, and the digest of the
/// previous frame. Memory is bounded by the largest frame that is really there.
class FrameReader {
  public:
    explicit FrameReader(std::unique_ptr<ByteSource> source);

    /// The next frame; nothing at the end of the file; a failure is final.
    [[nodiscard]] Result<std::optional<Frame>, FrameFailure> next();

    [[nodiscard]] const std::string& name() const { return source_->name(); }
    /// Whether only zeros follow, at least so many. Call after a failure: it reads on.
    [[nodiscard]] Result<bool, Error> only_zeros_follow(std::uint64_t count);
    /// Goes on with the frame at an offset ahead, which has to have this sequence and continue this
    /// chain: its check tells.
    [[nodiscard]] Result<void, Error> skip_to(std::uint64_t offset, std::uint64_t sequence,
                                              const Digest& chain);
    /// Sequence of the next frame.
    [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
    /// Offset of the next frame.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    /// XXH3-128 of the last frame read; zero before the first.
    [[nodiscard]] Digest chain() const noexcept { return chain_; }

  private:
    [[nodiscard]] FrameFailure corrupt(std::string message) const;
    [[nodiscard]] FrameFailure torn(std::string message) const;
    [[nodiscard]] FrameFailure damaged_header(std::string message) const;
    [[nodiscard]] FrameFailure damaged_payload(std::uint64_t check) const;
    [[nodiscard]] Result<void, FrameFailure> check_header(const FrameFields& fields) const;
    [[nodiscard]] Result<void, FrameFailure> read_body(std::uint64_t length);

    std::unique_ptr<ByteSource> source_;
    std::vector<std::byte> buffer_;
    std::uint64_t offset_ = 0;
    std::uint64_t sequence_ = 0;
    Digest chain_;
};

/// Appends frames to a file.
class FrameWriter {
  public:
    explicit FrameWriter(OutputFile file) : file_(std::move(file)) {}

    /// Errors: kUsage when the payload exceeds kFramePayloadMax; kEnvironment from the file.
    [[nodiscard]] Result<void, Error> append(FrameType type, std::span<const std::byte> payload);
    [[nodiscard]] Result<void, Error> commit() { return file_.commit(); }
    [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }

  private:
    OutputFile file_;
    ByteWriter buffer_;
    std::uint64_t sequence_ = 0;
    Digest chain_;
};

/// XXH3-64 of `bytes`: the check of frames and digest lines. `seed` chains checks.
[[nodiscard]] std::uint64_t check_of(std::span<const std::byte> bytes,
                                     std::uint64_t seed = 0) noexcept;

}  // namespace lockstep
