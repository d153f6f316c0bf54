#pragma once

#include <cstdint>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "instruments/transaction.hpp"
#include "replay/format/log_generated.h"

namespace lockstep {

/// Appends one transaction. REQUIRES lists of at most kListMax elements.
[[nodiscard]] flatbuffers::Offset<wire::Transaction> encode_transaction(
    flatbuffers::FlatBufferBuilder& builder, const Transaction& transaction);

/// Elements in the transaction's longest list.
[[nodiscard]] std::size_t longest_list(const Transaction& transaction);

/// What decoding a payload may still produce.
///
/// Every part decoded is charged the bytes that it takes at least when nothing is shared; the
/// charges of one payload must not exceed its size.
class DecodeBudget {
  public:
    explicit DecodeBudget(std::uint64_t payload_size) noexcept : left_(payload_size) {}

    /// False when the payload is too small to hold all that was charged.
    [[nodiscard]] bool charge(std::uint64_t bytes) noexcept {
        if (bytes > left_) {
            return false;
        }
        left_ -= bytes;
        return true;
    }

  private:
    std::uint64_t left_;
};

/// Takes a transaction out of a verified payload. The failure is a reason in words.
[[nodiscard]] Result<Transaction, const char*> decode_transaction(const wire::Transaction& in,
                                                                  DecodeBudget& budget);

}  // namespace lockstep
