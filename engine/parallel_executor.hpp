#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "engine/base/clock.hpp"
#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/contract/system_transactions.hpp"
#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel/block_phases.hpp"
#include "engine/parallel/block_run.hpp"
#include "engine/parallel/block_stages.hpp"
#include "engine/parallel/parallel_options.hpp"
#include "engine/parallel/worker_pool.hpp"
#include "engine/planned/planned_way.hpp"
#include "engine/speculative/speculative_way.hpp"
#include "engine/state/block_diff.hpp"
#include "engine/state/state_store.hpp"
#include "scheduler/mode_chooser.hpp"
#include "scheduler/plan_chooser.hpp"

namespace lockstep {

/// Executes blocks on all workers of a pool; results equal SerialExecutor's.
///
/// Role:    decides which way a block takes: serially where that has proved faster; as planned
///          where all accesses are declared; else speculatively. See scheduler/README.md.
/// Threads: execute from one thread at a time; it works as worker 0 of the pool. `Pool` has
///          workers() and run(job), as WorkerPool; a test may bring one whose workers are fibers.
/// Invariants
///   [E1] for any number of workers, options, hints and timing: BlockResult and state equal those
///        of SerialExecutor, byte for byte.
///   [E2] nothing that a discarded incarnation did reaches a receipt, an event or the state.
///   [E3] a cancelled or failed block, and one that is not to be kept, leaves state and chained
///        digest as they were.
template <Machine M, class Sync = StdSync, class Pool = WorkerPool>
class ParallelExecutor {
    friend class test::Inspector;
    static_assert(MachineCheck<M>::kPasses);

  public:
    using Transaction = typename M::Transaction;
    using Store = StateStore<M, Sync>;
    using Accesses = AccessOptions<typename M::Key>;

    ParallelExecutor(const M& machine, Store& store, Pool& pool, TxnLimits limits = {},
                     ParallelOptions options = {})
        : run_(machine, store, limits, pool.workers()),
          options_(options),
          planned_(run_),
          speculative_(run_, options.use_declared),
          stages_(run_, pool, options_),
          serial_(machine, store, limits) {}

    /// `diff`: what the block changed, kept or not.
    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block,
                                                     const ExecuteOptions& options = {},
                                                     const Accesses& accesses = {},
                                                     BlockDiff<M>* diff = nullptr) {
        if (!options_.adaptive || accesses.records()) {
            return execute_in_parallel(block, options, accesses, diff);
        }
        const bool serial = chooser_.prefers_serial(block.transactions.size());
        const std::uint64_t start = steady_nanoseconds();
        auto result = serial ? execute_serially(block, options, diff)
                             : execute_in_parallel(block, options, accesses, diff);
        if (result) {
            chooser_.record(serial, block.transactions.size(), steady_nanoseconds() - start);
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
                                                const ExecuteOptions& options, BlockDiff<M>* diff) {
        serial_.set_previous_block_digest(previous_);
        auto result = serial_.execute(block, options, diff);
        if (result) {
            previous_ = options.keep ? result->block : previous_;
            ++metrics_.fallbacks;
            metrics_.transactions += result->receipts.size();
            metrics_.executions += result->receipts.size();
        }
        return result;
    }
    Result<BlockResult, Error> execute_in_parallel(const Block<Transaction>& block,
                                                   const ExecuteOptions& options,
                                                   const Accesses& accesses, BlockDiff<M>* diff) {
        run_.failure = nullptr;
        run_.keep = false;
        bool completed = false;
        const Digest state = run_.store.digest();
        run_.guarded([&] {
            phases_.prepare();
            run_.transactions = transactions_.collect(run_.machine, run_.store, block);
            run_.accesses.begin(accesses, run_.size());
            const bool as_planned = run(block, options);
            if (run_.keep) {
                completed = as_planned ? complete(planned_, options, state, diff)
                                       : complete(speculative_, options, state, diff);
            }
        });
        if (!(completed && options.keep)) {
            phases_.take_back_begin();
        }
        run_.store.commit_new_keys();
        if (completed) {
            if (options.keep) {
                previous_ = run_.result.block;
                planned_.forget_emptied();
                speculative_.forget_emptied();
                phases_.forget_emptied();
            }
            return std::move(run_.result);
        }
        return failure(Error{
            .code = ErrorCode::kEnvironment, .message = reason(), .block = block.header.height});
    }
    /// Why the block was not completed.
    [[nodiscard]] std::string reason() const {
        if (run_.store.load_failed()) {
            return run_.store.load_failure();
        }
        return run_.failure == nullptr ? "cancelled" : run_.failure_text();
    }
    /// All but the end-of-block phase; whether as planned.
    bool run(const Block<Transaction>& block, const ExecuteOptions& options) {
        run_.options = &options;
        run_.result = BlockResult{};
        run_.result.header = block.header;
        run_.result.system_transactions = transactions_.made();
        stages_.begin_block();
        phases_.begin(block.header);
        const std::size_t phase_events = run_.result.events.size();
        if (plans() && plan_chooser_.plans() && run_as_planned()) {
            return true;
        }
        run_.result.events.resize(phase_events);
        run_speculatively();
        return false;
    }
    /// Ends a block whose transactions have changed the cells. False when that fails or the host
    /// has stopped the block: their changes are then taken back, as they are where the block is not
    /// to be kept.
    template <class W>
    bool complete(W& way, const ExecuteOptions& options, const Digest& state, BlockDiff<M>* diff) {
        bool done = false;
        run_.guarded([&] {
            if (run_.failure != nullptr) {
                return;  // behind the last transaction
            }
            phases_.end(run_.result.header);
            run_.result.state = run_.store.digest();
            run_.result.modules = run_.store.sums().modules();
            run_.result.block = stages_.block_digest();
            run_.accesses.finish(run_.result.header.height, run_.committed);
            if (diff != nullptr) {
                describe(way, *diff);
                diff->finish(state, previous_, run_.result);
            }
            done = !options.stop.stop_requested() && !run_.store.load_failed();
        });
        if (!(done && options.keep)) {
            phases_.take_back_end();
            stages_.take_back(way);
        }
        return done;
    }
    template <class W>
    void describe(W& way, BlockDiff<M>& diff) {
        diff.take([&](auto&& body) {
            body(phases_.changed_at_begin());
            for (std::uint32_t worker = 0; worker < run_.workers.size(); ++worker) {
                body(way.changed(worker));
            }
            body(phases_.changed_at_end());
        });
    }
    /// Whether all that the transactions are going to do is known, if nothing is wrong with that.
    [[nodiscard]] bool plans() const {
        const bool knows = run_.accesses.known() != nullptr ||
                           (options_.use_declared && declares_all(run_.machine, *run_.context));
        return options_.plan && PlannedWay<M, Sync>::fits(run_.size()) && knows;
    }
    /// False when the plan was abandoned, and the block has to be run again.
    bool run_as_planned() {
        stages_.run(planned_, previous_);
        ExecutionMetrics spent = stages_.metrics();
        if (run_.keep) {
            spent.planned = 1;
            count(spent);
            plan_chooser_.record_success(run_.size(), planned_.plan_stalls());
            return true;
        }
        if (run_.failure != nullptr || stages_.cancelled()) {
            return true;
        }
        spent.abandoned_plans = 1;
        count(spent);
        plan_chooser_.record_failure();
        return false;
    }
    void run_speculatively() {
        stages_.run(speculative_, previous_);
        if (run_.keep) {
            count(stages_.metrics());
        }
    }
    void count(ExecutionMetrics spent) {
        spent.transactions = run_.keep ? run_.size() : 0;
        metrics_ += spent;
    }

    BlockRun<M, Sync> run_;
    BlockTransactions<M> transactions_;
    const ParallelOptions options_;
    BlockPhases<M, Sync> phases_{run_};
    PlannedWay<M, Sync> planned_;
    SpeculativeWay<M, Sync> speculative_;
    BlockStages<M, Sync, Pool> stages_;
    InPlaceExecutor<M, Sync> serial_;  ///< blocks that are faster that way
    PlanChooser plan_chooser_;
    ModeChooser chooser_;
    Digest previous_;
    ExecutionMetrics metrics_;
};

}  // namespace lockstep
