#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"
#include "engine/block_run.hpp"

namespace lockstep {

/// Turns what the machine declares into cells, and cells into chains of estimates.
///
/// Role:    first stage of a block. Knowledge changes speed only: a key that is missing, wrong or
///          cannot be had leads to the validated path.
/// Shards:  with more than two workers the cells are divided into shards, and each shard is linked
///          by one worker in block order, since chains of different cells have nothing in common.
///          The lists of what belongs to which shard are made while keys are resolved.
/// Threads: resolve_some and link_some by all workers; the others by the leader.
template <Machine M, class Sync>
class DeclaredLinks {
  public:
    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;

    explicit DeclaredLinks(Run& run) : run_(run) {}

    /// `shards`: 0 links on one worker; else a power of two up to kShardsMax.
    void prepare(std::uint32_t shards) {
        LOCKSTEP_CHECK(shards <= kShardsMax && (shards == 0 || std::has_single_bit(shards)));
        shard_bits_ = shards == 0 ? 0 : static_cast<std::uint32_t>(std::bit_width(shards)) - 1;
        shards_ = shards;
        if (shards_ != 0) {
            lists_.assign(chunk_count(), {});
        }
        if (chunk_count() > resolved_capacity_) {
            resolved_capacity_ = std::bit_ceil(chunk_count());
            resolved_ = std::make_unique<Flag[]>(resolved_capacity_);
        }
        for (std::uint32_t chunk = 0; chunk < chunk_count(); ++chunk) {
            resolved_[chunk].store(false, std::memory_order_relaxed);  // relaxed: as below
        }
        // relaxed: workers start after prepare, by the pool's publication.
        claimed_.store(0, std::memory_order_relaxed);
        shards_claimed_.store(0, std::memory_order_relaxed);
        shards_finished_.store(0, std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_sharded() const noexcept { return shards_ != 0; }
    static constexpr std::uint32_t kShardsMax = 64;
    /// Resolves chunks of transactions until none is left to claim.
    void resolve_some(Worker& worker, bool use_declared) {
        while (resolve_next(worker, use_declared)) {
        }
    }
    /// Resolves, and links on the way whatever is resolved without a gap: puts an estimate for
    /// every declared write into its chain and links every declared access to the declared writer
    /// below it. In block order, by one worker for all cells. REQUIRES: !is_sharded().
    void resolve_and_link(Worker& worker, bool use_declared) {
        for (std::uint32_t chunk = 0; chunk < chunk_count();) {
            if (is_resolved(chunk)) {
                link_chunk(worker, chunk);
                ++chunk;
            } else if (!resolve_next(worker, use_declared)) {
                await<Sync>([this, chunk] { return is_resolved(chunk); });
            }
        }
    }
    /// Waits until every transaction is resolved; its entries are then visible to the caller.
    void await_resolved() {
        for (std::uint32_t chunk = 0; chunk < chunk_count(); ++chunk) {
            await<Sync>([this, chunk] { return is_resolved(chunk); });
        }
    }

    /// Links by shards of cells until none is left to claim.
    /// REQUIRES: is_sharded(), and await_resolved has returned.
    void link_some(Worker& worker) {
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::uint32_t shard = shards_claimed_.fetch_add(1, std::memory_order_relaxed);
            if (shard >= shards_) {
                return;
            }
            run_.guarded([&] { link_shard(worker, shard); });
            // release: publishes the chains to the leader.
            shards_finished_.fetch_add(1, std::memory_order_release);
        }
    }
    [[nodiscard]] bool linked() const noexcept {
        // acquire: pairs with the release in link_some.
        return shards_finished_.load(std::memory_order_acquire) == shards_;
    }
    /// Takes over what linking chunks would have found on its way. REQUIRES: linked().
    void finish_shards() noexcept {
        for (const ShardLists& lists : lists_) {
            run_.mode.search = run_.mode.search || lists.unknown;
        }
    }

  private:
    using Cell = typename Run::Cell;
    using Flag = typename Sync::template Atomic<bool>;

    static constexpr bool kDeclares =
        requires(const M& machine, const typename M::Transaction& transaction,
                 const typename M::Context& context) {
        machine.declare(transaction, context, [](const typename M::Key&, Access) {});
    };
    static constexpr std::uint32_t kResolveChunk = 64;
    static constexpr std::uint32_t kDeclaredKeysMax = 256;
    static constexpr std::uint32_t kLinkAhead = 8;

    /// One declared access of a transaction.
    struct Declared {
        Entry* entry = nullptr;
        TxnIndex txn = kNoTxn;
    };
    /// The declared accesses of a chunk by shard, each shard's in block order.
    struct ShardLists {
        Declared* accesses = nullptr;
        std::array<std::uint32_t, kShardsMax + 1> begin{};  ///< of each shard; its end is the next
        bool unknown = false;  ///< some transaction of the chunk declared nothing
    };

    [[nodiscard]] std::uint32_t shard_of(CellId cell) const noexcept {
        constexpr std::uint32_t kGolden = 0x9e3779b1;  // spreads neighbouring cells
        return shards_ == 1 ? 0 : (cell * kGolden) >> (32 - shard_bits_);
    }
    [[nodiscard]] bool is_unknown(const Record& record, TxnIndex txn) const noexcept {
        return record.declared_count == 0 && !knows_of(txn);
    }

    /// Sorts the accesses of a resolved chunk by shard: counts, sums up, distributes.
    void divide_chunk(Worker& worker, std::uint32_t first, std::uint32_t last) {
        ShardLists& lists = lists_[first / kResolveChunk];
        auto& begin = lists.begin;
        for (std::uint32_t i = first; i < last; ++i) {
            const Record& record = run_.records[i];
            lists.unknown = lists.unknown || is_unknown(record, i);
            for (const Entry& entry : record.accesses()) {
                ++begin[shard_of(entry.id) + 1];
            }
        }
        for (std::uint32_t shard = 0; shard < shards_; ++shard) {
            begin[shard + 1] += begin[shard];
        }
        lists.accesses = worker.arena.template make_array<Declared>(begin[shards_]);
        std::array<std::uint32_t, kShardsMax + 1> at = begin;
        for (std::uint32_t i = first; i < last; ++i) {
            for (Entry& entry : run_.records[i].accesses()) {
                lists.accesses[at[shard_of(entry.id)]++] = {&entry, i};
            }
        }
    }
    void link_shard(Worker& worker, std::uint32_t shard) {
        WorkSpan<Sync> span(Work::kLink);
        std::uint64_t accesses = 0;
        for (std::size_t chunk = 0; chunk < lists_.size(); ++chunk) {
            if (chunk + 1 < lists_.size()) {
                prefetch(lists_[chunk + 1], shard);
            }
            const ShardLists& lists = lists_[chunk];
            for (std::uint32_t i = lists.begin[shard]; i < lists.begin[shard + 1]; ++i) {
                link(worker, *lists.accesses[i].entry, lists.accesses[i].txn);
                ++accesses;
            }
        }
        span.done(accesses);
    }
    void prefetch(const ShardLists& lists, std::uint32_t shard) const noexcept {
        for (std::uint32_t i = lists.begin[shard]; i < lists.begin[shard + 1]; ++i) {
            prefetch_lines<Prefetch::kToWrite>(lists.accesses[i].entry->cell, 1);
        }
    }
    /// Links one declared access; called in block order for each cell, by one worker.
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
            added.note_adder(txn);
            added.last_declared = txn;
            return;
        }
        if (entry.link == nullptr) {
            worker.touched.append(entry.id);
        }
        entry.own = worker.arena.template make<Node>();
        entry.own->txn = txn;
        entry.placeholder = entry.linked = true;
        slot.push_declared(entry.own);
    }

    /// Links the declared accesses of a resolved chunk, in block order.
    void link_chunk(Worker& worker, std::uint32_t chunk) {
        WorkSpan<Sync> span(Work::kLink);
        const TxnIndex first = chunk * kResolveChunk;
        const TxnIndex last = std::min(first + kResolveChunk, run_.size());
        std::uint64_t accesses = 0;
        for (TxnIndex i = first; i < last; ++i) {
            Record& record = run_.records[i];
            if (i + kLinkAhead < last) {
                for (const Entry& entry : run_.records[i + kLinkAhead].accesses()) {
                    prefetch_lines<Prefetch::kToWrite>(entry.cell, 1);
                }
            }
            run_.mode.search = run_.mode.search || is_unknown(record, i);
            for (Entry& entry : record.accesses()) {
                link(worker, entry, i);
            }
            accesses += record.count;
        }
        span.done(accesses);
    }

    /// Claims and resolves one chunk; false when there is none left.
    bool resolve_next(Worker& worker, bool use_declared) {
        // relaxed: the counter publishes nothing.
        const std::uint32_t chunk = claimed_.fetch_add(1, std::memory_order_relaxed);
        if (chunk >= chunk_count()) {
            return false;
        }
        const std::uint32_t first = chunk * kResolveChunk;
        const std::uint32_t last = std::min(first + kResolveChunk, run_.size());
        WorkSpan<Sync> span(Work::kResolve);
        run_.scheduler.reset_states(first, last);
        std::fill(run_.records.begin() + first, run_.records.begin() + last, Record{});
        if (use_declared || run_.accesses.known() != nullptr) {
            run_.guarded([&] { resolve_chunk(worker, first, last); },
                         [&] {
                             std::fill(run_.records.begin() + first, run_.records.begin() + last,
                                       Record{});
                         });
        }
        if (is_sharded()) {
            run_.guarded([&] { divide_chunk(worker, first, last); });
        }
        span.done(last - first);
        // release: publishes the entries to is_resolved.
        resolved_[chunk].store(true, std::memory_order_release);
        return true;
    }
    [[nodiscard]] std::uint32_t chunk_count() const noexcept {
        return (run_.size() + kResolveChunk - 1) / kResolveChunk;
    }
    [[nodiscard]] bool is_resolved(std::uint32_t chunk) const noexcept {
        // acquire: pairs with the release in resolve_next.
        return resolved_[chunk].load(std::memory_order_acquire);
    }

    /// Turns declared keys into entries. In passes, so that the cache misses of a chunk overlap.
    void resolve_chunk(Worker& worker, std::uint32_t first, std::uint32_t last) {
        if (run_.accesses.known() == nullptr && !kDeclares) {
            return;
        }
        worker.hashes.clear();
        for (std::uint32_t i = first; i < last; ++i) {
            if (run_.accesses.known() != nullptr) {
                take_listed(worker, i);
            } else {
                declare_keys(worker, i);
            }
        }
        std::size_t next = 0;
        for (std::uint32_t i = first; i < last; ++i) {
            for (Entry& entry : run_.records[i].accesses()) {
                entry.id = run_.store.candidate_of(worker.hashes.items()[next++]);
                if (entry.id != kNoCell) {
                    entry.cell = &run_.store.cell(entry.id);
                    prefetch_lines<Prefetch::kToWrite>(entry.cell, sizeof(Cell));
                }
            }
        }
        next = 0;
        for (std::uint32_t i = first; i < last; ++i) {
            for (Entry& entry : run_.records[i].accesses()) {
                const std::uint64_t hash = worker.hashes.items()[next++];
                if (entry.cell == nullptr || !(entry.cell->key == entry.key)) {
                    entry.id = run_.store.intern(entry.key, hash);
                    entry.cell = &run_.store.cell(entry.id);
                }
            }
        }
    }
    /// Whether an access list says all of what a transaction touches, if only that it is nothing.
    [[nodiscard]] bool knows_of(TxnIndex txn) const noexcept {
        return run_.accesses.known() != nullptr && txn < run_.accesses.known()->size();
    }
    /// Knowledge from an access list, which may be hostile: keys that do not ascend are left out.
    void take_listed(Worker& worker, TxnIndex txn) {
        const auto listed = run_.accesses.known()->of(txn);
        Record& record = run_.records[txn];
        record.entries = worker.arena.template open_array<Entry>(listed.size());
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
        worker.arena.template close_array<Entry>(listed.size(), record.count);
        record.declared_count = record.count;
    }
    void declare_keys(Worker& worker, TxnIndex txn) {
        if constexpr (kDeclares) {
            Record& record = run_.records[txn];
            const std::size_t hashes = worker.hashes.items().size();
            std::uint64_t met = 0;
            record.entries = worker.arena.template open_array<Entry>(kDeclaredKeysMax);
            try {
                run_.machine.declare(run_.transactions[txn], *run_.context,
                                     [&](const typename M::Key& key, Access access) {
                                         declare_key(worker, record, met, key, access);
                                     });
            } catch (const std::bad_alloc&) {
                throw;
            } catch (...) {
                record.count = 0;  // a hint that cannot be had changes speed only
                worker.hashes.truncate(hashes);
            }
            worker.arena.template close_array<Entry>(kDeclaredKeysMax, record.count);
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
        run_.store.prefetch_index_of(hash);
        return entry;
    }

    Run& run_;
    std::uint32_t shards_ = 0;
    std::uint32_t shard_bits_ = 0;
    std::vector<ShardLists> lists_;  ///< by chunk; each written by the worker that resolves it

    // resolved_: which chunks are resolved.   writers: workers   readers: the linking worker
    //   publish: the release of whoever resolved a chunk -> is_resolved's acquire: its entries.
    std::unique_ptr<Flag[]> resolved_;
    std::uint32_t resolved_capacity_ = 0;
    // claimed_: next chunk to resolve.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per chunk.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> claimed_{0};
    // shards_claimed_: next shard to link.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per shard.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> shards_claimed_{0};
    // shards_finished_: linked shards.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: chains, entries, touched lists.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> shards_finished_{0};
};

}  // namespace lockstep
