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
#include "engine/speculative/scan_recorder.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/undeclared_effects.hpp"

namespace lockstep {

/// Facts about the running block that every view needs.
struct BlockAccessMode {
    /// Some transaction declared nothing: declared links may miss writers, so reads search.
    bool search = false;
    /// An access list says all of what transactions touch, unless it is wrong.
    bool listed = false;
};

/// The state as one incarnation of one transaction sees it, over multi-version memory.
///
/// Role:    answers the machine, records what the answers depended on. Writes go to private version
///          nodes that the executor publishes when the incarnation ends.
/// Modes:   *speculative*: lower transactions may still run. A read that meets an estimate stops
///          the incarnation (blocked_on); a plain read below which someone adds stops it too
///          (deferred). *final*: at the frontier; every answer is the committed truth.
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
        : store_(store), effects_(effects), arena_(arena), budget_(limits) {}

    /// Prepares for an incarnation of `txn`.
    /// `frontier`: how far the block is committed; equal to txn in final mode.
    void begin(Record& record, TxnIndex txn, BlockAccessMode mode, TxnIndex frontier) {
        record_ = &record;
        record.count = record.declared_count;
        record.read_count = 0;
        record.checks_numbers = false;
        record.effects_seen = effects_.count();
        table_.begin(record, mode.listed);
        if (record.began) {
            for (Entry& entry : table_.declared()) {
                entry.forget_incarnation();
            }
        }
        record.began = true;
        txn_ = txn;
        frontier_ = frontier;
        final_ = frontier == txn;
        search_ = mode.search;
        links_are_exact_ = !final_ && !mode.search && record.effects_seen == 0;
        if (logs_undo_) {
            undo_.clear();
            logs_undo_ = false;
        }
        events_.clear();
        if constexpr (kScans<M>) {
            scans_.clear();
        }
        budget_.begin();
        deferred_ = false;
        blocked_on_ = kNoTxn;
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
            const Guess guess = look_below(entry);
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
        const Guess guess = look_below(entry);
        if (stopped()) {
            return false;
        }
        NumberAccess<M>& number = number_access(entry);
        assume(number);
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
            own_version(entry).value = *current;
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
        NumberAccess<M>& number = number_access(entry);
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

    [[nodiscard]] TxnIndex blocked_on() const noexcept { return blocked_on_; }
    [[nodiscard]] bool deferred() const noexcept { return deferred_; }
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
    /// Completes the record: whatever of this incarnation validation and commit will ask for. The
    /// view is done with it until the next begin.
    void complete_record() {
        std::uint32_t kept = 0;
        for (Entry& entry : table_.declared()) {
            if (entry.placeholder ? !entry.written : entry.number != nullptr) {
                materialize_known_value(entry);
            }
        }
        for (Entry& entry : table_.found()) {
            if (entry.number != nullptr) {
                materialize_known_value(entry);
            }
            kept += entry.has_effect_or_assumption() ? 1U : 0U;
        }
        if (table_.found().empty()) {
            return;
        }
        if (kept != 0) {
            Entry* entries = arena_.make_array<Entry>(record_->count + kept);
            std::copy_n(record_->entries, record_->count, entries);
            record_->entries = entries;
        }
        const std::size_t others = table_.found().size() - kept;
        record_->reads = arena_.make_array<PlainRead<Node>>(others);
        for (const Entry& entry : table_.found()) {
            if (entry.has_effect_or_assumption()) {
                record_->entries[record_->count++] = entry;
            } else if (entry.read) {
                record_->reads[record_->read_count++] = {entry.id, entry.seen};
            }
        }
    }

    /// The newest committed version of a cell, when `known` was the newest one or what became of
    /// it. REQUIRES: the caller holds the frontier, and it stands at the transaction that asks.
    [[nodiscard]] static const Node* committed_from(const Node* known,
                                                    const StoreCell& cell) noexcept {
        while (known != nullptr && known->current() != VersionState::kReady) {
            known = known->older.load(std::memory_order_acquire);  // acquire: pairs with insert
        }
        const Node* recorded = cell.slot.committed;
        return recorded != nullptr && (known == nullptr || recorded->txn >= known->txn) ? recorded
                                                                                        : known;
    }
    /// The newest committed version of an entry's cell below its transaction. REQUIRES: as above.
    [[nodiscard]] static const Node* committed_below(const Entry& entry, TxnIndex txn) noexcept {
        const Node* known = entry.seen_known ? entry.seen
                            : entry.declared ? entry.link
                                             : entry.cell->slot.find(txn);
        return committed_from(known, *entry.cell);
    }

  private:
    struct Guess {
        Int128 number = 0;
        bool present = false;
    };
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
    void assume(NumberAccess<M>& number) {
        number.checked = true;
        record_->checks_numbers = true;
    }

    /// Stops the incarnation until `blocker` has finished.
    void block_on(TxnIndex blocker) noexcept {
        blocked_on_ = blocker;
        budget_.halt();
    }
    /// Stops the incarnation: the transaction runs at the frontier.
    void defer() noexcept {
        deferred_ = true;
        budget_.halt();
    }

    NumberAccess<M>& number_access(Entry& entry) {
        if (entry.number == nullptr) {
            entry.number = arena_.make<NumberAccess<M>>();
        }
        return *entry.number;
    }

    /// Finds the version below; false when the incarnation has to stop.
    bool resolve(Entry& entry) {
        if (entry.seen_known) {
            return true;
        }
        if (links_are_exact_ && entry.declared) [[likely]] {
            const Node* link = entry.link;
            if (link == nullptr || link->current() == VersionState::kReady) {
                entry.seen = link;
                entry.seen_known = true;
                return true;
            }
        }
        return resolve_by_search(entry);
    }
    [[gnu::noinline]] bool resolve_by_search(Entry& entry) {
        // acquire: as in VersionSlot::find.
        if (entry.cell->slot.newest.load(std::memory_order_acquire) == nullptr) {
            entry.seen = nullptr;  // the base value
            entry.seen_known = true;
            return true;
        }
        if (final_) {
            entry.seen = committed_below(entry, txn_);
            entry.seen_known = true;
            return true;
        }
        const bool search = !entry.declared || search_ || effects_.may_contain(entry.id);
        const Node* found = search ? entry.cell->slot.find(txn_)
                                   : VersionSlot<Value, Sync>::first_standing(entry.link, txn_);
        while (found != nullptr) {
            const VersionState state = found->current();
            if (state == VersionState::kReady) {
                break;
            }
            if (state == VersionState::kPending) {
                block_on(found->txn);
                return false;
            }
            found = VersionSlot<Value, Sync>::first_standing(
                found->older.load(std::memory_order_acquire), txn_);  // acquire: pairs with insert
        }
        entry.seen = found;
        entry.seen_known = true;
        return true;
    }
    const Value* value_below(const Entry& entry) const {
        return entry.seen != nullptr ? entry.seen->get() : entry.cell->get();
    }

    /// The value as this transaction sees it; makes the whole value a dependency.
    const Value* peek(Entry& entry) {
        if (entry.written) {
            return entry.own->get();
        }
        const Value* below = observe(entry);
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
    /// What observe() answered.
    const Value* observed(const Entry& entry) const {
        const NumberAccess<M>* number = entry.number;
        if (number == nullptr || !number->has_below) {
            return value_below(entry);
        }
        return number->below_present ? &number->below : nullptr;
    }
    /// The committed or speculative value below, with everything added to it.
    const Value* observe(Entry& entry) {
        if (entry.read) {
            return observed(entry);  // an incarnation sees one value, whatever is committed now
        }
        if (!resolve(entry)) {
            return nullptr;
        }
        // acquire: pairs with additions_or_make.
        const auto* additions = entry.cell->slot.additions.load(std::memory_order_acquire);
        if (additions == nullptr) [[likely]] {
            entry.read = true;
            return value_below(entry);
        }
        return observe_added(entry, *additions);
    }
    [[gnu::noinline]] const Value* observe_added(Entry& entry,
                                                 const Additions<Value, Sync>& additions) {
        if (!final_) {
            const TxnIndex adder = entry.adder_below;
            if (adder != kNoTxn && entry.seen != nullptr && adder < entry.seen->txn &&
                !effects_.may_contain(entry.id)) {
                entry.read = true;  // all additions are part of the version
                return value_below(entry);
            }
            if (adder == kNoTxn) {
                // relaxed: see Additions::first_adder.
                if (additions.first_adder.load(std::memory_order_relaxed) < txn_) {
                    defer();  // by a transaction that had not declared it: how many is unknown
                    return nullptr;
                }
                entry.read = true;
                return value_below(entry);
            }
            if (adder >= frontier_) {
                defer();  // certainly not all of the sum yet
                return nullptr;
            }
        }
        entry.read = true;
        const bool applies = final_ ? additions.applies_to(entry.seen) : true;
        return applies ? with_additions(entry, additions) : value_below(entry);
    }
    /// The value below with the committed additions folded in; ahead of the frontier a prediction,
    /// which the frontier checks.
    const Value* with_additions(Entry& entry, const Additions<Value, Sync>& additions) {
        NumberAccess<M>& number = number_access(entry);
        const Value* plain = value_below(entry);
        const Int128 sum = final_ ? additions.sum : additions.sum_hint(entry.seen);
        number.has_below = true;
        // Listed adders did add something, if nothing in sum; others may have been refused.
        number.below_present = final_ || plain != nullptr || sum != 0 || entry.reads_value;
        number.below = plain != nullptr ? *plain : Value{};
        M::set_number(number.below, wrapping_add(M::number(number.below), sum));
        if (!final_) {
            assume(number);
            number.ask_number(M::number(number.below));
            if (entry.presence_checked && entry.present_seen != number.below_present) {
                number.admit_nothing();  // exists() was told otherwise
            }
            entry.presence_checked = true;
            entry.present_seen = number.below_present;
        }
        return number.below_present ? &number.below : nullptr;
    }
    /// Number and presence below, exact at the frontier, a prediction before it; where the sum of
    /// additions does not matter, that of the version below alone.
    Guess look_below(Entry& entry, bool sum_matters = true) {
        if (!resolve(entry)) {
            return {};
        }
        const Value* value = value_below(entry);
        Guess guess{.number = number_of(value), .present = value != nullptr};
        if (!final_ && !sum_matters) {
            return guess;
        }
        // acquire: pairs with additions_or_make.
        const auto* additions = entry.cell->slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr) {
            Int128 sum = 0;
            if (final_) {
                sum = additions->applies_to(entry.seen) ? additions->sum : 0;
                guess.present = guess.present || additions->applies_to(entry.seen);
            } else {
                sum = additions->sum_hint(entry.seen);
                guess.present = guess.present || sum != 0;
            }
            guess.number = wrapping_add(guess.number, sum);
        }
        return guess;
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
        const Guess guess = look_below(entry, bounds != Bounds{});
        if (stopped()) {
            return false;
        }
        NumberAccess<M>& number = number_access(entry);
        assume(number);
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
        own_version(entry);
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

    /// Turns what follows from values that were read anyway into versions: an addition, so that
    /// readers find it where they look first; and an estimate that came to nothing, so that no
    /// reader walks down a chain of those.
    void materialize_known_value(Entry& entry) {
        const bool unused = entry.placeholder && !entry.adds();
        if (entry.placeholder && !entry.read && entry.adds()) {
            static_cast<void>(observe(entry));  // declared to be written: then it is
        }
        if (entry.read && !entry.written && (unused || (entry.adds() && !entry.declared_add()))) {
            const Value* below = observed(entry);
            Node& own = own_version(entry);
            own.value = below != nullptr ? *below : Value{};
            own.erased = unused && below == nullptr;
            if (!unused) {
                M::set_number(own.value, wrapping_add(M::number(own.value), entry.delta()));
            }
            entry.written = entry.materialized = true;
        }
    }
    Node& own_version(Entry& entry) {
        if (entry.own == nullptr) {
            entry.own = arena_.make<Node>();
            entry.own->txn = txn_;
        }
        return *entry.own;
    }

    Store& store_;
    const Effects& effects_;
    Arena& arena_;
    StepBudget budget_;
    Record* record_ = nullptr;
    TxnIndex txn_ = 0;
    TxnIndex frontier_ = 0;
    bool final_ = false;
    bool search_ = false;           ///< BlockAccessMode::search
    bool links_are_exact_ = false;  ///< nothing undeclared was committed when it began
    bool logs_undo_ = false;
    bool deferred_ = false;
    TxnIndex blocked_on_ = kNoTxn;
    EventLog events_;
    std::vector<Undo> undo_;
    AccessTable<M, Sync> table_{store_};
    ScanRecorder<Key> scans_;
};

}  // namespace lockstep
