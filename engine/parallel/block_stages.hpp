#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "engine/base/cache_line.hpp"
#include "engine/parallel/block_run.hpp"
#include "engine/parallel/committer.hpp"
#include "engine/parallel/parallel_options.hpp"
#include "engine/parallel/receipt_finalizer.hpp"
#include "engine/parallel/shared_work.hpp"
#include "engine/parallel/way.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

namespace test {
class Inspector;  // checks invariants between the steps of an explored schedule
}

/// Takes the workers of a pool through the transactions of a block, stage by stage.
///
/// Role:    resolve declared keys · link them · execute, and commit in order · install final
///          values. Workers that the execution does not pay go back to the pool, where they sleep.
///          What the stages do is the affair of the way that the block takes.
/// Threads: run by the leader, which becomes worker 0 and moves the block from stage to stage.
template <Machine M, class Sync, class Pool>
class BlockStages {
    friend class test::Inspector;

  public:
    using Run = BlockRun<M, Sync>;

    BlockStages(Run& run, Pool& pool, const ParallelOptions& options)
        : run_(run), pool_(pool), options_(options) {}

    /// Before the first attempt at a block.
    void begin_block() noexcept { committer_.begin_block(); }
    /// Runs all but the phases. Values are in the cells when BlockRun::keep is true afterwards,
    /// until settle or take_back; else nothing of it stays. `previous`: digest of the block before.
    template <Way<Sync> W>
    void run(W& way, const Digest& previous) {
        prepare(way, previous);
        pool_.run([this, &way](std::uint32_t worker) { work(way, worker); });
        if (run_.keep) {
            for (const auto& worker : run_.workers) {
                run_.store.fold(worker->sums, worker->present_change);
            }
        }
    }
    /// Takes back what run has left in the cells and in the store's sums.
    template <Way<Sync> W>
    void take_back(W& way) {
        way.restore();
        for (const auto& worker : run_.workers) {
            StateSums<M> back;
            back -= worker->sums;
            run_.store.fold(back, -worker->present_change);
        }
    }
    /// Whether the last run was stopped by the host.
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_; }
    /// What the last run cost.
    [[nodiscard]] ExecutionMetrics metrics() const noexcept {
        ExecutionMetrics sum;
        for (const auto& worker : run_.workers) {
            sum += worker->metrics;
            sum.memory_bytes += worker->arena.bytes_used();
        }
        return sum;
    }
    /// The digest of the block. After the end-of-block phase.
    [[nodiscard]] Digest block_digest() { return finalizer_.block_digest(); }

  private:
    enum class Stage : std::uint32_t { kResolve, kLink, kExecute, kInstall };

    static constexpr TxnIndex kChunksFinalized = 4;  ///< that are finalized together

    template <class W>
    void prepare(W& way, const Digest& previous) {
        WorkSpan<Sync> span(Work::kPrepare);
        const TxnIndex size = run_.size();
        run_.result.receipts.resize(size);
        for (const auto& worker : run_.workers) {
            worker->arena.reset();
            worker->queue = {};
            worker->sums = {};
            worker->present_change = 0;
            worker->metrics = {};
        }
        const TxnIndex share = size / (pool_.workers() * std::max(options_.claims_min, 1U)) + 1;
        const TxnIndex chunk = std::min<TxnIndex>(share, options_.chunk_max);
        run_.scheduler.open(
            size,
            {.chunk = chunk, .window = std::max(options_.window, chunk), .learn = options_.learn});
        run_.keep = cancelled_ = false;
        run_.block_number = run_.store.next_block_number();
        way.prepare(link_shards<W>());
        committer_.prepare();
        finalizer_.prepare(previous, chunk * kChunksFinalized);
        installing_.prepare();
        // relaxed: workers start after prepare, by the pool's publication.
        cancel_requested_.store(false, std::memory_order_relaxed);
        executing_.store(0, std::memory_order_relaxed);
        needed_.store(pool_.workers(), std::memory_order_relaxed);
        stage_.store(Stage::kResolve, std::memory_order_relaxed);
        span.done(size);
    }
    template <class W>
    [[nodiscard]] std::uint32_t link_shards() const noexcept {
        if (options_.link_shards != kShardsByWorkers) {
            return options_.link_shards;
        }
        const std::uint32_t workers = pool_.workers();
        return workers <= 2 ? 0 : std::min(std::bit_ceil(workers * 2), W::Links::kShardsMax);
    }

    /// What one worker does for one block.
    template <class W>
    void work(W& way, std::uint32_t index) {
        auto& worker = way.worker(index);
        const bool leads = index == 0;
        if (leads) {
            link(way.link_stage(), worker);
            run_.scheduler.set_revalidation(options_.revalidate && way.revalidates());
            // seq_cst: see enter_execution.
            stage_.store(Stage::kExecute, std::memory_order_seq_cst);
            limit_workers(way);
        } else {
            help_to_link(way.link_stage(), worker);
        }
        if (enter_execution()) {
            run_.guarded([&] { execute_all(way, worker, index); });
            // release: hands everything this worker did to the leader.
            executing_.fetch_sub(1, std::memory_order_release);
        }
        // relaxed: see needed_.
        if (index >= needed_.load(std::memory_order_relaxed)) {
            return;  // to sleep in the pool
        }
        if (leads) {
            end_execution(way);
        }
        await<Sync>([&] { return installing_.is_open(); });
        installing_.take_part(W::kInstallChunk, [&](std::size_t first, std::size_t last) {
            way.install(worker, first, last);
        });
        if (leads) {
            await<Sync>([&] { return installing_.is_finished(); });
        }
    }

    /// Resolves and links all declared keys, with the help of other workers.
    template <class Links, class Worker>
    void link(Links& links, Worker& worker) {
        if (!links.is_sharded()) {
            run_.guarded([&] { links.resolve_and_link(worker); });
            links.await_resolved();
            return;
        }
        links.resolve_some(worker);
        links.await_resolved();
        if (run_.failure == nullptr) {
            links.open_shards();
            // seq_cst: see enter_execution.
            stage_.store(Stage::kLink, std::memory_order_seq_cst);
            links.link_some(worker);
            await<Sync>([&] { return links.linked(); });
            links.finish_shards();
        }
    }
    template <class Links, class Worker>
    void help_to_link(Links& links, Worker& worker) {
        links.resolve_some(worker);
        await<Sync>([&] { return stage() != Stage::kResolve; });
        if (stage() == Stage::kLink) {
            links.link_some(worker);
            await<Sync>([&] { return stage() != Stage::kLink; });
        }
    }

    [[nodiscard]] Stage stage() const noexcept {
        return stage_.load(std::memory_order_seq_cst);  // seq_cst: see enter_execution
    }
    /// Joins the execution stage unless it is over already.
    ///
    ///     worker                                leader
    ///     executing_ += 1        (seq_cst)      stage_ = kInstall      (seq_cst)
    ///     stage_ == kExecute ?   (seq_cst)      executing_ == 0 ?      (seq_cst)
    ///
    ///   Forbidden outcome: the worker enters while the leader sees no worker inside.
    [[nodiscard]] bool enter_execution() noexcept {
        executing_.fetch_add(1, std::memory_order_seq_cst);  // seq_cst: see the table above
        if (stage() == Stage::kExecute) {
            return true;
        }
        executing_.fetch_sub(1, std::memory_order_release);  // release: as after execution
        return false;
    }
    /// Finds out, while other workers have begun, how many of them the block pays. Two always do.
    template <class W>
    void limit_workers(W& way) {
        constexpr std::uint32_t kPaidAlways = 2;
        if (pool_.workers() > kPaidAlways) {
            run_.guarded([&] {
                const TxnIndex width = std::max<TxnIndex>(way.width(), kPaidAlways);
                needed_.store(width, std::memory_order_relaxed);  // relaxed: see needed_
            });
        }
    }
    template <class W>
    void execute_all(W& way, typename W::Worker& worker, std::uint32_t index) {
        WorkerQueue& queue = worker.common.queue;
        for (;;) {
            if (queue.next == queue.end) {
                finalizer_.finalize_some(way);
            }
            const Task task = run_.scheduler.next(queue);
            switch (task.kind) {
                case Task::Kind::kExecute:
                    if (run_.options->stop.stop_requested()) {
                        cancel();
                    } else {
                        way.execute(worker, task.txn);
                    }
                    break;
                case Task::Kind::kCommit:
                    committer_.commit_prefix(way, worker);
                    break;
                case Task::Kind::kRevalidate:
                    way.revalidate(worker, task.txn);
                    break;
                case Task::Kind::kIdle:
                    if (run_.options->stop.stop_requested()) {
                        cancel();
                    }
                    // relaxed: a worker that sees it late leaves late.
                    if (index >= needed_.load(std::memory_order_relaxed)) {
                        run_.scheduler.leave();
                        return;
                    }
                    run_.scheduler.wait_for_work(queue);
                    continue;
                case Task::Kind::kDone:
                    return;
            }
            queue.idle_rounds = 0;
        }
    }
    void cancel() {
        // relaxed: read after every worker has left execution.
        cancel_requested_.store(true, std::memory_order_relaxed);
        run_.scheduler.cancel();
    }
    /// Waits for the last worker to leave execution, and opens the last stage.
    template <class W>
    void end_execution(W& way) {
        stage_.store(Stage::kInstall, std::memory_order_seq_cst);  // seq_cst: see enter_execution
        // seq_cst: see enter_execution; also acquires what each worker released.
        await<Sync>([&] { return executing_.load(std::memory_order_seq_cst) == 0; });
        // relaxed: every worker has left execution.
        cancelled_ =
            cancel_requested_.load(std::memory_order_relaxed) && run_.committed < run_.size();
        WorkSpan<Sync> span(Work::kList);
        const std::size_t items = way.close(run_.failure == nullptr && !cancelled_);
        span.done(items);
        installing_.open(items);
        if (run_.keep) {
            run_.guarded([&] { finalizer_.finalize_rest(way); });
        }
    }

    Run& run_;
    Pool& pool_;
    const ParallelOptions& options_;
    Committer<M, Sync> committer_{run_};
    ReceiptFinalizer<M, Sync> finalizer_{run_};
    SharedWork<Sync> installing_;
    bool cancelled_ = false;

    // stage_: what workers of this block do now.   writers: leader   readers: workers
    //   publish: the leader's store -> stage(): records, chains.   Order argued at enter_execution.
    //   layout:  with the other rarely written control words.
    alignas(kCacheLineSize) typename Sync::template Atomic<Stage> stage_{Stage::kResolve};
    // executing_: workers inside the execution stage.   writers: workers   readers: leader
    //   publish: a worker's release -> the leader's acquire: touched lists, records.
    typename Sync::template Atomic<std::uint32_t> executing_{0};
    // needed_: workers from this index on leave the block when they are without work, as if they
    //          had never joined it.   writers: leader   readers: workers
    //   publish: nothing beyond itself.   layout:  as stage_.
    typename Sync::template Atomic<TxnIndex> needed_{0};
    // cancel_requested_: a worker saw the stop request.   writers: workers   readers: leader
    //   publish: nothing beyond itself.
    typename Sync::template Atomic<bool> cancel_requested_{false};
};

}  // namespace lockstep
