#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/digest.hpp"

namespace lockstep {

/// What consensus fixes about a block beside its transactions.
struct BlockHeader {
    std::uint64_t height = 0;  ///< consecutive
    std::int64_t time_ms = 0;  ///< block time, strictly increasing, milliseconds since 1970
    /// Transactions are applied in order while the sum of their weights stays within the limit; the
    /// first that does not fit and all behind it are skipped.
    std::uint64_t weight_limit = std::numeric_limits<std::uint64_t>::max();

    friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

template <class Transaction>
struct Block {
    BlockHeader header = {};
    std::vector<Transaction> transactions = {};
};

/// What became of a transaction, seen by the engine.
enum class Disposition : std::uint8_t {
    kExecuted = 0,  ///< `status` is the machine's
    kSkipped = 1,   ///< behind the block's weight limit; no effects
    kFaulted = 2,   ///< the machine broke its contract (`status` is a Fault); no effects
};

/// Why a transaction is kFaulted; the receipt's status.
enum class Fault : std::uint16_t {
    kThrew = 1,        ///< execute let an exception escape
    kStepBudget = 2,   ///< more steps or accesses than TxnLimits::steps
    kOutputLimit = 3,  ///< more event bytes than TxnLimits::event_bytes
};

/// Bounds on what one transaction may do; consensus parameters of the embedding chain.
struct TxnLimits {
    std::uint64_t steps = 1'000'000;        ///< accesses plus consumed steps
    std::uint64_t event_bytes = 1'000'000;  ///< sum over its events
};

/// Events of one receipt or phase: type and bytes, flat in the canonical encoding.
///
/// Layout: repeated (u16 type, u32 length, bytes), little-endian.
class EventLog {
  public:
    void append(std::uint16_t type, std::span<const std::byte> bytes) {
        out_.put(type);
        out_.put_bytes(bytes);
    }
    /// Drops everything behind the first `size` bytes.
    void truncate(std::size_t size) { out_.truncate(size); }
    [[nodiscard]] std::span<const std::byte> encoded() const noexcept { return out_.bytes(); }
    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
    void clear() noexcept { out_.clear(); }

  private:
    ByteWriter out_;
};

/// Calls `visit(type, bytes)` for each event of an encoded range.
template <class Visit>
void for_each_event(std::span<const std::byte> encoded, Visit&& visit) {
    ByteReader in(encoded);
    while (in.remaining() > 0) {
        const auto type = in.get<std::uint16_t>();
        const std::span<const std::byte> bytes = in.get_bytes();
        if (!in.ok()) {
            return;
        }
        visit(type, bytes);
    }
}

/// Consensus output of one transaction.
struct Receipt {
    Disposition disposition = Disposition::kExecuted;
    std::uint16_t status = 0;
    std::uint64_t weight = 0;
    /// XXH3-128 over index, disposition, status, weight, key-sorted writes, additions and events.
    Digest effects = {};
    std::size_t events_begin = 0;  ///< range in BlockResult::events
    std::size_t events_end = 0;

    friend bool operator==(const Receipt&, const Receipt&) = default;
};

/// Everything that a block puts out; equal byte for byte for all executors.
struct BlockResult {
    BlockHeader header = {};
    /// One per transaction, in block order: first those that the machine made, then the block's
    /// own.
    std::vector<Receipt> receipts;
    std::size_t system_transactions = 0;  ///< how many the machine made
    std::vector<std::byte> events;        ///< all events: begin phase, transactions, end phase
    Digest begin_effects;                 ///< effect digest of the begin-of-block phase
    Digest end_effects;                   ///< effect digest of the end-of-block phase
    Digest state;                         ///< additive digest of the state after the block
    std::vector<Digest> modules;          ///< its parts, one per module that the machine names
    Digest block;  ///< chained: (previous block digest, header, effects, state)

    [[nodiscard]] std::span<const std::byte> events_of(const Receipt& receipt) const {
        return std::span(events).subspan(receipt.events_begin,
                                         receipt.events_end - receipt.events_begin);
    }
    friend bool operator==(const BlockResult&, const BlockResult&) = default;
};

}  // namespace lockstep
