#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "engine/base/append_list.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "engine/contract/step_budget.hpp"
#include "engine/in_place/cell_cache.hpp"

namespace lockstep {

/// The state as one transaction changes it in place: a journal undoes what does not last.
///
/// Role:    the view of InPlaceExecutor and of planned blocks. Answers are those of SerialView,
///          without its map.
/// Threads: one. `Cells` finds the cells of keys: CellCache where one thread has the store to
///          itself, PlannedCells where others change other cells, which stops the view at an
///          access that the plan does not cover.
/// Invariants
///   [IP1] cells that no change of the journal names have no position in the journal, so one look
///   at a cell
///         tells whether the transaction has changed it.
template <Machine M, class Sync, class CellsOf = CellCache<M, Sync>>
class InPlaceView {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Cells = CellsOf;
    using Cell = typename StateStore<M, Sync>::Cell;

    enum class Kind : std::uint8_t {
        kNone,
        kWrite,
        kErase,
        kAdd,
        kShared,  ///< an addition beside those of other transactions: the cell stays as it is
    };
    /// What a cell was before it was changed since the last savepoint, and how it has been changed.
    struct Change {
        Cell* cell = nullptr;
        std::uint32_t previous =
            kNoChange;  ///< the cell's position in the journal before, or the shared sum
        bool was_present = false;
        Kind kind = Kind::kNone;
        Int128 added = 0;  ///< sum of additions, when kind is kAdd; the one before, for kShared
        Value before{};

        /// Of the last change of a cell: whether it makes a difference.
        [[nodiscard]] bool adds() const noexcept { return kind == Kind::kAdd; }
        [[nodiscard]] bool remains() const noexcept { return !adds() || added != 0; }
    };
    struct Savepoint {
        std::size_t changes;
        std::size_t event_bytes;
    };

    InPlaceView(Cells& cells, const TxnLimits& limits) : cells_(cells), budget_(limits) {}

    // ---- what the machine calls (StateView) -----------------------------------------------------

    [[nodiscard]] [[gnu::always_inline]] const Value* read(const Key& key) {
        return budget_.step() ? look(key, Dependence::kValue) : nullptr;
    }
    [[nodiscard]] bool exists(const Key& key) {
        return budget_.step() && look(key, Dependence::kPredicate) != nullptr;
    }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        if (!budget_.step()) {
            return false;
        }
        if constexpr (Cells::kShared) {
            if (auto* const shared = cells_.shared_sum(key)) {
                cells_.record(key, Dependence::kPredicate);
                return cells_.ask_at_least(*shared, amount);
            }
        }
        const Value* value = look(key, Dependence::kPredicate);
        if constexpr (Cells::kShared) {
            if (stopped()) {
                return false;
            }
        }
        return (value != nullptr ? M::number(*value) : Int128{0}) >= amount;
    }
    void write(const Key& key, const Value& value) {
        if (Cell* const cell = budget_.step() ? to_change(key) : nullptr) {
            opened(*cell, change_of(*cell)).kind = Kind::kWrite;
            cell->value = value;
            cell->present = true;
        }
    }
    void erase(const Key& key) {
        if (Cell* const cell = budget_.step() ? to_change(key) : nullptr) {
            opened(*cell, change_of(*cell)).kind = Kind::kErase;
            cell->value = Value{};
            cell->present = false;
        }
    }
    [[nodiscard]] Value* change(const Key& key) {
        Cell* const cell = budget_.step() ? to_change(key) : nullptr;
        if (cell == nullptr) {
            return nullptr;
        }
        Change* const own = change_of(*cell);
        if constexpr (Cells::kShared) {
            record_unless_hidden(key, own, Dependence::kValue);
        }
        if (!cell->present) {
            return nullptr;
        }
        opened(*cell, own).kind = Kind::kWrite;
        return &cell->value;
    }
    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        if (!budget_.step()) {
            return false;
        }
        if constexpr (Cells::kShared) {
            if (auto* const shared = cells_.shared_sum(key)) {
                cells_.record(key, Dependence::kPredicate);
                return add_shared(*shared, amount, bounds);
            }
        }
        Cell* const found = to_change(key);
        if (found == nullptr) {
            return false;
        }
        Cell& cell = *found;
        Change* own = change_of(cell);
        if constexpr (Cells::kShared) {
            record_unless_hidden(key, own, Dependence::kPredicate);
        }
        Int128 sum = 0;
        if (__builtin_add_overflow(cell.number(), amount, &sum) || !bounds.contain(sum)) {
            return false;
        }
        Int128 added = amount;
        if (own != nullptr && own->kind == Kind::kAdd &&
            __builtin_add_overflow(own->added, amount, &added)) {
            return false;
        }
        if (amount == 0) {
            return true;
        }
        Change& change = opened(cell, own);
        if (!cell.present) {
            cell.value = Value{};
            cell.present = true;
        }
        M::set_number(cell.value, sum);
        if (change.kind == Kind::kNone || change.kind == Kind::kAdd) {
            change.kind = Kind::kAdd;
            change.added = added;
        } else {
            change.kind = Kind::kWrite;
        }
        return true;
    }
    /// See kScans.
    template <class Visit>
    std::size_t scan(const Key& from, const Key& to, std::size_t limit,
                     Visit&& visit) requires kScans<M> {
        if (!budget_.step() || limit == 0 || !(from < to)) {
            return 0;
        }
        if constexpr (Cells::kShared) {
            cells_.stop();  // no range can be declared
            halt_if_stopped();
            return 0;
        } else {
            return scan_cells(from, to, limit, visit);
        }
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) {
        if (budget_.step()) {
            events_.append(type, bytes);
        }
    }
    [[nodiscard]] Savepoint savepoint() {
        floor_ = changes_.size();
        return {changes_.size(), events_.size()};
    }
    void rollback(const Savepoint& savepoint) {
        const std::span<Change> changes = changes_.items();
        for (std::size_t i = changes.size(); i > savepoint.changes; --i) {
            Change& change = changes[i - 1];
            if constexpr (Cells::kShared) {
                if (change.kind == Kind::kShared) {
                    cells_.shared_sums()[change.previous].delta = change.added;
                    continue;
                }
            }
            Cell& cell = *change.cell;
            cell.value = std::move(change.before);
            cell.present = change.was_present;
            cell.journal = change.previous;
        }
        changes_.truncate(savepoint.changes);
        floor_ = changes_.size();
        events_.truncate(savepoint.event_bytes);
    }
    [[nodiscard]] bool consume(std::uint64_t steps) { return budget_.charge(steps); }
    [[nodiscard]] bool stopped() const noexcept { return budget_.stopped(); }
    template <class Enumerate>
    void prefetch(Enumerate&& enumerate) {
        cells_.prefetch(enumerate);
    }

    // ---- what the executor asks afterwards ------------------------------------------------------

    /// In the order in which they were made; the last one of a cell, where its position in the
    /// journal is, says how it has been changed, the first one what it was before.
    [[nodiscard]] std::span<Change> changes() noexcept { return changes_.items(); }
    [[nodiscard]] const EventLog& events() const noexcept { return events_; }
    [[nodiscard]] bool over_budget() const noexcept { return budget_.exceeded(); }
    [[nodiscard]] Cells& cells() noexcept { return cells_; }
    /// Prepares for the next transaction; what was changed stays. REQUIRES: [IP1] has been
    /// restored.
    void reset() {
        changes_.clear();
        events_.clear();
        floor_ = 0;
        budget_.begin();
    }

  private:
    template <class Visit>
    std::size_t scan_cells(const Key& from, const Key& to, std::size_t limit, Visit&& visit) {
        typename KeyOrder<Key>::Walk walk(cells_.store().keys(), from);
        std::size_t visited = 0;
        for (auto item = walk.next(); item && item->key < to; item = walk.next()) {
            const Value* present = cells_.store().cell(item->cell).get();
            if (present == nullptr) {
                continue;
            }
            if (!budget_.step()) {
                break;
            }
            ++visited;
            if (!visit(item->key, *present) || visited == limit || stopped()) {
                break;
            }
            walk.look_again(item->key);
        }
        return visited;
    }
    [[nodiscard]] const Value* look(const Key& key, Dependence dependence) {
        const Value* value = cells_.read(key);
        if constexpr (Cells::kShared) {
            halt_if_stopped();
            if (cells_.records()) {
                const Cell* const own = cells_.own(key);
                record_unless_hidden(key, own != nullptr ? change_of(*own) : nullptr, dependence);
            }
        }
        return value;
    }
    /// A cell that the transaction itself has written answers from there.
    void record_unless_hidden(const Key& key, const Change* own, Dependence dependence) {
        if (own == nullptr || own->kind == Kind::kNone || own->kind == Kind::kAdd) {
            cells_.record(key, dependence);
        }
    }
    /// Null when that is not covered by the plan.
    [[nodiscard]] Cell* to_change(const Key& key) {
        Cell* cell = cells_.to_change(key);
        if constexpr (Cells::kShared) {
            halt_if_stopped();
        }
        return cell;
    }
    void halt_if_stopped() noexcept {
        if (cells_.stopped()) [[unlikely]] {
            budget_.halt();
        }
    }
    template <class Sum>
    [[nodiscard]] bool add_shared(Sum& shared, Int128 amount, const Bounds& bounds) {
        Int128 delta = 0;
        if (__builtin_add_overflow(shared.delta, amount, &delta)) {
            return false;
        }
        const bool fits = cells_.ask_fits(shared, delta, bounds);
        if (fits && amount != 0) {
            Change& change = changes_.append_any();
            change.cell = shared.cell;
            change.previous = cells_.position_of(shared);
            change.kind = Kind::kShared;
            change.added = std::exchange(shared.delta, delta);
        }
        return fits;
    }
    [[nodiscard]] Change* change_of(const Cell& cell) noexcept {
        return cell.journal == kNoChange ? nullptr : &changes_.items()[cell.journal];
    }
    /// The change of a cell since the last savepoint; `own` is what change_of says.
    Change& opened(Cell& cell, Change* own) {
        if (own != nullptr && cell.journal >= floor_) {
            return *own;
        }
        const Kind kind = own != nullptr ? own->kind : Kind::kNone;
        const Int128 added = own != nullptr ? own->added : Int128{0};
        Change& change = changes_.append_any();
        change.cell = &cell;
        change.previous =
            std::exchange(cell.journal, static_cast<std::uint32_t>(changes_.size() - 1));
        change.was_present = cell.present;
        change.kind = kind;
        change.added = added;
        change.before = cell.value;
        return change;
    }

    Cells& cells_;
    StepBudget budget_;
    EventLog events_;
    AppendList<Change> changes_;
    std::size_t floor_ = 0;  ///< changes before it belong to an outer savepoint
};

}  // namespace lockstep
