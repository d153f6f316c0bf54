#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/contract/effects.hpp"
#include "engine/parallel/worker_pool.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep::bench {

/// The changes that a block makes to the cells of a store, in place: remembers what each cell was
/// before the block, then either folds the state digest, once for each changed cell and by all
/// workers, or takes everything back.
///
/// Threads: put by all workers, never two at one cell at a time; the others between parallel parts.
template <Machine M>
class BlockChanges {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    BlockChanges(StateStore<M>& store, std::uint32_t workers) : store_(store) {
        for (std::uint32_t i = 0; i < workers; ++i) {
            shares_.push_back(std::make_unique<Share>());
        }
    }

    void begin_block() {
        ++number_;
        settled_ = false;
        for (const auto& share : shares_) {
            share->changed.clear();
            share->emptied.clear();
            share->sums = {};
            share->present_change = 0;
            // relaxed: between parallel parts.
            share->claimed.store(0, std::memory_order_relaxed);
        }
    }
    /// Gives a cell a new value, null: absent. REQUIRES: nobody else uses the cell meanwhile.
    void put(std::uint32_t worker, CellId id, const Value* value) {
        auto& cell = store_.cell(id);
        if (cell.claim_install(number_)) {
            shares_[worker]->changed.push_back({cell.key, id, cell.present, cell.value});
        }
        cell.present = value != nullptr;
        cell.value = value != nullptr ? *value : Value{};
    }
    /// Folds the digests of changed cells; afterwards the store is as between blocks.
    void settle(WorkerPool& pool) {
        pool.run([this](std::uint32_t worker) {
            for (const auto& share : shares_) {
                settle_some(*share, *shares_[worker]);
            }
        });
        store_.commit_new_keys();
        for (const auto& share : shares_) {
            for (const CellId id : share->emptied) {
                store_.forget(id);
            }
            store_.fold(share->sums, share->present_change);
        }
        settled_ = true;
    }
    /// Takes everything since begin_block back.
    void restore() {
        for (const auto& share : shares_) {
            for (const Changed& changed : share->changed) {
                if (settled_) {
                    store_.set(changed.key, changed.was_present ? &changed.before : nullptr);
                } else {
                    auto& cell = store_.cell(changed.id);
                    cell.present = changed.was_present;
                    cell.value = changed.before;
                }
            }
            share->changed.clear();
        }
        if (!settled_) {
            store_.commit_new_keys();
        }
    }

  private:
    static constexpr std::size_t kChunk = 256;
    static constexpr std::size_t kAhead = 8;

    struct Changed {
        Key key;
        CellId id;
        bool was_present;
        Value before;
    };
    struct alignas(kCacheLineSize) Share {
        std::vector<Changed> changed;
        std::vector<CellId> emptied;
        StateSums<M> sums;  ///< change of the state digest
        std::int64_t present_change = 0;
        ByteWriter scratch;
        // claimed: next entry of `changed` to settle.   writers: workers   readers: same
        //   publish: nothing; the pool orders the parts of a block.
        alignas(kCacheLineSize) std::atomic<std::size_t> claimed{0};
    };

    void settle_some(Share& from, Share& into) {
        const std::size_t total = from.changed.size();
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::size_t first = from.claimed.fetch_add(kChunk, std::memory_order_relaxed);
            if (first >= total) {
                return;
            }
            const std::size_t last = std::min(first + kChunk, total);
            for (std::size_t i = first; i < last; ++i) {
                if (i + kAhead < last) {
                    store_.prefetch_cell(from.changed[i + kAhead].id);
                }
                settle_cell(from.changed[i], into);
            }
        }
    }
    void settle_cell(const Changed& changed, Share& into) {
        auto& cell = store_.cell(changed.id);
        if (changed.was_present) {
            into.sums.remove(changed.key, cell.digest);  // still that from before the block
        }
        cell.digested = false;
        if (cell.present) {
            into.sums.add(changed.key, cell.term(into.scratch));
        } else if (changed.was_present) {
            into.emptied.push_back(changed.id);
        }
        into.present_change += (cell.present ? 1 : 0) - (changed.was_present ? 1 : 0);
    }

    StateStore<M>& store_;
    std::uint32_t number_ = 0;
    bool settled_ = false;
    std::vector<std::unique_ptr<Share>> shares_;
};

}  // namespace lockstep::bench
