#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/access_record.hpp"
#include "engine/execution.hpp"
#include "engine/state_store.hpp"
#include "scheduler/arena.hpp"

namespace lockstep {

/// Facts about the running block that every view needs.
struct BlockAccessMode {
    /// Some transaction declared nothing: declared links may miss writers, so reads search.
    bool search = false;
};

/// The state as one incarnation of one transaction sees it, over multi-version memory.
///
/// Role:    answers the machine, records what the answers depended on. Writes go to private version
///          nodes that the executor publishes when the incarnation ends.
/// Modes:   *speculative*: lower transactions may still run. A read that meets an estimate stops
/// the
///          incarnation (blocked_on); a plain read below which someone adds stops it too
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

    struct Savepoint {
        std::size_t undo_size;
        std::size_t event_bytes;
    };

    SpeculativeView(Store& store, Arena& arena, const TxnLimits& limits)
        : store_(store), arena_(arena), limits_(limits) {}

    /// Prepares for an incarnation of `txn`.
    /// `frontier`: how far the block is committed; equal to txn in final mode.
    void begin(Record& record, TxnIndex txn, BlockAccessMode mode, TxnIndex frontier) {
        record_ = &record;
        record.count = record.declared_count;
        for (Entry& entry : record.accesses()) {
            entry.forget_incarnation();
        }
        record.checks_numbers = false;
        txn_ = txn;
        mode_ = mode;
        frontier_ = frontier;
        final_ = frontier == txn;
        cursor_ = 0;
        index_.clear();
        undo_.clear();
        logs_undo_ = false;
        events_.clear();
        steps_ = 0;
        refused_ = 0;
        over_budget_ = false;
        deferred_ = false;
        blocked_on_ = kNoTxn;
    }

    // ---- what the machine calls (StateView) -----------------------------------------------------

    [[nodiscard]] const Value* read(const Key& key) {
        return consume(1) ? peek(entry_of(key)) : nullptr;
    }
    [[nodiscard]] bool exists(const Key& key) {
        if (!consume(1)) {
            return false;
        }
        Entry& entry = entry_of(key);
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
        if (!consume(1)) {
            return false;
        }
        Entry& entry = entry_of(key);
        if (entry.written || entry.read) {
            return number_of(peek(entry)) >= amount;
        }
        const Guess guess = look_below(entry);
        if (stopped()) {
            return false;
        }
        NumberAccess<M>& number = number_access(entry);
        Int128 threshold = 0;  // truth: number below >= threshold
        if (__builtin_sub_overflow(amount, number.delta, &threshold)) {
            return amount < 0;  // the threshold lies outside all numbers: true or false for any
        }
        assume(number);
        if (guess.number >= threshold) {
            number.lower = std::max(number.lower, threshold);
            return true;
        }
        number.upper = std::min(number.upper, threshold - 1);
        return false;
    }
    void write(const Key& key, const Value& value) { replace(key, &value); }
    void erase(const Key& key) { replace(key, nullptr); }

    [[nodiscard]] bool add(const Key& key, Int128 amount, const Bounds& bounds = {}) {
        if (!consume(1)) {
            return false;
        }
        Entry& entry = entry_of(key);
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
    void emit(std::uint16_t type, std::span<const std::byte> bytes) {
        if (consume(1)) {
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
            Entry& entry = record_->entries[undo.entry];
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
    [[nodiscard]] bool consume(std::uint64_t steps) {
        if (stopped() || steps > limits_.steps - steps_) {
            over_budget_ = over_budget_ || (blocked_on_ == kNoTxn && !deferred_);
            if (++refused_ > kRefusalsBeforeUnwinding) {
                throw StopExecution{};
            }
            return false;
        }
        steps_ += steps;
        return true;
    }
    [[nodiscard]] bool stopped() const noexcept {
        return over_budget_ || deferred_ || blocked_on_ != kNoTxn;
    }

    // ---- what the executor asks afterwards ------------------------------------------------------

    [[nodiscard]] TxnIndex blocked_on() const noexcept { return blocked_on_; }
    [[nodiscard]] bool deferred() const noexcept { return deferred_; }
    [[nodiscard]] bool over_budget() const noexcept { return over_budget_; }
    [[nodiscard]] const EventLog& events() const noexcept { return events_; }

    /// Undoes all writes, additions and events, keeps what was read: the transaction faulted.
    void discard_effects() {
        for (Entry& entry : record_->accesses()) {
            entry.written = false;
            if (entry.number != nullptr) {
                entry.number->delta = 0;
                entry.number->moved = false;
            }
        }
        events_.clear();
    }

    /// The newest committed version of an entry's cell below its transaction. REQUIRES: the caller
    /// holds the frontier, and it stands at that transaction.
    [[nodiscard]] static const Node* committed_below(const Entry& entry, const Store& store,
                                                     TxnIndex txn) noexcept {
        const auto& slot = store.cell(entry.cell).slot;
        const Node* found = entry.seen_known ? entry.seen : entry.link;
        while (found != nullptr && found->current() != VersionState::kReady) {
            found = found->older.load(std::memory_order_acquire);  // acquire: pairs with insert
        }
        if (!entry.seen_known && !entry.declared) {
            found = slot.find(txn);
        }
        const Node* noted = slot.committed;
        return noted != nullptr && (found == nullptr || noted->txn >= found->txn) ? noted : found;
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

    static constexpr std::uint32_t kIndexedFrom = 24;

    static Int128 number_of(const Value* value) {
        return value != nullptr ? M::number(*value) : Int128{0};
    }
    void assume(NumberAccess<M>& number) {
        number.checked = true;
        record_->checks_numbers = true;
    }

    /// The entry of a key, made when this is its first access. Declared entries come in the order
    /// in which machines tend to use them, so the search starts where the last one ended.
    Entry& entry_of(const Key& key) {
        const std::uint32_t count = record_->count;
        if (count >= kIndexedFrom) {
            return indexed_entry_of(key);
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint32_t at = cursor_ + i < count ? cursor_ + i : cursor_ + i - count;
            if (record_->entries[at].key == key) {
                cursor_ = at;
                return record_->entries[at];
            }
        }
        return append(key);
    }
    Entry& append(const Key& key) {
        cursor_ = record_->count;
        Entry& entry = record_->append(arena_);
        entry = Entry{};
        entry.key = key;
        entry.cell = store_.intern(key);
        return entry;
    }
    /// Open addressing over the entries, for transactions that touch many cells.
    Entry& indexed_entry_of(const Key& key) {
        if (index_.size() < std::size_t{record_->count} * 2 + 2) {
            index_.assign(std::size_t{record_->count} * 4 + 64, kNoTxn);
            for (std::uint32_t i = 0; i < record_->count; ++i) {
                index_[probe(record_->entries[i].key)] = i;
            }
        }
        const std::size_t at = probe(key);
        if (index_[at] == kNoTxn) {
            index_[at] = record_->count;
            return append(key);
        }
        return record_->entries[index_[at]];
    }
    std::size_t probe(const Key& key) const {
        std::size_t at = M::hash(key) % index_.size();
        while (index_[at] != kNoTxn && !(record_->entries[index_[at]].key == key)) {
            at = at + 1 == index_.size() ? 0 : at + 1;
        }
        return at;
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
        if (final_) {
            entry.seen = committed_below(entry, store_, txn_);
            entry.seen_known = true;
            return true;
        }
        const auto& slot = store_.cell(entry.cell).slot;
        const Node* found = !entry.declared || mode_.search
                                ? slot.find(txn_)
                                : VersionSlot<Value, Sync>::first_standing(entry.link, txn_);
        while (found != nullptr) {
            const VersionState state = found->current();
            if (state == VersionState::kReady) {
                break;
            }
            if (state == VersionState::kPending) {
                blocked_on_ = found->txn;
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
        return entry.seen != nullptr ? entry.seen->get() : store_.cell(entry.cell).get();
    }

    /// The value as this transaction sees it; makes the whole value a dependency.
    const Value* peek(Entry& entry) {
        if (entry.written) {
            return entry.own->get();
        }
        const Value* below = observe(entry);
        if (entry.number == nullptr || !entry.number->moved || stopped()) {
            return stopped() ? nullptr : below;
        }
        NumberAccess<M>& number = *entry.number;
        number.own = below != nullptr ? *below : Value{};
        Int128 sum = M::number(number.own);
        if (__builtin_add_overflow(sum, number.delta, &sum)) {
            sum = 0;  // only a mix of versions gets here; the frontier discards it
        }
        M::set_number(number.own, sum);
        return &number.own;
    }
    /// The committed or speculative value below, with everything added to it.
    const Value* observe(Entry& entry) {
        if (!resolve(entry)) {
            return nullptr;
        }
        // acquire: pairs with additions_or_make.
        const auto* additions =
            store_.cell(entry.cell).slot.additions.load(std::memory_order_acquire);
        if (additions == nullptr) {
            entry.read = true;
            return value_below(entry);
        }
        if (!final_ && entry.adder_below == kNoTxn) {
            // relaxed: see Additions::first_adder.
            if (additions->first_adder.load(std::memory_order_relaxed) < txn_) {
                deferred_ = true;  // by someone who had not declared it, so nobody knows how many
                return nullptr;
            }
            entry.read = true;
            return value_below(entry);
        }
        if (!final_ && entry.adder_below >= frontier_) {
            deferred_ = true;  // certainly not all of the sum yet
            return nullptr;
        }
        entry.read = true;
        const bool applies = final_ ? additions->applies_to(entry.seen) : true;
        return applies ? with_additions(entry, *additions) : value_below(entry);
    }
    /// The value below with the committed additions folded in; ahead of the frontier a prediction,
    /// which the frontier checks.
    const Value* with_additions(Entry& entry, const Additions<Value, Sync>& additions) {
        NumberAccess<M>& number = number_access(entry);
        if (number.has_below) {
            return number.below_present ? &number.below : nullptr;
        }
        const Value* plain = value_below(entry);
        const Int128 sum = final_ ? additions.sum : additions.sum_hint();
        number.has_below = true;
        number.below_present = final_ || plain != nullptr || sum != 0;
        number.below = plain != nullptr ? *plain : Value{};
        M::set_number(number.below, wrapping_add(M::number(number.below), sum));
        if (!final_) {
            assume(number);
            number.lower = std::max(number.lower, M::number(number.below));
            number.upper = std::min(number.upper, M::number(number.below));
            if (entry.presence_checked && entry.present_seen != number.below_present) {
                number.upper = kInt128Min;  // exists() was told otherwise: nothing satisfies both
                number.lower = kInt128Max;
            }
            entry.presence_checked = true;
            entry.present_seen = number.below_present;
        }
        return number.below_present ? &number.below : nullptr;
    }
    /// Number and presence below, exact at the frontier, a prediction before it.
    Guess look_below(Entry& entry) {
        if (!resolve(entry)) {
            return {};
        }
        const Value* value = value_below(entry);
        Guess guess{.number = number_of(value), .present = value != nullptr};
        // acquire: pairs with additions_or_make.
        const auto* additions =
            store_.cell(entry.cell).slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr) {
            Int128 sum = 0;
            if (final_) {
                sum = additions->applies_to(entry.seen) ? additions->sum : 0;
                guess.present = guess.present || additions->applies_to(entry.seen);
            } else {
                sum = additions->sum_hint();
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
        const Guess guess = look_below(entry);
        if (stopped() || bounds.lower > bounds.upper) {
            return false;
        }
        NumberAccess<M>& number = number_access(entry);
        // lower - delta <= below <= upper - delta, clipped to the range of numbers.
        Int128 low = 0;
        Int128 high = 0;
        const bool low_outside = __builtin_sub_overflow(bounds.lower, delta, &low);
        const bool high_outside = __builtin_sub_overflow(bounds.upper, delta, &high);
        if ((low_outside && delta < 0) || (high_outside && delta > 0)) {
            return false;  // above or below every number
        }
        low = low_outside ? kInt128Min : low;
        high = high_outside ? kInt128Max : high;
        assume(number);
        if (guess.number < low) {
            number.upper = std::min(number.upper, low - 1);
            return false;
        }
        if (guess.number > high) {
            number.lower = std::max(number.lower, high + 1);
            return false;
        }
        number.lower = std::max(number.lower, low);
        number.upper = std::min(number.upper, high);
        return true;
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
        if (!consume(1)) {
            return;
        }
        Entry& entry = entry_of(key);
        if (entry.own == nullptr) {
            entry.own = arena_.make<Node>();
            entry.own->txn = txn_;
        }
        remember(entry);
        entry.own->value = value != nullptr ? *value : Value{};
        entry.own->erased = value == nullptr;
        entry.written = true;
        if (entry.number != nullptr) {
            entry.number->delta = 0;
            entry.number->moved = false;
        }
    }
    void remember(const Entry& entry) {
        if (logs_undo_) {
            undo_.push_back({.entry = static_cast<std::uint32_t>(&entry - record_->entries),
                             .written = entry.written,
                             .erased = entry.written && entry.own->erased,
                             .moved = entry.number != nullptr && entry.number->moved,
                             .delta = entry.number != nullptr ? entry.number->delta : 0,
                             .value = entry.written ? entry.own->value : Value{}});
        }
    }

    Store& store_;
    Arena& arena_;
    const TxnLimits limits_;
    Record* record_ = nullptr;
    TxnIndex txn_ = 0;
    BlockAccessMode mode_;
    bool final_ = false;
    TxnIndex frontier_ = 0;
    bool logs_undo_ = false;
    bool over_budget_ = false;
    bool deferred_ = false;
    TxnIndex blocked_on_ = kNoTxn;
    std::uint32_t cursor_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t refused_ = 0;
    EventLog events_;
    std::vector<Undo> undo_;
    std::vector<std::uint32_t> index_;
};

}  // namespace lockstep
