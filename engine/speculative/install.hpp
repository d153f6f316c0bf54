#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/speculative/speculative_run.hpp"
#include "scheduler/version.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// Gives every touched cell its final value, once, and empties its slot.
///
/// Role:    last stage of a block; also cleans up after a cancelled one (BlockRun::keep false).
/// Threads: install by all workers; the others by the leader.
template <Machine M, class Sync>
class Install {
  public:
    using Run = SpeculativeRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Node = typename Run::Node;
    using Cell = typename Run::Cell;

    static constexpr std::size_t kChunk = 256;

    explicit Install(Run& run) : run_(run), shared_(run.shared) {}

    /// Collects the cells that the block touched; how many. After the last worker has left
    /// execution.
    [[nodiscard]] std::size_t list() {
        touched_.clear();
        for (const auto& worker : run_.workers) {
            const auto touched = worker->touched.items();
            touched_.insert(touched_.end(), touched.begin(), touched.end());
        }
        return touched_.size();
    }
    /// Installs the values of listed cells.
    void install(Worker& worker, std::size_t first, std::size_t last) {
        WorkSpan<Sync> span(Work::kInstall);
        for (std::size_t i = first; i < last; ++i) {
            if (i + 2 * kAhead < last) {
                shared_.store.prefetch_cell(touched_[i + 2 * kAhead]);
            }
            if (i + kAhead < last) {
                prefetch_version(touched_[i + kAhead]);
            }
            install_cell(worker, touched_[i]);
        }
        span.done(last - first);
    }
    /// Gives every installed cell its value from before the block; state sums are left alone.
    void restore() {
        for (const auto& worker : run_.workers) {
            worker->changed.restore();
            worker->emptied.clear();
        }
    }
    /// Takes cells that became absent out of the index.
    void forget_emptied() {
        for (const auto& worker : run_.workers) {
            for (const CellId id : worker->emptied) {
                shared_.store.forget(id);
            }
            worker->emptied.clear();
        }
    }

  private:
    static constexpr std::size_t kAhead = 8;

    /// Starts fetching the newest version of a cell, mostly written by another worker.
    void prefetch_version(CellId id) const noexcept {
        // relaxed: no worker executes any more.
        const Node* newest = shared_.store.cell(id).slot.newest.load(std::memory_order_relaxed);
        if (newest != nullptr) {
            prefetch_lines<Prefetch::kToRead>(newest, sizeof(Node));
        }
    }
    /// Gives a cell its final value and empties its slot.
    void install_cell(Worker& worker, CellId id) {
        auto& cell = shared_.store.cell(id);
        auto& slot = cell.slot;
        // acquire: pairs with the release below.
        const auto* additions = slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr && !cell.claim_install(shared_.block_number)) {
            return;  // listed twice: for its versions and for its additions
        }
        if (shared_.keep) {
            // relaxed: no worker executes any more.
            const Node* last = VersionSlot<typename M::Value, Sync>::first_standing(
                slot.newest.load(std::memory_order_relaxed), shared_.committed);
            const bool added = additions != nullptr && additions->applies_to(last);
            if (last != nullptr || added) {
                install_value(worker, cell, id, last, added ? additions->sum : 0, added);
            }
        }
        slot.committed = nullptr;
        // relaxed: the pool publishes the empty slot.
        slot.newest.store(nullptr, std::memory_order_relaxed);
        if (additions != nullptr) {
            // release: a worker that finds the cell listed again finds the rest of the slot
            // empty as well.
            slot.additions.store(nullptr, std::memory_order_release);
        }
    }
    void install_value(Worker& worker, Cell& cell, CellId id, const Node* last, Int128 sum,
                       bool added) {
        const bool was_present = cell.present;
        if (!added && was_present && !last->erased && last->value == cell.value) {
            return;
        }
        if (was_present) {
            worker.common.sums.remove(cell.key, cell.term(worker.common.scratch));
        }
        worker.changed.append(cell, was_present, cell.value);
        if (last != nullptr) {
            cell.present = !last->erased;
            cell.value = last->value;
            cell.digested = false;
        }
        if (added) {
            cell.add(sum);
        }
        if (cell.present) {
            worker.common.sums.add(cell.key, cell.term(worker.common.scratch));
        } else {
            cell.value = typename M::Value{};
            if (was_present) {
                worker.emptied.push_back(id);
            }
        }
        worker.common.present_change += (cell.present ? 1 : 0) - (was_present ? 1 : 0);
    }

    Run& run_;
    typename Run::Shared& shared_;
    std::vector<CellId> touched_;
};

}  // namespace lockstep
