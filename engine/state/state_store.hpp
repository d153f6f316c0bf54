#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <mutex>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/huge_pages.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/cell_index.hpp"
#include "engine/state/key_bytes.hpp"
#include "engine/state/overflow_keys.hpp"
#include "engine/state/state_cell.hpp"
#include "engine/state/state_sums.hpp"
#include "scheduler/sync.hpp"

namespace lockstep {

/// Of machines that scan; they include engine/state/key_order.hpp.
template <class Key>
class KeyOrder;
/// In place of a KeyOrder, for machines that do not scan.
struct NoKeyOrder {};

/// The committed state: an index from keys to dense cells, and the additive state digest.
///
/// Role:    base of the multi-version memory. Every cell carries its key, its committed value and
///          its version slot side by side, so that resolving a key fetches all three together.
/// Threads: between blocks one thread uses it. Within a parallel block `find`, `intern`, `cell` and
///          `prefetch` may be called by all workers; values change only after the last execution.
/// Invariants
///   [SS1] the index holds exactly the cells that are present, between blocks; within one also
///         those of keys that the block met first, as far as they find room near their home.
///   [SS2] digest() is the sum of cell_digest over all present cells, between blocks.
///   [SS3] all version slots are empty between blocks.
///   [SS4] a present cell carries the digest of its value between blocks, so that a value is hashed
///         when it changes and never again.
/// Cost:    one probe of the index and one cell per access; about 2.5 index entries of 8 bytes and
///          one cache-line aligned cell per key.
template <Machine M, class Sync = StdSync>
class StateStore {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    using Cell = StateCell<M, Sync>;

    StateStore() = default;
    StateStore(const StateStore&) = delete;
    StateStore& operator=(const StateStore&) = delete;

    /// Numbers the blocks of all executors that share this store, for claim_install.
    [[nodiscard]] std::uint32_t next_block_number() noexcept { return ++block_number_; }
    /// Number of present cells.
    [[nodiscard]] std::size_t size() const noexcept { return present_; }
    [[nodiscard]] Digest digest() const noexcept { return sums_.total(); }
    /// The parts of digest(), one per module of the machine.
    [[nodiscard]] const StateSums<M>& sums() const noexcept { return sums_; }

    [[nodiscard]] const Value* get(const Key& key) const noexcept {
        const CellId id = find(key);
        return id == kNoCell ? nullptr : cell(id).get();
    }
    /// The cell of a key that is present or was interned in this block, else kNoCell.
    [[nodiscard]] CellId find(const Key& key) const noexcept { return find(key, M::hash(key)); }
    [[nodiscard]] CellId find(const Key& key, std::uint64_t hash) const noexcept {
        return index_.find(hash, [&](CellId id) { return cell(id).key == key; });
    }
    /// The same, but also of keys that this block met first and that found no room in the index.
    [[nodiscard]] CellId find_in_block(const Key& key, std::uint64_t hash) const {
        const CellId id = find(key, hash);
        return id != kNoCell ? id : overflow_.find(key, hash);
    }
    /// The cell that `find` would look at first, without touching it; kNoCell when there is none.
    [[nodiscard]] CellId candidate(const Key& key) const noexcept {
        return candidate_of(M::hash(key));
    }
    /// The same by the key's hash.
    [[nodiscard]] [[gnu::always_inline]] CellId candidate_of(std::uint64_t hash) const noexcept {
        return index_.candidate(hash);
    }
    /// Starts fetching the index entry of a key.
    void prefetch_index(const Key& key) const noexcept { prefetch_index_of(M::hash(key)); }
    /// The same by the key's hash.
    void prefetch_index_of(std::uint64_t hash) const noexcept { index_.prefetch(hash); }
    /// Starts fetching a cell that is going to be changed.
    void prefetch_cell(CellId id) const noexcept {
        prefetch_lines<Prefetch::kToWrite>(&cell(id), sizeof(Cell));
    }
    /// Starts fetching the cells of keys that are going to be read; their misses overlap.
    /// `enumerate(sink)` gives them to a sink, twice.
    template <class Enumerate>
    void prefetch(Enumerate&& enumerate) const {
        enumerate([this](const Key& key) { prefetch_index(key); });
        enumerate([this](const Key& key) {
            if (const CellId id = candidate(key); id != kNoCell) {
                prefetch_lines<Prefetch::kToRead>(&cell(id), sizeof(Cell));
            }
        });
    }

    [[nodiscard]] Cell& cell(CellId id) noexcept { return *locate(id); }
    [[nodiscard]] const Cell& cell(CellId id) const noexcept { return *locate(id); }

    /// The cell of a key, made absent when there is none. Callable by all workers of a block.
    [[nodiscard]] CellId intern(const Key& key) { return intern(key, M::hash(key)); }
    [[nodiscard]] CellId intern(const Key& key, std::uint64_t hash) {
        const CellId known = find(key, hash);
        if (known != kNoCell) {
            return known;
        }
        // A key of a machine that scans has to be in order before any worker finds it: under a
        // lock.
        const CellId id = kScans<M> ? kNoCell : claim_in_index(key, hash);
        return id != kNoCell ? id : insert_in_overflow(key, hash);
    }

    /// Keeps the cells interned since the last call that became present, and forgets the others.
    /// One thread, at the end of a block.
    void commit_new_keys() {
        for (std::size_t i = 0; i < interned_.size(); ++i) {
            if (i + kCommitAhead < interned_.size()) {
                prefetch_cell(interned_[i + kCommitAhead]);
            }
            const CellId id = interned_[i];
            if (cell(id).present) {
                count_indexed(id);
            } else {
                static_cast<void>(erase_from_index(id));
                free(id);
            }
        }
        interned_.clear();
        index_.make_room(indexed_);
        overflow_.for_each([this](const Key& key, CellId id) {
            if (cell(id).present) {
                index_.insert(M::hash(key), id);
            }
        });
        overflow_.clear();
        if constexpr (kScans<M>) {
            keys_.clear_fresh();
        }
    }

    /// Replaces the value of a cell (null: absent), outside blocks or by the one thread of a serial
    /// block; the digest follows. Gives the digest of the value; null when absent.
    const Digest* set(const Key& key, const Value* value) {
        CellId id = find(key);
        if (id == kNoCell) {
            if (value == nullptr) {
                return nullptr;
            }
            id = allocate(key);
            put(id, value);
            index_.insert(M::hash(key), id);
            count_indexed(id);
            index_.make_room(indexed_);
        } else {
            put(id, value);
            if (value == nullptr) {
                forget(id);
                return nullptr;
            }
        }
        return &cell(id).digest;
    }

    /// Removes cells that became absent from the index; after commit_new_keys, at the end of a
    /// block.
    void forget(CellId id) {
        if (cell(id).present) {
            return;
        }
        if (erase_from_index(id)) {
            --indexed_;
            if constexpr (kScans<M>) {
                keys_.erase(cell(id).key);
            }
            free(id);
        }
    }

    /// Frees the bytes of keys whose cells are in use no more; at the start of a block.
    void release_keys() noexcept { released_.clear(); }

    /// Adds a worker's share to the state digest and the number of present cells.
    void fold(const StateSums<M>& change, std::int64_t present_change) noexcept {
        sums_ += change;
        present_ = static_cast<std::size_t>(static_cast<std::int64_t>(present_) + present_change);
    }

    /// The keys in order; only of machines that scan.
    [[nodiscard]] const KeyOrder<Key>& keys() const noexcept requires kScans<M> { return keys_; }

    /// Calls `visit(key, value)` for every present cell in key order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        std::vector<CellId> ids;
        ids.reserve(present_);
        index_.for_each([&ids](CellId id) { ids.push_back(id); });
        std::sort(ids.begin(), ids.end(),
                  [this](CellId a, CellId b) { return cell(a).key < cell(b).key; });
        for (const CellId id : ids) {
            visit(cell(id).key, cell(id).value);
        }
    }

    /// The same in no order that means anything, without the cost of sorting.
    template <class Visit>
    void for_each_unordered(Visit&& visit) const {
        index_.for_each([&](CellId id) { visit(cell(id).key, cell(id).value); });
    }

    /// The state digest computed from scratch; equals digest() [SS2].
    [[nodiscard]] Digest recompute_digest() const { return recompute_sums().total(); }
    /// The same by module; equals sums().
    [[nodiscard]] StateSums<M> recompute_sums() const {
        StateSums<M> sums;
        ByteWriter scratch;
        for_each([&](const Key& key, const Value& value) {
            sums.add(key, cell_digest<M>(scratch, key, value));
        });
        return sums;
    }

  private:
    using Cells = std::vector<Cell, HugePageAllocator<Cell>>;

    static constexpr std::size_t kCommitAhead = 8;
    /// A cell's number is its id and this, a power of two.
    static constexpr CellId kFirstNumber = 64;

    /// Segment s holds the cells whose numbers have s as highest bit, so that cells never move and
    /// small stores stay small.
    [[nodiscard]] static std::uint32_t segment_of(CellId number) noexcept {
        // Every number has a bit from kFirstNumber on; said here it saves a branch for 0.
        return 31U ^ static_cast<std::uint32_t>(std::countl_zero(number | kFirstNumber));
    }
    [[nodiscard]] Cell* locate(CellId id) const noexcept {
        const CellId number = id + kFirstNumber;
        const std::uint32_t segment = segment_of(number);
        return starts_[segment] + (number ^ CellId{1} << segment);
    }

    [[nodiscard]] CellId claim_in_index(const Key& key, std::uint64_t hash) {
        return index_.claim(
            hash, [&](CellId id) { return cell(id).key == key; },
            [&] { return allocate_for_block(key); });
    }
    bool erase_from_index(CellId id) { return index_.erase(M::hash(cell(id).key), id); }
    /// The cell of a key in the overflow, which has the key as the cell keeps it; if
    /// another worker was faster, that worker's cell.
    CellId insert_in_overflow(const Key& key, std::uint64_t hash) {
        if (const CellId known = overflow_.find(key, hash); known != kNoCell) {
            return known;
        }
        const CellId made = allocate_for_block(key);
        return overflow_.insert(cell(made).key, hash, made, [&] {
            if constexpr (kScans<M>) {
                keys_.insert_fresh(cell(made).key, made);
            }
        });
    }

    /// A cell that commit_new_keys is going to judge.
    CellId allocate_for_block(const Key& key) {
        const std::lock_guard lock(allocation_);
        const CellId id = take_cell(key);
        interned_.push_back(id);
        return id;
    }
    CellId allocate(const Key& key) {
        const std::lock_guard lock(allocation_);
        return take_cell(key);
    }
    CellId take_cell(const Key& key) {
        KeyBytes<Key> bytes;
        const Key kept = bytes.keep(key);
        CellId id = 0;
        if (!free_.empty()) {
            id = free_.back();
            free_.pop_back();
        } else {
            id = next_++;
            const std::uint32_t segment = segment_of(id + kFirstNumber);
            if (segments_[segment].empty()) {
                segments_[segment] = Cells(std::size_t{1} << segment);
                starts_[segment] = segments_[segment].data();
            }
        }
        Cell& fresh = cell(id);
        fresh.key = kept;
        fresh.key_bytes = std::move(bytes);
        fresh.present = false;
        fresh.digested = false;
        fresh.value = Value{};
        return id;
    }

    /// The cell is in use no more. What its key points to stays until release_keys.
    void free(CellId id) {
        if constexpr (BorrowsBytes<Key>) {
            released_.push_back(std::move(cell(id).key_bytes));
            cell(id).key = Key{};
        }
        free_.push_back(id);
    }

    void put(CellId id, const Value* value) {
        Cell& target = cell(id);
        if (target.present) {
            sums_.remove(target.key, target.term(scratch_));
            --present_;
        }
        target.present = value != nullptr;
        target.digested = false;
        if (value != nullptr) {
            target.value = *value;
            sums_.add(target.key, target.term(scratch_));
            ++present_;
        } else {
            target.value = Value{};
        }
    }

    void count_indexed(CellId id) {
        ++indexed_;
        if constexpr (kScans<M>) {
            keys_.insert(cell(id).key, id);
        }
    }
    CellIndex index_;
    std::size_t indexed_ = 0;
    std::size_t present_ = 0;
    std::uint32_t block_number_ = 0;
    StateSums<M> sums_;
    ByteWriter scratch_;

    std::vector<CellId> interned_;  ///< cells made in this block; some for keys that got another
    OverflowKeys<Key> overflow_;  ///< keys that this block met first, and that are not in the index
    [[no_unique_address]] std::conditional_t<kScans<M>, KeyOrder<Key>, NoKeyOrder> keys_;
    // Guards next_, free_, interned_ and the making of segments within a block. Not of the Sync
    // policy: making a cell is one step for schedules.
    std::mutex allocation_;
    CellId next_ = 0;
    std::vector<CellId> free_;
    std::vector<KeyBytes<Key>> released_;  ///< of cells that were freed, where keys have any
    std::array<Cells, std::numeric_limits<CellId>::digits> segments_;
    std::array<Cell*, std::numeric_limits<CellId>::digits> starts_{};  ///< of segments_
};

}  // namespace lockstep
