#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>

#include "engine/serial/serial_executor.hpp"
#include "instruments/events.hpp"
#include "instruments/venue.hpp"
#include "replay/format/block_codec.hpp"

namespace lockstep {

/// Executes the blocks of a log one by one on a fresh venue and counts what became of them.
///
/// Role: the checks of importers and generators, in tests and in `lockstep import --check`.
class SerialRun {
  public:
    /// Called for each trade event in order: block, transaction in the block, event.
    using OnTrade =
        std::function<void(const BlockHeader&, std::uint32_t transaction, const TradeEvent&)>;

    SerialRun() : executor_(venue_, store_) {}

    [[nodiscard]] Result<void, Error> execute(const LogBlock& block, const OnTrade& on_trade = {});

    /// Transactions by status.
    [[nodiscard]] const std::map<Status, std::uint64_t>& statuses() const { return statuses_; }
    [[nodiscard]] std::uint64_t applied() const;
    [[nodiscard]] std::uint64_t transactions() const noexcept { return transactions_; }
    [[nodiscard]] std::uint64_t trade_events() const noexcept { return trade_events_; }
    /// Of the last block.
    [[nodiscard]] const Digest& block_digest() const { return executor_.previous_block_digest(); }
    [[nodiscard]] const StateStore<Venue>& store() const noexcept { return store_; }

  private:
    Venue venue_;
    StateStore<Venue> store_;
    SerialExecutor<Venue> executor_;
    std::map<Status, std::uint64_t> statuses_;
    std::uint64_t transactions_ = 0;
    std::uint64_t trade_events_ = 0;
};

}  // namespace lockstep
