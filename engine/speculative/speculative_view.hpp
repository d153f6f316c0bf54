#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/step_budget.hpp"
#include "engine/speculative/access_record.hpp"
#include "engine/speculative/access_table.hpp"
#include "engine/speculative/record_completion.hpp"
#include "engine/speculative/scan_recorder.hpp"
#include "engine/speculative/version_reader.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/undeclared_effects.hpp"

namespace lockstep {

/// The state as one incarnation of one transaction sees it, over multi-version memory.
///
/// Role:    answers the machine, records what the answers depended on. Writes go to private version
///          nodes that the executor publishes when the incarnation ends.
/// Threads: one worker; pointers it returns live until the end of the block.
template <Machine M, class Sync>
class SpeculativeView {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Entry = AccessEntry<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Node = Version<Value, Sync>;
    using Store = StateStore<M, Sync>;
    using StoreCell = typename Store::Cell;
    using Effects = UndeclaredEffects<Sync>;

    struct Savepoint {
        std::size_t undo_size;
        std::size_t event_bytes;
    };

    SpeculativeView(Store& store, const Effects& effects, Arena& arena, const TxnLimits& limits)
        : store_(store), arena_(arena), budget_(limits), reader_(effects, arena, budget_) {}

    /// Prepares for an incarnation of `txn`.
    /// `frontier`: how far the block is committed; equal to txn in final mode.
    void begin(Record& record, TxnIndex txn, BlockAccessMode mode, TxnIndex frontier) {
        record_ = &record;
        record.count = record.declared_count;
        record.read_count = 0;
        reader_.begin(record, txn, mode, frontier);
        table_.begin(record, mode.listed);
        if (record.began) {
            for (Entry& entry : table_.declared()) {
                entry.forget_incarnation();
            }
        }
        record.began = true;
        if (logs_undo_) {
            undo_.clear();
            logs_undo_ = false;
        }
        events_.clear();
        if constexpr (kScans<M>) {
            scans_.clear();
        }
        budget_.begin();
    }

    // ---- what the machine calls (StateView) -----------------------------------------------------

    [[nodiscard]] const Value* read(const Key& key) {
        if (!budget_.step()) {
            return nullptr;
        }
        Entry& entry = table_.entry_of(key);
        ask(entry, Dependence::kValue);
        return peek(entry);
    }
    [[nodiscard]] bool exists(const Key& key) {
        if (!budget_.step()) {
            return false;
        }
        Entry& entry = table_.entry_of(key);
        ask(entry, Dependence::kPredicate);
        if (entry.written || entry.read) {
            return peek(entry) != nullptr;
        }
        if (entry.number != nullptr && entry.number->moved) {
            return true;
        }
        if (!entry.presence_checked) {
            const auto guess = reader_.look_below(entry);
            if (stopped()) {
                return false;
            }
            entry.presence_checked = true;
            entry.present_seen = guess.present;
            record_->checks_numbers = true;
        }
        return entry.present_seen;
    }
    [[nodiscard]] bool at_least(const Key& key, Int128 amount) {
        if (!budget_.step()) {
            return false;
        }
        Entry& entry = table_.entry_of(key);
        ask(entry, Dependence::kPredicate);
        if (entry.written || entry.read) {
            return number_of(peek(entry)) >= amount;
        }
        const auto guess = reader_.look_below(entry);
        if (stopped()) {
            return false;
        }
        NumberAccess<M>& number = reader_.number_access(entry);
        reader_.assume(number);
        return number.ask_at_least(guess.number, number.delta, amount);
    }
    void write(const Key& key, const Value& value) { replace(key, &value); }
    void erase(const Key& key) { replace(key, nullptr); }
    [[nodiscard]] Value* change(const Key& key) {
        if (!budget_.step()) {
            return nullptr;
        }
        Entry& entry = table_.entry_of(key);
        ask(entry, Dependence::kValue);
        const Value* const current = peek(entry);
        if (current == nullptr) {
            return nullptr;
        }
        remember(entry);
        if (!entry.written) {
            reader_.own_version(entry).value = *current;
            entry.own->erased = false;
            mark_written(entry);
        }
        return &entry.own->value;
    }

    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        if (!budget_.step()) {
            return false;
        }
        Entry& entry = table_.entry_of(key);
        ask(entry, Dependence::kPredicate);
        if (entry.written) {
            return add_to_own(entry, amount, bounds);
        }
        Int128 delta = entry.number != nullptr ? entry.number->delta : 0;
        if (__builtin_add_overflow(delta, amount, &delta)) {
            return false;
        }
        const bool fits =
            entry.read ? fits_known(entry, amount, bounds) : fits_assumed(entry, delta, bounds);
        if (!fits || amount == 0 || stopped()) {
            return fits && !stopped();
        }
        NumberAccess<M>& number = reader_.number_access(entry);
        remember(entry);
        number.delta = delta;
        number.moved = true;
        return true;
    }
    /// See kScans. A cell that comes up absent is read all the same, so that it is validated; a
    /// cell that the block has not met yet is looked for at the frontier, in what keep_scans says.
    template <class Visit>
    std::size_t scan(const Key& from, const Key& to, std::size_t limit,
                     Visit&& visit) requires kScans<M> {
        if (!budget_.step() || limit == 0 || !(from < to)) {
            return 0;
        }
        const std::size_t scan = scans_.open(from, to);
        typename KeyOrder<Key>::Walk walk(store_.keys(), from);
        std::size_t visited = 0;
        for (auto item = walk.next(); item && item->key < to; item = walk.next()) {
            if (item->fresh) {
                scans_.pass_fresh(scan, item->key);
            }
            Entry& entry = table_.entry_of(item->key);
            const Value* value = peek(entry);
            if (stopped()) {
                break;  // the incarnation is discarded
            }
            if (value == nullptr) {
                continue;
            }
            ask(entry, Dependence::kValue);
            if (!budget_.step()) {
                scans_.end_at(scan, item->key);
                break;
            }
            ++visited;
            const std::uint32_t known = table_.size();
            if (!visit(item->key, *value) || visited == limit || stopped()) {
                scans_.end_at(scan, item->key);
                break;
            }
            if (table_.size() != known) {
                walk.look_again(item->key);
            }
        }
        return visited;
    }
    void emit(std::uint16_t type, std::span<const std::byte> bytes) {
        if (budget_.step()) {
            events_.append(type, bytes);
        }
    }
    [[nodiscard]] Savepoint savepoint() {
        logs_undo_ = true;
        return {undo_.size(), events_.size()};
    }
    void rollback(Savepoint savepoint) {
        while (undo_.size() > savepoint.undo_size) {
            const Undo& undo = undo_.back();
            Entry& entry = table_[undo.entry];
            entry.written = undo.written;
            if (entry.own != nullptr && undo.written) {
                entry.own->value = undo.value;
                entry.own->erased = undo.erased;
            }
            if (entry.number != nullptr) {
                entry.number->delta = undo.delta;
                entry.number->moved = undo.moved;
            }
            undo_.pop_back();
        }
        events_.truncate(savepoint.event_bytes);
    }
    [[nodiscard]] bool consume(std::uint64_t steps) { return budget_.charge(steps); }
    template <class Enumerate>
    void prefetch(Enumerate&& enumerate) {
        table_.prefetch(enumerate);
    }
    [[nodiscard]] bool stopped() const noexcept { return budget_.stopped(); }

    // ---- what the executor asks afterwards ------------------------------------------------------

    [[nodiscard]] TxnIndex blocked_on() const noexcept { return reader_.blocked_on(); }
    [[nodiscard]] bool deferred() const noexcept { return reader_.deferred(); }
    [[nodiscard]] bool over_budget() const noexcept { return budget_.exceeded(); }
    [[nodiscard]] const EventLog& events() const noexcept { return events_; }

    /// What the incarnation scanned, as data that lives until the end of the block.
    [[nodiscard]] std::span<const ScanRecord<Key>> keep_scans() const {
        return scans_.keep(arena_);
    }
    /// Calls `visit(entry)` for all that the incarnation touched or declared.
    template <class Visit>
    void for_each_access(Visit&& visit) const {
        for (const Entry& entry : record_->accesses()) {
            visit(entry);
        }
        for (const Entry& entry : table_.found()) {
            visit(entry);
        }
    }
    /// Undoes all writes, additions and events, keeps what was read: the transaction faulted.
    void discard_effects() {
        for (std::uint32_t i = 0; i < table_.size(); ++i) {
            Entry& entry = table_[i];
            entry.written = false;
            if (entry.number != nullptr) {
                entry.number->delta = 0;
                entry.number->moved = false;
            }
        }
        events_.clear();
    }
    /// Completes the record: what of this incarnation validation and commit will ask for. The view
    /// is done with it until the next begin.
    void complete_record() { completion_.complete(*record_); }

  private:
    struct Undo {
        std::uint32_t entry;
        bool written;
        bool erased;
        bool moved;
        Int128 delta;
        Value value;
    };

    static Int128 number_of(const Value* value) {
        return value != nullptr ? M::number(*value) : Int128{0};
    }
    /// Notes what the machine wants to know of a cell, where its scans blur that.
    void ask(Entry& entry, Dependence dependence) {
        if constexpr (kScans<M>) {
            if (!entry.written) {
                entry.asked = std::max(entry.asked, dependence);
            }
        }
    }
    /// The value as this transaction sees it; makes the whole value a dependency.
    const Value* peek(Entry& entry) {
        if (entry.written) {
            return entry.own->get();
        }
        const Value* below = reader_.observe(entry);
        if (entry.number == nullptr || !entry.number->moved || stopped()) [[likely]] {
            return stopped() ? nullptr : below;
        }
        return with_own_additions(*entry.number, below);
    }
    [[gnu::noinline]] const Value* with_own_additions(NumberAccess<M>& number, const Value* below) {
        number.own = below != nullptr ? *below : Value{};
        Int128 sum = M::number(number.own);
        if (__builtin_add_overflow(sum, number.delta, &sum)) {
            sum = 0;  // only a mix of versions gets here; the frontier discards it
        }
        M::set_number(number.own, sum);
        return &number.own;
    }
    bool fits_known(Entry& entry, Int128 amount, const Bounds& bounds) {
        Int128 sum = 0;
        return !__builtin_add_overflow(number_of(peek(entry)), amount, &sum) &&
               bounds.contain(sum) && !stopped();
    }
    /// Whether below + delta lies in the bounds, recorded as an assumption on the number below.
    bool fits_assumed(Entry& entry, Int128 delta, const Bounds& bounds) {
        // Without bounds any sum but the most extreme ones fits: no need to ask for the memory that
        // every commit of an addition changes.
        const auto guess = reader_.look_below(entry, bounds != Bounds{});
        if (stopped()) {
            return false;
        }
        NumberAccess<M>& number = reader_.number_access(entry);
        reader_.assume(number);
        return number.ask_fits(guess.number, delta, bounds);
    }
    bool add_to_own(Entry& entry, Int128 amount, const Bounds& bounds) {
        const Value* current = entry.own->get();
        Int128 sum = 0;
        if (__builtin_add_overflow(number_of(current), amount, &sum) || !bounds.contain(sum)) {
            return false;
        }
        if (amount != 0) {
            Value value = current != nullptr ? *current : Value{};
            M::set_number(value, sum);
            remember(entry);
            entry.own->value = value;
            entry.own->erased = false;
        }
        return true;
    }

    void replace(const Key& key, const Value* value) {
        if (!budget_.step()) {
            return;
        }
        Entry& entry = table_.entry_of(key);
        reader_.own_version(entry);
        remember(entry);
        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;
        mark_written(entry);
    }
    /// The own version is what the transaction leaves: it hides additions made before it.
    static void mark_written(Entry& entry) noexcept {
        entry.written = true;
        if (entry.number != nullptr) {
            entry.number->delta = 0;
            entry.number->moved = false;
        }
    }
    void remember(const Entry& entry) {
        if (logs_undo_) {
            undo_.push_back({.entry = table_.number_of(entry),
                             .written = entry.written,
                             .erased = entry.written && entry.own->erased,
                             .moved = entry.number != nullptr && entry.number->moved,
                             .delta = entry.number != nullptr ? entry.number->delta : 0,
                             .value = entry.written ? entry.own->value : Value{}});
        }
    }

    Store& store_;
    Arena& arena_;
    StepBudget budget_;
    VersionReader<M, Sync> reader_;
    Record* record_ = nullptr;
    bool logs_undo_ = false;
    EventLog events_;
    std::vector<Undo> undo_;
    AccessTable<M, Sync> table_{store_};
    RecordCompletion<M, Sync> completion_{arena_, table_, reader_};
    ScanRecorder<Key> scans_;
};

}  // namespace lockstep
