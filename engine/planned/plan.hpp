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
    /// Holds what it needs of the plan, which no store to a cell can change.
    [[nodiscard]] auto linker(Worker& worker) {
        return [&worker, txns = run_.plan.txns.data(), handles = run_.plan.handles,
                number = run_.plan.number](Entry& entry, TxnIndex txn) {
            Cell& cell = *entry.cell;
            const Access access = entry.access();
            if (cell.planned_in == number) {
                const AccessHandle newest = cell.newest_access;
                if (access != Access::kWrite && is(newest, access)) {
                    entry.older_and_kind = newest;
                    entry.below =
                        txns[handles.txn_of(newest)].entries[handles.position_of(newest)].below;
                } else {
                    entry.below = newest;
                }
            } else {
                cell.planned_in = number;
            }
            cell.newest_access =
                handles.handle(txn, static_cast<std::uint32_t>(&entry - txns[txn].entries), access);
            if (access == Access::kAdd) {
                static_cast<void>(cell.slot.additions_or_make([&] {
                    worker.added.append(&cell);
                    return worker.common.arena.template make<Additions<typename M::Value, Sync>>();
                }));
            }
        };
    }

  private:
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
