#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/contract/access_list.hpp"
#include "engine/contract/machine_call.hpp"
#include "engine/speculative/speculative_run.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// One incarnation of a transaction: the call of the machine and what becomes of its effects.
///
/// Threads: the worker that holds the transaction.
template <Machine M, class Sync>
class Incarnations {
  public:
    using Run = SpeculativeRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;

    explicit Incarnations(Run& run) : run_(run), shared_(run.shared) {}

    /// Calls the machine and turns whatever happens into the record's receipt.
    void call_machine(Worker& worker, TxnIndex txn) {
        WorkSpan<Sync> span(Work::kExecute, txn);
        auto& view = worker.view;
        ++worker.common.metrics.executions;
        const Receipt receipt = lockstep::call_machine(
            shared_.machine, view, shared_.transactions[txn], *shared_.context, shared_.limits);
        if (receipt.disposition != Disposition::kExecuted) {
            view.discard_effects();
        }
        shared_.result.receipts[txn] = receipt;
        span.done(1);
    }

    /// Makes the incarnation's versions visible and completes its record.
    void publish(Worker& worker, TxnIndex txn) {
        WorkSpan<Sync> span(Work::kPublish);
        Record& record = run_.records[txn];
        if constexpr (kScans<M>) {
            run_.scans[txn] = worker.view.keep_scans();
        }
        if (shared_.accesses.active()) {
            record_accesses(worker, txn);
        }
        worker.view.complete_record();
        keep_equal_versions(worker, record);
        record.as_declared = record.retracted_count == 0;
        for (Entry& entry : record.accesses()) {
            if (entry.written) {
                entry.own->publish();
                if (!entry.linked) {
                    if (entry.cell->slot.insert(entry.own)) {
                        worker.touched.append(entry.id);
                    }
                    entry.linked = true;
                }
            } else if (entry.linked) {
                entry.own->drop();
            }
            record.as_declared =
                record.as_declared && (entry.written ? entry.placeholder : !entry.adds());
            if (entry.adds() && !entry.declared_add()) {
                run_.additions_of(worker, entry).record_adder(txn);
            }
        }
        drop_superseded(worker);
        digest_effects(worker, txn);
        span.done(1);
    }
    /// Sets published versions aside before the next incarnation of the same transaction.
    void set_aside(Worker& worker, Record& record) {
        worker.superseded.clear();
        for (Entry& entry : record.accesses()) {
            if (entry.linked && entry.written) {
                worker.superseded.push_back(entry);
            }
            if (entry.linked) {
                entry.own = nullptr;
                entry.linked = entry.placeholder = false;
            }
        }
        record_retractions(worker, record);
    }
    /// Takes the versions that were set aside out of every reader's sight.
    void drop_superseded(Worker& worker) {
        for (const Entry& old : worker.superseded) {
            old.own->drop();
        }
        worker.superseded.clear();
    }

  private:
    /// Records what the incarnation touched. REQUIRES: its record is not complete yet.
    void record_accesses(Worker& worker, TxnIndex txn) {
        auto& touched = worker.common.accesses;
        touched.clear();
        worker.view.for_each_access([&touched](const Entry& entry) {
            const auto access = access_of(entry);
            if (access.dependence != Dependence::kNone || access.effect != Effect::kNone) {
                touched.push_back(access);
            }
        });
        std::span<const KeyRange<typename M::Key>> ranges;
        if constexpr (kScans<M>) {
            const auto scans = run_.scans[txn];
            auto* const kept =
                worker.common.arena.template make_array<KeyRange<typename M::Key>>(scans.size());
            std::transform(scans.begin(), scans.end(), kept,
                           [](const auto& scan) { return scan.range; });
            ranges = {kept, scans.size()};
        }
        shared_.accesses.record(txn, worker.common.arena, touched, ranges);
    }
    [[nodiscard]] static CellAccess<typename M::Key> access_of(const Entry& entry) {
        CellAccess<typename M::Key> access{.key = entry.key};
        if constexpr (kScans<M>) {
            access.dependence = entry.asked;  // scans also read cells that they pass over
        } else if (entry.read) {
            access.dependence = Dependence::kValue;
        } else if (entry.presence_checked || (entry.number != nullptr && entry.number->checked)) {
            access.dependence = Dependence::kPredicate;
        }
        if (entry.written) {
            access.effect = Effect::kWrite;
        } else if (entry.adds()) {
            access.effect = Effect::kAdd;
        }
        return access;
    }
    /// Readers may have seen the versions that are set aside: the frontier announces their cells.
    void record_retractions(Worker& worker, Record& record) {
        const std::size_t known = record.retracted_count;
        const std::size_t count = known + worker.superseded.size();
        auto* cells = worker.common.arena.template make_array<CellId>(count);
        std::copy_n(record.retracted, known, cells);
        std::transform(worker.superseded.begin(), worker.superseded.end(), cells + known,
                       [](const Entry& old) { return old.id; });
        record.retracted = cells;
        record.retracted_count = static_cast<std::uint32_t>(count);
    }
    /// Versions of the incarnation before that carry the same value stay, so that their readers
    /// stay valid.
    void keep_equal_versions(Worker& worker, Record& record) {
        std::erase_if(worker.superseded, [&record](const Entry& old) {
            for (Entry& entry : record.accesses()) {
                if (entry.key == old.key && entry.written && !entry.linked &&
                    entry.own->erased == old.own->erased && entry.own->value == old.own->value) {
                    entry.own = old.own;
                    entry.placeholder = old.placeholder;
                    entry.linked = true;
                    return true;
                }
            }
            return false;
        });
    }

    void digest_effects(Worker& worker, TxnIndex txn) {
        Record& record = run_.records[txn];
        Receipt& receipt = shared_.result.receipts[txn];
        worker.effects.begin(txn, receipt.disposition, receipt.status, receipt.weight);
        for (const Entry& entry : record.accesses()) {
            if (!entry.has_effect()) {
                continue;
            }
            if (entry.written && !entry.materialized) {
                worker.effects.write(entry.key, entry.own->get());
            } else {
                worker.effects.add(entry.key, entry.number->delta);
            }
        }
        const auto events = shared_.keep_events(worker.common, worker.view.events().encoded());
        receipt.effects = worker.effects.finish(events);
        record.event_bytes = static_cast<std::uint32_t>(events.size());
        record.events = events.data();
    }

    Run& run_;
    typename Run::Shared& shared_;
};

}  // namespace lockstep
