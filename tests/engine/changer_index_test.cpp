#include "engine/planned/changer_index.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/random.hpp"
#include "scheduler/sync.hpp"
#include "tests/support/random_blocks.hpp"

namespace lockstep::test {
namespace {

using Plan = PlannedBlock<ProgramMachine, StdSync>;
using Accessed = PlannedAccess<ProgramMachine, StdSync>;
using Index = ChangerIndex<ProgramMachine, StdSync>;

/// One cell, and what each transaction of a block declared of it.
struct OneCell {
    explicit OneCell(std::vector<std::optional<Access>> declared)
        : kinds(std::move(declared)), accesses(kinds.size()) {
        plan.prepare(static_cast<TxnIndex>(kinds.size()), 1, {});
        AccessHandle group_below = kNoAccess;
        cell.newest_access = kNoAccess;
        for (TxnIndex txn = 0; txn < kinds.size(); ++txn) {
            if (!kinds[txn]) {
                continue;
            }
            const Access kind = *kinds[txn];
            const AccessHandle newest = cell.newest_access;
            Accessed& access = accesses[txn];
            access.cell = &cell;
            access.set_access(kind);
            if (newest != kNoAccess && is(newest, kind) && kind != Access::kWrite) {
                access.older_and_kind = newest;
            } else {
                group_below = newest;
            }
            access.below = group_below;
            plan.txns[txn].entries = &access;
            plan.txns[txn].count = 1;
            cell.newest_access = plan.handles.handle(txn, 0, kind);
        }
    }
    /// As the definition says, one transaction after the other.
    [[nodiscard]] NearestChangers expected(TxnIndex txn) const {
        NearestChangers nearest;
        for (TxnIndex below = 0; below < txn; ++below) {
            if (kinds[below] && *kinds[below] != Access::kRead) {
                nearest.below = plan.handles.handle(below, 0, *kinds[below]);
            }
        }
        for (auto above = static_cast<TxnIndex>(kinds.size()); --above > txn;) {
            if (kinds[above] == Access::kWrite) {
                nearest.write_above = plan.handles.handle(above, 0, Access::kWrite);
            }
        }
        return nearest;
    }

    std::vector<std::optional<Access>> kinds;
    std::vector<Accessed> accesses;
    Plan plan;
    Index::Cell cell{};
};

/// Short ways and long ones, any mix of kinds.
TEST(ChangerIndex, FindsTheNearestChangersOnBothSides) {
    Random random(5);
    Index index;
    for (std::uint64_t round = 0; round < 200; ++round) {
        const std::uint64_t size = 2 + random.below(100);
        const std::uint64_t accessing = random.below(5);
        const std::uint64_t kinds_used = 1 + random.below(3);
        std::vector<std::optional<Access>> kinds(size);
        for (auto& kind : kinds) {
            if (random.below(5) < accessing) {
                kind = static_cast<Access>(random.below(kinds_used));
            }
        }
        OneCell block(kinds);
        index.clear();
        for (TxnIndex txn = 0; txn < size; ++txn) {
            if (!kinds[txn]) {
                const NearestChangers nearest = index.nearest(block.plan, block.cell, txn);
                ASSERT_EQ(nearest.below, block.expected(txn).below) << round << ' ' << txn;
                ASSERT_EQ(nearest.write_above, block.expected(txn).write_above)
                    << round << ' ' << txn;
            }
        }
    }
}

}  // namespace
}  // namespace lockstep::test
