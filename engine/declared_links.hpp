#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <vector>

#include "engine/base/access.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/block_run.hpp"

namespace lockstep {

/// Turns what the machine declares into cells, and cells into chains of estimates.
///
/// Role:    first stage of a block. Knowledge changes speed only: a key that is missing, wrong or
///          cannot be had leads to the validated path.
/// Threads: resolve_some by all workers; the others by the leader.
template <Machine M, class Sync>
class DeclaredLinks {
  public:
    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;

    explicit DeclaredLinks(Run& run) : run_(run) {}

    void prepare() noexcept {
        // relaxed: workers start after prepare, by the pool's publication.
        claimed_.store(0, std::memory_order_relaxed);
        finished_.store(0, std::memory_order_relaxed);
    }
    /// Resolves chunks of transactions until none is left to claim.
    void resolve_some(Worker& worker, bool use_declared) {
        const TxnIndex size = run_.size();
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::uint32_t first =
                claimed_.fetch_add(kResolveChunk, std::memory_order_relaxed);
            if (first >= size) {
                return;
            }
            const std::uint32_t last = std::min(first + kResolveChunk, size);
            std::fill(run_.records.begin() + first, run_.records.begin() + last, Record{});
            if (use_declared) {
                run_.guarded([&] { resolve_chunk(worker, first, last); });
            }
            // release: publishes the entries to link_declared.
            finished_.fetch_add(last - first, std::memory_order_release);
        }
    }
    /// Whether every transaction is resolved; its entries are then visible to the caller.
    [[nodiscard]] bool resolved() const noexcept {
        // acquire: pairs with the release in resolve_some.
        return finished_.load(std::memory_order_acquire) == run_.size();
    }

    /// Puts an estimate for every declared write into its chain and links every declared access to
    /// the declared writer below it. In block order, hence by one thread.
    void link_declared(Worker& worker) {
        const TxnIndex size = run_.size();
        for (TxnIndex i = 0; i < size; ++i) {
            Record& record = run_.records[i];
            if (i + kLinkAhead < size) {
                for (const Entry& entry : run_.records[i + kLinkAhead].accesses()) {
                    run_.store.prefetch_cell(entry.cell);
                }
            }
            run_.mode.search = run_.mode.search || record.declared_count == 0;
            for (Entry& entry : record.accesses()) {
                auto& slot = run_.store.cell(entry.cell).slot;
                // relaxed: one thread builds the chains; stage_ publishes them.
                entry.link = slot.newest.load(std::memory_order_relaxed);
                const auto* additions = slot.additions.load(std::memory_order_relaxed);
                entry.adder_below = additions != nullptr ? additions->last_declared : kNoTxn;
                if (entry.access == Access::kRead) {
                    continue;
                }
                if (entry.link == nullptr && additions == nullptr) {
                    worker.touched.push_back(entry.cell);
                }
                if (entry.access == Access::kAdd) {
                    auto& added = run_.additions_of(worker, entry);
                    added.note_adder(i);
                    added.last_declared = i;
                    continue;
                }
                entry.own = worker.arena.template make<Node>();
                entry.own->txn = i;
                entry.placeholder = entry.linked = true;
                slot.push_declared(entry.own);
            }
        }
    }

  private:
    static constexpr std::uint32_t kResolveChunk = 64;
    static constexpr std::uint32_t kDeclaredKeysMax = 256;
    static constexpr std::uint32_t kLinkAhead = 8;

    /// Turns declared keys into entries. In passes, so that the cache misses of a chunk overlap.
    void resolve_chunk(Worker& worker, std::uint32_t first, std::uint32_t last) {
        if constexpr (requires(const M& m, const typename M::Transaction& t,
                               const typename M::Context& c) {
                          m.declare(t, c, [](const typename M::Key&, Access) {});
                      }) {
            for (std::uint32_t i = first; i < last; ++i) {
                declare_keys(worker, i);
            }
            for (std::uint32_t i = first; i < last; ++i) {
                for (const Entry& entry : run_.records[i].accesses()) {
                    const CellId cell = run_.store.candidate(entry.key);
                    if (cell != kNoCell) {
                        run_.store.prefetch_cell(cell);
                    }
                }
            }
            for (std::uint32_t i = first; i < last; ++i) {
                for (Entry& entry : run_.records[i].accesses()) {
                    entry.cell = run_.store.intern(entry.key);
                }
            }
        }
    }
    void declare_keys(Worker& worker, TxnIndex txn) {
        std::vector<Entry>& declared = worker.declared;
        declared.clear();
        try {
            run_.machine.declare(run_.transactions[txn], *run_.context,
                                 [&](const typename M::Key& key, Access access) {
                                     declare_key(declared, key, access);
                                 });
        } catch (const std::bad_alloc&) {
            throw;
        } catch (...) {
            declared.clear();  // a hint that cannot be had changes speed only
        }
        Record& record = run_.records[txn];
        record.declared_count = record.count = record.capacity =
            static_cast<std::uint32_t>(declared.size());
        record.entries = worker.arena.template make_array<Entry>(declared.size());
        std::copy(declared.begin(), declared.end(), record.entries);
    }
    void declare_key(std::vector<Entry>& declared, const typename M::Key& key, Access access) {
        for (Entry& entry : declared) {
            if (entry.key == key) {
                if (access == Access::kWrite || entry.access == Access::kRead) {
                    entry.access = access;
                }
                return;
            }
        }
        if (declared.size() < kDeclaredKeysMax) {
            Entry& entry = declared.emplace_back();
            entry.key = key;
            entry.declared = true;
            entry.access = access;
            run_.store.prefetch_index(key);
        }
    }

    Run& run_;

    // claimed_: next transaction to resolve.   writers: workers   readers: same
    //   publish: nothing.   layout: own line, one RMW per chunk.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> claimed_{0};
    // finished_: resolved transactions.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: entries.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> finished_{0};
};

}  // namespace lockstep
