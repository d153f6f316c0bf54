#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/tagged_pointer.hpp"
#include "engine/contract/machine.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// Cells by key for one thread that executes a block, in front of the store.
///
/// Role:    gives InPlaceView cells without a search where it can. Keys to come are fetched ahead,
///          in groups of transactions: `prefetch_next` the keys of one after the other, `advance` a
///          group later; who uses them in that order finds its cells at hand. In a small state a
///          table of cells met lately answers most of the rest with one look, where the store takes
///          two that depend on each other (index entry, cell).
/// Threads: one, which has the store to itself.
/// Invariants
///   [NC1] a cell remembered for a key answers only when it is present under that key. A present
///         cell is in use, and a key has one cell in use, so slots outlive blocks, although cells
///         are freed and given to other keys between and by others.
/// Cost:    a comparison per access of a declared key in its order; else one hash and two slots
///          of 8 bytes, side by side, of which a few bits of the hash choose one. In a large state
///          slots would cost a miss each time that they hold another key's cell, so there are few
///          of them, with hashes, for hot keys; the rest is searched.
template <Machine M, class Sync>
class CellCache {
  public:
    using Key = typename M::Key;
    using Store = StateStore<M, Sync>;
    using Cell = typename Store::Cell;

    static constexpr std::size_t kGroup = 8;  ///< transactions that are fetched together

    explicit CellCache(Store& store) : store_(store) {
        hot_.fill({0, &absent_});
        recent_.fill(&absent_);
    }
    CellCache(const CellCache&) = delete;
    CellCache& operator=(const CellCache&) = delete;

    /// REQUIRED before each block.
    void begin_block() {
        for (Group& group : groups_) {
            group.transactions = 0;
        }
        coming_ = 0;
        first_declared_ = nullptr;
        prefetched_.clear();
        const std::size_t wanted = std::bit_ceil(store_.resident()) * kSlotsPerCell;
        const std::size_t size = std::clamp(wanted, kSlotsMin, kSlotsMax);
        if (size > slots_.size()) {
            slots_.assign(size, Slot(&absent_, 0));
            first_slot_ = slots_.data();
            mask_ = size - 1;
        }
        slots_know_ = wanted <= slots_.size();
    }
    /// One thread has the store to itself: every key may be used, no sum is shared.
    static constexpr bool kShared = false;
    [[nodiscard]] const typename M::Value* read(const Key& key) {
        const Cell* const cell = at<Missing::kNone>(key);
        return cell != nullptr ? cell->get() : nullptr;
    }
    /// The cell of a key, made absent when there is none.
    [[nodiscard]] Cell* to_change(const Key& key) { return at<Missing::kMade>(key); }

    /// Takes the keys of the next transaction to come: `declare(sink)` gives them to a sink.
    /// Where most cells have a slot of their own, a cell is on its way then, else its place in the
    /// index is. REQUIRES: at most kGroup calls between two of advance.
    template <class Declare>
    void prefetch_next(Declare&& declare) {
        Group& group = groups_[filling_];
        Likely* next = group.cells.data() + group.size();
        Likely* const end = group.cells.data() + group.cells.size();
        try {
            declare([this, &next, end](const Key& key) {
                if (next != end) {
                    *next++ = likely<Prefetch::kToWrite>(key);
                }
            });
        } catch (const std::bad_alloc&) {
            throw;
        } catch (...) {  // a hint that cannot be had changes speed only
        }
        group.ends[group.transactions++] = static_cast<std::uint32_t>(next - group.cells.data());
    }
    /// The group declared last is fetched, the one before comes up, the next can be filled.
    void advance() {
        fetch<Prefetch::kToWrite>(groups_[filling_].declared());
        filling_ = (filling_ + 1) % groups_.size();
        groups_[filling_].transactions = 0;
        coming_ = 0;
    }
    /// The next transaction of the group that has come up is going to run.
    void begin_transaction() noexcept {
        Group& group = groups_[(filling_ + 1) % groups_.size()];
        const std::uint32_t begin = coming_ == 0 ? 0 : group.ends[coming_ - 1];
        const std::uint32_t end = coming_ < group.transactions ? group.ends[coming_++] : begin;
        first_declared_ = next_declared_ = begin == end ? nullptr : group.cells.data() + begin;
        end_declared_ = group.cells.data() + end;
        prefetched_.clear();
    }
    /// Starts fetching the cells of keys that the running transaction is going to read at once, in
    /// this order; `enumerate(sink)` gives them to a sink.
    template <class Enumerate>
    void prefetch(Enumerate&& enumerate) {
        prefetched_.clear();
        next_prefetched_ = 0;
        enumerate([this](const Key& key) { prefetched_.append(likely<Prefetch::kToRead>(key)); });
        fetch<Prefetch::kToRead>(prefetched_.items());
    }
    [[nodiscard]] Store& store() noexcept { return store_; }

  private:
    /// What is done about a key that has no cell. A read makes none: it would have to be taken out
    /// of the index again.
    enum class Missing : std::uint8_t { kNone, kMade };

    static constexpr std::size_t kSlotsPerCell = 4;
    static constexpr std::size_t kSlotsMin = std::size_t{1} << 10;
    static constexpr std::size_t kSlotsMax = std::size_t{1} << 15;
    static constexpr std::size_t kHot = 512;
    static constexpr std::size_t kGroupKeys = kGroup * 32;
    static constexpr std::uintptr_t kTags = 64;
    static constexpr std::size_t kSkips = 4;  ///< keys that may be left out in a row

    using Slot = TaggedPointer<Cell, kTags>;
    /// A cell that is probably the one of a key.
    struct Likely {
        std::uint64_t hash = 0;  ///< of the key, where the cell is not known by other means
        Cell* cell = nullptr;
    };
    /// Keys of some transactions, one after the other.
    struct Group {
        std::array<Likely, kGroupKeys> cells;  ///< what is declared beyond them is not fetched
        std::array<std::uint32_t, kGroup> ends{};
        std::uint32_t transactions = 0;

        [[nodiscard]] std::uint32_t size() const noexcept {
            return transactions == 0 ? 0 : ends[transactions - 1];
        }
        [[nodiscard]] std::span<Likely> declared() noexcept {
            return std::span(cells).first(size());
        }
    };

    template <Prefetch kUse>
    [[nodiscard]] Likely likely(const Key& key) {
        const std::uint64_t hash = M::hash(key);
        if (slots_know_) {
            Cell* const cell = remembered(hash);
            prefetch_lines<kUse>(cell, sizeof(Cell));
            return {0, cell};
        }
        store_.prefetch_index_of(hash);
        return {hash, &absent_};
    }
    /// Looks up the cells of keys whose places in the index are on their way.
    template <Prefetch kUse>
    void fetch(std::span<Likely> keys) {
        if (slots_know_) {
            return;
        }
        for (Likely& key : keys) {
            if (const CellId id = store_.candidate_of(key.hash); id != kNoCell) {
                key.cell = &store_.cell(id);
                prefetch_lines<kUse>(key.cell, sizeof(Cell));
            }
        }
    }
    [[nodiscard]] static bool is(const Cell& cell, const Key& key) noexcept {
        return cell.key == key && cell.present;  // [NC1]
    }
    /// The cell of a key that comes next in the order of declaration, or begins that order again.
    /// REQUIRES: some are declared.
    [[nodiscard]] Cell* declared(const Key& key) noexcept {
        const Likely* at = next_declared_;
        if (!is(*at->cell, key)) {
            at = first_declared_;
            if (!is(*at->cell, key)) {
                return nullptr;
            }
        }
        next_declared_ = declared_after(at);
        return at->cell;
    }
    /// The place behind `at` in that order, which begins again at its end.
    [[nodiscard]] const Likely* declared_after(const Likely* at) const noexcept {
        return at + 1 == end_declared_ ? first_declared_ : at + 1;
    }
    /// The cell of a key that comes a little later in that order.
    [[nodiscard]] Cell* declared_later(const Key& key) noexcept {
        const Likely* at = next_declared_;
        for (std::size_t i = 0; i < kSkips; ++i) {
            at = declared_after(at);
            if (is(*at->cell, key)) {
                next_declared_ = declared_after(at);
                return at->cell;
            }
        }
        return nullptr;
    }
    /// The cell of a key that comes next of the expected ones, of which some may be left out.
    [[nodiscard]] Cell* prefetched(const Key& key) noexcept {
        const std::span<const Likely> all = prefetched_.items();
        const std::size_t last = std::min(next_prefetched_ + kSkips, all.size());
        for (std::size_t i = next_prefetched_; i < last; ++i) {
            if (is(*all[i].cell, key)) {
                next_prefetched_ = i + 1;
                return all[i].cell;
            }
        }
        return nullptr;
    }

    /// The cell that is probably the one of a key with this hash.
    [[nodiscard]] Cell* remembered(std::uint64_t hash) const noexcept {
        const std::size_t home = static_cast<std::size_t>(hash) & mask_;
        const Slot own = first_slot_[home];
        const Slot neighbour = first_slot_[home ^ 1];
        return (own.tag() == tag_of(hash) ? own : neighbour).get();
    }
    /// What was in the place of the key moves to the one beside it.
    void remember(std::uint64_t hash, Cell& cell) noexcept {
        const std::size_t home = static_cast<std::size_t>(hash) & mask_;
        if (const Slot old = first_slot_[home];
            old.get() != &absent_ && old.tag() != tag_of(hash)) {
            first_slot_[home ^ 1] = old;
        }
        first_slot_[home] = Slot(&cell, tag_of(hash));
    }
    [[nodiscard]] static std::uintptr_t tag_of(std::uint64_t hash) noexcept {
        return static_cast<std::uintptr_t>(hash >> (64 - std::bit_width(kTags - 1)));
    }
    [[nodiscard]] Likely& hot_of(std::uint64_t hash) noexcept {
        return hot_[static_cast<std::size_t>(hash) % kHot];
    }
    /// The cell of a key; null, or made absent, when there is none.
    template <Missing kMissing>
    [[nodiscard]] [[gnu::always_inline]] Cell* at(const Key& key) {
        if (first_declared_ != nullptr) [[likely]] {
            if (Cell* const cell = declared(key)) [[likely]] {
                return cell;
            }
        }
        return search(key, kMissing);
    }
    /// The same of a key that was not declared, or not in its order.
    [[nodiscard]] [[gnu::noinline]] Cell* search(const Key& key, Missing missing) {
        if (first_declared_ != nullptr) {
            if (Cell* const cell = declared_later(key)) {
                return cell;
            }
        }
        if (prefetched_.size() != 0) {
            if (Cell* const cell = prefetched(key)) {
                return cell;
            }
        }
        for (Cell* const cell : recent_) {
            if (is(*cell, key)) {
                return cell;
            }
        }
        Cell* const cell = search_by_hash(key, missing);
        if (cell != nullptr && cell->present) {
            recent_[newest_++ % recent_.size()] = cell;
        }
        return cell;
    }
    [[nodiscard]] Cell* search_by_hash(const Key& key, Missing missing) {
        const std::uint64_t hash = M::hash(key);
        if (slots_know_) {
            if (Cell* const cell = remembered(hash); is(*cell, key)) {
                return cell;
            }
        } else if (const Likely& hot = hot_of(hash); hot.hash == hash && is(*hot.cell, key)) {
            return hot.cell;
        }
        return look_up(key, hash, missing);
    }
    [[nodiscard]] [[gnu::noinline]] Cell* look_up(const Key& key, std::uint64_t hash,
                                                  Missing missing) {
        const CellId id =
            missing == Missing::kMade ? store_.intern(key, hash) : store_.find(key, hash);
        if (id == kNoCell) {
            return nullptr;
        }
        Cell& cell = store_.cell(id);
        if (cell.present) {
            if (slots_know_) {
                remember(hash, cell);
            } else {
                hot_of(hash) = {hash, &cell};
            }
        }
        return &cell;
    }

    Store& store_;
    bool slots_know_ = false;      ///< cells are few against slots, which then know most of them
    std::array<Group, 3> groups_;  ///< being filled, come up, being fetched, in a ring
    std::size_t filling_ = 0;
    std::uint32_t coming_ = 0;  ///< place in its group of the transaction that runs next
    const Likely* first_declared_ = nullptr;  ///< of the transaction that runs; null: none
    const Likely* end_declared_ = nullptr;
    const Likely* next_declared_ = nullptr;
    AppendList<Likely> prefetched_;  ///< by the transaction that runs
    std::size_t next_prefetched_ = 0;
    std::vector<Slot> slots_;  ///< power of two; a few bits of hashes beside cells
    Slot* first_slot_ = nullptr;
    std::size_t mask_ = 0;
    std::array<Likely, kHot> hot_;  ///< in a large state: cells met lately
    std::array<Cell*, 4> recent_;   ///< found by hash last: mostly about to be used again
    std::size_t newest_ = 0;
    Cell absent_;  ///< absent; in empty slots, so that they need no test of their own
};

}  // namespace lockstep
