#pragma once

#include <cstdint>

#include "engine/base/arena.hpp"
#include "engine/contract/step_budget.hpp"
#include "engine/speculative/access_record.hpp"
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

/// Reads for one incarnation what the transactions below it left in a cell, over multi-version
/// memory, and records what the answer depended on.
///
/// Modes:   *speculative*: lower transactions may still run. A read that meets an estimate stops
///          the incarnation (blocked_on); a plain read of a sum in progress stops it too
///          (deferred). *final*: at the frontier; every answer is the committed truth.
/// Threads: one worker; pointers it returns live until the end of the block.
template <Machine M, class Sync>
class VersionReader {
  public:
    using Value = typename M::Value;
    using Entry = AccessEntry<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Node = Version<Value, Sync>;
    using Cell = typename StateStore<M, Sync>::Cell;
    using Effects = UndeclaredEffects<Sync>;

    /// Number and presence of what is below.
    struct Guess {
        Int128 number = 0;
        bool present = false;
    };

    VersionReader(const Effects& effects, Arena& arena, StepBudget& budget)
        : effects_(effects), arena_(arena), budget_(budget) {}

    /// `frontier`: how far the block is committed; equal to txn in final mode.
    void begin(Record& record, TxnIndex txn, BlockAccessMode mode, TxnIndex frontier) noexcept {
        record_ = &record;
        record.checks_numbers = false;
        record.effects_seen = effects_.count();
        txn_ = txn;
        frontier_ = frontier;
        final_ = frontier == txn;
        search_ = mode.search;
        links_are_exact_ = !final_ && !mode.search && record.effects_seen == 0;
        deferred_ = false;
        blocked_on_ = kNoTxn;
    }
    [[nodiscard]] TxnIndex blocked_on() const noexcept { return blocked_on_; }
    [[nodiscard]] bool deferred() const noexcept { return deferred_; }

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
    /// What observe() answered.
    const Value* observed(const Entry& entry) const {
        const NumberAccess<M>* number = entry.number;
        if (number == nullptr || !number->has_below) {
            return value_below(entry);
        }
        return number->below_present ? &number->below : nullptr;
    }
    /// Number and presence below, exact at the frontier, a prediction before it; where the sum of
    /// additions does not matter, that of the version below alone.
    Guess look_below(Entry& entry, bool sum_matters = true) {
        if (!resolve(entry)) {
            return {};
        }
        const Value* value = value_below(entry);
        Guess guess{.number = value != nullptr ? M::number(*value) : Int128{0},
                    .present = value != nullptr};
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
    NumberAccess<M>& number_access(Entry& entry) {
        if (entry.number == nullptr) {
            entry.number = arena_.make<NumberAccess<M>>();
        }
        return *entry.number;
    }

    /// The frontier has to check the number.
    void assume(NumberAccess<M>& number) {
        number.checked = true;
        record_->checks_numbers = true;
    }

    /// The version of its own that the transaction is making.
    Node& own_version(Entry& entry) {
        if (entry.own == nullptr) {
            entry.own = arena_.make<Node>();
            entry.own->txn = txn_;
        }
        return *entry.own;
    }

    /// The newest committed version of a cell, when `known` was the newest one or what became of
    /// it. REQUIRES: the caller holds the frontier, and it stands at the transaction that asks.
    [[nodiscard]] static const Node* committed_from(const Node* known, const Cell& cell) noexcept {
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

    const Effects& effects_;
    Arena& arena_;
    StepBudget& budget_;
    Record* record_ = nullptr;
    TxnIndex txn_ = 0;
    TxnIndex frontier_ = 0;
    bool final_ = false;
    bool search_ = false;           ///< BlockAccessMode::search
    bool links_are_exact_ = false;  ///< nothing undeclared was committed when it began
    bool deferred_ = false;
    TxnIndex blocked_on_ = kNoTxn;
};

}  // namespace lockstep
