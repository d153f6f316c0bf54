#pragma once

#include <cstdint>
#include <functional>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "replay/format/block_codec.hpp"

namespace lockstep {

/// Takes the blocks of a log in order.
using BlockSink = std::function<Result<void, Error>(const LogBlock&)>;

/// Builds blocks one by one and hands each to a sink.
///
/// Heights count from 1. Memory: one block.
class BlockAssembler {
  public:
    /// How long after its block a transaction is valid.
    static constexpr std::int64_t kValidForMs = 60'000;

    explicit BlockAssembler(BlockSink sink) : sink_(std::move(sink)) {}

    /// Opens the next block at `time_ms`, or 1 ms after the block before when that is later.
    /// REQUIRES: no block is open.
    void start(std::int64_t time_ms);
    /// Hands the open block to the sink; nothing to do when none is open.
    [[nodiscard]] Result<void, Error> finish();

    /// Adds a transaction of the venue itself with its next nonce. Nonces restart with each expiry
    /// bucket, so that the venue's nonce cells are used again.
    void push_venue(Payload payload);
    void push(Transaction transaction) { block_.transactions.push_back(std::move(transaction)); }

    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// Of the block that is open or was open last.
    [[nodiscard]] std::int64_t time_ms() const noexcept { return block_.header.time_ms; }
    [[nodiscard]] std::int64_t valid_until_ms() const noexcept { return time_ms() + kValidForMs; }
    /// Transactions of the open block.
    [[nodiscard]] std::size_t size() const noexcept { return block_.transactions.size(); }
    /// Finished ones.
    [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }
    [[nodiscard]] std::uint64_t transactions() const noexcept { return transactions_; }

  private:
    BlockSink sink_;
    LogBlock block_;
    bool open_ = false;
    std::uint64_t blocks_ = 0;
    std::uint64_t transactions_ = 0;
    std::uint64_t venue_nonce_ = 0;
    std::int64_t nonce_bucket_ = 0;
};

}  // namespace lockstep
