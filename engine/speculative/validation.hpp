#pragma once

#include <cstdint>

#include "engine/parallel/block_run.hpp"
#include "engine/speculative/incarnation.hpp"
#include "engine/speculative/scan_notes.hpp"
#include "scheduler/commit_hint.hpp"

namespace lockstep {

/// Validates and commits in block order.
///
/// Role:    the authority on results. A transaction whose answers no longer hold runs again here,
///          on final state, which cannot fail.
/// Threads: the worker that holds the scheduler's frontier; its plain data passes on with that
/// role.
template <Machine M, class Sync>
class Frontier {
  public:
    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;
    using Cell = typename Run::Cell;

    Frontier(Run& run, Incarnations<M, Sync>& incarnations)
        : run_(run), incarnations_(incarnations) {}

    void prepare() noexcept {
        newcomers_.clear();
        run_.undeclared.prepare();
        weight_used_ = 0;
    }
    /// Commits what is ready, then gives the frontier up.
    void commit_prefix(Worker& worker) {
        run_.commit_prefix([&] { return commit_group(); },
                           [&](const auto& candidate) { return commit_one(worker, candidate); });
    }

    /// What an executed transaction tells its committer, so that he need not look at what another
    /// worker wrote: that there is nothing to check and nothing to note as long as nobody has
    /// changed what he had not declared, and the weight. 0: look at the record.
    [[nodiscard]] static std::uint32_t note_for(const Record& record,
                                                const Receipt& receipt) noexcept {
        const bool plain = record.as_declared && !record.checks_numbers &&
                           record.effects_seen == 0 && receipt.weight <= Note::kWeightMax;
        return plain ? Note::of(receipt.weight) : 0U;
    }

  private:
    using Note = CommitHint<Sync>;

    static constexpr TxnIndex kAhead = 4;

    /// Commits the group at the frontier when it is noted that there is nothing to check in it.
    bool commit_group() {
        const std::uint64_t notes = run_.scheduler.noted_group();
        if (notes == 0 || run_.undeclared.count() != 0 || Sync::suspects()) {
            return false;
        }
        const TxnIndex size = run_.scheduler.group_size();
        const std::uint64_t group_weight = Note::weight_of(notes, size);
        if (group_weight > run_.result.header.weight_limit - weight_used_) {
            return false;  // the block ends within the group
        }
        weight_used_ += group_weight;
        run_.finish_group();
        return true;
    }
    bool commit_one(Worker& worker, typename Scheduler<Sync>::Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        const bool plain =
            Note::is_plain(candidate.note) && run_.undeclared.count() == 0 && !Sync::suspects();
        if (!plain) {
            make_stand(worker, candidate);
        }
        const std::uint64_t weight =
            plain ? Note::weight_of(candidate.note) : run_.result.receipts[txn].weight;
        if (weight > run_.result.header.weight_limit - weight_used_) {
            run_.scheduler.stop_at(txn);
            return false;
        }
        weight_used_ += weight;
        if (!plain) {
            note_effects(run_.records[txn], txn);
        }
        run_.committed = txn + 1;
        run_.report_commit(txn);
        run_.scheduler.finish_commit(txn, candidate.deferred, worker.queue);
        return true;
    }
    /// Runs the transaction on final state unless it has run and its answers still hold.
    void make_stand(Worker& worker, typename Scheduler<Sync>::Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        if (txn + kAhead < run_.size()) {  // mostly written by another worker
            prefetch_lines<Prefetch::kToRead>(&run_.records[txn + kAhead], sizeof(Record));
            prefetch_lines<Prefetch::kToRead>(&run_.result.receipts[txn + kAhead], sizeof(Receipt));
        }
        Record& record = run_.records[txn];
        if (candidate.deferred) {
            ++worker.metrics.deferred;
            worker.superseded.clear();
            execute_finally(worker, txn);
        } else if (Sync::suspects() || !stands(worker, record, txn)) {
            ++worker.metrics.aborts;
            run_.scheduler.note_stale();
            incarnations_.set_aside(worker, record);
            execute_finally(worker, txn);
        }
    }
    /// Runs the transaction on final state; cannot fail validation.
    void execute_finally(Worker& worker, TxnIndex txn) {
        worker.view.begin(run_.records[txn], txn, run_.mode, txn);
        incarnations_.call_machine(worker, txn);
        incarnations_.publish(worker, txn);
    }

    /// Whether the answers that an incarnation got are those of the committed state.
    [[nodiscard]] bool stands(Worker& worker, const Record& record, TxnIndex txn) {
        const bool exact = record.effects_seen == run_.undeclared.count();
        if (exact && !record.checks_numbers) {
            return true;  // every read had its exact version
        }
        ++worker.metrics.validations;
        return (exact || reads_stand(record, txn)) &&
               (!record.checks_numbers || assumptions_stand(record, txn));
    }
    [[nodiscard]] bool reads_stand(const Record& record, TxnIndex txn) const {
        for (const Entry& entry : record.accesses()) {
            if (entry.read && run_.undeclared.may_contain(entry.id)) {
                const Node* now = Run::View::committed_below(entry, txn);
                const bool sum_seen = entry.number != nullptr && entry.number->has_below;
                if ((!sum_seen && added_to(*entry.cell, now)) ||
                    !run_.same_value(*entry.cell, entry.seen, now)) {
                    return false;
                }
            }
        }
        for (const auto& read : record.plain_reads()) {
            if (run_.undeclared.may_contain(read.cell)) {
                const Cell& cell = run_.store.cell(read.cell);
                const Node* now = Run::View::committed_from(read.seen, cell);
                if (added_to(cell, now) || !run_.same_value(cell, read.seen, now)) {
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
    /// Whether somebody added to a cell on top of its newest committed version.
    [[nodiscard]] static bool added_to(const Cell& cell, const Node* now) {
        // acquire: pairs with additions_or_make.
        const auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        return additions != nullptr && additions->applies_to(now);
    }
    [[nodiscard]] bool assumptions_stand(const Record& record, TxnIndex txn) const {
        for (const Entry& entry : record.accesses()) {
            const bool assumed =
                entry.presence_checked || (entry.number != nullptr && entry.number->checked);
            if (assumed && !assumption_stands(entry, txn)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool assumption_stands(const Entry& entry, TxnIndex txn) const {
        const Node* now = Run::View::committed_below(entry, txn);
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

    /// Records what later validations need to know of a committed transaction.
    void note_effects(const Record& record, TxnIndex txn) {
        if (record.as_declared && run_.undeclared.count() == 0) {
            return;
        }
        for (const Entry& entry : record.accesses()) {
            if (entry.written) {
                note_write(entry);
            } else if (entry.adds()) {
                note_addition(entry, txn);
            }
        }
        for (const CellId cell : record.retractions()) {
            run_.undeclared.add(cell);
        }
    }
    void note_write(const Entry& entry) {
        auto& slot = entry.cell->slot;
        if (!entry.placeholder) {
            slot.committed = entry.own;
            note_undeclared(entry);
        } else if (run_.undeclared.may_contain(entry.id)) {
            slot.committed = entry.own;
        }
    }
    void note_addition(const Entry& entry, TxnIndex txn) {
        const Node* below = Run::View::committed_below(entry, txn);
        // acquire: pairs with additions_or_make.
        auto* additions = entry.cell->slot.additions.load(std::memory_order_acquire);
        additions->commit(below, entry.number->delta);
        if (!entry.declared_add()) {
            note_undeclared(entry);
        }
    }
    void note_undeclared(const Entry& entry) {
        if constexpr (kScans<M>) {
            if (!entry.cell->present) {
                newcomers_.add(entry.key);
            }
        }
        run_.undeclared.add(entry.id);
    }

    Run& run_;
    Incarnations<M, Sync>& incarnations_;
    std::uint64_t weight_used_ = 0;
    Newcomers<typename M::Key> newcomers_;
};

}  // namespace lockstep
