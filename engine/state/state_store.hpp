#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/backing_store.hpp"
#include "engine/state/cell_index.hpp"
#include "engine/state/cell_pool.hpp"
#include "engine/state/cold_keys.hpp"
#include "engine/state/key_bytes.hpp"
#include "engine/state/overflow_keys.hpp"
#include "engine/state/state_cell.hpp"
#include "engine/state/state_sums.hpp"
#include "scheduler/sync.hpp"

namespace lockstep {

/// Of machines that scan; they include engine/state/key_order.hpp.
template <class Key>
class KeyOrder;
struct NoKeyOrder {};  ///< for machines that do not scan

/// The committed state: an index from keys to dense cells, and the additive state digest.
///
/// Role:    base of the multi-version memory. Every cell carries its key, its committed value and
///          its version slot side by side, so that resolving a key fetches all three together.
/// Threads: between blocks one thread uses it. Within a parallel block `find`, `intern`, `cell` and
///          `prefetch` may be called by all workers; values change only after the last execution.
/// Invariants
///   [SS1] the index holds exactly the resident cells, between blocks: those that are present, and
///         over a backing store those that are known and not evicted. Within a block also those of
///         keys that it met first, as far as they find room near their home.
///   [SS2] digest() is the sum of cell_digest over all present cells, between blocks, wherever they
///         are: what is resident never shows in a result.
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
    /// Number of present cells, wherever they are.
    [[nodiscard]] std::size_t size() const noexcept { return present_; }
    /// Number of cells in memory, and what they and the index take; without what values own.
    [[nodiscard]] std::size_t resident() const noexcept { return indexed_; }
    [[nodiscard]] std::size_t resident_bytes() const noexcept {
        return indexed_ * sizeof(Cell) + index_.bytes();
    }
    [[nodiscard]] Digest digest() const noexcept { return sums_.total(); }
    /// The parts of digest(), one per module of the machine.
    [[nodiscard]] const StateSums<M>& sums() const noexcept { return sums_; }

    /// From now on cells that are not in memory are loaded from `backing`, whose state is `base`.
    /// REQUIRES: no cell yet; `backing` outlives the store. Not of machines that scan.
    void load_from(BackingStore<M>& backing, const StateBase<M>& base) requires(!kScans<M>) {
        LOCKSTEP_CHECK(cells_.size() == 0);
        cold_.emplace(backing);
        sums_ = base.sums;
        present_ = base.cells;
    }
    [[nodiscard]] bool loads() const noexcept { return cold_.has_value(); }
    /// Why cells of this block could not be loaded; empty as long as they could.
    [[nodiscard]] std::string load_failure() const {
        return cold_ ? cold_->failure() : std::string();
    }
    [[nodiscard]] bool load_failed() const noexcept { return cold_ && cold_->failed(); }
    /// Between blocks: leaves at most `most` cells in memory; those go that came first. REQUIRES:
    /// the backing store has what was committed.
    void evict_to(std::size_t most) {
        LOCKSTEP_CHECK(cold_.has_value());
        commit_new_keys();
        for (; indexed_ > most; eviction_ = (eviction_ + 1) % cells_.size()) {
            Cell& old = cell(eviction_);
            if (index_.erase(M::hash(old.key), eviction_)) {
                --indexed_;
                old.present = false;
                free(eviction_);
            }
        }
        release_keys();
    }

    [[nodiscard]] const Value* get(const Key& key) const {
        const CellId id = find(key);
        return id == kNoCell ? nullptr : cell(id).get();
    }
    /// The cell of a key that is present or was interned in this block, else kNoCell.
    /// Over a backing store every key has one, which is loaded if need be.
    [[nodiscard]] CellId find(const Key& key) const { return find(key, M::hash(key)); }
    [[nodiscard]] CellId find(const Key& key, std::uint64_t hash) const {
        const CellId id = find_resident(key, hash);
        return id != kNoCell || !cold_ ? id : load_one(key, hash);
    }
    /// Loads those of some keys (`key`, `hash`) that are not in memory, by one call.
    template <class HashedKeys>
    void load_many(const HashedKeys& keys) const {
        if (cold_) {
            load_cold(keys);
        }
    }
    /// The cell that `find` would look at first, untouched; kNoCell when there is none.
    [[nodiscard]] [[gnu::always_inline]] CellId candidate_of(std::uint64_t hash) const noexcept {
        return index_.candidate(hash);
    }
    /// Starts fetching the index entry of a key by its hash.
    void prefetch_index_of(std::uint64_t hash) const noexcept { index_.prefetch(hash); }
    /// Starts fetching a cell that is going to be changed.
    void prefetch_cell(CellId id) const noexcept {
        prefetch_lines<Prefetch::kToWrite>(&cell(id), sizeof(Cell));
    }
    /// Starts fetching the cells of keys that are going to be read; their misses overlap.
    /// `enumerate(sink)` gives them to a sink, twice.
    template <class Enumerate>
    void prefetch(Enumerate&& enumerate) const {
        enumerate([this](const Key& key) { prefetch_index_of(M::hash(key)); });
        enumerate([this](const Key& key) {
            if (const CellId id = candidate_of(M::hash(key)); id != kNoCell) {
                prefetch_lines<Prefetch::kToRead>(&cell(id), sizeof(Cell));
            }
        });
    }

    [[nodiscard]] Cell& cell(CellId id) noexcept { return cells_.at(id); }
    [[nodiscard]] const Cell& cell(CellId id) const noexcept { return cells_.at(id); }

    /// The cell of a key, made absent when there is none. Callable by all workers of a block.
    [[nodiscard]] CellId intern(const Key& key) { return intern(key, M::hash(key)); }
    [[nodiscard]] CellId intern(const Key& key, std::uint64_t hash) {
        const CellId known = find(key, hash);
        if (known != kNoCell) {
            return known;
        }
        // Keys of machines that scan come in order, under a lock, before any worker finds them.
        const CellId id = kScans<M> ? kNoCell
                                    : index_.claim(
                                          hash, [&](CellId at) { return cell(at).key == key; },
                                          [&] { return allocate_for_block(key); });
        return id != kNoCell ? id : insert_in_overflow(key, hash);
    }

    /// Keeps the cells interned since the last call that became present, and forgets the others.
    /// One thread, at the end of a block.
    void commit_new_keys() {
        const bool keeps_absent = cold_ && !cold_->failed();
        for (std::size_t i = 0; i < interned_.size(); ++i) {
            if (i + kCommitAhead < interned_.size()) {
                prefetch_cell(interned_[i + kCommitAhead]);
            }
            const CellId id = interned_[i];
            if (cell(id).present || keeps_absent) {
                count_indexed(id);
            } else {
                static_cast<void>(erase_from_index(id));
                free(id);
            }
        }
        interned_.clear();
        index_.make_room(indexed_);
        overflow_.for_each([&](const Key& key, CellId id) {
            if (cell(id).present || keeps_absent) {
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
            id = take_cell(key);
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
    /// block. Over a backing store they stay: it may still have what they were.
    void forget(CellId id) {
        if (cell(id).present || cold_) {
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

    /// REQUIRED of an executor before each block.
    void begin_block() {
        release_keys();
        if (cold_) {
            commit_new_keys();  // what was loaded between blocks, and by serial ones
            cold_->begin_block();
        }
    }
    /// Frees the bytes of keys whose cells are in use no more; between blocks.
    void release_keys() noexcept { released_.clear(); }

    /// Adds a worker's share to the state digest and the number of present cells.
    void fold(const StateSums<M>& change, std::int64_t present_change) noexcept {
        sums_ += change;
        present_ = static_cast<std::size_t>(static_cast<std::int64_t>(present_) + present_change);
    }

    /// The keys in order; only of machines that scan.
    [[nodiscard]] const KeyOrder<Key>& keys() const noexcept requires kScans<M> { return keys_; }

    /// Calls `visit(key, value)` for every present cell in memory, in key order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        std::vector<std::pair<const Key*, const Value*>> cells;
        cells.reserve(indexed_);
        for_each_unordered(
            [&](const Key& key, const Value& value) { cells.emplace_back(&key, &value); });
        std::sort(cells.begin(), cells.end(),
                  [](const auto& a, const auto& b) { return *a.first < *b.first; });
        for (const auto& [key, value] : cells) {
            visit(*key, *value);
        }
    }
    /// The same in no order that means anything, without the cost of sorting.
    template <class Visit>
    void for_each_unordered(Visit&& visit) const {
        index_.for_each([&](CellId id) {
            if (const Cell& at = cell(id); at.present) {
                visit(at.key, at.value);
            }
        });
    }

    /// The state digest computed from scratch; equals digest() [SS2] where all cells are in memory.
    [[nodiscard]] Digest recompute_digest() const { return recompute_sums().total(); }
    [[nodiscard]] StateSums<M> recompute_sums() const {
        StateSums<M> sums;
        ByteWriter scratch;
        for_each([&](const Key& key, const Value& value) {
            sums.add(key, cell_digest<M>(scratch, key, value));
        });
        return sums;
    }

  private:
    static constexpr std::size_t kCommitAhead = 8;
    [[nodiscard]] CellId find_resident(const Key& key, std::uint64_t hash) const {
        const CellId id = index_.find(hash, [&](CellId at) { return cell(at).key == key; });
        return id != kNoCell ? id : overflow_.find(key, hash);
    }
    [[nodiscard]] CellId load_one(const Key& key, std::uint64_t hash) const {
        load_cold(std::array{HashedKey<Key>{key, hash}});
        return find_resident(key, hash);
    }
    template <class HashedKeys>
    [[gnu::noinline]] void load_cold(const HashedKeys& keys) const {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): what is in memory is not the state
        auto* const self = const_cast<StateStore*>(this);
        self->cold_->load_many(
            keys,
            [self](const auto& key) { return self->find_resident(key.key, key.hash) != kNoCell; },
            [self](const auto& key, Loaded<Value>& answer) { self->admit(key, answer); });
    }
    /// The cell of a key that has none, with what the backing store has answered.
    void admit(const HashedKey<Key>& key, Loaded<Value>& answer) {
        const CellId id = allocate_for_block(key.key);
        Cell& fresh = cell(id);
        if (answer.load == Load::kFound) {
            ByteWriter scratch;
            fresh.value = std::move(answer.value);
            fresh.present = true;
            static_cast<void>(fresh.term(scratch));  // [SS4]
        }
        const auto never = [](CellId /*other*/) { return false; };  // ColdKeys asks once for a key
        if (index_.claim(key.hash, never, [id] { return id; }) == kNoCell) {
            static_cast<void>(overflow_.insert(fresh.key, key.hash, id, [] {}));
        }
    }
    bool erase_from_index(CellId id) { return index_.erase(M::hash(cell(id).key), id); }
    /// The cell of a key in the overflow, which has the key as the cell keeps it; if
    /// another worker was faster, that worker's cell.
    CellId insert_in_overflow(const Key& key, std::uint64_t hash) {
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
    CellId take_cell(const Key& key) {
        KeyBytes<Key> bytes;
        const Key kept = bytes.keep(key);
        const CellId id = cells_.take();
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
        cells_.give_back(id);
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
    std::mutex allocation_;  // guards cells_ and interned_; making a cell is one step for schedules
    CellPool<Cell> cells_;
    std::vector<KeyBytes<Key>> released_;  ///< of cells that were freed, where keys have any
    std::optional<ColdKeys<M>> cold_;      ///< over a backing store
    CellId eviction_ = 0;                  ///< the cell that goes next
};

}  // namespace lockstep
