#pragma once

#include <cstdint>
#include <limits>

namespace lockstep {

/// Position of a transaction in its block; the order that every executor must reproduce.
using TxnIndex = std::uint32_t;

/// How many times a transaction has been executed before, within one block.
using Incarnation = std::uint32_t;

inline constexpr TxnIndex kNoTxn = std::numeric_limits<TxnIndex>::max();

}  // namespace lockstep
