#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/trace/trace.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"

namespace lockstep::bench {

/// The `.rlp` files of a folder, by name.
[[nodiscard]] std::vector<std::string> find_block_access_lists(const std::filesystem::path& folder);

/// Reads block access lists (EIP-7928), one block a file, as a trace.
///
/// Format: RLP list of accounts [address, [[slot, [[index, value]]]], [read slots],
/// [[index, balance]], [[index, nonce]], [[index, code]]]; index 0 stands before the first
/// transaction, and values are what the transaction left.
/// Rules
///   transactions   one per index, up to the highest
///   writes         every change reads the value that the change before left, and writes its own;
///                  before the first change of a key stands zero, since lists do not tell it
///   reads          are left out: lists do not tell which transaction reads
///   gas            lists do not tell it: kGasOfUnknown each
///   code           is represented by its length and a digest of its bytes
/// Errors: kCorrupt with file and offset for RLP that is damaged or not canonical, and with the
/// file for lists that are not of this form or whose indices do not ascend.
[[nodiscard]] Result<Trace, Error> read_block_access_lists(const std::vector<std::string>& paths);

inline constexpr std::uint64_t kGasOfUnknown = 60'000;

}  // namespace lockstep::bench
