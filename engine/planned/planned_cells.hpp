#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/append_list.hpp"
#include "engine/base/arena.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/machine.hpp"
#include "engine/planned/planned_record.hpp"
#include "engine/state/state_store.hpp"

namespace lockstep {

/// Cells by key for a transaction of a planned block.
///
/// Role:    gives InPlaceView the cells that the transaction declared, which are its own while it
///          runs: as a whole for writes, with other readers for reads, with other adders for
///          additions. An access that the declaration does not cover stops the transaction, and
///          with it the plan.
/// Threads: one worker; the plan does not change meanwhile.
/// Invariants
///   [PC1] a cell changes only while the transaction runs that declared to write it.
template <Machine M, class Sync>
class PlannedCells {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Cell = typename StateStore<M, Sync>::Cell;
    using Entry = PlannedAccess<M, Sync>;
    using Sum = SharedSum<M, Sync>;

    static constexpr bool kShared = true;

    PlannedCells(const PlannedBlock<M, Sync>& plan, Arena& arena) : plan_(plan), arena_(arena) {}

    /// Before the first execution of a block.
    void prepare() noexcept { copies_.clear(); }
    /// For the next execution. `notes`: the access list of the transaction is wanted.
    void begin(TxnIndex txn, bool notes) noexcept {
        entries_ = plan_.txns[txn].accesses();
        places_ = plan_.txns[txn].places;
        last_ = 0;
        stopped_ = false;
        copies_used_ = 0;
        sums_.clear();
        notes_ = notes;
        touched_.assign(notes ? entries_.size() : 0, {});
    }

    // ---- what InPlaceView asks ------------------------------------------------------------------

    [[nodiscard]] const Value* read(const Key& key) {
        Entry* const entry = find(key);
        if (entry != nullptr && entry->is(Access::kWrite)) [[likely]] {
            return entry->cell->get();
        }
        if (entry == nullptr || entry->is(Access::kAdd)) [[unlikely]] {
            stop();
            return nullptr;
        }
        return is(entry->below, Access::kAdd) ? copy(*entry->cell) : entry->cell->get();
    }
    /// The cell of a key that was declared to be written.
    [[nodiscard]] Cell* to_change(const Key& key) {
        if (Entry* const entry = find(key); entry != nullptr && entry->is(Access::kWrite))
            [[likely]] {
            return entry->cell;
        }
        stop();
        return nullptr;
    }
    /// What the transaction adds to a cell that it declared to add to; null for any other.
    [[nodiscard]] Sum* shared_sum(const Key& key) {
        Entry* const entry = find(key);
        if (entry == nullptr || !entry->is(Access::kAdd)) {
            return nullptr;
        }
        for (Sum& sum : sums_.items()) {
            if (sum.cell == entry->cell) {
                return &sum;
            }
        }
        Sum& sum = sums_.append(Sum{});
        sum.cell = entry->cell;
        return &sum;
    }
    [[nodiscard]] std::span<Sum> shared_sums() noexcept { return sums_.items(); }
    [[nodiscard]] std::uint32_t place_of(const Sum& sum) noexcept {
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
    /// A hint that declared keys have no use for.
    template <class Name>
    void expect(Name&& /*name*/) const noexcept {}
    /// The transaction does what the plan does not cover.
    void stop() noexcept { stopped_ = true; }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    [[nodiscard]] bool notes() const noexcept { return notes_; }
    /// The cell that the transaction may change under a key; null when there is none.
    [[nodiscard]] const Cell* own(const Key& key) noexcept {
        const Entry* const entry = find(key);
        return entry != nullptr && entry->is(Access::kWrite) ? entry->cell : nullptr;
    }
    /// Notes what an answer depended on, where the access list is wanted.
    void note(const Key& key, Dependence dependence) {
        const Entry* const entry = notes_ ? find(key) : nullptr;
        if (entry != nullptr) {
            Dependence& known = touched_[place_of(*entry)].dependence;
            known = std::max(known, dependence);
        }
    }

    // ---- what the executor asks afterwards ------------------------------------------------------

    /// Completes the notes; `effect_of(cell)` tells how the transaction has changed a cell.
    template <class EffectOf>
    void note_effects(EffectOf&& effect_of) {
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (entries_[i].is(Access::kWrite)) {
                touched_[i].effect = effect_of(*entries_[i].cell);
            }
        }
        for (const Sum& sum : sums_.items()) {
            if (sum.delta != 0) {
                touched_[place_of(*find(sum.cell->key))].effect = Effect::kAdd;
            }
        }
    }
    /// Whether the transaction touched what the list that the plan was made from says of it. The
    /// list may be wrong in any way: declared accesses are then fewer than listed.
    [[nodiscard]] bool touched_as(std::span<const CellAccess<Key>> listed) const noexcept {
        return std::equal(touched_.begin(), touched_.end(), listed.begin(), listed.end(),
                          [](const Touched& touched, const CellAccess<Key>& access) {
                              return touched.dependence == access.dependence &&
                                     touched.effect == access.effect && touched.at_all();
                          });
    }
    /// What was noted, in no order.
    [[nodiscard]] std::vector<CellAccess<Key>>& noted() {
        noted_.clear();
        for (std::size_t i = 0; i < touched_.size(); ++i) {
            if (touched_[i].at_all()) {
                noted_.push_back({.key = entries_[i].cell->key,
                                  .dependence = touched_[i].dependence,
                                  .effect = touched_[i].effect});
            }
        }
        return noted_;
    }

  private:
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
    /// The access that declared a key. Mostly the same as before, or the next one.
    [[nodiscard]] Entry* find(const Key& key) noexcept {
        if (last_ < entries_.size()) [[likely]] {
            if (Entry& entry = entries_[last_]; entry.cell->key == key) {
                return &entry;
            }
            const std::size_t next = last_ + 1 < entries_.size() ? last_ + 1 : 0;
            if (Entry& entry = entries_[next]; entry.cell->key == key) {
                last_ = next;
                return &entry;
            }
        }
        Entry* const found = search(key);
        if (found != nullptr) {
            last_ = place_of(*found);
        }
        return found;
    }
    [[nodiscard]] std::size_t place_of(const Entry& entry) const noexcept {
        return static_cast<std::size_t>(&entry - entries_.data());
    }
    [[nodiscard]] [[gnu::noinline]] Entry* search(const Key& key) noexcept {
        const auto fits = [&](std::size_t place) { return entries_[place].cell->key == key; };
        std::size_t place = 0;
        if (places_.empty()) {
            while (place < entries_.size() && !fits(place)) {
                ++place;
            }
        } else {
            place = places_.find(entries_.size(), M::hash(key), fits);
        }
        return place < entries_.size() ? &entries_[place] : nullptr;
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

    const PlannedBlock<M, Sync>& plan_;
    Arena& arena_;
    std::span<Entry> entries_;
    std::size_t last_ = 0;  ///< access used last
    HashPositions places_;  ///< of the declared accesses
    bool stopped_ = false;
    AppendList<Copy*> copies_;     ///< in the arena, since the machine keeps pointers to values
    std::size_t copies_used_ = 0;  ///< by the execution
    AppendList<Sum> sums_;
    bool notes_ = false;
    std::vector<Touched> touched_;  ///< where it notes: of each declared access
    std::vector<CellAccess<Key>> noted_;
};

}  // namespace lockstep
