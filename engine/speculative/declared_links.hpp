#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/speculative/speculative_run.hpp"

namespace lockstep {

/// Turns what the machine declares into cells, and cells into chains of estimates.
///
/// Role:    target of LinkStage for speculation: puts an estimate for every declared write into its
///          chain and links every declared access to the declared writer below it. Knowledge
///          changes speed only: a key that is missing, wrong or cannot be had leads to the
///          validated path.
/// Threads: as LinkStage says.
template <Machine M, class Sync>
class DeclaredLinks {
  public:
    using Run = SpeculativeRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;

    /// `use_declared`: ask the machine where no access list is given.
    DeclaredLinks(Run& run, bool use_declared)
        : run_(run), shared_(run.shared), use_declared_(use_declared) {}

    [[nodiscard]] std::span<Entry> accesses(TxnIndex txn) noexcept {
        return run_.records[txn].accesses();
    }
    [[nodiscard]] static auto* cell_of(const Entry& entry) noexcept { return entry.cell; }
    [[nodiscard]] bool is_unknown(TxnIndex txn) const noexcept {
        return run_.records[txn].declared_count == 0 && !knows_of(txn);
    }
    /// Tells cells apart, for shards.
    [[nodiscard]] static std::uint64_t spread(const Entry& entry) noexcept { return entry.id; }
    /// Declared links may miss writers, so reads search.
    void found_unknown() noexcept { run_.mode.search = true; }
    void reset(TxnIndex first, TxnIndex last) {
        std::fill(run_.records.begin() + first, run_.records.begin() + last, Record{});
    }
    /// Turns declared keys into entries. In passes, so that the cache misses of a chunk overlap.
    void resolve(Worker& worker, TxnIndex first, TxnIndex last) {
        if (shared_.accesses.known() == nullptr && !(kDeclares<M> && use_declared_)) {
            return;
        }
        worker.hashes.clear();
        for (std::uint32_t i = first; i < last; ++i) {
            if (shared_.accesses.known() != nullptr) {
                take_listed(worker, i);
            } else {
                declare_keys(worker, i);
            }
        }
        load(worker, first, last);
        std::size_t next = 0;
        for (std::uint32_t i = first; i < last; ++i) {
            for (Entry& entry : run_.records[i].accesses()) {
                entry.id = shared_.store.candidate_of(worker.hashes.items()[next++]);
                if (entry.id != kNoCell) {
                    entry.cell = &shared_.store.cell(entry.id);
                    prefetch_lines<Prefetch::kToWrite>(entry.cell, sizeof(Cell));
                }
            }
        }
        next = 0;
        for (std::uint32_t i = first; i < last; ++i) {
            for (Entry& entry : run_.records[i].accesses()) {
                const std::uint64_t hash = worker.hashes.items()[next++];
                if (entry.cell == nullptr || !(entry.cell->key == entry.key)) {
                    entry.id = shared_.store.intern(entry.key, hash);
                    entry.cell = &shared_.store.cell(entry.id);
                }
            }
        }
    }
    /// What links one declared access; called in block order for each cell, by one worker.
    [[nodiscard]] auto linker(Worker& worker) {
        return [this, &worker](Entry& entry, TxnIndex txn) { link(worker, entry, txn); };
    }

  private:
    using Cell = typename Run::Cell;

    static constexpr std::uint32_t kDeclaredKeysMax = 256;

    /// Loads what is not in memory.
    void load(const Worker& worker, TxnIndex first, TxnIndex last) const {
        if (shared_.store.loads()) {
            std::vector<HashedKey<typename M::Key>> keys;
            for (TxnIndex i = first; i < last; ++i) {
                for (const Entry& entry : run_.records[i].accesses()) {
                    keys.push_back({entry.key, worker.hashes.items()[keys.size()]});
                }
            }
            shared_.store.load_many(keys);
        }
    }

    void link(Worker& worker, Entry& entry, TxnIndex txn) {
        auto& slot = entry.cell->slot;
        // relaxed: one worker builds the chain; stage_ publishes it.
        entry.link = slot.newest.load(std::memory_order_relaxed);
        const auto* additions = slot.additions.load(std::memory_order_relaxed);
        entry.adder_below = additions != nullptr ? additions->last_declared : kNoTxn;
        if (entry.access == Access::kRead) {
            return;
        }
        if (entry.access == Access::kAdd) {
            auto& added = run_.additions_of(worker, entry);
            added.record_adder(txn);
            added.last_declared = txn;
            return;
        }
        if (entry.link == nullptr) {
            worker.touched.append(entry.id);
        }
        entry.own = worker.common.arena.template make<Node>();
        entry.own->txn = txn;
        entry.placeholder = entry.linked = true;
        slot.push_declared(entry.own);
    }
    /// Whether an access list says all of what a transaction touches, if only that it is nothing.
    [[nodiscard]] bool knows_of(TxnIndex txn) const noexcept {
        return shared_.accesses.known() != nullptr && txn < shared_.accesses.known()->size();
    }
    /// Knowledge from an access list, which may be hostile: keys that do not ascend are left out.
    void take_listed(Worker& worker, TxnIndex txn) {
        const auto listed = shared_.accesses.known()->of(txn);
        Record& record = run_.records[txn];
        record.entries = worker.common.arena.template open_array<Entry>(listed.size());
        for (const auto& access : listed) {
            if (record.count > 0 && !(record.entries[record.count - 1].key < access.key)) {
                continue;
            }
            Entry& entry = append(worker, record, access.key, M::hash(access.key));
            entry.access = access.effect == Effect::kWrite ? Access::kWrite
                           : access.effect == Effect::kAdd ? Access::kAdd
                                                           : Access::kRead;
            entry.waits = access.dependence != Dependence::kNone;
            entry.reads_value = access.dependence == Dependence::kValue;
        }
        worker.common.arena.template close_array<Entry>(listed.size(), record.count);
        record.declared_count = record.count;
    }
    void declare_keys(Worker& worker, TxnIndex txn) {
        if constexpr (kDeclares<M>) {
            Record& record = run_.records[txn];
            const std::size_t hashes = worker.hashes.items().size();
            std::uint64_t met = 0;
            record.entries = worker.common.arena.template open_array<Entry>(kDeclaredKeysMax);
            try {
                lockstep::declare_keys(shared_.machine, shared_.transactions[txn], *shared_.context,
                                       std::as_const(shared_.store),
                                       [&](const typename M::Key& key, Access access) {
                                           declare_key(worker, record, met, key, access);
                                       });
            } catch (const std::bad_alloc&) {
                throw;
            } catch (...) {
                record.count = 0;  // a hint that cannot be had changes speed only
                worker.hashes.truncate(hashes);
            }
            worker.common.arena.template close_array<Entry>(kDeclaredKeysMax, record.count);
            record.declared_count = record.count;
        }
    }
    /// `met` has a bit for each hash so far, so that few keys are compared with all before them.
    void declare_key(Worker& worker, Record& record, std::uint64_t& met, const typename M::Key& key,
                     Access access) {
        const std::uint64_t hash = M::hash(key);
        const std::uint64_t bit = std::uint64_t{1} << (hash >> 58);
        if ((met & bit) != 0 && declare_again(record, key, access)) {
            return;
        }
        met |= bit;
        if (record.count < kDeclaredKeysMax) {
            Entry& entry = append(worker, record, key, hash);
            entry.access = access;
            entry.waits = access != Access::kAdd;
        }
    }
    /// Whether a key has been declared before; the stronger access counts.
    [[gnu::noinline]] static bool declare_again(Record& record, const typename M::Key& key,
                                                Access access) noexcept {
        for (Entry& entry : record.accesses()) {
            if (entry.key == key) {
                if (access == Access::kWrite || entry.access == Access::kRead) {
                    entry.access = access;
                    entry.waits = access != Access::kAdd;
                }
                return true;
            }
        }
        return false;
    }
    /// A further declared entry of a record whose array is open, with its hash in the list of the
    /// chunk; starts fetching where its cell stands.
    Entry& append(Worker& worker, Record& record, const typename M::Key& key, std::uint64_t hash) {
        Entry& entry = *::new (static_cast<void*>(record.entries + record.count++)) Entry();
        entry.key = key;
        entry.declared = true;
        worker.hashes.append(hash);
        shared_.store.prefetch_index_of(hash);
        return entry;
    }

    Run& run_;
    typename Run::Shared& shared_;
    const bool use_declared_;
};

}  // namespace lockstep
