#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep {

/// Limits of the formats. They bound what a hostile file can make a reader do; all are wider than
/// what the venue accepts.

/// Largest payload of one frame, bytes.
inline constexpr std::uint64_t kFramePayloadMax = std::uint64_t{256} << 20;
/// Most transactions of one block, in logs and in digest files.
inline constexpr std::uint64_t kBlockTransactionsMax = std::uint64_t{1} << 20;
/// Most distinct keys in the access list of one block.
inline constexpr std::size_t kBlockKeysMax = std::size_t{1} << 24;
/// Most elements of one list of a transaction. Wider than every limit of the venue, so that a log
/// can also hold what the venue rejects.
inline constexpr std::size_t kListMax = std::size_t{1} << 16;
/// Most bytes of each text of a log header.
inline constexpr std::size_t kHeaderTextMax = 4096;

}  // namespace lockstep
