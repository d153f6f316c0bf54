#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/machine.hpp"
#include "engine/state_store.hpp"

namespace lockstep {

/// Cells by key for one thread that executes a block: a table of cells met lately, in front of the
/// store.
///
/// Role:    one look answers most accesses of InPlaceView, where the store takes two that depend on
///          each other (index entry, cell). Keys to come are fetched ahead: `expect` the keys of a
///          group, `fetch` their cells a group later.
/// Threads: one; nobody else uses the store meanwhile.
/// Invariants
///   [NC1] a slot answers only when its cell is present under the key that is asked for. A present
///         cell is in use, and a key has one cell in use, so slots outlive blocks, although cells
///         are freed and given to other keys between and by others.
///   [NC2] absent cells are remembered within the block that interned them only.
/// Cost:    one hash, one slot of 8 bytes and the cell per access; at most kSlotsMax slots.
template <Machine M, class Sync>
class NearCells {
  public:
    using Key = typename M::Key;
    using Store = StateStore<M, Sync>;
    using Cell = typename Store::Cell;

    explicit NearCells(Store& store) : store_(store) {}
    NearCells(const NearCells&) = delete;
    NearCells& operator=(const NearCells&) = delete;

    /// REQUIRED before each block.
    void begin_block() {
        expected_.clear();
        absent_.fill(&nobody_);
        const std::size_t wanted = std::bit_ceil(store_.size()) * kSlotsPerCell;
        const std::size_t size = std::clamp(wanted, kSlotsMin, kSlotsMax);
        if (size > slots_.size()) {
            slots_.assign(size, &nobody_);
            first_slot_ = slots_.data();
            mask_ = size - 1;
        }
        slots_know_ = wanted <= slots_.size();
    }
    /// The cell of a key, made absent when there is none.
    [[nodiscard]] Cell& at(const Key& key) {
        const std::uint64_t hash = M::hash(key);
        Cell* const known = slot_of(hash);
        return known->key == key && known->present ? *known : look_up(key, hash);
    }
    /// Announces a key. Where most cells have a slot of their own, its cell is on its way, else its
    /// place in the index is.
    [[gnu::always_inline]] void expect(const Key& key) {
        const std::uint64_t hash = M::hash(key);
        if (slots_know_) {
            prefetch_lines<Prefetch::kToWrite>(slot_of(hash), sizeof(Cell));
        } else {
            store_.prefetch_index_of(hash);
            expected_.push_back(hash);
        }
    }
    /// Starts fetching the cells of keys that are going to be read at once.
    void prefetch(std::span<const Key> keys) {
        if (!slots_know_) {
            store_.prefetch(keys);
            return;
        }
        for (const Key& key : keys) {
            prefetch_lines<Prefetch::kToRead>(slot_of(M::hash(key)), sizeof(Cell));
        }
    }
    /// Starts fetching the cells of all keys announced since the last call.
    void fetch() {
        for (const std::uint64_t hash : expected_) {
            if (const CellId id = store_.candidate_of(hash); id != kNoCell) {
                Cell& cell = store_.cell(id);
                prefetch_lines<Prefetch::kToWrite>(&cell, sizeof(Cell));
                slot_of(hash) = &cell;
            }
        }
        expected_.clear();
    }

    [[nodiscard]] Store& store() noexcept { return store_; }

  private:
    static constexpr std::size_t kSlotsPerCell = 8;
    static constexpr std::size_t kSlotsMin = std::size_t{1} << 10;
    static constexpr std::size_t kSlotsMax = std::size_t{1} << 15;
    static constexpr std::size_t kAbsentSlots = 256;

    [[nodiscard]] Cell*& slot_of(std::uint64_t hash) noexcept {
        return first_slot_[static_cast<std::size_t>(hash) & mask_];
    }
    [[gnu::noinline]] Cell& look_up(const Key& key, std::uint64_t hash) {
        Cell*& absent = absent_[static_cast<std::size_t>(hash) % kAbsentSlots];
        if (absent != &nobody_ && absent->key == key) {
            if (absent->present) {
                slot_of(hash) = absent;
            }
            return *absent;
        }
        Cell& cell = store_.cell(store_.intern(key, hash));
        if (cell.present) {
            slot_of(hash) = &cell;
        } else {
            absent = &cell;
        }
        return cell;
    }

    Store& store_;
    bool slots_know_ = false;  ///< cells are few against slots, which then know most of them
    std::vector<std::uint64_t> expected_;  ///< hashes of announced keys
    std::vector<Cell*> slots_;             ///< power of two
    Cell** first_slot_ = nullptr;
    std::size_t mask_ = 0;
    std::array<Cell*, kAbsentSlots> absent_{};
    Cell nobody_;  ///< absent; in empty slots, so that they need no test of their own
};

}  // namespace lockstep
