#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "instruments/venue.hpp"
#include "replay/bundle/block_details.hpp"
#include "replay/digest/digest_file.hpp"
#include "replay/format/block_codec.hpp"
#include "replay/format/frame.hpp"

namespace lockstep {

/// What one run made of a block.
struct BundleSide {
    RunInfo run;
    DigestRecord digests;
    std::optional<BlockDetails<Venue>> details;  ///< reads, writes, additions and events

    friend bool operator==(const BundleSide&, const BundleSide&) = default;
};

/// A block with all that is needed to execute it alone, and what others made of it.
struct BundleBlock {
    LogBlock block;
    Digest input;  ///< of the block as its log holds it
    BlockBasis<Venue> basis;
    std::vector<BundleSide> sides;
};

/// Most runs that one block of a bundle tells of.
inline constexpr std::size_t kBundleSidesMax = 16;

/// The payload of a block's frame: bundle/README.md describes the layout.
/// Errors: kUsage when the block exceeds the limits of logs.
[[nodiscard]] Result<std::vector<std::byte>, Error> encode_bundle_block(const BundleBlock& block);

/// Undoes encode_bundle_block on untrusted bytes; `modules`: how many the header names.
/// Errors: kCorrupt.
[[nodiscard]] Result<BundleBlock, Error> decode_bundle_block(std::span<const std::byte> payload,
                                                             std::size_t modules);

/// Writes a bundle: frames as in logs, one per block.
class BundleWriter {
  public:
    [[nodiscard]] static Result<BundleWriter, Error> create(const std::string& path,
                                                            const DigestHeader& header);
    [[nodiscard]] Result<void, Error> append(const BundleBlock& block);
    /// Writes the last frame and gives the file its name.
    [[nodiscard]] Result<void, Error> close();

  private:
    explicit BundleWriter(FrameWriter frames) : frames_(std::move(frames)) {}

    FrameWriter frames_;
    std::uint64_t blocks_ = 0;
};

/// Writes a bundle of one block.
[[nodiscard]] Result<void, Error> write_bundle_file(const std::string& path,
                                                    const DigestHeader& header,
                                                    const BundleBlock& block);

/// Reads a bundle with one block in memory.
/// Errors: kCorrupt with the offset of the frame; a bundle is never torn, only whole or corrupt.
class BundleReader {
  public:
    [[nodiscard]] static Result<BundleReader, Error> open(const std::string& path);
    [[nodiscard]] static Result<BundleReader, Error> open(std::unique_ptr<ByteSource> source);

    [[nodiscard]] const DigestHeader& header() const noexcept { return header_; }
    /// The next block; nothing after the last one.
    [[nodiscard]] Result<std::optional<BundleBlock>, Error> next();
    [[nodiscard]] const std::string& name() const { return frames_.name(); }

  private:
    explicit BundleReader(std::unique_ptr<ByteSource> source) : frames_(std::move(source)) {}
    [[nodiscard]] Error corrupt(std::string message, std::uint64_t offset) const;
    [[nodiscard]] Result<Frame, Error> next_frame();
    [[nodiscard]] Result<void, Error> read_header();

    FrameReader frames_;
    DigestHeader header_;
    std::optional<std::uint64_t> height_;
    std::uint64_t blocks_ = 0;
    bool ended_ = false;
};

/// True when `bytes`, the first of a file, start as a bundle does.
[[nodiscard]] bool looks_like_bundle(std::span<const std::byte> bytes);

}  // namespace lockstep
