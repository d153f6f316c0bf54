#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "accounts/state_key.hpp"
#include "engine/contract/access_list.hpp"

namespace lockstep {

/// How transactions met at one cell: numbers of transactions, summed over blocks.
struct CellTraffic {
    StateKey key;
    /// Depend on the cell after an earlier transaction of their block changed it. Additions to a
    /// cell that others only added to do not count: they commute.
    std::uint64_t conflicts = 0;
    std::uint64_t value_reads = 0;
    std::uint64_t predicates = 0;  ///< without adding
    std::uint64_t additions = 0;
    std::uint64_t writes = 0;

    friend bool operator==(const CellTraffic&, const CellTraffic&) = default;
};

/// The longest chains of blocks: transactions that each conflict with the one before, so that no
/// number of cores executes them at once.
struct ConflictChains {
    std::uint64_t transactions = 0;  ///< of all blocks
    std::uint64_t conflicts = 0;     ///< of all blocks, over all cells: see CellTraffic
    std::uint64_t steps = 0;         ///< sum over blocks of the length of the longest chain
    std::uint64_t longest = 0;       ///< its length in the block where it is longest
    std::uint64_t block = 0;         ///< height of that block, the first of several

    friend bool operator==(const ConflictChains&, const ConflictChains&) = default;
};

/// Finds the cells over which transactions wait for each other, and how long they wait. Follows
/// from access lists alone, so every run of a log gives the same.
///
/// Cost: one entry per cell that was ever touched.
class ConflictSurvey {
  public:
    void add(std::uint64_t height, const AccessList<StateKey>& block);
    /// The cells with most conflicts, at most `count` of them; those with equally many by key.
    [[nodiscard]] std::vector<CellTraffic> top(std::size_t count) const;
    [[nodiscard]] const ConflictChains& chains() const noexcept { return chains_; }

  private:
    std::map<StateKey, CellTraffic> cells_;
    ConflictChains chains_;
};

}  // namespace lockstep
