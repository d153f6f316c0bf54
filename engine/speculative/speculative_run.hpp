#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/contract/effects.hpp"
#include "engine/parallel/block_run.hpp"
#include "engine/speculative/access_record.hpp"
#include "engine/speculative/scan_recorder.hpp"
#include "engine/speculative/speculative_view.hpp"
#include "engine/state/changed_cells.hpp"
#include "scheduler/undeclared_effects.hpp"

namespace lockstep {

/// What the parts of the speculative way share while a block runs.
///
/// Threads: as BlockRun; a record belongs to the holder of its transaction.
template <Machine M, class Sync>
struct SpeculativeRun {
    using Shared = BlockRun<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Entry = AccessEntry<M, Sync>;
    using Node = Version<typename M::Value, Sync>;
    using Cell = typename Shared::Cell;

    struct alignas(kCacheLineSize) Worker {
        Worker(SpeculativeRun& run, BlockWorker<M>& shared)
            : common(shared),
              view(run.shared.store, run.undeclared, shared.arena, run.shared.limits),
              changed(shared.arena) {}

        BlockWorker<M>& common;
        SpeculativeView<M, Sync> view;
        EffectDigest<M> effects;
        /// Cells that got their first version from this worker, and those that got their additions
        /// from it; a cell is listed once for each.
        AppendList<CellId> touched;
        AppendList<std::uint64_t> hashes;  ///< of the keys of the chunk being resolved
        ChangedCells<M, Sync> changed;     ///< by the install
        std::vector<CellId> emptied;       ///< cells that became absent
        std::vector<Entry> superseded;     ///< published entries of the incarnation being replaced
    };

    explicit SpeculativeRun(Shared& run) : shared(run) {
        for (const auto& worker : run.workers) {
            workers.push_back(std::make_unique<Worker>(*this, *worker));
        }
    }

    void prepare() {
        records.resize(shared.size());  // resolution resets them, and the scheduler's states
        if constexpr (kScans<M>) {
            scans.assign(shared.size(), {});
        }
        for (const auto& worker : workers) {
            worker->touched.clear();
            worker->changed.clear();
            worker->emptied.clear();
        }
        undeclared.prepare();
        mode = {.listed = shared.accesses.known() != nullptr};
    }
    /// The additions to the cell of an entry. The worker that makes them lists the cell as touched.
    Additions<typename M::Value, Sync>& additions_of(Worker& worker, const Entry& entry) {
        using Made = Additions<typename M::Value, Sync>;
        const Made* made = nullptr;
        auto& additions = entry.cell->slot.additions_or_make([&] {
            auto* fresh = worker.common.arena.template make<Made>();
            made = fresh;
            return fresh;
        });
        if (&additions == made) {
            worker.touched.append(entry.id);
        }
        return additions;
    }
    /// Whether the version that was `seen` (null: the base value) is still `now`, or equal to it:
    /// equal rewrites stop a cascade.
    [[nodiscard]] static bool same_value(const Cell& cell, const Node* seen, const Node* now) {
        if (seen == now) {
            return true;
        }
        const auto* base = cell.get();
        const auto* seen_value = seen != nullptr ? seen->get() : base;
        const auto* now_value = now != nullptr ? now->get() : base;
        if (seen_value == nullptr || now_value == nullptr) {
            return seen_value == now_value;
        }
        return *seen_value == *now_value;
    }

    Shared& shared;
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<Record> records;
    /// Of machines that scan, per transaction; in its own slot by the holder of each.
    std::vector<std::span<const ScanRecord<typename M::Key>>> scans;
    UndeclaredEffects<Sync> undeclared;
    BlockAccessMode mode;
};

}  // namespace lockstep
