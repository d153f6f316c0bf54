#pragma once

#include <tbb/concurrent_hash_map.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <mutex>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/check.hpp"
#include "engine/base/huge_pages.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/key_bytes.hpp"
#include "engine/state/key_order.hpp"
#include "engine/state/state_sums.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// Dense number of a cell, stable as long as the cell is present. Never reaches any output.
using CellId = std::uint32_t;
inline constexpr CellId kNoCell = std::numeric_limits<CellId>::max();
/// Position in its journal of a cell that no transaction has changed.
inline constexpr std::uint32_t kNoChange = std::numeric_limits<std::uint32_t>::max();

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

    struct alignas(kCacheLineSize) Cell {
        VersionSlot<Value, Sync> slot;
        // settled: number of the last block that settled this cell.  writers: claim_install
        // readers: same
        //   publish: nothing; the exchange elects one worker, phases order the rest.
        //   layout:  in the cell, which the winner writes anyway.
        typename Sync::template Atomic<std::uint32_t> settled{0};
        bool present = false;
        /// Of InPlaceView: the cell's position in its journal while a transaction has changed it.
        std::uint32_t journal = kNoChange;
        /// Of planned blocks: number of the last one that declared this cell, and the newest access
        /// that it has linked; see Plan.
        std::uint32_t planned_in = 0;
        std::uint32_t newest_access = 0;
        /// Whether `digest` is that of the present value; between blocks it is [SS4].
        bool digested = false;
        Digest digest;
        Key key{};
        [[no_unique_address]] KeyBytes<Key> key_bytes;  ///< what `key` points to
        Value value{};

        [[nodiscard]] const Value* get() const noexcept { return present ? &value : nullptr; }
        /// The numeric reading; an absent cell counts as 0.
        [[nodiscard]] Int128 number() const { return present ? M::number(value) : Int128{0}; }
        /// Makes the cell present with `amount` more; wraps, the caller has checked.
        void add(Int128 amount) {
            if (!present) {
                value = Value{};
                present = true;
            }
            M::set_number(value, wrapping_add(M::number(value), amount));
            digested = false;
        }
        /// The term of a present cell in the state sum, computed where it is not known.
        [[nodiscard]] const Digest& term(ByteWriter& scratch) {
            if (!digested) {
                digest = cell_digest<M>(scratch, key, value);
                digested = true;
            }
            return digest;
        }
        /// True for exactly one caller per block number.
        [[nodiscard]] bool claim_install(std::uint32_t block_number) noexcept {
            // relaxed: an election among workers; the data is ordered by the end of execution.
            return settled.exchange(block_number, std::memory_order_relaxed) != block_number;
        }
    };

    StateStore() : index_(kInitialIndexSize) {}
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
        const std::uint32_t tag = tag_of(hash);
        const std::size_t mask = index_.size() - 1;
        for (std::size_t at = home_of(tag, mask), last = at + mask; at <= last; ++at) {
            const IndexEntry entry = load(index_[at & mask]);
            if (entry.cell == kNoCell) {
                break;
            }
            if (entry.tag == tag && cell(entry.cell).key == key) {
                return entry.cell;
            }
        }
        return kNoCell;
    }
    /// The same, but also of keys that this block met first and that found no room in the index.
    [[nodiscard]] CellId find_in_block(const Key& key, std::uint64_t hash) const {
        const CellId id = find(key, hash);
        if (id != kNoCell || overflow_.empty()) {
            return id;
        }
        typename Overflow::const_accessor entry;
        return overflow_.find(entry, key) ? entry->second : kNoCell;
    }
    /// The cell that `find` would look at first, without touching it; kNoCell when there is none.
    [[nodiscard]] CellId candidate(const Key& key) const noexcept {
        return candidate_of(M::hash(key));
    }
    /// The same by the key's hash.
    [[nodiscard]] [[gnu::always_inline]] CellId candidate_of(std::uint64_t hash) const noexcept {
        const std::uint32_t tag = tag_of(hash);
        const std::size_t mask = index_.size() - 1;
        const std::size_t at = home_of(tag, mask);
        // Which of the first two it is depends on chance: chosen without a branch.
        const IndexEntry home = load(index_[at]);
        const IndexEntry other = load(index_[(at + 1) & mask]);
        const std::uint32_t take_home = 0U - static_cast<std::uint32_t>(home.tag == tag);
        const IndexEntry likely{(home.tag & take_home) | (other.tag & ~take_home),
                                (home.cell & take_home) | (other.cell & ~take_home)};
        if (likely.tag == tag) [[likely]] {
            return likely.cell;
        }
        if (home.cell == kNoCell || other.cell == kNoCell) {
            return kNoCell;
        }
        for (std::size_t i = 2; i <= mask; ++i) {
            const IndexEntry entry = load(index_[(at + i) & mask]);
            if (entry.cell == kNoCell || entry.tag == tag) {
                return entry.cell;
            }
        }
        return kNoCell;
    }
    /// Starts fetching the index entry of a key.
    void prefetch_index(const Key& key) const noexcept { prefetch_index_of(M::hash(key)); }
    /// The same by the key's hash.
    void prefetch_index_of(std::uint64_t hash) const noexcept {
        prefetch_lines<Prefetch::kToRead>(&index_[home_of(tag_of(hash), index_.size() - 1)], 1);
    }
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
        const CellId id = kScans<M> ? kNoCell : insert_in_window(key, tag_of(hash));
        return id != kNoCell ? id : insert_in_overflow(key);
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
                static_cast<void>(erase_entry(id));
                free(id);
            }
        }
        interned_.clear();
        make_room();
        for (const auto& [key, id] : overflow_) {  // tidy: allow(hash_order) ids reach no output
            if (cell(id).present) {
                insert_entry({tag_of(M::hash(key)), id});
            }
        }
        overflow_.clear();
        if constexpr (kScans<M>) {
            keys_.clear_fresh();
        }
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
            insert_entry({tag_of(M::hash(key)), id});
            count_indexed(id);
            make_room();
        } else {
            put(id, value);
            if (value == nullptr) {
                forget(id);
            }
        }
    }

    /// Removes cells that became absent from the index; after commit_new_keys, at the end of a
    /// block.
    void forget(CellId id) {
        if (cell(id).present) {
            return;
        }
        if (erase_entry(id)) {
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
        for (const IndexWord& word : index_) {
            if (const IndexEntry entry = load(word); entry.cell != kNoCell) {
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
    struct IndexEntry {
        std::uint32_t tag = 0;
        CellId cell = kNoCell;
    };
    /// An IndexEntry in one word. Within a block words only turn from empty to taken.
    struct IndexWord {
        // word: see pack.   writers: insert_in_window (CAS), one thread between blocks
        //   readers: find.
        //   publish: the release CAS -> load's acquire: key of the cell.
        //   weaker?  no: find compares the key without a lock.
        //   layout:  eight to a line. Not of the Sync policy: interning is one step for schedules.
        std::atomic<std::uint64_t> word{kNoWord};
    };
    using Index = std::vector<IndexWord, HugePageAllocator<IndexWord>>;
    using Cells = std::vector<Cell, HugePageAllocator<Cell>>;
    struct HashCompare {
        static std::size_t hash(const Key& key) noexcept { return M::hash(key); }
        static bool equal(const Key& a, const Key& b) noexcept { return a == b; }
    };
    // tidy: allow(banned) its order decides cell numbers only, which reach no output
    using Overflow = tbb::concurrent_hash_map<Key, CellId, HashCompare>;

    static constexpr std::size_t kInitialIndexSize = 64;
    static constexpr std::size_t kWindow = 32;  ///< entries from its home on where a new key may go
    static constexpr std::size_t kCommitAhead = 8;
    static constexpr std::uint64_t kNoWord = kNoCell;  ///< tag 0, no cell
    /// A cell's number is its id and this, a power of two.
    static constexpr CellId kFirstNumber = 64;

    static std::uint32_t tag_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }
    /// Follows from the tag, so that the index grows without a look at the cells.
    static std::size_t home_of(std::uint32_t tag, std::size_t mask) noexcept { return tag & mask; }

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

    [[nodiscard]] static IndexEntry load(const IndexWord& at) noexcept {
        // acquire: pairs with insert_in_window.
        return unpack(at.word.load(std::memory_order_acquire));
    }
    static void store(IndexWord& at, const IndexEntry& entry) noexcept {
        // relaxed: one thread, between blocks.
        at.word.store(pack(entry), std::memory_order_relaxed);
    }
    [[nodiscard]] static IndexEntry unpack(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word >> 32), static_cast<CellId>(word)};
    }
    [[nodiscard]] static std::uint64_t pack(const IndexEntry& entry) noexcept {
        return std::uint64_t{entry.tag} << 32 | entry.cell;
    }

    /// The cell of a key that find does not know, put into its window of the index; if another
    /// worker was faster, that worker's cell. kNoCell when the window is full: it then stays so
    /// until the end of the block, and all use the overflow.
    CellId insert_in_window(const Key& key, std::uint32_t tag) {
        const std::size_t mask = index_.size() - 1;
        CellId made = kNoCell;
        for (std::size_t i = 0; i < kWindow; ++i) {
            IndexWord& at = index_[(home_of(tag, mask) + i) & mask];
            IndexEntry seen = load(at);
            if (seen.cell == kNoCell) {
                made = made != kNoCell ? made : allocate_for_block(key);
                std::uint64_t word = kNoWord;
                // release: publishes the cell's key to load. acquire: another worker's.
                if (at.word.compare_exchange_strong(word, pack({tag, made}),
                                                    std::memory_order_release,
                                                    std::memory_order_acquire)) {
                    return made;
                }
                seen = unpack(word);
            }
            if (seen.tag == tag && cell(seen.cell).key == key) {
                return seen.cell;
            }
        }
        return kNoCell;
    }
    /// The cell of a key in the overflow, which has the key as the cell keeps it; if
    /// another worker was faster, that worker's cell.
    CellId insert_in_overflow(const Key& key) {
        if (typename Overflow::const_accessor known; overflow_.find(known, key)) {
            return known->second;
        }
        const CellId made = allocate_for_block(key);
        typename Overflow::accessor entry;
        if (overflow_.insert(entry, cell(made).key)) {
            entry->second = made;
            if constexpr (kScans<M>) {
                keys_.insert_fresh(cell(made).key, made);
            }
        }
        return entry->second;
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
        target.value = value != nullptr ? *value : Value{};
        target.digested = false;
        if (target.present) {
            sums_.add(target.key, target.term(scratch_));
            ++present_;
        }
    }

    void count_indexed(CellId id) {
        ++indexed_;
        if constexpr (kScans<M>) {
            keys_.insert(cell(id).key, id);
        }
    }
    /// Doubles the index until at most two in five entries are taken.
    void make_room() {
        while (indexed_ * 5 > index_.size() * 2) {
            Index old(index_.size() * 2);
            old.swap(index_);
            for (const IndexWord& word : old) {
                if (const IndexEntry entry = load(word); entry.cell != kNoCell) {
                    insert_entry(entry);
                }
            }
        }
    }
    void insert_entry(const IndexEntry& entry) {
        const std::size_t mask = index_.size() - 1;
        std::size_t at = home_of(entry.tag, mask);
        for (std::size_t steps = 0; load(index_[at]).cell != kNoCell; ++steps) {
            LOCKSTEP_CHECK(steps < mask);
            at = (at + 1) & mask;
        }
        store(index_[at], entry);
    }
    /// Linear probing without tombstones: later entries of the run move into the hole.
    bool erase_entry(CellId id) {
        const std::size_t mask = index_.size() - 1;
        std::size_t hole = home_of(tag_of(M::hash(cell(id).key)), mask);
        for (std::size_t steps = 0; load(index_[hole]).cell != id; ++steps) {
            if (load(index_[hole]).cell == kNoCell || steps == mask) {
                return false;
            }
            hole = (hole + 1) & mask;
        }
        std::size_t at = hole;
        for (std::size_t steps = 0; steps < mask; ++steps) {
            at = (at + 1) & mask;
            const IndexEntry entry = load(index_[at]);
            if (entry.cell == kNoCell) {
                break;
            }
            if (((at - home_of(entry.tag, mask)) & mask) >= ((at - hole) & mask)) {
                store(index_[hole], entry);
                hole = at;
            }
        }
        store(index_[hole], {});
        return true;
    }

    Index index_;  ///< power of two, load at most 2/5
    std::size_t indexed_ = 0;
    std::size_t present_ = 0;
    std::uint32_t block_number_ = 0;
    StateSums<M> sums_;
    ByteWriter scratch_;

    std::vector<CellId> interned_;  ///< cells made in this block; some for keys that got another
    Overflow overflow_;  ///< keys that this block met first, and that are not in the index
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
