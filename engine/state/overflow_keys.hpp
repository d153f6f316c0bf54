#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

#include "engine/base/cache_line.hpp"
#include "engine/state/cell_index.hpp"

namespace lockstep {

/// Cells of keys that found no room in the index while a block runs.
///
/// Role:    behind CellIndex, which grows between blocks only. Ordered maps, each with a lock.
/// Threads: any, but for clear and for_each: one, between blocks.
template <class Key>
class OverflowKeys {
  public:
    /// The cell of a key, kNoCell when there is none.
    [[nodiscard]] CellId find(const Key& key, std::uint64_t hash) const {
        // relaxed: a key is looked for after its insertion, if it has to be found.
        if (!used_.load(std::memory_order_relaxed)) {
            return kNoCell;
        }
        const Shard& shard = shards_[hash % kShards];
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.cells.find(key);
        return found != shard.cells.end() ? found->second : kNoCell;
    }
    /// The cell of a key, `cell` where there was none; `before()` then runs before any other worker
    /// finds it.
    template <class Before>
    [[nodiscard]] CellId insert(const Key& key, std::uint64_t hash, CellId cell, Before&& before) {
        Shard& shard = shards_[hash % kShards];
        const std::lock_guard lock(shard.mutex);
        used_.store(true, std::memory_order_relaxed);  // relaxed: see find
        const auto [entry, is_new] = shard.cells.emplace(key, cell);
        if (is_new) {
            before();
        }
        return entry->second;
    }
    void clear() noexcept {
        if (!used_.exchange(false, std::memory_order_relaxed)) {  // relaxed: between blocks
            return;
        }
        for (Shard& shard : shards_) {
            shard.cells.clear();
        }
    }
    /// Calls `visit(key, cell)` for all.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const Shard& shard : shards_) {
            for (const auto& [key, cell] : shard.cells) {
                visit(key, cell);
            }
        }
    }

  private:
    static constexpr std::size_t kShards = 16;

    // Not of a Sync policy: interning is one step for schedules.
    struct alignas(kCacheLineSize) Shard {
        mutable std::mutex mutex;  // guards cells
        std::map<Key, CellId> cells;
    };
    std::array<Shard, kShards> shards_;
    // used_: some key is here.   writers: insert, clear   readers: find
    //   publish: nothing; whatever orders the transactions that use a key orders this.
    //   layout:  on a line that hardly changes.
    alignas(kCacheLineSize) std::atomic<bool> used_{false};
};

}  // namespace lockstep
