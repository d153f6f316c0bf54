#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/access_record.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/error.hpp"
#include "engine/direct_commit.hpp"
#include "engine/effects.hpp"
#include "engine/execution.hpp"
#include "engine/machine.hpp"
#include "engine/mode_chooser.hpp"
#include "engine/serial_executor.hpp"
#include "engine/speculative_view.hpp"
#include "engine/state_store.hpp"
#include "engine/worker_pool.hpp"
#include "scheduler/scheduler.hpp"

namespace lockstep {

/// Tuning of the parallel executor; none of it can change a result.
struct ParallelOptions {
    std::uint32_t chunk_max = 32;  ///< transactions per claim, at most
    std::uint32_t window = 4096;   ///< how far execution may run ahead of the frontier
    bool use_declared = true;      ///< ask the machine for declared keys
    bool revalidate = true;        ///< idle workers look for stale incarnations early
    /// Run blocks serially where that has proved faster; counted as ExecutionMetrics::fallbacks.
    /// Off by default: who compares parallel with serial wants to know which one ran.
    bool adaptive = false;
};

/// Executes blocks speculatively on all workers of a pool; results equal SerialExecutor's.
///
/// Role:    resolve declared keys · execute over multi-version memory · validate and commit in
/// order
///          at the frontier · settle final values into the store. See scheduler/README.md.
/// Threads: execute from one thread at a time; it works as worker 0 of the pool. `Pool` has
/// workers()
///          and run(job), as WorkerPool; a test may bring one whose workers are fibers.
/// Invariants
///   [E1] for any number of workers, options, hints and timing: BlockResult and state equal those
///   of
///        SerialExecutor, byte for byte.
///   [E2] nothing that a discarded incarnation did reaches a receipt, an event or the state.
///   [E3] a cancelled or failed block leaves state and chained digest as they were. The exception
///   is
///        an end-of-block phase that throws: the executor then refuses every later block.
template <Machine M, class Sync = StdSync, class Pool = WorkerPool>
class ParallelExecutor {
  public:
    using Transaction = typename M::Transaction;
    using Context = typename M::Context;
    using Store = StateStore<M, Sync>;

    ParallelExecutor(const M& machine, Store& store, Pool& pool, TxnLimits limits = {},
                     ParallelOptions options = {})
        : machine_(machine),
          store_(store),
          pool_(pool),
          limits_(limits),
          options_(options),
          commit_(store),
          serial_(machine, store, limits) {
        for (std::uint32_t i = 0; i < pool.workers(); ++i) {
            workers_.push_back(std::make_unique<Worker>(store, limits));
        }
    }

    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block,
                                                     const ExecuteOptions& options = {}) {
        if (poisoned_) {
            return failure(Error{.code = ErrorCode::kEnvironment,
                                 .message = "the state is unusable since an earlier failure",
                                 .block = block.header.height});
        }
        if (!options_.adaptive) {
            return execute_in_parallel(block, options);
        }
        const bool serial = chooser_.prefers_serial(block.transactions.size());
        const auto start = std::chrono::steady_clock::now();
        auto result =
            serial ? execute_serially(block, options) : execute_in_parallel(block, options);
        chooser_.record(serial, block.transactions.size(),
                        std::chrono::steady_clock::now() - start);
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
                                                   const ExecuteOptions& options) {
        commit_.begin_block();
        failure_ = nullptr;
        settled_ = false;
        bool completed = false;
        try {
            completed = run(block, options);
        } catch (...) {
            note_failure();
        }
        if (completed && failure_ == nullptr) {
            previous_ = result_.block;
            return std::move(result_);
        }
        poisoned_ = poisoned_ || settled_;
        commit_.restore();
        return failure(Error{.code = ErrorCode::kEnvironment,
                             .message = failure_ == nullptr ? "cancelled" : failure_text(),
                             .block = block.header.height});
    }

    using View = SpeculativeView<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Entry = AccessEntry<M, Sync>;
    using Node = Version<typename M::Value, Sync>;

    enum class Stage : std::uint32_t { kResolve, kExecute, kSettle };

    struct alignas(kCacheLineSize) Worker {
        Worker(Store& store, const TxnLimits& limits) : view(store, arena, limits) {}

        Arena arena;
        View view;
        WorkerQueue queue;
        EffectDigest<M> effects;
        ByteWriter scratch;
        std::vector<CellId> touched;    ///< cells whose slot this worker made non-empty
        std::vector<CellId> emptied;    ///< cells that became absent
        std::vector<Entry> declared;    ///< keys of the transaction being resolved
        std::vector<Entry> superseded;  ///< published entries of the incarnation being replaced
        std::vector<std::uint32_t> order;
        Digest added;  ///< this worker's share of the change of the state digest
        Digest removed;
        std::int64_t present_change = 0;
        ExecutionMetrics metrics;
    };

    // ---- one block, on the calling thread -------------------------------------------------------

    bool run(const Block<Transaction>& block, const ExecuteOptions& options) {
        transactions_ = block.transactions;
        options_now_ = &options;
        result_ = BlockResult{};
        result_.header = block.header;
        SerialView<M, Sync> phase_view(store_, kPhaseLimits);
        context_.emplace(machine_.begin_block(phase_view, block.header,
                                              std::span<const Transaction>(transactions_)));
        result_.begin_effects =
            commit_.apply(phase_view, kBeginPhaseIndex, Receipt{}, result_.events).effects;

        prepare();
        pool_.run([this](std::uint32_t worker) { work(worker); });
        const bool completed = failure_ == nullptr && !cancelled_;
        finish_settlement(completed);
        if (!completed) {
            return false;
        }
        settled_ = true;
        machine_.end_block(phase_view, block.header, *context_);
        result_.end_effects =
            commit_.apply(phase_view, kEndPhaseIndex, Receipt{}, result_.events).effects;
        result_.state = store_.digest();
        result_.block = chain_block_digest(previous_, result_);
        return true;
    }

    void prepare() {
        const auto size = static_cast<TxnIndex>(transactions_.size());
        records_.resize(size);  // resolve_some resets them
        result_.receipts.resize(size);
        for (const auto& worker : workers_) {
            worker->arena.reset();
            worker->queue = {};
            worker->touched.clear();
            worker->emptied.clear();
            worker->added = worker->removed = {};
            worker->present_change = 0;
            worker->metrics = {};
        }
        const TxnIndex share = size / (pool_.workers() * 8) + 1;
        chunk_ = std::min<TxnIndex>(share, options_.chunk_max);
        scheduler_.reset(size, {.chunk = chunk_, .window = std::max(options_.window, chunk_)});
        mode_ = {};
        noted_ = false;
        cancelled_ = false;
        weight_used_ = 0;
        committed_ = 0;
        ++block_number_;
        // relaxed: workers start after prepare, by the pool's publication.
        resolve_claimed_.store(0, std::memory_order_relaxed);
        resolve_finished_.store(0, std::memory_order_relaxed);
        settle_claimed_.store(0, std::memory_order_relaxed);
        settle_finished_.store(0, std::memory_order_relaxed);
        executing_.store(0, std::memory_order_relaxed);
        stage_.store(Stage::kResolve, std::memory_order_relaxed);
    }

    /// What one worker does for one block. Worker 0 also moves the block from stage to stage.
    void work(std::uint32_t index) {
        Worker& worker = *workers_[index];
        const bool leads = index == 0;
        guarded([&] { resolve_some(worker); });
        if (leads) {
            const auto total = static_cast<std::uint32_t>(transactions_.size());
            await([&] { return arrived(resolve_finished_) == total; });
            guarded([&] {
                if (failure_ == nullptr) {
                    link_declared(worker);
                }
            });
            scheduler_.set_revalidation(options_.revalidate && mode_.search);
            // seq_cst: see enter_execution.
            stage_.store(Stage::kExecute, std::memory_order_seq_cst);
        } else {
            await([&] { return stage() != Stage::kResolve; });
        }
        if (enter_execution()) {
            guarded([&] { execute_all(worker); });
            // release: hands everything this worker did to the leader.
            executing_.fetch_sub(1, std::memory_order_release);
        }
        if (leads) {
            stage_.store(Stage::kSettle,
                         std::memory_order_seq_cst);  // seq_cst: see enter_execution
            await([&] { return arrived(executing_) == 0; });
            list_touched();
            // release: publishes the list to settle_some.
            settle_total_.store(touched_.size(), std::memory_order_release);
        } else {
            // acquire: pairs with the store above.
            await([&] { return settle_total_.load(std::memory_order_acquire) != kNotListed; });
        }
        settle_some(worker);
        if (leads) {
            const std::size_t total = touched_.size();
            await([&] { return arrived(settle_finished_) == total; });
        }
    }

    template <class Body>
    void guarded(Body&& body) noexcept {
        try {
            body();
        } catch (...) {
            note_failure();
            scheduler_.cancel();
        }
    }
    void note_failure() noexcept {
        const std::lock_guard lock(failure_mutex_);
        if (failure_ == nullptr) {
            failure_ = std::current_exception();
        }
    }
    std::string failure_text() const {
        try {
            std::rethrow_exception(failure_);
        } catch (const std::exception& broken) {
            return broken.what();
        } catch (...) {
            return "unknown failure";
        }
    }

    template <class Condition>
    static void await(Condition&& condition) {
        for (int spins = 0; !condition(); ++spins) {
            if (spins < kSpinsBeforeYield) {
                Sync::relax();
            } else {
                Sync::yield();
            }
        }
    }
    template <class T>
    [[nodiscard]] static T arrived(const typename Sync::template Atomic<T>& counter) noexcept {
        return counter.load(
            std::memory_order_acquire);  // acquire: pairs with the counter's release
    }
    [[nodiscard]] Stage stage() const noexcept {
        return stage_.load(std::memory_order_seq_cst);  // seq_cst: see enter_execution
    }
    /// Joins the execution stage unless it is over already.
    ///
    ///     worker                                leader
    ///     executing_ += 1        (seq_cst)      stage_ = kSettle       (seq_cst)
    ///     stage_ == kExecute ?   (seq_cst)      executing_ == 0 ?      (acquire after seq_cst)
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

    // ---- resolve --------------------------------------------------------------------------------

    void resolve_some(Worker& worker) {
        const auto size = static_cast<std::uint32_t>(transactions_.size());
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::uint32_t first =
                resolve_claimed_.fetch_add(kResolveChunk, std::memory_order_relaxed);
            if (first >= size) {
                return;
            }
            const std::uint32_t last = std::min(first + kResolveChunk, size);
            std::fill(records_.begin() + first, records_.begin() + last, Record{});
            if (options_.use_declared) {
                guarded([&] { resolve_chunk(worker, first, last); });
            }
            // release: publishes the entries to link_declared.
            resolve_finished_.fetch_add(last - first, std::memory_order_release);
        }
    }
    /// Turns declared keys into entries. In passes, so that the cache misses of a chunk overlap.
    void resolve_chunk(Worker& worker, std::uint32_t first, std::uint32_t last) {
        if constexpr (requires(const M& m, const Transaction& t, const Context& c) {
                          m.declare(t, c, [](const typename M::Key&, Access) {});
                      }) {
            for (std::uint32_t i = first; i < last; ++i) {
                declare_keys(worker, i);
            }
            for (std::uint32_t i = first; i < last; ++i) {
                for (const Entry& entry : records_[i].accesses()) {
                    const CellId cell = store_.candidate(entry.key);
                    if (cell != kNoCell) {
                        store_.prefetch_cell(cell);
                    }
                }
            }
            for (std::uint32_t i = first; i < last; ++i) {
                for (Entry& entry : records_[i].accesses()) {
                    entry.cell = store_.intern(entry.key);
                }
            }
        }
    }
    void declare_keys(Worker& worker, TxnIndex txn) {
        std::vector<Entry>& declared = worker.declared;
        declared.clear();
        try {
            machine_.declare(transactions_[txn], *context_,
                             [&](const typename M::Key& key, Access access) {
                                 declare_key(declared, key, access);
                             });
        } catch (const std::bad_alloc&) {
            throw;
        } catch (...) {
            declared.clear();  // a hint that cannot be had changes speed only
        }
        Record& record = records_[txn];
        record.declared_count = record.count = record.capacity =
            static_cast<std::uint32_t>(declared.size());
        record.entries = worker.arena.template make_array<Entry>(declared.size());
        std::copy(declared.begin(), declared.end(), record.entries);
    }
    void declare_key(std::vector<Entry>& declared, const typename M::Key& key, Access access) {
        for (Entry& entry : declared) {
            if (entry.key == key) {
                if (access == Access::kWrite || entry.access == Access::kRead) {
                    entry.access = access;
                }
                return;
            }
        }
        if (declared.size() < kDeclaredKeysMax) {
            Entry& entry = declared.emplace_back();
            entry.key = key;
            entry.declared = true;
            entry.access = access;
            store_.prefetch_index(key);
        }
    }

    /// Puts an estimate for every declared write into its chain and links every declared access to
    /// the declared writer below it. In block order, hence by one thread.
    void link_declared(Worker& worker) {
        const auto size = static_cast<TxnIndex>(transactions_.size());
        for (TxnIndex i = 0; i < size; ++i) {
            Record& record = records_[i];
            if (i + kLinkAhead < size) {
                for (const Entry& entry : records_[i + kLinkAhead].accesses()) {
                    store_.prefetch_cell(entry.cell);
                }
            }
            mode_.search = mode_.search || record.declared_count == 0;
            for (Entry& entry : record.accesses()) {
                auto& slot = store_.cell(entry.cell).slot;
                // relaxed: one thread builds the chains; stage_ publishes them.
                entry.link = slot.newest.load(std::memory_order_relaxed);
                const auto* additions = slot.additions.load(std::memory_order_relaxed);
                entry.adder_below = additions != nullptr ? additions->last_declared : kNoTxn;
                if (entry.access == Access::kRead) {
                    continue;
                }
                if (entry.link == nullptr && additions == nullptr) {
                    worker.touched.push_back(entry.cell);
                }
                if (entry.access == Access::kAdd) {
                    auto& added = additions_of(worker, entry);
                    added.note_adder(i);
                    added.last_declared = i;
                    continue;
                }
                entry.own = worker.arena.template make<Node>();
                entry.own->txn = i;
                entry.placeholder = entry.linked = true;
                // relaxed: as above.
                entry.own->older.store(entry.link, std::memory_order_relaxed);
                slot.newest.store(entry.own, std::memory_order_relaxed);
            }
        }
    }
    Additions<typename M::Value, Sync>& additions_of(Worker& worker, const Entry& entry) {
        return store_.cell(entry.cell).slot.additions_or_make([&worker] {
            return worker.arena.template make<Additions<typename M::Value, Sync>>();
        });
    }

    // ---- execute --------------------------------------------------------------------------------

    void execute_all(Worker& worker) {
        for (;;) {
            const Task task = scheduler_.next(worker.queue);
            switch (task.kind) {
                case Task::Kind::kExecute:
                    speculate(worker, task.txn);
                    break;
                case Task::Kind::kCommit:
                    commit_prefix(worker);
                    break;
                case Task::Kind::kRevalidate:
                    revalidate(worker, task.txn);
                    break;
                case Task::Kind::kIdle:
                    if (options_now_->stop.stop_requested()) {
                        cancel();
                    }
                    scheduler_.wait_for_work(worker.queue);
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
        scheduler_.cancel();
    }

    /// Runs one incarnation ahead of the frontier.
    void speculate(Worker& worker, TxnIndex txn) {
        if (options_now_->stop.stop_requested()) {
            cancel();
            return;
        }
        scheduler_.start(txn);
        worker.superseded.clear();
        run_incarnation(worker, txn);
    }
    void run_incarnation(Worker& worker, TxnIndex txn) {
        Record& record = records_[txn];
        // An incarnation that replaces another has versions to drop first, so it never parks.
        const bool may_park = worker.superseded.empty();
        for (;;) {
            TxnIndex blocker = declared_blocker(record);
            if (blocker == kNoTxn) {
                worker.view.begin(record, txn, mode_, scheduler_.frontier());
                call_machine(worker, txn);
                if (worker.view.deferred()) {
                    break;
                }
                blocker = worker.view.blocked_on();
            }
            if (blocker == kNoTxn) {
                publish(worker, txn);
                scheduler_.finish_execution(txn, worker.queue);
                return;
            }
            ++worker.metrics.waits;
            if (!may_park) {
                break;
            }
            if (scheduler_.block_on(txn, blocker)) {
                return;
            }
        }
        drop_superseded(worker);
        scheduler_.finish_deferred(txn);
    }
    /// A transaction that a declared access certainly waits for, kNoTxn when there is none.
    [[nodiscard]] TxnIndex declared_blocker(const Record& record) const noexcept {
        for (const Entry& entry : record.accesses().first(record.declared_count)) {
            if (entry.link != nullptr && entry.access != Access::kAdd &&
                entry.link->current() == VersionState::kPending) {
                return entry.link->txn;
            }
        }
        return kNoTxn;
    }

    /// Calls the machine and turns whatever happens into the record's receipt.
    void call_machine(Worker& worker, TxnIndex txn) {
        Receipt receipt;
        View& view = worker.view;
        ++worker.metrics.executions;
        try {
            const auto outcome = machine_.execute(view, transactions_[txn], *context_);
            receipt.status = static_cast<std::uint16_t>(outcome.status);
            receipt.weight = outcome.weight;
            if (view.over_budget()) {
                receipt = faulted(Fault::kStepBudget);
            } else if (view.events().size() > limits_.event_bytes) {
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
        result_.receipts[txn] = receipt;
    }

    /// Makes the incarnation's versions visible and completes its record.
    void publish(Worker& worker, TxnIndex txn) {
        Record& record = records_[txn];
        keep_equal_versions(worker, record);
        for (Entry& entry : record.accesses()) {
            if (entry.written) {
                entry.own->publish();
                if (!entry.linked) {
                    store_.cell(entry.cell).slot.insert(entry.own);
                    entry.linked = true;
                    worker.touched.push_back(entry.cell);
                }
            } else if (entry.linked) {
                entry.own->drop();
            }
            if (entry.adds() && !entry.declared_add()) {
                additions_of(worker, entry).note_adder(txn);
                worker.touched.push_back(entry.cell);
            }
        }
        drop_superseded(worker);
        digest_effects(worker, txn);
    }
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
    void drop_superseded(Worker& worker) {
        for (const Entry& old : worker.superseded) {
            old.own->drop();
        }
        worker.superseded.clear();
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

    void digest_effects(Worker& worker, TxnIndex txn) {
        Record& record = records_[txn];
        worker.order.clear();
        for (std::uint32_t i = 0; i < record.count; ++i) {
            if (record.entries[i].written || record.entries[i].adds()) {
                worker.order.push_back(i);
            }
        }
        sort_by_key(worker.order, record);
        Receipt& receipt = result_.receipts[txn];
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

    /// Early validation by a worker that has nothing else to do; saves a re-execution at the
    /// frontier. The frontier validates again in any case.
    void revalidate(Worker& worker, TxnIndex txn) {
        if (!scheduler_.try_retake(txn)) {
            return;
        }
        ++worker.metrics.validations;
        Record& record = records_[txn];
        if (!looks_stale(record, txn) || !scheduler_.abort(txn)) {
            scheduler_.give_back(txn);
            return;
        }
        ++worker.metrics.aborts;
        set_aside(worker, record);
        for (const Entry& old : worker.superseded) {
            old.own->make_estimate();
        }
        run_incarnation(worker, txn);
    }
    [[nodiscard]] bool looks_stale(const Record& record, TxnIndex txn) const {
        for (const Entry& entry : record.accesses()) {
            if (!entry.read) {
                continue;
            }
            const Node* now = store_.cell(entry.cell).slot.find(txn);
            if (now != entry.seen && (now == nullptr || now->current() == VersionState::kPending ||
                                      !same_value(entry, now))) {
                return true;
            }
        }
        return false;
    }

    // ---- commit: the holder of the frontier -----------------------------------------------------

    void commit_prefix(Worker& worker) {
        for (;;) {
            const auto candidate = scheduler_.begin_commit();
            if (candidate.txn == kNoTxn || !commit_one(worker, candidate)) {
                break;
            }
        }
        scheduler_.leave_frontier();
    }
    bool commit_one(Worker& worker, typename Scheduler<Sync>::Candidate candidate) {
        const TxnIndex txn = candidate.txn;
        Record& record = records_[txn];
        if (candidate.deferred) {
            ++worker.metrics.deferred;
            worker.superseded.clear();
            execute_finally(worker, txn);
        } else if (!stands(worker, record, txn)) {
            ++worker.metrics.aborts;
            set_aside(worker, record);
            execute_finally(worker, txn);
        }
        const Receipt& receipt = result_.receipts[txn];
        if (receipt.weight > result_.header.weight_limit - weight_used_) {
            scheduler_.stop_at(txn);
            return false;
        }
        weight_used_ += receipt.weight;
        note_effects(record, txn);
        committed_ = txn + 1;
        if (options_now_->on_commit) {
            options_now_->on_commit(txn, receipt, {record.events, record.event_bytes});
        }
        scheduler_.finish_commit(txn, candidate.deferred, worker.queue);
        return true;
    }
    /// Runs the transaction on final state; cannot fail validation.
    void execute_finally(Worker& worker, TxnIndex txn) {
        worker.view.begin(records_[txn], txn, mode_, txn);
        call_machine(worker, txn);
        publish(worker, txn);
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
        const Node* now = View::committed_below(entry, store_, txn);
        // acquire: pairs with additions_or_make.
        const auto* additions =
            store_.cell(entry.cell).slot.additions.load(std::memory_order_acquire);
        const bool sum_seen = entry.number != nullptr && entry.number->has_below;
        if (!sum_seen && additions != nullptr && additions->applies_to(now)) {
            return false;  // added to by someone who had not declared it
        }
        return now == entry.seen || same_value(entry, now);
    }
    /// Value equality of what the entry saw and `now`; stops cascades of equal rewrites.
    [[nodiscard]] bool same_value(const Entry& entry, const Node* now) const {
        const auto* base = store_.cell(entry.cell).get();
        const auto* seen_value = entry.seen != nullptr ? entry.seen->get() : base;
        const auto* now_value = now != nullptr ? now->get() : base;
        if (seen_value == nullptr || now_value == nullptr) {
            return seen_value == now_value;
        }
        return *seen_value == *now_value;
    }
    [[nodiscard]] bool assumption_stands(const Entry& entry, TxnIndex txn) const {
        const Node* now = View::committed_below(entry, store_, txn);
        const auto& cell = store_.cell(entry.cell);
        const auto* value = now != nullptr ? now->get() : cell.get();
        Int128 number = value != nullptr ? M::number(*value) : Int128{0};
        bool present = value != nullptr;
        // acquire: pairs with additions_or_make.
        const auto* additions = cell.slot.additions.load(std::memory_order_acquire);
        if (additions != nullptr && additions->applies_to(now)) {
            number = static_cast<Int128>(static_cast<UInt128>(number) +
                                         static_cast<UInt128>(additions->sum));
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
                    store_.cell(entry.cell).slot.committed = entry.own;
                }
            } else if (entry.adds()) {
                auto& slot = store_.cell(entry.cell).slot;
                const Node* below = View::committed_below(entry, store_, txn);
                // acquire: pairs with additions_or_make.
                slot.additions.load(std::memory_order_acquire)->commit(below, entry.number->delta);
            }
        }
    }

    // ---- settle ---------------------------------------------------------------------------------

    void list_touched() {
        touched_.clear();
        for (const auto& worker : workers_) {
            touched_.insert(touched_.end(), worker->touched.begin(), worker->touched.end());
        }
        // relaxed: every worker has left execution.
        cancelled_ =
            cancel_requested_.load(std::memory_order_relaxed) && committed_ < transactions_.size();
        keep_ = failure_ == nullptr && !cancelled_;
    }
    void settle_some(Worker& worker) {
        const std::size_t total = touched_.size();
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::size_t first =
                settle_claimed_.fetch_add(kSettleChunk, std::memory_order_relaxed);
            if (first >= total) {
                return;
            }
            const std::size_t last = std::min(first + kSettleChunk, total);
            for (std::size_t i = first; i < last; ++i) {
                if (i + kLinkAhead < last) {
                    store_.prefetch_cell(touched_[i + kLinkAhead]);
                }
                settle(worker, touched_[i]);
            }
            // release: publishes the values to the leader.
            settle_finished_.fetch_add(last - first, std::memory_order_release);
        }
    }
    /// Gives a cell its final value and empties its slot.
    void settle(Worker& worker, CellId id) {
        auto& cell = store_.cell(id);
        if (!cell.claim_settlement(block_number_)) {
            return;
        }
        auto& slot = cell.slot;
        if (keep_) {
            // relaxed: no worker executes any more.
            const Node* last = VersionSlot<typename M::Value, Sync>::first_standing(
                slot.newest.load(std::memory_order_relaxed), committed_);
            const auto* additions = slot.additions.load(std::memory_order_relaxed);
            const bool added = additions != nullptr && additions->applies_to(last);
            if (last != nullptr || added) {
                settle_value(worker, id, last, added ? additions->sum : 0, added);
            }
        }
        // relaxed: the pool publishes the empty slot.
        slot.newest.store(nullptr, std::memory_order_relaxed);
        slot.additions.store(nullptr, std::memory_order_relaxed);
        slot.committed = nullptr;
    }
    void settle_value(Worker& worker, CellId id, const Node* last, Int128 sum, bool added) {
        auto& cell = store_.cell(id);
        const bool was_present = cell.present;
        if (was_present) {
            worker.removed += cell_digest<M>(worker.scratch, cell.key, cell.value);
        }
        if (last != nullptr) {
            cell.present = !last->erased;
            cell.value = last->value;
        }
        if (added) {
            if (!cell.present) {
                cell.value = typename M::Value{};
                cell.present = true;
            }
            M::set_number(cell.value,
                          static_cast<Int128>(static_cast<UInt128>(M::number(cell.value)) +
                                              static_cast<UInt128>(sum)));
        }
        if (cell.present) {
            worker.added += cell_digest<M>(worker.scratch, cell.key, cell.value);
        } else {
            cell.value = typename M::Value{};
            if (was_present) {
                worker.emptied.push_back(id);
            }
        }
        worker.present_change += (cell.present ? 1 : 0) - (was_present ? 1 : 0);
    }
    void finish_settlement(bool completed) {
        // relaxed: between blocks.
        settle_total_.store(kNotListed, std::memory_order_relaxed);
        cancel_requested_.store(false, std::memory_order_relaxed);
        store_.adopt_interned();
        ExecutionMetrics block_metrics;
        for (const auto& worker : workers_) {
            for (const CellId id : worker->emptied) {
                store_.forget(id);
            }
            store_.fold(worker->added, worker->removed, worker->present_change);
            block_metrics += worker->metrics;
            block_metrics.memory_bytes += worker->arena.bytes_used();
        }
        if (!completed) {
            return;
        }
        for (TxnIndex i = 0; i < transactions_.size(); ++i) {
            if (i >= committed_) {
                skip(i);
            }
            Receipt& receipt = result_.receipts[i];
            receipt.events_begin = result_.events.size();
            if (i < committed_ && records_[i].event_bytes != 0) {
                result_.events.insert(result_.events.end(), records_[i].events,
                                      records_[i].events + records_[i].event_bytes);
            }
            receipt.events_end = result_.events.size();
        }
        block_metrics.transactions = transactions_.size();
        metrics_ += block_metrics;
    }
    void skip(TxnIndex txn) {
        Receipt& receipt = result_.receipts[txn];
        receipt = {.disposition = Disposition::kSkipped};
        EffectDigest<M>& effects = workers_.front()->effects;
        effects.begin(txn, receipt.disposition, receipt.status, receipt.weight);
        receipt.effects = effects.finish({});
        if (options_now_->on_commit) {
            options_now_->on_commit(txn, receipt, {});
        }
    }

    static constexpr std::uint32_t kResolveChunk = 64;
    static constexpr std::uint32_t kDeclaredKeysMax = 256;
    static constexpr std::uint32_t kLinkAhead = 8;
    static constexpr std::size_t kInsertionSortMax = 32;
    static constexpr std::size_t kSettleChunk = 256;
    static constexpr std::size_t kNotListed = ~std::size_t{0};
    static constexpr int kSpinsBeforeYield = 1'000;

    const M& machine_;
    Store& store_;
    Pool& pool_;
    const TxnLimits limits_;
    const ParallelOptions options_;
    DirectCommit<M, Sync> commit_;
    SerialExecutor<M, Sync> serial_;  ///< for blocks that are faster that way
    ModeChooser chooser_;
    std::vector<std::unique_ptr<Worker>> workers_;
    Scheduler<Sync> scheduler_;
    Digest previous_;
    ExecutionMetrics metrics_;

    // The block at hand: written by the leader before workers start or by the frontier's holder.
    std::span<const Transaction> transactions_;
    const ExecuteOptions* options_now_ = nullptr;
    std::optional<Context> context_;
    BlockResult result_;
    std::vector<Record> records_;
    BlockAccessMode mode_;
    TxnIndex chunk_ = 1;
    std::uint32_t block_number_ = 0;
    bool noted_ = false;             ///< frontier: some committed write or addition was undeclared
    std::uint64_t weight_used_ = 0;  ///< frontier
    TxnIndex committed_ = 0;         ///< frontier: committed prefix
    bool cancelled_ = false;
    bool settled_ = false;   ///< the transactions' values are in the store
    bool poisoned_ = false;  ///< a failure after settlement: the state is not that of any block
    bool keep_ = false;      ///< settlement applies values, or only empties slots
    std::vector<CellId> touched_;
    typename Sync::Mutex failure_mutex_;  // guards failure_ while workers run
    std::exception_ptr failure_;

    // stage_: what workers of this block do now.   writers: leader   readers: workers
    //   publish: the leader's store -> stage(): records, chains.   Order argued at enter_execution.
    //   layout:  with the other rarely written control words.
    alignas(kCacheLineSize) typename Sync::template Atomic<Stage> stage_{Stage::kResolve};
    // executing_: workers inside the execution stage.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: touched lists, records.
    typename Sync::template Atomic<std::uint32_t> executing_{0};
    // settle_total_: number of cells to settle, kNotListed before.   writers: leader   readers:
    // workers
    //   publish: the leader's release -> acquire: touched_, keep_.
    typename Sync::template Atomic<std::size_t> settle_total_{kNotListed};
    // cancel_requested_: a worker saw the stop request.   writers: workers   readers: leader
    //   publish: nothing beyond itself.
    typename Sync::template Atomic<bool> cancel_requested_{false};
    // resolve_claimed_, settle_claimed_: next item.   writers: workers   readers: same
    //   publish: nothing.   layout: own lines, one RMW per chunk.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> resolve_claimed_{0};
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> settle_claimed_{0};
    // resolve_finished_, settle_finished_: items done.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: entries, values.
    alignas(kCacheLineSize) typename Sync::template Atomic<std::uint32_t> resolve_finished_{0};
    alignas(kCacheLineSize) typename Sync::template Atomic<std::size_t> settle_finished_{0};
};

}  // namespace lockstep
