#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bench/baselines/access_log.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/step_budget.hpp"
#include "engine/state/key_order.hpp"

namespace lockstep::bench {

/// The state as one transaction of a baseline sees it: its own changes over what `Source` fetches.
///
/// Role:    answers the machine; writes are buffered in the log until the executor applies them.
/// Source:  fetch(LoggedCell&) copies the value below into the cell and returns true, or returns
///          false when this execution cannot go on; it is then doomed and answered with "absent".
///          store() is the state below. kScannable: scans may walk its keys; else refuse_scan() is
///          called and the execution doomed.
/// Threads: one worker.
template <Machine M, class Source>
class LogView {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Cell = LoggedCell<M>;

    struct Savepoint {
        std::size_t undo_size;
        std::size_t event_bytes;
    };

    LogView(Source& source, const TxnLimits& limits) : source_(source), budget_(limits) {}

    void begin(AccessLog<M>& log) {
        log_ = &log;
        log.clear();
        undo_.clear();
        logs_undo_ = false;
        budget_.begin();
    }

    /// Starts fetching cells that the machine will read soon.
    template <class Name>
    void expect(Name&& name) const {
        source_.store().prefetch(name);
    }

    [[nodiscard]] const Value* read(const Key& key) {
        if (!budget_.step()) {
            return nullptr;
        }
        return value_of(log_->cell_of(key));
    }
    [[nodiscard]] bool exists(const Key& key) {
        if (!budget_.step()) {
            return false;
        }
        Cell& cell = log_->cell_of(key);
        if (cell.change != Change::kNone) {
            return cell.change != Change::kErase;
        }
        return fetch(cell) && cell.below_present;
    }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        if (!budget_.step()) {
            return false;
        }
        Cell& cell = log_->cell_of(key);
        return (replaced(cell) || fetch(cell)) && Cell::number_of(current(cell)) >= amount;
    }
    void write(const Key& key, const Value& value) { replace(key, &value); }
    void erase(const Key& key) { replace(key, nullptr); }
    [[nodiscard]] Value* change(const Key& key) {
        if (!budget_.step()) {
            return nullptr;
        }
        Cell& cell = log_->cell_of(key);
        if (!replaced(cell)) {
            if (!fetch(cell)) {
                return nullptr;
            }
        }
        if (current(cell) == nullptr) {
            return nullptr;
        }
        remember(cell);
        if (cell.change == Change::kNone) {
            cell.own = cell.below;
        }
        cell.change = Change::kWrite;
        cell.added = 0;
        return &cell.own;
    }

    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        if (!budget_.step()) {
            return false;
        }
        Cell& cell = log_->cell_of(key);
        const bool own = replaced(cell);
        Int128 delta = own ? 0 : delta_of(cell);
        if (!own && (__builtin_add_overflow(delta, amount, &delta) || !fetch(cell))) {
            return false;
        }
        const Value* seen = current(cell);
        Int128 sum = 0;
        const bool fits =
            !__builtin_add_overflow(Cell::number_of(seen), amount, &sum) && bounds.contain(sum);
        if (!fits || amount == 0) {
            return fits;
        }
        Value value = seen != nullptr ? *seen : Value{};
        M::set_number(value, sum);
        remember(cell);
        cell.own = value;
        cell.change = own ? Change::kWrite : Change::kAdd;
        cell.added = own ? 0 : delta;
        return true;
    }
    /// See lockstep::kScans. Passes over every cell that the store knows in the range, absent ones
    /// included, so that only keys which the store meets later can be phantoms.
    template <class Visit>
    std::size_t scan(const Key& from, const Key& to, std::size_t limit,
                     Visit&& visit) requires kScans<M> {
        if (!budget_.step() || limit == 0 || !(from < to)) {
            return 0;
        }
        std::size_t visited = 0;
        if constexpr (!Source::kScannable) {
            source_.refuse_scan();
            budget_.halt();
        } else {
            const std::size_t scan = log_->scans.size();
            log_->scans.push_back({.from = from, .to = to});
            for (auto key = next_key(from, false); key && *key < to; key = next_key(*key, true)) {
                const Value* value = value_of(log_->cell_of(*key));
                if (value == nullptr) {
                    continue;
                }
                if (!budget_.step() || (++visited, !visit(*key, *value)) || visited == limit ||
                    stopped()) {
                    log_->scans[scan].to = *key;
                    log_->scans[scan].closed = true;
                    break;
                }
            }
        }
        return visited;
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) {
        if (budget_.step()) {
            log_->events.append(type, bytes);
        }
    }
    [[nodiscard]] Savepoint savepoint() {
        logs_undo_ = true;
        return {undo_.size(), log_->events.size()};
    }
    void rollback(Savepoint savepoint) {
        while (undo_.size() > savepoint.undo_size) {
            Undo& undo = undo_.back();
            undo.cell->change = undo.change;
            undo.cell->own = std::move(undo.own);
            undo.cell->added = undo.added;
            undo_.pop_back();
        }
        log_->events.truncate(savepoint.event_bytes);
    }
    [[nodiscard]] bool consume(std::uint64_t steps) { return budget_.charge(steps); }
    [[nodiscard]] bool stopped() const noexcept { return budget_.stopped(); }

    /// The source refused an access: whatever the machine returned means nothing.
    [[nodiscard]] bool doomed() const noexcept { return budget_.stopped() && !budget_.exceeded(); }
    [[nodiscard]] AccessLog<M>& log() noexcept { return *log_; }

  private:
    struct Undo {
        Cell* cell;
        Change change;
        Value own;
        Int128 added;
    };

    static bool replaced(const Cell& cell) noexcept {
        return cell.change == Change::kWrite || cell.change == Change::kErase;
    }
    static Int128 delta_of(const Cell& cell) noexcept {
        return cell.change == Change::kAdd ? cell.added : Int128{0};
    }
    /// REQUIRES: fetched, or replaced.
    static const Value* current(const Cell& cell) noexcept {
        if (cell.change == Change::kNone) {
            return cell.below_value();
        }
        return cell.change == Change::kErase ? nullptr : &cell.own;
    }
    bool fetch(Cell& cell) {
        if (!cell.fetched) {
            cell.fetched = source_.fetch(cell);
            if (!cell.fetched) {
                budget_.halt();
            }
        }
        return cell.fetched;
    }
    /// The lowest key, from `from` on or behind it, that the store knows or this execution changed.
    [[nodiscard]] std::optional<Key> next_key(const Key& from, bool behind) const {
        typename KeyOrder<Key>::Walk walk(source_.store().keys(), from);
        auto place = walk.next();
        if (behind && place && place->key == from) {
            place = walk.next();
        }
        std::optional<Key> next = place ? std::optional<Key>(place->key) : std::nullopt;
        log_->for_each([&](const Cell& cell) {
            const bool ahead = from < cell.key || (!behind && cell.key == from);
            if (cell.change != Change::kNone && ahead && (!next || cell.key < *next)) {
                next = cell.key;
            }
        });
        return next;
    }
    /// The value of a cell, null when absent.
    const Value* value_of(Cell& cell) {
        return replaced(cell) || fetch(cell) ? current(cell) : nullptr;
    }
    void replace(const Key& key, const Value* value) {
        if (!budget_.step()) {
            return;
        }
        Cell& cell = log_->cell_of(key);
        remember(cell);
        cell.change = value != nullptr ? Change::kWrite : Change::kErase;
        cell.own = value != nullptr ? *value : Value{};
        cell.added = 0;
    }
    void remember(Cell& cell) {
        if (logs_undo_) {
            undo_.push_back({&cell, cell.change, cell.own, cell.added});
        }
    }

    Source& source_;
    StepBudget budget_;
    AccessLog<M>* log_ = nullptr;
    std::vector<Undo> undo_;
    bool logs_undo_ = false;
};

}  // namespace lockstep::bench
