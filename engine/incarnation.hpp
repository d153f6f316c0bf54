#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "engine/block_run.hpp"

namespace lockstep {

/// One incarnation of a transaction: the call of the machine and what becomes of its effects.
///
/// Threads: the worker that holds the transaction.
template <Machine M, class Sync>
class Incarnations {
  public:
    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;

    explicit Incarnations(Run& run) : run_(run) {}

    /// Calls the machine and turns whatever happens into the record's receipt.
    void call_machine(Worker& worker, TxnIndex txn) {
        Receipt receipt;
        auto& view = worker.view;
        ++worker.metrics.executions;
        try {
            const auto outcome = run_.machine.execute(view, run_.transactions[txn], *run_.context);
            receipt.status = static_cast<std::uint16_t>(outcome.status);
            receipt.weight = outcome.weight;
            if (view.over_budget()) {
                receipt = faulted(Fault::kStepBudget);
            } else if (view.events().size() > run_.limits.event_bytes) {
                receipt = faulted(Fault::kOutputLimit);
            }
        } catch (const StopExecution&) {
            receipt = faulted(Fault::kStepBudget);
        } catch (const std::bad_alloc&) {
            throw;  // the environment's failure, not the transaction's
        } catch (...) {
            receipt = faulted(Fault::kThrew);
        }
        if (receipt.disposition != Disposition::kExecuted) {
            view.discard_effects();
        }
        run_.result.receipts[txn] = receipt;
    }

    /// Makes the incarnation's versions visible and completes its record.
    void publish(Worker& worker, TxnIndex txn) {
        Record& record = run_.records[txn];
        keep_equal_versions(worker, record);
        for (Entry& entry : record.accesses()) {
            if (entry.written) {
                entry.own->publish();
                if (!entry.linked) {
                    run_.store.cell(entry.cell).slot.insert(entry.own);
                    entry.linked = true;
                    worker.touched.push_back(entry.cell);
                }
            } else if (entry.linked) {
                entry.own->drop();
            }
            if (entry.adds() && !entry.declared_add()) {
                run_.additions_of(worker, entry).note_adder(txn);
                worker.touched.push_back(entry.cell);
            }
        }
        drop_superseded(worker);
        digest_effects(worker, txn);
    }
    /// Sets published versions aside before the next incarnation of the same transaction.
    void set_aside(Worker& worker, Record& record) {
        worker.superseded.clear();
        for (Entry& entry : record.accesses()) {
            if (entry.linked && entry.written) {
                worker.superseded.push_back(entry);
                record.replaced = true;
            }
            if (entry.linked) {
                entry.own = nullptr;
                entry.linked = entry.placeholder = false;
            }
        }
    }
    /// Takes the versions that were set aside out of every reader's sight.
    void drop_superseded(Worker& worker) {
        for (const Entry& old : worker.superseded) {
            old.own->drop();
        }
        worker.superseded.clear();
    }

  private:
    static constexpr std::size_t kInsertionSortMax = 32;

    /// Versions of the incarnation before that carry the same value stay, so that their readers
    /// stand.
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
        worker.order.clear();
        for (std::uint32_t i = 0; i < record.count; ++i) {
            if (record.entries[i].written || record.entries[i].adds()) {
                worker.order.push_back(i);
            }
        }
        sort_by_key(worker.order, record);
        Receipt& receipt = run_.result.receipts[txn];
        worker.effects.begin(txn, receipt.disposition, receipt.status, receipt.weight);
        for (const std::uint32_t i : worker.order) {
            const Entry& entry = record.entries[i];
            if (entry.written) {
                worker.effects.write(entry.key, entry.own->get());
            } else {
                worker.effects.add(entry.key, entry.number->delta);
            }
        }
        const std::span<const std::byte> events = worker.view.events().encoded();
        receipt.effects = worker.effects.finish(events);
        record.event_bytes = static_cast<std::uint32_t>(events.size());
        record.events = nullptr;
        if (!events.empty()) {
            std::byte* kept = worker.arena.template make_array<std::byte>(events.size());
            std::copy(events.begin(), events.end(), kept);
            record.events = kept;
        }
    }

    static void sort_by_key(std::vector<std::uint32_t>& order, const Record& record) {
        const auto less = [&record](std::uint32_t a, std::uint32_t b) {
            return record.entries[a].key < record.entries[b].key;
        };
        if (order.size() > kInsertionSortMax) {
            std::sort(order.begin(), order.end(), less);
            return;
        }
        for (std::size_t i = 1; i < order.size(); ++i) {
            for (std::size_t j = i; j > 0 && less(order[j], order[j - 1]); --j) {
                std::swap(order[j], order[j - 1]);
            }
        }
    }

    Run& run_;
};

}  // namespace lockstep
