#pragma once

#include <cstdint>

#include "engine/contract/block.hpp"
#include "engine/speculative/scan_recorder.hpp"
#include "engine/speculative/speculative_run.hpp"
#include "scheduler/commit_hint.hpp"

namespace lockstep {

/// Decides whether what an incarnation was told still holds, and what later ones have to know of
/// it.
///
/// Role:    the authority on results. A transaction whose answers no longer hold runs again at the
///          frontier, on final state, which cannot fail.
/// Threads: looks_stale by the holder of the transaction, ahead of the frontier; the others by the
///          worker that holds the scheduler's frontier, with which the plain data passes on.
template <Machine M, class Sync>
class Validator {
  public:
    using Run = SpeculativeRun<M, Sync>;
    using Reader = VersionReader<M, Sync>;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;
    using Cell = typename Run::Cell;

    explicit Validator(Run& run) : run_(run) {}

    void prepare() noexcept { newcomers_.clear(); }
    /// What an executed transaction tells its committer, which then need not look at what another
    /// worker wrote: that there is nothing to check and nothing to record as long as no committed
    /// transaction has changed what it had not declared, and the weight. 0: look at the record.
    [[nodiscard]] static std::uint32_t hint_for(const Record& record,
                                                const Receipt& receipt) noexcept {
        using Hint = CommitHint<Sync>;
        const bool plain = record.as_declared && !record.checks_numbers &&
                           record.effects_seen == 0 && receipt.weight <= Hint::kWeightMax;
        return plain ? Hint::of(receipt.weight) : 0U;
    }
    /// Whether an incarnation would be told something else by now; a guess.
    [[nodiscard]] bool looks_stale(const Record& record, TxnIndex txn) const {
        const auto stale = [txn](const auto& cell, const Node* seen) {
            const Node* now = cell.slot.find(txn);
            return now != seen && (now == nullptr || now->current() == VersionState::kPending ||
                                   !Run::same_value(cell, seen, now));
        };
        for (const Entry& entry : record.accesses()) {
            if (entry.read && stale(*entry.cell, entry.seen)) {
                return true;
            }
        }
        for (const auto& read : record.plain_reads()) {
            if (stale(run_.shared.store.cell(read.cell), read.seen)) {
                return true;
            }
        }
        return false;
    }

    /// Whether the answers that an incarnation got are those of the committed state.
    /// `validations` counts those that took a look.
    [[nodiscard]] bool is_valid(const Record& record, TxnIndex txn,
                                std::uint64_t& validations) const {
        const bool exact = record.effects_seen == run_.undeclared.count();
        if (exact && !record.checks_numbers) {
            return true;  // every read had its exact version
        }
        ++validations;
        return (exact || reads_are_valid(record, txn)) &&
               (!record.checks_numbers || assumptions_are_valid(record, txn));
    }
    /// Records what later validations need to know of a committed transaction.
    void record_effects(const Record& record, TxnIndex txn) {
        if (record.as_declared && run_.undeclared.count() == 0) {
            return;
        }
        for (const Entry& entry : record.accesses()) {
            if (entry.written) {
                record_write(entry);
            } else if (entry.adds()) {
                record_addition(entry, txn);
            }
        }
        for (const CellId cell : record.retractions()) {
            run_.undeclared.add(cell);
        }
    }

  private:
    [[nodiscard]] bool reads_are_valid(const Record& record, TxnIndex txn) const {
        for (const Entry& entry : record.accesses()) {
            if (entry.read && run_.undeclared.may_contain(entry.id)) {
                const Node* now = Reader::committed_below(entry, txn);
                const bool sum_seen = entry.number != nullptr && entry.number->has_below;
                if ((!sum_seen && added_to(*entry.cell, now)) ||
                    !Run::same_value(*entry.cell, entry.seen, now)) {
                    return false;
                }
            }
        }
        for (const auto& read : record.plain_reads()) {
            if (run_.undeclared.may_contain(read.cell)) {
                const Cell& cell = run_.shared.store.cell(read.cell);
                const Node* now = Reader::committed_from(read.seen, cell);
                if (added_to(cell, now) || !Run::same_value(cell, read.seen, now)) {
                    return false;
                }
            }
        }
        if constexpr (kScans<M>) {
            for (const auto& scan : run_.scans[txn]) {
                if (!newcomers_.all_seen_by(scan)) {
                    return false;  // a phantom
                }
            }
        }
        return true;
    }
    /// Whether something was added to a cell on top of its newest committed version.
    [[nodiscard]] static bool added_to(const Cell& cell, const Node* now) {
        // acquire: pairs with additions_or_make.
        const auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        return additions != nullptr && additions->applies_to(now);
    }
    [[nodiscard]] bool assumptions_are_valid(const Record& record, TxnIndex txn) const {
        for (const Entry& entry : record.accesses()) {
            const bool assumed =
                entry.presence_checked || (entry.number != nullptr && entry.number->checked);
            if (assumed && !assumption_is_valid(entry, txn)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool assumption_is_valid(const Entry& entry, TxnIndex txn) const {
        const Node* now = Reader::committed_below(entry, txn);
        const Cell& cell = *entry.cell;
        const auto* value = now != nullptr ? now->get() : cell.get();
        Int128 number = value != nullptr ? M::number(*value) : Int128{0};
        bool present = value != nullptr;
        // acquire: pairs with additions_or_make.
        const auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr && additions->applies_to(now)) {
            number = wrapping_add(number, additions->sum);
            present = true;
        }
        if (entry.presence_checked && entry.present_seen != present) {
            return false;
        }
        return entry.number == nullptr || !entry.number->checked ||
               (entry.number->lower <= number && number <= entry.number->upper);
    }

    void record_write(const Entry& entry) {
        auto& slot = entry.cell->slot;
        if (!entry.placeholder) {
            slot.committed = entry.own;
            record_undeclared(entry);
        } else if (run_.undeclared.may_contain(entry.id)) {
            slot.committed = entry.own;
        }
    }
    void record_addition(const Entry& entry, TxnIndex txn) {
        const Node* below = Reader::committed_below(entry, txn);
        // acquire: pairs with additions_or_make.
        auto* additions = entry.cell->slot.additions.load(std::memory_order_acquire);
        additions->commit(below, entry.number->delta);
        if (!entry.declared_add()) {
            record_undeclared(entry);
        }
    }
    void record_undeclared(const Entry& entry) {
        if constexpr (kScans<M>) {
            if (!entry.cell->present) {
                newcomers_.add(entry.key);
            }
        }
        run_.undeclared.add(entry.id);
    }

    Run& run_;
    Newcomers<typename M::Key> newcomers_;
};

}  // namespace lockstep
