#pragma once

#include <cstdint>

#include "engine/block_run.hpp"
#include "engine/incarnation.hpp"

namespace lockstep {

/// Validates and commits in block order.
///
/// Role:    the authority on results. A transaction whose answers no longer hold runs again here,
/// on
///          final state, which cannot fail.
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

    Frontier(Run& run, Incarnations<M, Sync>& incarnations)
        : run_(run), incarnations_(incarnations) {}

    void prepare() noexcept {
        noted_ = false;
        weight_used_ = 0;
    }
    /// Commits what is ready, then gives the frontier up.
    void commit_prefix(Worker& worker) {
        for (;;) {
            const auto candidate = run_.scheduler.begin_commit();
            if (candidate.txn == kNoTxn || !commit_one(worker, candidate)) {
                break;
            }
        }
        run_.scheduler.leave_frontier();
    }

  private:
    bool commit_one(Worker& worker, typename Scheduler<Sync>::Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        Record& record = run_.records[txn];
        if (candidate.deferred) {
            ++worker.metrics.deferred;
            worker.superseded.clear();
            execute_finally(worker, txn);
        } else if (!stands(worker, record, txn)) {
            ++worker.metrics.aborts;
            incarnations_.set_aside(worker, record);
            execute_finally(worker, txn);
        }
        const Receipt& receipt = run_.result.receipts[txn];
        if (receipt.weight > run_.result.header.weight_limit - weight_used_) {
            run_.scheduler.stop_at(txn);
            return false;
        }
        weight_used_ += receipt.weight;
        note_effects(record, txn);
        run_.committed = txn + 1;
        if (run_.options->on_commit) {
            run_.options->on_commit(txn, receipt, {record.events, record.event_bytes});
        }
        run_.scheduler.finish_commit(txn, candidate.deferred, worker.queue);
        return true;
    }
    /// Runs the transaction on final state; cannot fail validation.
    void execute_finally(Worker& worker, TxnIndex txn) {
        worker.view.begin(run_.records[txn], txn, run_.mode, txn);
        incarnations_.call_machine(worker, txn);
        incarnations_.publish(worker, txn);
    }

    /// Whether the answers that an incarnation got are those of the committed state.
    [[nodiscard]] bool stands(Worker& worker, const Record& record, TxnIndex txn) {
        if (!noted_ && !record.checks_numbers) {
            return true;  // only declared writers so far: every read had its exact version
        }
        ++worker.metrics.validations;
        for (const Entry& entry : record.accesses()) {
            if (entry.read && noted_ && !read_stands(entry, txn)) {
                return false;
            }
            if (entry.presence_checked || (entry.number != nullptr && entry.number->checked)) {
                if (!assumption_stands(entry, txn)) {
                    return false;
                }
            }
        }
        return true;
    }
    [[nodiscard]] bool read_stands(const Entry& entry, TxnIndex txn) const {
        const Node* now = Run::View::committed_below(entry, run_.store, txn);
        // acquire: pairs with additions_or_make.
        const auto* additions =
            run_.store.cell(entry.cell).slot.additions.load(std::memory_order_acquire);
        const bool sum_seen = entry.number != nullptr && entry.number->has_below;
        if (!sum_seen && additions != nullptr && additions->applies_to(now)) {
            return false;  // added to by someone who had not declared it
        }
        return now == entry.seen || run_.same_value(entry, now);
    }
    [[nodiscard]] bool assumption_stands(const Entry& entry, TxnIndex txn) const {
        const Node* now = Run::View::committed_below(entry, run_.store, txn);
        const auto& cell = run_.store.cell(entry.cell);
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
        // Readers may have seen a version that its writer has taken back, and not written again.
        noted_ = noted_ || record.replaced;
        for (const Entry& entry : record.accesses()) {
            noted_ = noted_ || (entry.written && !entry.placeholder) ||
                     (entry.adds() && !entry.declared_add());
        }
        for (const Entry& entry : record.accesses()) {
            if (entry.written) {
                if (noted_) {
                    run_.store.cell(entry.cell).slot.committed = entry.own;
                }
            } else if (entry.adds()) {
                auto& slot = run_.store.cell(entry.cell).slot;
                const Node* below = Run::View::committed_below(entry, run_.store, txn);
                // acquire: pairs with additions_or_make.
                slot.additions.load(std::memory_order_acquire)->commit(below, entry.number->delta);
            }
        }
    }

    Run& run_;
    Incarnations<M, Sync>& incarnations_;
    bool noted_ = false;  ///< some committed write or addition was undeclared, or taken back
    std::uint64_t weight_used_ = 0;
};

}  // namespace lockstep
