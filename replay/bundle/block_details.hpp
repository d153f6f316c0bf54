#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/int128.hpp"
#include "engine/contract/block.hpp"

namespace lockstep {

/// How a transaction looked at a cell.
enum class LookKind : std::uint8_t {
    kRead = 0,     ///< saw the value
    kExists = 1,   ///< saw whether the cell is present
    kAtLeast = 2,  ///< saw whether number(cell) >= amount
    kAdd = 3,      ///< saw whether the amount could be added within the bounds
};

/// One thing that a transaction learned from the state before it. What it learned from its own
/// writes is left out.
template <class M>
struct Look {
    LookKind kind = LookKind::kRead;
    typename M::Key key = {};
    Int128 amount = 0;                        ///< kAtLeast, kAdd
    bool answer = false;                      ///< kRead and kExists: the cell was present
    std::optional<typename M::Value> before;  ///< value of the cell before the transaction

    friend bool operator==(const Look&, const Look&) = default;
};

/// What a transaction does to one cell.
enum class ChangeKind : std::uint8_t { kWrite = 1, kErase = 2, kAdd = 3 };

template <class M>
struct Change {
    ChangeKind kind = ChangeKind::kWrite;
    typename M::Key key = {};
    Int128 amount = 0;                       ///< kAdd: sum of the additions
    std::optional<typename M::Value> after;  ///< the cell after the transaction

    friend bool operator==(const Change&, const Change&) = default;
};

/// Everything that one transaction or phase took and gave.
template <class M>
struct ExecutionDetails {
    Disposition disposition = Disposition::kExecuted;
    std::uint16_t status = 0;
    std::uint64_t weight = 0;
    std::vector<Look<M>> looks;      ///< in the order of the calls, repetitions left out
    std::vector<Change<M>> changes;  ///< in key order
    std::vector<std::byte> events;   ///< as encoded by EventLog

    friend bool operator==(const ExecutionDetails&, const ExecutionDetails&) = default;
};

/// The same for a block.
template <class M>
struct BlockDetails {
    ExecutionDetails<M> begin;
    std::vector<ExecutionDetails<M>> transactions;
    ExecutionDetails<M> end;

    friend bool operator==(const BlockDetails&, const BlockDetails&) = default;
};

/// What a block needs of the world before it: enough to execute it alone.
template <class M>
struct BlockBasis {
    Digest previous_block;        ///< chained digest of the block before
    Digest state;                 ///< state digest before the block
    std::vector<Digest> modules;  ///< its parts
    /// Every cell that the block touched, with its value before the block.
    std::map<typename M::Key, std::optional<typename M::Value>> cells;

    friend bool operator==(const BlockBasis&, const BlockBasis&) = default;
};

}  // namespace lockstep
