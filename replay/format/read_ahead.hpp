#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/log_reader.hpp"

namespace lockstep {

/// Where a batch of blocks ends: at whichever comes first.
struct ReadAheadBatch {
    std::size_t blocks = 64;
    std::size_t transactions = 1'000;  ///< reached or exceeded by the last block
};

/// Reads the next blocks of a log while its owner works on earlier ones.
///
/// Role:    a thread of its own reads, checks and decodes one batch ahead; a batch is one block,
///          or many small ones, so that threads seldom wait for each other. What comes out is what
///          the reader gives, in order: an error behind block n arrives when all blocks up to n
///          have been taken.
/// Threads: one owner. The log reader belongs to the thread from construction to finish().
/// Memory:  two batches.
/// Invariants
///   [RA1] nothing is read behind an error, behind the end, or behind `blocks_max` blocks.
///   [RA2] the thread has ended when finish() returns, and when the object is gone.
class ReadAhead {
  public:
    /// What the log tells of a block beside its content.
    struct Place {
        Digest digest;             ///< LogReader::block_digest
        std::uint64_t offset = 0;  ///< LogReader::offset
    };

    /// The reader outlives this object. Its source must not wait for others, as a pipe does: an
    /// owner that leaves early waits until the batch under way is read.
    ReadAhead(LogReader& reader, std::uint64_t blocks_max, ReadAheadBatch batch = {});
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;
    ~ReadAhead() { finish(); }

    /// As LogReader::next, and an exception of it. REQUIRES: called at most `blocks_max` times, not
    /// behind an error or the end, not after finish().
    [[nodiscard]] Result<std::optional<LogBlock>, Error> next();
    /// Of the block that next() returned last.
    [[nodiscard]] const Place& place() const noexcept { return place_; }
    /// Ends the thread; the reader may be asked again.
    void finish();

  private:
    struct Item {
        Result<std::optional<LogBlock>, Error> block = std::optional<LogBlock>();
        std::exception_ptr broken;
        Place place;

        /// Nothing comes behind it.
        [[nodiscard]] bool last() const { return broken != nullptr || !block || !*block; }
    };
    using Items = std::vector<Item>;

    [[nodiscard]] Item read();
    void run(std::uint64_t blocks_left);
    /// Waits for room. False when nothing more is wanted.
    [[nodiscard]] bool wanted();

    LogReader& reader_;
    const ReadAheadBatch batch_;
    Place place_;
    // All three have room for a batch from the start: the thread has nobody to tell of a failure.
    Items reading_;         ///< the thread's
    Items taken_;           ///< the owner's
    std::size_t next_ = 0;  ///< in taken_
    std::mutex mutex_;      ///< guards ready_ and stopping_
    std::condition_variable changed_;
    Items ready_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace lockstep
