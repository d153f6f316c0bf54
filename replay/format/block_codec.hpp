#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/block.hpp"
#include "instruments/transaction.hpp"
#include "replay/format/log_header.hpp"

namespace lockstep {

/// A block as a log holds it.
using LogBlock = Block<Transaction>;

/// The payload of a block frame (log.fbs, identifier "LSB1").
/// Errors: kUsage when the block exceeds kBlockTransactionsMax, kListMax or kFramePayloadMax.
[[nodiscard]] Result<std::vector<std::byte>, Error> encode_block(const LogBlock& block);

/// Undoes encode_block on untrusted bytes, into structures that own everything.
///
/// The verifier of FlatBuffers runs first, with bounded depth and table count; then enumerations
/// and list lengths are checked, and the sum of all decoded parts against the size of the payload,
/// so that tables that refer to each other cannot make memory or time grow beyond a fixed multiple
/// of the payload. Whether the values make sense is for the venue to say. Errors: kCorrupt, with
/// block and transaction as far as they are known.
[[nodiscard]] Result<LogBlock, Error> decode_block(std::span<const std::byte> payload);

/// The payload of the first frame (log.fbs, identifier "LSH1").
/// Errors: kUsage when a text exceeds kHeaderTextMax.
[[nodiscard]] Result<std::vector<std::byte>, Error> encode_log_header(const LogHeader& header);
[[nodiscard]] Result<LogHeader, Error> decode_log_header(std::span<const std::byte> payload);

}  // namespace lockstep
