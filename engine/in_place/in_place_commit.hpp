#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/in_place/in_place_view.hpp"
#include "engine/state/changed_cells.hpp"
#include "engine/state/state_store.hpp"
#include "engine/state/state_sums.hpp"

namespace lockstep {

/// Takes over what an InPlaceView has done to the cells: effect digests at once, state sums and
/// index at the end of a block, or everything back.
///
/// Role:    every change of InPlaceExecutor; the phases of the parallel executor.
/// Threads: one, which has the store to itself.
template <Machine M, class Sync, class Cells = CellCache<M, Sync>>
class InPlaceCommit {
  public:
    using View = InPlaceView<M, Sync, Cells>;
    using Store = StateStore<M, Sync>;
    using Cell = typename Store::Cell;

    /// `arena`: for what is kept until the next begin; reset only directly before that.
    InPlaceCommit(Store& store, Arena& arena) : store_(store), changed_(arena) {}

    /// Starts a block, or a part of one: what was applied before can no longer be rolled back.
    void begin() { begin(store_.next_block_number()); }
    /// The same where several share one block, and so its number.
    void begin(std::uint32_t block_number) {
        block_number_ = block_number;
        changed_.clear();
        folded_ = {};
        folded_present_ = 0;
    }

    /// Digests the effects, appends the events, keeps the values from before of cells that changed
    /// for the first time in this block, empties the view.
    void apply(View& view, std::uint32_t index, Receipt& receipt, BlockResult& result) {
        take_changes(view, index, receipt);
        const std::span<const std::byte> events = view.events().encoded();
        receipt.events_begin = result.events.size();
        if (!events.empty()) {
            result.events.insert(result.events.end(), events.begin(), events.end());
        }
        receipt.events_end = result.events.size();
        view.reset();
    }
    /// The part of apply that concerns cells: digests the effects with the events, keeps the
    /// values from before of cells that changed for the first time in this block.
    void take_changes(View& view, std::uint32_t index, Receipt& receipt) {
        effects_.begin(index, receipt.disposition, receipt.status, receipt.weight);
        const std::span<Change> changes = view.changes();
        for (Change& first : changes) {  // the first one of a cell takes its last one along
            if constexpr (Cells::kShared) {
                if (first.kind == Kind::kShared) {
                    take_shared(view.cells().shared_sums()[first.previous]);
                    continue;
                }
            }
            if (const std::uint32_t last = std::exchange(first.cell->journal, kNoChange);
                last != kNoChange) {
                take(first, changes[last]);
            }
        }
        receipt.effects = effects_.finish(view.events().encoded());
    }
    /// Keeps what a cell was before, unless it has changed in this block already. REQUIRES: it is
    /// going to change.
    void keep_before(Cell& cell) { keep_before(cell, cell.present, cell.value); }
    /// Cells that have changed since begin.
    [[nodiscard]] ChangedCells<M, Sync>& changed() noexcept { return changed_; }
    /// Folds the changes since begin into the store's sums. Cells that became absent stay in the
    /// index until forget_emptied.
    void fold() {
        sum_up(folded_, folded_present_);
        store_.fold(folded_, folded_present_);
    }
    /// The part of fold that concerns cells: adds the changes since begin to sums. By any thread.
    void sum_up(StateSums<M>& sums, std::int64_t& present_change) {
        changed_.for_each([&](const auto& change) {
            Cell& cell = change.cell();
            if (change.was_present()) {
                sums.remove(cell.key, change.digest);
                --present_change;
            }
            if (cell.present) {
                sums.add(cell.key, cell.term(scratch_));
                ++present_change;
            } else if (change.was_present()) {
                emptied_.push_back(cell.key);
            }
        });
    }
    /// Takes cells that became absent, and still are, out of the index. After commit_new_keys.
    void forget_emptied() {
        for (const typename M::Key& key : emptied_) {
            if (const CellId id = store_.find(key); id != kNoCell) {
                store_.forget(id);
            }
        }
        emptied_.clear();
    }
    /// Takes back everything since begin. Before commit_new_keys, which then forgets new cells.
    void restore() {
        restore_cells();
        StateSums<M> back;
        back -= std::exchange(folded_, {});
        store_.fold(back, -std::exchange(folded_present_, 0));
    }
    /// The same before any fold.
    void restore_cells() {
        changed_.restore();
        emptied_.clear();
    }

  private:
    using Change = typename View::Change;
    using Kind = typename View::Kind;

    /// One changed cell: what it was, and how it has been changed.
    void take(Change& first, const Change& last) {
        Cell& cell = *first.cell;
        if (!last.remains()) {
            cell.value = std::move(first.before);  // additions that cancel out leave no trace
            cell.present = first.was_present;
            return;
        }
        keep_before(cell, first.was_present, std::move(first.before));
        cell.digested = false;
        if (last.kind == Kind::kAdd) {
            effects_.add(cell.key, last.added);
        } else if (cell.present) {
            effects_.write(cell.term(scratch_));
        } else {
            effects_.erase(cell.key);
        }
    }
    /// `before` is taken only where that is the first change in this block.
    template <class Value>
    void keep_before(Cell& cell, bool was_present, Value&& before) {
        // relaxed: one thread at a time changes a cell; no election as in claim_install.
        if (cell.changed_in.load(std::memory_order_relaxed) != block_number_) {
            cell.changed_in.store(block_number_, std::memory_order_relaxed);
            changed_.append(cell, was_present, std::forward<Value>(before));
        }
    }
    template <class Sum>
    void take_shared(Sum& shared) {
        if (shared.delta != 0 && !std::exchange(shared.digested, true)) {
            effects_.add(shared.cell->key, shared.delta);
        }
    }

    Store& store_;
    EffectDigest<M> effects_;
    ByteWriter scratch_;
    ChangedCells<M, Sync> changed_;
    std::vector<typename M::Key> emptied_;  ///< of cells that became absent
    StateSums<M> folded_;                   ///< what the last fold added to the store's sums
    std::int64_t folded_present_ = 0;
    std::uint32_t block_number_ = 0;  ///< marks the cells that are in changed_
};

}  // namespace lockstep
