#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"
#include "engine/base/error.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel/block_run.hpp"
#include "engine/parallel/completion.hpp"
#include "engine/parallel/link_stage.hpp"
#include "engine/parallel/worker_pool.hpp"
#include "engine/planned/plan.hpp"
#include "engine/planned/planned_execution.hpp"
#include "engine/planned/planned_settlement.hpp"
#include "engine/speculative/declared_links.hpp"
#include "engine/speculative/incarnation.hpp"
#include "engine/speculative/install.hpp"
#include "engine/speculative/validation.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/mode_chooser.hpp"
#include "scheduler/plan_chooser.hpp"

namespace lockstep {

namespace test {
class Inspector;  // checks invariants between the steps of an explored schedule
}

inline constexpr std::uint32_t kShardsByWorkers = ~std::uint32_t{0};

/// Tuning of the parallel executor; none of it can change a result.
struct ParallelOptions {
    std::uint32_t chunk_max = 32;  ///< transactions per claim, at most
    std::uint32_t claims_min = 8;  ///< of each worker and block: small blocks have smaller chunks
    std::uint32_t window = 4096;   ///< how far execution may run ahead of the frontier
    bool use_declared = true;      ///< ask the machine for declared keys
    bool plan = true;              ///< change cells in place where all accesses are known
    /// Shards of cells that are linked side by side: a power of two up to 64, 0: one worker links
    /// all, kShardsByWorkers: two for each worker where there are more than two.
    std::uint32_t link_shards = kShardsByWorkers;
    bool revalidate = true;  ///< idle workers look for stale incarnations early
    bool learn = true;       ///< speculate less where it fails: SpeculationDepth
    /// Run blocks serially where that has proved faster; counted as ExecutionMetrics::fallbacks.
    /// Who compares the ways switches it off, else he does not know which one ran. A block whose
    /// accesses are recorded never runs serially.
    bool adaptive = true;
};

/// Executes blocks speculatively on all workers of a pool; results equal SerialExecutor's.
///
/// Role:    resolve declared keys · execute over multi-version memory · validate and commit in
///          order at the frontier · settle final values into the store. See scheduler/README.md.
/// Threads: execute from one thread at a time; it works as worker 0 of the pool. `Pool` has
///          workers() and run(job), as WorkerPool; a test may bring one whose workers are fibers.
/// Invariants
///   [E1] for any number of workers, options, hints and timing: BlockResult and state equal those
///        of SerialExecutor, byte for byte.
///   [E2] nothing that a discarded incarnation did reaches a receipt, an event or the state.
///   [E3] a cancelled or failed block leaves state and chained digest as they were. The exception
///        is an end-of-block phase that throws: the executor then refuses every later block.
template <Machine M, class Sync = StdSync, class Pool = WorkerPool>
class ParallelExecutor {
    friend class test::Inspector;

  public:
    using Transaction = typename M::Transaction;
    using Context = typename M::Context;
    using Store = StateStore<M, Sync>;
    using Accesses = AccessOptions<typename M::Key>;

    ParallelExecutor(const M& machine, Store& store, Pool& pool, TxnLimits limits = {},
                     ParallelOptions options = {})
        : run_(machine, store, limits, pool.workers()),
          links_(run_, options.use_declared),
          pool_(pool),
          options_(options),
          phase_cells_(store),
          phase_view_(phase_cells_, kPhaseLimits),
          phase_commit_(store, run_.phase_arena),
          serial_(machine, store, limits) {}

    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block,
                                                     const ExecuteOptions& options = {},
                                                     const Accesses& accesses = {}) {
        if (poisoned_) {
            return failure(Error{.code = ErrorCode::kEnvironment,
                                 .message = "the state is unusable since an earlier failure",
                                 .block = block.header.height});
        }
        if (!options_.adaptive || accesses.records()) {
            return execute_in_parallel(block, options, accesses);
        }
        const bool serial = chooser_.prefers_serial(block.transactions.size());
        const auto start = std::chrono::steady_clock::now();
        auto result = serial ? execute_serially(block, options)
                             : execute_in_parallel(block, options, accesses);
        if (result) {
            chooser_.record(serial, block.transactions.size(),
                            std::chrono::steady_clock::now() - start);
        }
        return result;
    }

    /// Digest of the last executed block; the chain continues from it.
    [[nodiscard]] const Digest& previous_block_digest() const noexcept { return previous_; }
    void set_previous_block_digest(const Digest& digest) noexcept { previous_ = digest; }

    /// Sums over all blocks so far.
    [[nodiscard]] const ExecutionMetrics& metrics() const noexcept { return metrics_; }

  private:
    Result<BlockResult, Error> execute_serially(const Block<Transaction>& block,
                                                const ExecuteOptions& options) {
        serial_.set_previous_block_digest(previous_);
        auto result = serial_.execute(block, options);
        if (result) {
            previous_ = result->block;
            ++metrics_.fallbacks;
            metrics_.transactions += block.transactions.size();
            metrics_.executions += block.transactions.size();
        }
        return result;
    }
    Result<BlockResult, Error> execute_in_parallel(const Block<Transaction>& block,
                                                   const ExecuteOptions& options,
                                                   const Accesses& accesses) {
        run_.store.release_keys();
        phase_cells_.begin_block();
        phase_view_.reset();
        run_.phase_arena.reset();
        phase_commit_.begin();
        run_.failure = nullptr;
        settled_ = false;
        bool completed = false;
        try {
            run_.accesses.begin(accesses, block.transactions.size());
            completed = run(block, options);
        } catch (...) {
            run_.note_failure();
        }
        if (completed && run_.failure == nullptr) {
            previous_ = run_.result.block;
            return std::move(run_.result);
        }
        poisoned_ = poisoned_ || settled_;
        if (!settled_) {
            take_back_phase();
            run_.store.adopt_interned();
        }
        return failure(Error{.code = ErrorCode::kEnvironment,
                             .message = run_.failure == nullptr ? "cancelled" : run_.failure_text(),
                             .block = block.header.height});
    }

    using Run = BlockRun<M, Sync>;
    using Worker = typename Run::Worker;
    using Record = typename Run::Record;
    using Entry = typename Run::Entry;
    using Node = typename Run::Node;
    using Links = DeclaredLinks<M, Sync>;
    template <class Target>
    using StageOf = LinkStage<Run, Target, Sync>;

    enum class Stage : std::uint32_t { kResolve, kLink, kExecute, kSettle };

    // ---- one block, on the calling thread -------------------------------------------------------

    bool run(const Block<Transaction>& block, const ExecuteOptions& options) {
        run_.transactions = block.transactions;
        run_.options = &options;
        run_.result = BlockResult{};
        run_.result.header = block.header;
        run_.reported = 0;
        begin_phase(block.header);
        const std::size_t phase_events = run_.result.events.size();
        const bool plan = plans() && plan_chooser_.plans();
        if (!(plan && run_as_planned())) {
            run_.result.events.resize(phase_events);
            run_transactions(false);
        }
        if (!run_.keep) {
            return false;
        }
        phase_commit_.forget_emptied();
        end_phase(block.header);
        run_.result.state = run_.store.digest();
        run_.result.modules = run_.store.sums().modules();
        run_.result.block = completion_.finish();
        run_.accesses.finish(block.header.height, run_.committed, run_.scans);
        return true;
    }
    void begin_phase(const BlockHeader& header) {
        WorkSpan<Sync> span(Work::kPhase);
        run_.context.emplace(run_.machine.begin_block(
            phase_view_, header, std::span<const Transaction>(run_.transactions)));
        run_.result.begin_effects = commit_phase(kBeginPhaseIndex);
        span.done(1);
    }
    void end_phase(const BlockHeader& header) {
        WorkSpan<Sync> span(Work::kPhase);
        phase_cells_.begin_block();
        phase_commit_.begin();
        run_.machine.end_block(phase_view_, header, *run_.context);
        run_.result.end_effects = commit_phase(kEndPhaseIndex);
        run_.store.adopt_interned();
        phase_commit_.forget_emptied();
        span.done(1);
    }
    /// Whether all that the transactions are going to do is known, if nothing is wrong with that.
    [[nodiscard]] bool plans() const {
        const bool knows = run_.accesses.known() != nullptr ||
                           (options_.use_declared && declares_all(run_.machine, *run_.context));
        return options_.plan && run_.size() <= HandleLayout::kTxnsMax && knows;
    }
    /// All but the phases, up to values in the store; false when nothing of it stays.
    bool run_transactions(bool planned) {
        run_.planned = planned;
        prepare();
        pool_.run([this](std::uint32_t worker) { work(worker); });
        settled_ = run_.keep;
        if (planned) {
            planned_settlement_.finish(metrics_, planned_.abandoned());
        } else {
            if (!run_.keep) {
                take_back_phase();
            }
            settlement_.finish(metrics_);
        }
        return run_.keep;
    }
    /// False when the block has to be run again, speculatively.
    bool run_as_planned() {
        if (run_transactions(true)) {
            plan_chooser_.note_success(run_.size(), planned_.stalls());
            return true;
        }
        if (run_.failure != nullptr || cancelled_) {
            return true;
        }
        plan_chooser_.note_failure();
        return false;
    }
    /// Commits what a phase has done; its effect digest.
    [[nodiscard]] Digest commit_phase(std::uint32_t index) {
        Receipt receipt;
        phase_commit_.apply(phase_view_, index, receipt, run_.result);
        phase_commit_.fold();
        return receipt.effects;
    }
    /// Takes the begin-of-block phase back, wherever it has stopped.
    void take_back_phase() {
        phase_view_.rollback({});
        phase_commit_.restore();
    }

    void prepare() {
        WorkSpan<Sync> span(Work::kPrepare);
        const TxnIndex size = run_.size();
        if (!run_.planned) {
            run_.records.resize(size);  // resolution resets them, and the scheduler's states
        }
        if constexpr (kScans<M>) {
            run_.scans.assign(size, {});
        }
        run_.result.receipts.resize(size);
        for (const auto& worker : run_.workers) {
            worker->arena.reset();
            worker->queue = {};
            worker->touched.clear();
            worker->emptied.clear();
            worker->sums = {};
            worker->present_change = 0;
            worker->metrics = {};
        }
        const TxnIndex share = size / (pool_.workers() * std::max(options_.claims_min, 1U)) + 1;
        const TxnIndex chunk = std::min<TxnIndex>(share, options_.chunk_max);
        run_.scheduler.open(
            size,
            {.chunk = chunk, .window = std::max(options_.window, chunk), .learn = options_.learn});
        run_.mode = {.listed = run_.accesses.known() != nullptr};
        cancelled_ = false;
        run_.committed = 0;
        run_.block_number = run_.store.next_block_number();
        with_stage([this](auto& stage) { stage.prepare(link_shards()); });
        if (run_.planned) {
            planned_.prepare();
            planned_settlement_.prepare();
        } else {
            frontier_.prepare();
            settlement_.prepare();
        }
        completion_.prepare(previous_, chunk * kChunksCompleted);
        // relaxed: workers start after prepare, by the pool's publication.
        cancel_requested_.store(false, std::memory_order_relaxed);
        executing_.store(0, std::memory_order_relaxed);
        stage_.store(Stage::kResolve, std::memory_order_relaxed);
        span.done(size);
    }

    /// What one worker does for one block. Worker 0 also moves the block from stage to stage.
    void work(std::uint32_t index) {
        Worker& worker = *run_.workers[index];
        const bool leads = index == 0;
        if (leads) {
            with_stage([&](auto& stage) { link(stage, worker); });
            run_.scheduler.set_revalidation(!run_.planned && options_.revalidate &&
                                            run_.mode.search);
            // seq_cst: see enter_execution.
            stage_.store(Stage::kExecute, std::memory_order_seq_cst);
        } else {
            with_stage([&](auto& stage) { stage.resolve_some(worker); });
            await<Sync>([&] { return stage() != Stage::kResolve; });
            if (stage() == Stage::kLink) {
                with_stage([&](auto& stage) { stage.link_some(worker); });
                await<Sync>([&] { return stage() != Stage::kLink; });
            }
        }
        if (enter_execution()) {
            run_.guarded([&] { execute_all(worker); });
            // release: hands everything this worker did to the leader.
            executing_.fetch_sub(1, std::memory_order_release);
        }
        if (leads) {
            stage_.store(Stage::kSettle,
                         std::memory_order_seq_cst);  // seq_cst: see enter_execution
            // seq_cst: see enter_execution; also acquires what each worker released.
            await<Sync>([&] { return executing_.load(std::memory_order_seq_cst) == 0; });
            // relaxed: every worker has left execution.
            cancelled_ =
                cancel_requested_.load(std::memory_order_relaxed) && run_.committed < run_.size();
            const bool complete = run_.failure == nullptr && !cancelled_;
            if (run_.planned) {
                planned_settlement_.close(complete && !planned_.abandoned());
            } else {
                settlement_.list(complete);
            }
            if (run_.keep) {
                run_.guarded([&] { completion_.complete_rest(); });
            }
        }
        if (run_.planned) {
            settle(planned_settlement_, worker, leads);
        } else {
            settle(settlement_, worker, leads);
        }
    }
    template <class Settling>
    static void settle(Settling& settling, Worker& worker, bool leads) {
        await<Sync>([&] { return settling.closed(); });
        settling.settle_some(worker);
        if (leads) {
            await<Sync>([&] { return settling.settled(); });
        }
    }
    /// The first stage of the way that the block takes.
    template <class Body>
    void with_stage(Body&& body) {
        if (run_.planned) {
            body(plan_stage_);
        } else {
            body(link_stage_);
        }
    }

    /// Resolves and links all declared keys, with the help of other workers.
    template <class LinkStageOf>
    void link(LinkStageOf& stage, Worker& worker) {
        if (!stage.is_sharded()) {
            run_.guarded([&] { stage.resolve_and_link(worker); });
            stage.await_resolved();
            return;
        }
        stage.resolve_some(worker);
        stage.await_resolved();
        if (run_.failure == nullptr) {
            // seq_cst: see enter_execution.
            stage_.store(Stage::kLink, std::memory_order_seq_cst);
            stage.link_some(worker);
            await<Sync>([&] { return stage.linked(); });
            stage.finish_shards();
        }
    }
    [[nodiscard]] std::uint32_t link_shards() const noexcept {
        if (options_.link_shards != kShardsByWorkers) {
            return options_.link_shards;
        }
        const std::uint32_t workers = pool_.workers();
        return workers <= 2 ? 0 : std::min(std::bit_ceil(workers * 2), StageOf<Links>::kShardsMax);
    }

    [[nodiscard]] Stage stage() const noexcept {
        return stage_.load(std::memory_order_seq_cst);  // seq_cst: see enter_execution
    }
    /// Joins the execution stage unless it is over already.
    ///
    ///     worker                                leader
    ///     executing_ += 1        (seq_cst)      stage_ = kSettle       (seq_cst)
    ///     stage_ == kExecute ?   (seq_cst)      executing_ == 0 ?      (seq_cst)
    ///
    ///   Forbidden outcome: the worker enters while the leader sees nobody inside.
    [[nodiscard]] bool enter_execution() noexcept {
        executing_.fetch_add(1, std::memory_order_seq_cst);  // seq_cst: see the table above
        if (stage() == Stage::kExecute) {
            return true;
        }
        executing_.fetch_sub(1, std::memory_order_release);  // release: as after execution
        return false;
    }

    // ---- execution, on every worker -------------------------------------------------------------

    void execute_all(Worker& worker) {
        for (;;) {
            if (worker.queue.next == worker.queue.end) {
                completion_.complete_some();
            }
            const Task task = run_.scheduler.next(worker.queue);
            switch (task.kind) {
                case Task::Kind::kExecute:
                    if (run_.options->stop.stop_requested()) {
                        cancel();
                    } else if (run_.planned) {
                        planned_.execute(worker, task.txn);
                    } else {
                        speculate(worker, task.txn);
                    }
                    break;
                case Task::Kind::kCommit:
                    if (run_.planned) {
                        planned_.commit_prefix(worker);
                    } else {
                        frontier_.commit_prefix(worker);
                    }
                    break;
                case Task::Kind::kRevalidate:
                    revalidate(worker, task.txn);
                    break;
                case Task::Kind::kIdle:
                    if (run_.options->stop.stop_requested()) {
                        cancel();
                    }
                    run_.scheduler.wait_for_work(worker.queue);
                    continue;
                case Task::Kind::kDone:
                    return;
            }
            worker.queue.idle_rounds = 0;
        }
    }
    void cancel() {
        // relaxed: read after every worker has left execution.
        cancel_requested_.store(true, std::memory_order_relaxed);
        run_.scheduler.cancel();
    }

    /// Runs one incarnation ahead of the frontier.
    void speculate(Worker& worker, TxnIndex txn) {
        fetch_ahead(worker.queue, txn);
        run_.scheduler.start(txn);
        worker.superseded.clear();
        run_incarnation(worker, txn);
    }
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
            if (may_park && run_.scheduler.in_order(txn)) {
                break;
            }
            TxnIndex blocker = declared_blocker(record);
            if (blocker == kNoTxn && certainly_deferred(record)) {
                break;
            }
            if (blocker == kNoTxn) {
                worker.view.begin(record, txn, run_.mode, run_.scheduler.frontier());
                incarnations_.call_machine(worker, txn);
                if (worker.view.deferred()) {
                    break;
                }
                blocker = worker.view.blocked_on();
            }
            if (blocker == kNoTxn) {
                incarnations_.publish(worker, txn);
                run_.scheduler.finish_execution(
                    txn, worker.queue, frontier_.note_for(record, run_.result.receipts[txn]));
                return;
            }
            ++worker.metrics.waits;
            if (!may_park) {
                break;
            }
            if (run_.scheduler.block_on(txn, blocker)) {
                return;
            }
        }
        incarnations_.drop_superseded(worker);
        run_.scheduler.finish_deferred(txn);
    }
    /// A transaction that a declared access certainly waits for, kNoTxn when there is none.
    [[nodiscard]] TxnIndex declared_blocker(const Record& record) const noexcept {
        for (const Entry& entry : record.accesses().first(record.declared_count)) {
            if (entry.link != nullptr && entry.waits &&
                entry.link->current() == VersionState::kPending) {
                return entry.link->txn;
            }
        }
        return kNoTxn;
    }

    /// Whether a listed read is of a sum that is not complete yet: see SpeculativeView::observe.
    [[nodiscard]] bool certainly_deferred(const Record& record) const noexcept {
        if (run_.accesses.known() == nullptr) {
            return false;
        }
        const TxnIndex frontier = run_.scheduler.frontier();
        for (const Entry& entry : record.accesses().first(record.declared_count)) {
            const bool adds_last = entry.adder_below != kNoTxn &&
                                   (entry.link == nullptr || entry.link->txn < entry.adder_below);
            if (entry.reads_value && adds_last && entry.adder_below >= frontier) {
                return true;
            }
        }
        return false;
    }

    /// Early validation by a worker that has nothing else to do; saves a re-execution at the
    /// frontier. The frontier validates again in any case.
    void revalidate(Worker& worker, TxnIndex txn) {
        if (!run_.scheduler.try_retake(txn)) {
            return;
        }
        ++worker.metrics.validations;
        Record& record = run_.records[txn];
        if (!(Sync::suspects() || looks_stale(record, txn)) || !run_.scheduler.abort(txn)) {
            run_.scheduler.give_back(txn);
            return;
        }
        ++worker.metrics.aborts;
        incarnations_.set_aside(worker, record);
        for (const Entry& old : worker.superseded) {
            old.own->make_estimate();
        }
        run_incarnation(worker, txn);
    }
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
            if (stale(run_.store.cell(read.cell), read.seen)) {
                return true;
            }
        }
        return false;
    }

    static constexpr TxnIndex kAhead = 2;
    static constexpr TxnIndex kChunksCompleted = 4;  ///< that are completed together

    Run run_;
    Links links_;
    StageOf<Links> link_stage_{run_, links_};
    Plan<M, Sync> plan_{run_};
    StageOf<Plan<M, Sync>> plan_stage_{run_, plan_};
    PlannedExecution<M, Sync> planned_{run_};
    PlannedSettlement<M, Sync> planned_settlement_{run_};
    PlanChooser plan_chooser_;
    Incarnations<M, Sync> incarnations_{run_};
    Frontier<M, Sync> frontier_{run_, incarnations_};
    Completion<M, Sync> completion_{run_};
    Settlement<M, Sync> settlement_{run_};

    Pool& pool_;
    const ParallelOptions options_;
    CellCache<M, Sync> phase_cells_;
    InPlaceView<M, Sync> phase_view_;
    InPlaceCommit<M, Sync> phase_commit_;
    InPlaceExecutor<M, Sync> serial_;  ///< blocks that are faster that way
    ModeChooser chooser_;
    Digest previous_;
    ExecutionMetrics metrics_;
    bool cancelled_ = false;
    bool settled_ = false;   ///< the transactions' values are in the store
    bool poisoned_ = false;  ///< a failure after settlement: the state is not that of any block

    // stage_: what workers of this block do now.   writers: leader   readers: workers
    //   publish: the leader's store -> stage(): records, chains.   Order argued at enter_execution.
    //   layout:  with the other rarely written control words.
    alignas(kCacheLineSize) typename Sync::template Atomic<Stage> stage_{Stage::kResolve};
    // executing_: workers inside the execution stage.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: touched lists, records.
    typename Sync::template Atomic<std::uint32_t> executing_{0};
    // cancel_requested_: a worker saw the stop request.   writers: workers   readers: leader
    //   publish: nothing beyond itself.
    typename Sync::template Atomic<bool> cancel_requested_{false};
};

}  // namespace lockstep
