#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/base/arena.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/machine.hpp"
#include "engine/in_place/in_place_commit.hpp"
#include "engine/planned/planned_record.hpp"
#include "engine/planned/unit_members.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/version.hpp"

namespace lockstep {

/// Cells by key for a transaction of a planned block.
///
/// Role:    gives InPlaceView the cells that the transaction declared, which are its own while it
///          runs: as a whole for writes, with other readers for reads, with other adders for
///          additions. A cell of a unit is used as the unit was declared. An access that the
///          declaration does not cover stops the transaction, and with it the plan.
/// Threads: one worker; the plan does not change meanwhile.
/// Invariants
///   [PC1] a cell changes only while the transaction runs that declared to write its unit.
///   [PC2] what was added to a cell of a unit is complete, and stays as it is, while a transaction
///         runs that declared to write or to read the unit: it waited until all adders below were
///         committed, and adders above wait for it. The sums of a cell whose unit was written
///         without a use of that cell stay beside it, below those of later adders.
/// Cost:    a comparison or two for a declared key in its order; see UnitMembers for others.
template <Machine M, class Sync>
class PlannedCells {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Store = StateStore<M, Sync>;
    using Cell = typename Store::Cell;
    using Entry = PlannedAccess<M, Sync>;
    using Sum = SharedSum<M, Sync>;
    using Commit = InPlaceCommit<M, Sync, PlannedCells>;

    static constexpr bool kShared = true;

    /// `added`: lists cells whose sums are made.
    PlannedCells(Store& store, const PlannedBlock<M, Sync>& plan, Arena& arena, Commit& commit,
                 AppendList<Cell*>& added)
        : store_(store), plan_(plan), arena_(arena), commit_(commit), added_(added) {}

    /// Before the first execution of a block.
    void prepare() noexcept { copies_.clear(); }
    /// For the next execution. `records`: the access list of the transaction is wanted.
    void begin(TxnIndex txn, bool records) noexcept {
        entries_ = plan_.txns[txn].accesses();
        positions_ = plan_.txns[txn].positions;
        last_ = 0;
        stopped_ = false;
        copies_used_ = 0;
        sums_.clear();
        if constexpr (kHasUnits<M>) {
            members_.clear();
            prefetched_.clear();
        }
        records_ = records;
        recorded_.clear();
        touched_.assign(records ? entries_.size() : 0, {});
    }

    // ---- what InPlaceView asks ------------------------------------------------------------------

    [[nodiscard]] const Value* read(const Key& key) {
        const Use use = find(key);
        if (use.declared_as(Access::kWrite)) [[likely]] {
            return use.get();
        }
        if (!use.declared_as(Access::kRead)) [[unlikely]] {
            stop();
            return nullptr;
        }
        if (use.is_member()) {
            return use.cell != nullptr && has_sum(*use.cell) ? copy(*use.cell) : use.get();
        }
        return is(use.entry->below, Access::kAdd) ? copy(*use.cell) : use.cell->get();
    }
    /// The cell of a key that was declared to be written.
    [[nodiscard]] Cell* to_change(const Key& key) {
        const Use use = find(key);
        if (use.declared_as(Access::kWrite)) [[likely]] {
            return made(key, use);
        }
        stop();
        return nullptr;
    }
    /// What the transaction adds to a cell that it declared to add to; null for any other.
    [[nodiscard]] Sum* shared_sum(const Key& key) {
        const Use use = find(key);
        if (!use.declared_as(Access::kAdd)) {
            return nullptr;
        }
        Cell* const cell = made(key, use);
        for (Sum& sum : sums_.items()) {
            if (sum.cell == cell) {
                return &sum;
            }
        }
        if (use.is_member()) {
            make_sum(*cell);
        }
        Sum& sum = sums_.append(Sum{});
        sum.cell = cell;
        return &sum;
    }
    [[nodiscard]] std::span<Sum> shared_sums() noexcept { return sums_.items(); }
    [[nodiscard]] std::uint32_t position_of(const Sum& sum) noexcept {
        return static_cast<std::uint32_t>(&sum - sums_.items().data());
    }
    /// Whether the committed number plus `delta` will lie in the bounds: a prediction.
    [[nodiscard]] static bool ask_fits(Sum& sum, Int128 delta, const Bounds& bounds) {
        // Without bounds nearly any sum fits: no need to ask for a hot line.
        const Int128 guess = bounds != Bounds{} ? guess_of(sum) : sum.cell->number();
        return sum.ask_fits(guess, delta, bounds);
    }
    [[nodiscard]] static bool ask_at_least(Sum& sum, Int128 amount) {
        return sum.ask_at_least(guess_of(sum), sum.delta, amount);
    }
    /// Fetches cells of units that the transaction is going to use.
    template <class Enumerate>
    void prefetch(Enumerate&& enumerate) {
        if constexpr (kHasUnits<M>) {
            prefetched_.clear();
            enumerate([this](const Key& key) {
                const std::uint64_t hash = M::hash(key);
                store_.prefetch_index_of(hash);
                prefetched_.append(hash);
            });
            for (const std::uint64_t hash : prefetched_.items()) {
                if (const CellId id = store_.candidate_of(hash); id != kNoCell) {
                    prefetch_lines<Prefetch::kToRead>(&store_.cell(id), sizeof(Cell));
                }
            }
        }
    }
    /// The transaction does what the plan does not cover.
    void stop() noexcept { stopped_ = true; }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    [[nodiscard]] bool records() const noexcept { return records_; }
    /// The cell that the transaction may change under a key; null when there is none.
    [[nodiscard]] const Cell* own(const Key& key) {
        const Use use = find(key);
        return use.declared_as(Access::kWrite) ? use.cell : nullptr;
    }
    /// Records what an answer depended on, where the access list is wanted.
    void record(const Key& key, Dependence dependence) {
        if (!records_) {
            return;
        }
        if (const Use use = find(key); use.entry != nullptr && !use.is_member()) {
            Dependence& known = touched_[position_of(*use.entry)].dependence;
            known = std::max(known, dependence);
        } else {
            recorded_.push_back({.key = key, .dependence = dependence});
        }
    }

    // ---- what the plan and the executor ask -----------------------------------------------------

    /// Makes room beside a cell for what is going to be added to it, once. Lists the cell first.
    void make_sum(Cell& cell) {
        const Additions<Value, Sync>* made = nullptr;
        const std::size_t listed = added_.size();
        const auto& sum = cell.slot.additions_or_make([&] {
            added_.append(&cell);
            auto* const fresh = arena_.template make<Additions<Value, Sync>>();
            made = fresh;
            return fresh;
        });
        if (&sum != made) {
            added_.truncate(listed);  // another worker was faster
        }
    }
    /// Puts what others added to a cell into it. REQUIRES: no other transaction uses the cell, and
    /// all that was added is committed.
    void fold_sum(Cell& cell) {
        if (has_sum(cell)) {
            // relaxed: has_sum acquired them.
            auto* additions = cell.slot.additions.load(std::memory_order_relaxed);
            commit_.keep_before(cell);
            cell.add(additions->sum);
            additions->restart();
        }
    }
    /// Records how the transaction has changed a cell. REQUIRES: the access list is wanted.
    void record_effect(const Cell& cell, Effect effect) {
        if (const Use use = find(cell.key); !use.is_member()) {
            touched_[position_of(*use.entry)].effect = effect;
        } else {
            recorded_.push_back({.key = cell.key, .effect = effect});
        }
    }
    /// Whether the transaction touched what the list that the plan was made from says of it. The
    /// list may be wrong in any way: declared accesses are then fewer than listed.
    [[nodiscard]] bool touched_as(std::span<const CellAccess<Key>> listed) const noexcept {
        if (!recorded_.empty() || touched_.size() != listed.size()) {
            return false;
        }
        for (std::size_t i = 0; i < listed.size(); ++i) {
            const bool same_key = !kHasUnits<M> || entries_[i].cell->key == listed[i].key;
            if (!same_key || !touched_[i].at_all() ||
                touched_[i].dependence != listed[i].dependence ||
                touched_[i].effect != listed[i].effect) {
                return false;
            }
        }
        return true;
    }
    /// What was recorded, in no order, and in several items where a cell was used in several ways.
    [[nodiscard]] std::vector<CellAccess<Key>>& recorded() {
        for (std::size_t i = 0; i < touched_.size(); ++i) {
            if (touched_[i].at_all()) {
                recorded_.push_back({.key = entries_[i].cell->key,
                                     .dependence = touched_[i].dependence,
                                     .effect = touched_[i].effect});
            }
        }
        return recorded_;
    }

  private:
    /// A key that may be used, its cell, and the access that says how.
    struct Use {
        Entry* entry = nullptr;  ///< null: it may not be used
        Cell* cell = nullptr;    ///< null: there is none yet, which happens in units only

        [[nodiscard]] bool declared_as(Access kind) const noexcept {
            return entry != nullptr && entry->is(kind);
        }
        /// Whether the cell is one of a unit with another key.
        [[nodiscard]] bool is_member() const noexcept {
            return kHasUnits<M> && entry != nullptr && cell != entry->cell;
        }
        [[nodiscard]] const Value* get() const noexcept {
            return kHasUnits<M> && cell == nullptr ? nullptr : cell->get();
        }
    };
    /// A cell as it was when it was read.
    struct Copy {
        const Cell* cell = nullptr;
        bool present = false;
        Value value{};

        [[nodiscard]] const Value* get() const noexcept { return present ? &value : nullptr; }
    };
    /// How the transaction has touched a cell that it declared.
    struct Touched {
        Dependence dependence = Dependence::kNone;
        Effect effect = Effect::kNone;

        [[nodiscard]] bool at_all() const noexcept {
            return dependence != Dependence::kNone || effect != Effect::kNone;
        }
    };

    /// The number that is probably committed below the transaction, without its own additions.
    [[nodiscard]] static Int128 guess_of(const Sum& sum) {
        // acquire: pairs with additions_or_make.
        const auto* additions = sum.cell->slot.additions.load(std::memory_order_acquire);
        return wrapping_add(sum.cell->number(), additions->sum_hint(nullptr));
    }
    /// Whether something was added to a cell that is not in it yet.
    [[nodiscard]] static bool has_sum(const Cell& cell) noexcept {
        // acquire: pairs with additions_or_make.
        const auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        return additions != nullptr && additions->applies_to(nullptr);
    }
    /// How a key may be used. Mostly the same as before, or the one that was declared next.
    [[nodiscard]] Use find(const Key& key) {
        if (last_ < entries_.size()) [[likely]] {
            if (Entry& entry = entries_[last_]; entry.cell->key == key) {
                return {&entry, entry.cell};
            }
            const std::size_t next = last_ + 1 < entries_.size() ? last_ + 1 : 0;
            if (Entry& entry = entries_[next]; entry.cell->key == key) {
                last_ = next;
                return {&entry, entry.cell};
            }
        }
        if constexpr (kHasUnits<M>) {
            return find_in_unit(key);
        } else {
            return declared(key);
        }
    }
    /// The same of a key that was declared.
    [[nodiscard]] Use declared(const Key& key) noexcept {
        Entry* const entry = search(key);
        if (entry == nullptr) {
            return {};
        }
        last_ = position_of(*entry);
        return {entry, entry->cell};
    }
    /// The same of a key that is perhaps not that of its unit.
    [[nodiscard]] [[gnu::noinline]] Use find_in_unit(const Key& key) {
        const Key unit = M::unit(key);
        if (unit == key) {
            return declared(key);
        }
        if (const Use* const met = members_.find(key)) {
            return *met;
        }
        Entry* const entry = search(unit);
        if (entry == nullptr) {
            return {};
        }
        const CellId id = store_.find(key, M::hash(key));
        return id == kNoCell ? Use{entry, nullptr} : remembered(*entry, store_.cell(id));
    }
    /// A cell of a unit that the transaction uses for the first time, as far as is remembered.
    Use remembered(Entry& entry, Cell& cell) {
        if (entry.is(Access::kWrite)) {
            fold_sum(cell);  // [PC2]
        }
        return members_.remember({&entry, &cell});
    }
    /// The cell of a use, which others can find from now on.
    [[nodiscard]] Cell* made(const Key& key, const Use& use) {
        if constexpr (kHasUnits<M>) {
            if (use.cell == nullptr) [[unlikely]] {
                return remembered(*use.entry, store_.cell(store_.intern(key))).cell;
            }
        }
        return use.cell;
    }
    [[nodiscard]] std::size_t position_of(const Entry& entry) const noexcept {
        return static_cast<std::size_t>(&entry - entries_.data());
    }
    [[nodiscard]] [[gnu::noinline]] Entry* search(const Key& key) noexcept {
        const auto fits = [&](std::size_t position) { return entries_[position].cell->key == key; };
        std::size_t position = 0;
        if (positions_.empty()) {
            while (position < entries_.size() && !fits(position)) {
                ++position;
            }
        } else {
            position = positions_.find(entries_.size(), M::hash(key), fits);
        }
        return position < entries_.size() ? &entries_[position] : nullptr;
    }
    /// The value with what was added to it in this block; stays as it is until the next begin.
    [[nodiscard]] [[gnu::noinline]] const Value* copy(const Cell& cell) {
        for (const Copy* const known : copies_.items().first(copies_used_)) {
            if (known->cell == &cell) {
                return known->get();
            }
        }
        if (copies_used_ == copies_.size()) {
            copies_.append(arena_.template make<Copy>());
        }
        Copy& fresh = *copies_.items()[copies_used_++];
        fresh.cell = &cell;
        fresh.present = cell.present;
        fresh.value = cell.value;
        // acquire: pairs with additions_or_make.
        const auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr && additions->applies_to(nullptr)) {
            fresh.present = true;
            M::set_number(fresh.value, wrapping_add(cell.number(), additions->sum));
        }
        return fresh.get();
    }

    Store& store_;
    const PlannedBlock<M, Sync>& plan_;
    Arena& arena_;
    Commit& commit_;
    AppendList<Cell*>& added_;
    std::span<Entry> entries_;
    std::size_t last_ = 0;     ///< access used last
    HashPositions positions_;  ///< of the declared accesses
    bool stopped_ = false;
    AppendList<Copy*> copies_;     ///< in the arena, since the machine keeps pointers to values
    std::size_t copies_used_ = 0;  ///< by the execution
    AppendList<Sum> sums_;
    // Of machines with units:
    UnitMembers<Key, Use> members_;
    AppendList<std::uint64_t> prefetched_;  ///< hashes of keys
    bool records_ = false;
    std::vector<Touched> touched_;           ///< where it records: of each declared access
    std::vector<CellAccess<Key>> recorded_;  ///< beside those
};

}  // namespace lockstep
