#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/in_place/in_place_commit.hpp"
#include "engine/in_place/in_place_view.hpp"
#include "engine/parallel/block_run.hpp"
#include "engine/planned/declared_keys.hpp"
#include "engine/planned/planned_cells.hpp"
#include "engine/planned/planned_record.hpp"

namespace lockstep {

/// What the parts of the planned way share while a block runs.
///
/// Threads: as BlockRun.
template <Machine M, class Sync>
struct PlannedRun {
    using Shared = BlockRun<M, Sync>;
    using Cell = typename Shared::Cell;

    /// A key that a transaction declared.
    struct PlannedKey {
        typename M::Key key{};
        std::uint64_t hash = 0;
        Access access = Access::kRead;
    };

    struct alignas(kCacheLineSize) Worker {
        Worker(PlannedRun& run, BlockWorker<M>& shared)
            : common(shared),
              cells(run.shared.store, run.plan, shared.arena, commit, added),
              in_place(cells, run.shared.limits),
              commit(run.shared.store, shared.arena) {}

        BlockWorker<M>& common;
        AppendList<Cell*> added;  ///< cells whose sums this worker has made
        PlannedCells<M, Sync> cells;
        InPlaceView<M, Sync, PlannedCells<M, Sync>> in_place;
        InPlaceCommit<M, Sync, PlannedCells<M, Sync>> commit;
        AppendList<PlannedKey> planned_keys;     ///< of the chunk being resolved
        DeclaredKeys<PlannedKey> declared_keys;  ///< those of one transaction
        std::uint64_t waits_for_readers = 0;  ///< of writers, as far as they were the first reason
    };

    /// One worker may end its chunk while another has begun the chunk after the next.
    static constexpr TxnIndex kChunksApart = 2;

    explicit PlannedRun(Shared& run) : shared(run) {
        for (const auto& worker : run.workers) {
            workers.push_back(std::make_unique<Worker>(*this, *worker));
        }
    }

    void prepare() {
        const auto others = static_cast<TxnIndex>(workers.size() - 1);
        plan.prepare(shared.size(), shared.block_number,
                     kChunksApart * shared.scheduler.group_size() * others);
        for (const auto& worker : workers) {
            worker->added.clear();
            worker->waits_for_readers = 0;
            worker->cells.prepare();
            worker->commit.begin(shared.block_number);
        }
    }

    Shared& shared;
    PlannedBlock<M, Sync> plan;
    std::vector<std::unique_ptr<Worker>> workers;
};

}  // namespace lockstep
