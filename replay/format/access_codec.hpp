#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "accounts/state_key.hpp"
#include "engine/base/digest.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/access_list.hpp"

namespace lockstep {

/// What an access list file says of itself.
struct AccessHeader {
    std::string chain_id;
    Digest log;  ///< of the header frame of the log whose execution is listed

    friend bool operator==(const AccessHeader&, const AccessHeader&) = default;
};

/// One entry of the lists.
using StateAccess = CellAccess<StateKey>;

/// What the transactions of one block touched.
struct BlockAccesses {
    std::uint64_t height = 0;
    AccessList<StateKey> list;

    friend bool operator==(const BlockAccesses&, const BlockAccesses&) = default;
};

/// First half of the SHA-256 of access_list.fbs, computed as for log.fbs.
[[nodiscard]] Digest access_schema_digest();

/// The payload of the first frame (access_list.fbs, identifier "LSA1").
/// Errors: kUsage when the chain id exceeds kHeaderTextMax.
[[nodiscard]] Result<std::vector<std::byte>, Error> encode_access_header(
    const AccessHeader& header);
[[nodiscard]] Result<AccessHeader, Error> decode_access_header(std::span<const std::byte> payload);

/// The payload of a block's frame (access_list.fbs, identifier "LSA2").
/// Errors: kUsage when the block exceeds kBlockTransactionsMax, kBlockKeysMax or kFramePayloadMax,
/// or when accesses do not ascend or say nothing, or a transaction scanned: the venue does not.
[[nodiscard]] Result<std::vector<std::byte>, Error> encode_block_accesses(
    const BlockAccesses& block);

/// Undoes encode_block_accesses on untrusted bytes, with memory and time bounded by a multiple of
/// their number. What is decoded is well-formed: keys ascend, and every access says something.
/// Errors: kCorrupt, with block and transaction as far as they are known.
[[nodiscard]] Result<BlockAccesses, Error> decode_block_accesses(
    std::span<const std::byte> payload);

}  // namespace lockstep
