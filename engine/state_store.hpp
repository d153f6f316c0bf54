#pragma once

#include <tbb/concurrent_hash_map.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/effects.hpp"
#include "engine/machine.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// Dense number of a cell, stable as long as the cell is present. Never reaches any output.
using CellId = std::uint32_t;
inline constexpr CellId kNoCell = std::numeric_limits<CellId>::max();

/// The committed state: an index from keys to dense cells, and the additive state digest.
///
/// Role:    base of the multi-version memory. Every cell carries its key, its committed value and
///          its version slot side by side, so that resolving a key fetches all three together.
/// Threads: between blocks one thread uses it. Within a parallel block `find`, `intern`, `cell` and
///          `prefetch` may be called by all workers; values change only after the last execution.
/// Invariants
///   [SS1] the index holds exactly the cells that are present, between blocks.
///   [SS2] digest() is the sum of cell_digest over all present cells, between blocks.
///   [SS3] all version slots are empty between blocks.
/// Cost:    one probe of the index and one cell per access; about 2.5 index entries of 8 bytes and
///          one cache-line aligned cell per key.
template <Machine M, class Sync = StdSync>
class StateStore {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    struct alignas(kCacheLineSize) Cell {
        VersionSlot<Value, Sync> slot;
        // settled: number of the last block that settled this cell.  writers: claim_settlement
        // readers: same
        //   publish: nothing; the exchange elects one worker, phases order the rest.
        //   layout:  in the cell, which the winner writes anyway.
        typename Sync::template Atomic<std::uint32_t> settled{0};
        bool present = false;
        Key key{};
        Value value{};

        [[nodiscard]] const Value* get() const noexcept { return present ? &value : nullptr; }
        /// True for exactly one caller per block number.
        [[nodiscard]] bool claim_settlement(std::uint32_t block_number) noexcept {
            // relaxed: an election among workers; the data is ordered by the end of execution.
            return settled.exchange(block_number, std::memory_order_relaxed) != block_number;
        }
    };

    StateStore() : index_(kInitialIndexSize) {}
    StateStore(const StateStore&) = delete;
    StateStore& operator=(const StateStore&) = delete;

    /// Number of present cells.
    [[nodiscard]] std::size_t size() const noexcept { return present_; }
    [[nodiscard]] const Digest& digest() const noexcept { return digest_; }

    [[nodiscard]] const Value* get(const Key& key) const noexcept {
        const CellId id = find(key);
        return id == kNoCell ? nullptr : cell(id).get();
    }
    /// The cell of a key that was present at the start of the block, else kNoCell.
    [[nodiscard]] CellId find(const Key& key) const noexcept {
        const std::uint64_t hash = M::hash(key);
        const std::size_t mask = index_.size() - 1;
        for (std::size_t at = place(hash, mask);; at = (at + 1) & mask) {
            const IndexEntry& entry = index_[at];
            if (entry.cell == kNoCell) {
                return kNoCell;
            }
            if (entry.tag == tag_of(hash) && cell(entry.cell).key == key) {
                return entry.cell;
            }
        }
    }
    /// The cell that `find` would look at first, without touching it; kNoCell when there is none.
    [[nodiscard]] CellId candidate(const Key& key) const noexcept {
        const std::uint64_t hash = M::hash(key);
        const std::size_t mask = index_.size() - 1;
        for (std::size_t at = place(hash, mask);; at = (at + 1) & mask) {
            const IndexEntry& entry = index_[at];
            if (entry.cell == kNoCell || entry.tag == tag_of(hash)) {
                return entry.cell;
            }
        }
    }
    /// Starts fetching the index entry of a key.
    void prefetch_index(const Key& key) const noexcept {
        __builtin_prefetch(&index_[place(M::hash(key), index_.size() - 1)]);
    }
    void prefetch_cell(CellId id) const noexcept {
        const auto* lines = reinterpret_cast<const std::byte*>(&cell(id));
        for (std::size_t line = 0; line < sizeof(Cell); line += kCacheLineSize) {
            __builtin_prefetch(lines + line, 1);
        }
    }

    [[nodiscard]] Cell& cell(CellId id) noexcept { return *locate(id); }
    [[nodiscard]] const Cell& cell(CellId id) const noexcept { return *locate(id); }

    /// The cell of a key, made absent when there is none. Callable by all workers of a block.
    [[nodiscard]] CellId intern(const Key& key) {
        const CellId known = find(key);
        if (known != kNoCell) {
            return known;
        }
        typename FreshMap::accessor entry;
        if (fresh_.insert(entry, key)) {
            entry->second = allocate(key);
        }
        return entry->second;
    }

    /// Turns cells interned since the last call into indexed ones where they became present, and
    /// forgets the others. One thread, at the end of a block.
    void adopt_interned() {
        for (const auto& [key, id] : fresh_) {
            if (cell(id).present) {
                insert_index(id);
            } else {
                free_.push_back(id);
            }
        }
        fresh_.clear();
    }

    /// Replaces the value of a cell (null: absent), outside blocks or by the one thread of a serial
    /// block; the digest follows.
    void set(const Key& key, const Value* value) {
        CellId id = find(key);
        if (id == kNoCell) {
            if (value == nullptr) {
                return;
            }
            id = allocate(key);
            put(id, value);
            insert_index(id);
        } else {
            put(id, value);
            if (value == nullptr) {
                forget(id);
            }
        }
    }

    /// Removes cells that became absent from the index; after adopt_interned, at the end of a
    /// block.
    void forget(CellId id) {
        if (cell(id).present) {
            return;
        }
        if (erase_index(id)) {
            free_.push_back(id);
        }
    }

    /// Adds a worker's share to the state digest and the number of present cells.
    void fold(const Digest& added, const Digest& removed, std::int64_t present_change) noexcept {
        digest_ += added;
        digest_ -= removed;
        present_ = static_cast<std::size_t>(static_cast<std::int64_t>(present_) + present_change);
    }

    /// Calls `visit(key, value)` for every present cell in key order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        std::vector<CellId> ids;
        ids.reserve(present_);
        for (const IndexEntry& entry : index_) {
            if (entry.cell != kNoCell) {
                ids.push_back(entry.cell);
            }
        }
        std::sort(ids.begin(), ids.end(),
                  [this](CellId a, CellId b) { return cell(a).key < cell(b).key; });
        for (const CellId id : ids) {
            visit(cell(id).key, cell(id).value);
        }
    }

    /// The state digest computed from scratch; equals digest() [SS2].
    [[nodiscard]] Digest recompute_digest() const {
        Digest sum;
        ByteWriter scratch;
        for_each([&](const Key& key, const Value& value) {
            sum += cell_digest<M>(scratch, key, value);
        });
        return sum;
    }

  private:
    struct IndexEntry {
        std::uint32_t tag = 0;
        CellId cell = kNoCell;
    };
    struct HashCompare {
        static std::size_t hash(const Key& key) noexcept { return M::hash(key); }
        static bool equal(const Key& a, const Key& b) noexcept { return a == b; }
    };
    // tidy: allow(banned) its order decides cell numbers only, which reach no output
    using FreshMap = tbb::concurrent_hash_map<Key, CellId, HashCompare>;

    static constexpr std::size_t kInitialIndexSize = 64;
    static constexpr CellId kFirstSegmentSize = 64;
    static constexpr std::size_t kSegments = 26;  // 64 * (2^26 - 1) cells

    static std::uint32_t tag_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }
    static std::size_t place(std::uint64_t hash, std::size_t mask) noexcept {
        return static_cast<std::size_t>(hash) & mask;
    }

    /// Segment s holds 64 * 2^s cells, so that cells never move and small stores stay small.
    [[nodiscard]] Cell* locate(CellId id) const noexcept {
        const CellId shifted = id + kFirstSegmentSize;
        const auto segment = static_cast<std::size_t>(std::bit_width(shifted)) - 7;
        return &segments_[segment][shifted - (kFirstSegmentSize << segment)];
    }

    CellId allocate(const Key& key) {
        const std::lock_guard lock(allocation_);
        CellId id = 0;
        if (!free_.empty()) {
            id = free_.back();
            free_.pop_back();
        } else {
            id = next_++;
            const auto segment =
                static_cast<std::size_t>(std::bit_width(id + kFirstSegmentSize)) - 7;
            if (segments_[segment] == nullptr) {
                segments_[segment] = std::make_unique<Cell[]>(kFirstSegmentSize << segment);
            }
        }
        Cell& fresh = cell(id);
        fresh.key = key;
        fresh.present = false;
        fresh.value = Value{};
        return id;
    }

    void put(CellId id, const Value* value) {
        Cell& target = cell(id);
        if (target.present) {
            digest_ -= cell_digest<M>(scratch_, target.key, target.value);
            --present_;
        }
        target.present = value != nullptr;
        target.value = value != nullptr ? *value : Value{};
        if (target.present) {
            digest_ += cell_digest<M>(scratch_, target.key, target.value);
            ++present_;
        }
    }

    void insert_index(CellId id) {
        if ((indexed_ + 1) * 5 > index_.size() * 2) {
            std::vector<IndexEntry> old(index_.size() * 2);
            old.swap(index_);
            for (const IndexEntry& entry : old) {
                if (entry.cell != kNoCell) {
                    insert_entry(entry.cell);
                }
            }
        }
        insert_entry(id);
        ++indexed_;
    }
    void insert_entry(CellId id) {
        const std::uint64_t hash = M::hash(cell(id).key);
        const std::size_t mask = index_.size() - 1;
        std::size_t at = place(hash, mask);
        while (index_[at].cell != kNoCell) {
            at = (at + 1) & mask;
        }
        index_[at] = {tag_of(hash), id};
    }
    /// Linear probing without tombstones: later entries of the run move into the hole.
    bool erase_index(CellId id) {
        const std::size_t mask = index_.size() - 1;
        std::size_t hole = place(M::hash(cell(id).key), mask);
        while (index_[hole].cell != id) {
            if (index_[hole].cell == kNoCell) {
                return false;
            }
            hole = (hole + 1) & mask;
        }
        for (std::size_t at = (hole + 1) & mask; index_[at].cell != kNoCell; at = (at + 1) & mask) {
            const std::size_t home = place(M::hash(cell(index_[at].cell).key), mask);
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                index_[hole] = index_[at];
                hole = at;
            }
        }
        index_[hole] = {};
        --indexed_;
        return true;
    }

    std::vector<IndexEntry> index_;  ///< power of two, load at most 2/5
    std::size_t indexed_ = 0;
    std::size_t present_ = 0;
    Digest digest_;
    ByteWriter scratch_;

    FreshMap fresh_;  ///< keys that this block met first
    // Guards next_, free_ and the making of segments within a block. Not of the Sync policy: it is
    // taken inside the lock of a fresh_ entry, where no test may let another worker run.
    std::mutex allocation_;
    CellId next_ = 0;
    std::vector<CellId> free_;
    std::array<std::unique_ptr<Cell[]>, kSegments> segments_;
};

}  // namespace lockstep
