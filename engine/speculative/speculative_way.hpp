#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/cache_line.hpp"
#include "engine/parallel/link_stage.hpp"
#include "engine/speculative/declared_links.hpp"
#include "engine/speculative/incarnation.hpp"
#include "engine/speculative/install.hpp"
#include "engine/speculative/speculative_run.hpp"
#include "engine/speculative/validator.hpp"
#include "scheduler/scheduler.hpp"

namespace lockstep {

/// The way of blocks of which not all accesses are known: transactions run ahead of the frontier
/// over multi-version memory, and again where that did not hold. See scheduler/README.md.
///
/// Threads: as Way says.
template <Machine M, class Sync>
class SpeculativeWay {
  public:
    using Run = SpeculativeRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;
    using Links = LinkStage<typename Run::Shared, DeclaredLinks<M, Sync>, Sync>;
    using Candidate = typename Scheduler<Sync>::Candidate;

    static constexpr std::size_t kInstallChunk = Install<M, Sync>::kChunk;

    /// `use_declared`: ask the machine where no access list is given.
    SpeculativeWay(typename Run::Shared& shared, bool use_declared)
        : shared_(shared), scheduler_(shared.scheduler), run_(shared), links_(run_, use_declared) {}

    // ---- before and behind execution ------------------------------------------------------------

    void prepare(std::uint32_t shards) {
        run_.prepare();
        link_stage_.prepare(shards);
        validator_.prepare();
    }
    /// All workers: who waits for whom turns out while the block runs.
    [[nodiscard]] TxnIndex width() const noexcept { return shared_.size(); }
    [[nodiscard]] Links& link_stage() noexcept { return link_stage_; }
    [[nodiscard]] Worker& worker(std::uint32_t index) noexcept { return *run_.workers[index]; }
    /// What has declared everything, and right, is not going to be stale.
    [[nodiscard]] bool revalidates() const noexcept { return run_.mode.search; }
    [[nodiscard]] std::size_t close(bool complete) {
        shared_.keep = complete;
        return install_.list();
    }
    void install(Worker& worker, std::size_t first, std::size_t last) {
        install_.install(worker, first, last);
    }
    void forget_emptied() { install_.forget_emptied(); }
    void restore() { install_.restore(); }
    [[nodiscard]] ChangedCells<M, Sync>& changed(std::uint32_t worker) noexcept {
        return run_.workers[worker]->changed;
    }

    // ---- ahead of the frontier ------------------------------------------------------------------

    void execute(Worker& worker, TxnIndex txn) {
        fetch_ahead(worker.common.queue, txn);
        scheduler_.start(txn);
        worker.superseded.clear();
        run_incarnation(worker, txn);
    }
    /// Early validation by a worker that has nothing else to do; saves a re-execution at the
    /// frontier. The frontier validates again in any case.
    void revalidate(Worker& worker, TxnIndex txn) {
        if (!scheduler_.try_retake(txn)) {
            return;
        }
        ++worker.common.metrics.validations;
        Record& record = run_.records[txn];
        if (!(Sync::suspects() || validator_.looks_stale(record, txn)) || !scheduler_.abort(txn)) {
            scheduler_.give_back(txn);
            return;
        }
        ++worker.common.metrics.aborts;
        incarnations_.set_aside(worker, record);
        for (const Entry& old : worker.superseded) {
            old.own->make_estimate();
        }
        run_incarnation(worker, txn);
    }

    // ---- at the frontier ------------------------------------------------------------------------

    [[nodiscard]] bool trusts_hints() const noexcept {
        return run_.undeclared.count() == 0 && !Sync::suspects();
    }
    /// Runs the transaction on final state unless it has run and its answers still hold.
    [[nodiscard]] bool make_final(Worker& worker, Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        if (txn + kCommitAhead < shared_.size()) {  // mostly written by another worker
            prefetch_lines<Prefetch::kToRead>(&run_.records[txn + kCommitAhead], sizeof(Record));
            prefetch_lines<Prefetch::kToRead>(&shared_.result.receipts[txn + kCommitAhead],
                                              sizeof(Receipt));
        }
        Record& record = run_.records[txn];
        auto& metrics = worker.common.metrics;
        if (candidate.deferred) {
            ++metrics.deferred;
            worker.superseded.clear();
            execute_finally(worker, txn);
        } else if (Sync::suspects() || !validator_.is_valid(record, txn, metrics.validations)) {
            ++metrics.aborts;
            scheduler_.count_stale();
            incarnations_.set_aside(worker, record);
            execute_finally(worker, txn);
        }
        return true;
    }
    /// The block ends before the transaction.
    void exceed_weight(TxnIndex txn) noexcept { scheduler_.stop_at(txn); }
    [[nodiscard]] bool add_effects(TxnIndex txn) {
        validator_.record_effects(run_.records[txn], txn);
        return true;
    }
    [[nodiscard]] std::span<const std::byte> events_of(TxnIndex txn) const noexcept {
        return {run_.records[txn].events, run_.records[txn].event_bytes};
    }

    /// For tests that look at the chains of a running block.
    [[nodiscard]] const Run& state() const noexcept { return run_; }

  private:
    static constexpr TxnIndex kAhead = 2;
    static constexpr TxnIndex kCommitAhead = 4;

    /// Starts fetching what the coming transactions of the worker's chunk will look at first,
    /// mostly written by another worker.
    void fetch_ahead(const WorkerQueue& queue, TxnIndex txn) const noexcept {
        if (txn + 1 != queue.next || txn + 2 * kAhead >= queue.end) {
            return;
        }
        const Record& far = run_.records[txn + 2 * kAhead];
        prefetch_lines<Prefetch::kToWrite>(far.entries, far.declared_count * sizeof(Entry));
        const Record& near = run_.records[txn + kAhead];
        for (const Entry& entry : std::span(near.entries, near.declared_count)) {
            if (entry.link != nullptr) {
                prefetch_lines<Prefetch::kToRead>(entry.link, sizeof(Node));
            } else {
                prefetch_lines<Prefetch::kToRead>(entry.cell, sizeof(*entry.cell));
            }
        }
    }
    void run_incarnation(Worker& worker, TxnIndex txn) {
        Record& record = run_.records[txn];
        // An incarnation that replaces another has versions to drop first, so it never parks.
        const bool may_park = worker.superseded.empty();
        for (;;) {
            if (may_park && scheduler_.in_order(txn)) {
                break;
            }
            TxnIndex blocker = declared_blocker(record);
            if (blocker == kNoTxn && certainly_deferred(record)) {
                break;
            }
            if (blocker == kNoTxn) {
                worker.view.begin(record, txn, run_.mode, scheduler_.frontier());
                incarnations_.call_machine(worker, txn);
                if (worker.view.deferred()) {
                    break;
                }
                blocker = worker.view.blocked_on();
            }
            if (blocker == kNoTxn) {
                incarnations_.publish(worker, txn);
                scheduler_.finish_execution(
                    txn, worker.common.queue,
                    Validator<M, Sync>::hint_for(record, shared_.result.receipts[txn]));
                return;
            }
            ++worker.common.metrics.waits;
            if (!may_park) {
                break;
            }
            if (scheduler_.block_on(txn, blocker)) {
                return;
            }
        }
        incarnations_.drop_superseded(worker);
        scheduler_.finish_deferred(txn);
    }
    /// Runs the transaction on final state; cannot fail validation.
    void execute_finally(Worker& worker, TxnIndex txn) {
        worker.view.begin(run_.records[txn], txn, run_.mode, txn);
        incarnations_.call_machine(worker, txn);
        incarnations_.publish(worker, txn);
    }
    /// A transaction that a declared access certainly waits for, kNoTxn when there is none.
    [[nodiscard]] static TxnIndex declared_blocker(const Record& record) noexcept {
        for (const Entry& entry : record.accesses().first(record.declared_count)) {
            if (entry.link != nullptr && entry.waits &&
                entry.link->current() == VersionState::kPending) {
                return entry.link->txn;
            }
        }
        return kNoTxn;
    }
    /// Whether a listed read is of a sum that is not complete yet: see VersionReader::observe.
    [[nodiscard]] bool certainly_deferred(const Record& record) const noexcept {
        if (!run_.mode.listed) {
            return false;
        }
        const TxnIndex frontier = scheduler_.frontier();
        for (const Entry& entry : record.accesses().first(record.declared_count)) {
            const bool adds_last = entry.adder_below != kNoTxn &&
                                   (entry.link == nullptr || entry.link->txn < entry.adder_below);
            if (entry.reads_value && adds_last && entry.adder_below >= frontier) {
                return true;
            }
        }
        return false;
    }

    typename Run::Shared& shared_;
    Scheduler<Sync>& scheduler_;
    Run run_;
    DeclaredLinks<M, Sync> links_;
    Links link_stage_{shared_, links_};
    Incarnations<M, Sync> incarnations_{run_};
    Validator<M, Sync> validator_{run_};
    Install<M, Sync> install_{run_};
};

}  // namespace lockstep
