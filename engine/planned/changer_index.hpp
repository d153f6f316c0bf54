#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "engine/planned/planned_record.hpp"

namespace lockstep {

/// Who changes a cell next to a transaction that did not declare it.
struct NearestChangers {
    AccessHandle below = kNoAccess;        ///< newest write or addition below
    AccessHandle write_above = kNoAccess;  ///< oldest write above
};

/// The changers of cells that many transactions of a planned block declared.
///
/// Role:    the accesses to a cell lead from the newest down, which is a long way to somebody in
///          the middle. Whoever has to go it often makes an index of it once.
/// Threads: one worker; the plan does not change between two calls of clear.
/// Cost:    up to kStepsMax accesses; then, once for each cell, all of them, and a binary search.
template <Machine M, class Sync>
class ChangerIndex {
  public:
    using Cell = typename StateStore<M, Sync>::Cell;
    using Plan = PlannedBlock<M, Sync>;

    void clear() noexcept { changers_.clear(); }
    /// REQUIRES: the cell is planned in the block, and `txn` did not declare it.
    [[nodiscard]] NearestChangers nearest(const Plan& plan, const Cell& cell, TxnIndex txn) {
        if (const auto known = changers_.find(cell.newest_access); known != changers_.end()) {
            return search(plan, known->second, txn);
        }
        NearestChangers nearest;
        std::size_t steps = 0;
        for (AccessHandle at = cell.newest_access; at != kNoAccess; at = below(plan, at)) {
            if (plan.txn_of(at) < txn) {
                nearest.below = is(at, Access::kRead) ? plan.at(at).below : at;
                break;
            }
            if (++steps > kStepsMax) {
                const auto made =
                    changers_.emplace(cell.newest_access, changers_of(plan, cell)).first;
                return search(plan, made->second, txn);
            }
            if (is(at, Access::kWrite)) {
                nearest.write_above = at;
            }
        }
        return nearest;
    }

  private:
    static constexpr std::size_t kStepsMax = 16;

    [[nodiscard]] static AccessHandle below(const Plan& plan, AccessHandle at) noexcept {
        return plan.next_below(plan.at(at));
    }
    [[nodiscard]] static NearestChangers search(const Plan& plan,
                                                const std::vector<NearestChangers>& changers,
                                                TxnIndex txn) {
        return *std::partition_point(
            changers.begin(), changers.end(), [&](const NearestChangers& item) {
                return item.below != kNoAccess && plan.txn_of(item.below) > txn;
            });
    }
    /// The answers for all transactions, from the newest down.
    [[nodiscard]] static std::vector<NearestChangers> changers_of(const Plan& plan,
                                                                  const Cell& cell) {
        std::vector<NearestChangers> changers;
        AccessHandle write_above = kNoAccess;
        for (AccessHandle at = cell.newest_access; at != kNoAccess; at = below(plan, at)) {
            if (is(at, Access::kRead)) {
                continue;
            }
            changers.push_back({.below = at, .write_above = write_above});
            write_above = is(at, Access::kWrite) ? at : write_above;
        }
        changers.push_back({.write_above = write_above});
        return changers;
    }

    std::map<AccessHandle, std::vector<NearestChangers>> changers_;  ///< by newest access
};

}  // namespace lockstep
