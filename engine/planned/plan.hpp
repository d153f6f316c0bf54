#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

#include "engine/base/access.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/planned/planned_record.hpp"
#include "engine/planned/planned_run.hpp"

namespace lockstep {

/// Puts the declared accesses of a block in order, cell by cell; those of a unit under the cell of
/// its key.
///
/// Role:    target of LinkStage for planned blocks.
/// Threads: as LinkStage says.
template <Machine M, class Sync>
class Plan {
  public:
    using Run = PlannedRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Entry = PlannedAccess<M, Sync>;
    using Cell = typename Run::Cell;

    explicit Plan(Run& run) : run_(run), shared_(run.shared) {}

    [[nodiscard]] std::span<Entry> accesses(TxnIndex txn) noexcept {
        return run_.plan.txns[txn].accesses();
    }
    /// Tells cells apart, for shards.
    [[nodiscard]] static std::uint64_t spread(const Entry& entry) {
        return M::hash(entry.cell->key);
    }
    [[nodiscard]] static Cell* cell_of(const Entry& entry) noexcept { return entry.cell; }
    [[nodiscard]] static bool is_unknown(TxnIndex /*txn*/) noexcept { return false; }
    static void found_unknown() noexcept {}
    void reset(TxnIndex first, TxnIndex last) {
        std::fill(run_.plan.txns.begin() + first, run_.plan.txns.begin() + last,
                  PlannedTxn<M, Sync>{});
    }
    /// Turns declared keys into accesses. In passes, so that the cache misses of a chunk overlap.
    void resolve(Worker& worker, TxnIndex first, TxnIndex last) {
        auto& found = worker.planned_keys;
        found.clear();
        for (TxnIndex i = first; i < last; ++i) {
            const std::size_t before = found.size();
            enumerate_keys(worker, i);
            run_.plan.txns[i].count = static_cast<std::uint16_t>(found.size() - before);
        }
        const auto keys = found.items();
        Entry* const entries = worker.common.arena.template open_array<Entry>(keys.size());
        auto& store = shared_.store;
        store.load_many(keys);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            Entry& entry = *::new (static_cast<void*>(entries + i)) Entry();
            entry.set_access(keys[i].access);
            if (const CellId id = store.candidate_of(keys[i].hash); id != kNoCell) {
                entry.cell = &store.cell(id);
                prefetch_lines<Prefetch::kToWrite>(entry.cell, sizeof(Cell));
            }
        }
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (entries[i].cell == nullptr || !(entries[i].cell->key == keys[i].key)) {
                entries[i].cell = &store.cell(store.intern(keys[i].key, keys[i].hash));
            }
        }
        std::size_t begin = 0;
        for (TxnIndex i = first; i < last; ++i) {
            auto& txn = run_.plan.txns[i];
            txn.entries = entries + begin;
            txn.positions =
                HashPositions(worker.common.arena, txn.count,
                              [&](std::size_t position) { return keys[begin + position].hash; });
            begin += txn.count;
        }
    }
    /// What links one access to those below it; called in block order for each cell, by one worker.
    [[nodiscard]] auto linker(Worker& worker) { return Linker(run_.plan, worker); }

  private:
    /// Holds what it needs of the plan, which no store to a cell can change.
    class Linker {
      public:
        Linker(const PlannedBlock<M, Sync>& plan, Worker& worker)
            : worker_(worker),
              txns_(plan.txns.data()),
              handles_(plan.handles),
              number_(plan.number),
              near_(plan.near) {}

        void operator()(Entry& entry, TxnIndex txn) const {
            Cell& cell = *entry.cell;
            Access access = entry.access();
            const AccessHandle newest =
                std::exchange(cell.planned_in, number_) == number_ ? cell.newest_access : kNoAccess;
            if (access != Access::kWrite && is(newest, access)) {
                join(entry, newest);
            } else if (access == Access::kAdd) {
                access = place_addition(entry, txn, newest);
            } else {
                entry.below = newest;
            }
            cell.newest_access = handles_.handle(
                txn, static_cast<std::uint32_t>(&entry - txns_[txn].entries), access);
        }

      private:
        [[nodiscard]] Entry& at(AccessHandle access) const noexcept {
            return txns_[handles_.txn_of(access)].entries[handles_.position_of(access)];
        }
        /// Puts an access beside those of the newest group.
        void join(Entry& entry, AccessHandle newest) const noexcept {
            entry.older_and_kind = newest;
            entry.below = at(newest).below;
        }
        /// Puts an addition above the newest group, which consists of no additions: alone, unless
        /// the lone one there is near. What it is done as.
        [[nodiscard]] Access place_addition(Entry& entry, TxnIndex txn, AccessHandle newest) const {
            const TxnIndex below = handles_.txn_of(newest);
            if (is(newest, Access::kWrite) && txn - below <= near_ &&
                at(newest).is_lone_addition()) {
                worker_.cells.make_sum(*entry.cell);
                at(newest).set_access(Access::kAdd);
                join(entry, handles_.handle(below, handles_.position_of(newest), Access::kAdd));
                return Access::kAdd;
            }
            entry.below = newest;
            entry.set_lone_addition();
            return Access::kWrite;
        }

        Worker& worker_;
        const PlannedTxn<M, Sync>* const txns_;
        const HandleLayout handles_;
        const std::uint32_t number_;
        const TxnIndex near_;
    };

    void enumerate_keys(Worker& worker, TxnIndex txn) {
        worker.declared_keys.begin();
        if (shared_.accesses.known() != nullptr) {
            take_listed(worker, txn);
        } else {
            declare_keys(worker, txn);
        }
    }
    /// Knowledge from an access list, which may be hostile: keys that do not ascend are left out.
    void take_listed(Worker& worker, TxnIndex txn) {
        const std::size_t first = worker.planned_keys.size();
        const typename M::Key* last = nullptr;
        std::uint64_t met = 0;
        for (const auto& access : shared_.accesses.known()->of(txn)) {
            if (last != nullptr && !(*last < access.key)) {
                continue;
            }
            last = &access.key;
            const Access kind =
                access.effect == Effect::kWrite ? Access::kWrite
                : access.effect == Effect::kAdd && access.dependence != Dependence::kValue
                    ? Access::kAdd
                : access.effect == Effect::kAdd ? Access::kWrite
                                                : Access::kRead;
            if constexpr (kHasUnits<M>) {
                declare_key(worker, first, met, access.key, kind);
            } else {
                append(worker, access.key, M::hash(access.key), kind);
            }
        }
        worker.planned_keys.truncate(first + run_.plan.handles.accesses_max());
    }
    void declare_keys(Worker& worker, TxnIndex txn) {
        if constexpr (kDeclares<M>) {
            const std::size_t first = worker.planned_keys.size();
            std::uint64_t met = 0;
            try {
                lockstep::declare_keys(shared_.machine, shared_.transactions[txn], *shared_.context,
                                       std::as_const(shared_.store),
                                       [&](const typename M::Key& key, Access access) {
                                           declare_key(worker, first, met, key, access);
                                       });
            } catch (const std::bad_alloc&) {
                throw;
            } catch (...) {
                worker.planned_keys.truncate(first);  // a hint that cannot be had
            }
            worker.planned_keys.truncate(first + run_.plan.handles.accesses_max());
        }
    }
    /// `met` has a bit for each hash so far, so that few keys are compared with all before them.
    [[gnu::always_inline]] void declare_key(Worker& worker, std::size_t first, std::uint64_t& met,
                                            const typename M::Key& named, Access access) {
        const typename M::Key key = unit_of<M>(named);
        const std::uint64_t hash = M::hash(key);
        const std::uint64_t bit = std::uint64_t{1} << (hash >> 58);
        if ((met & bit) != 0 && declare_again(worker, first, key, hash, access)) {
            return;
        }
        met |= bit;
        append(worker, key, hash, access);
    }
    /// Whether a key needs no access of its own: there are as many as have handles, or it has been
    /// declared before; the stronger access counts.
    [[nodiscard]] [[gnu::noinline]] bool declare_again(Worker& worker, std::size_t first,
                                                       const typename M::Key& key,
                                                       std::uint64_t hash, Access access) const {
        const auto named = worker.planned_keys.items().subspan(first);
        if (named.size() >= run_.plan.handles.accesses_max()) {
            return true;
        }
        auto* const known = worker.declared_keys.find(named, key, hash);
        if (known != nullptr && known->access != access) {
            known->access = Access::kWrite;
        }
        return known != nullptr;
    }
    void append(Worker& worker, const typename M::Key& key, std::uint64_t hash, Access access) {
        worker.planned_keys.append({key, hash, access});
        shared_.store.prefetch_index_of(hash);
    }

    Run& run_;
    typename Run::Shared& shared_;
};

}  // namespace lockstep
