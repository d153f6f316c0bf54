#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/baselines/access_log.hpp"
#include "bench/baselines/block_changes.hpp"
#include "bench/baselines/log_view.hpp"
#include "engine/contract/effects.hpp"
#include "engine/contract/execution.hpp"
#include "engine/parallel/worker_pool.hpp"
#include "scheduler/sync.hpp"

namespace lockstep::bench {

/// Sums weights in block order and says where the block is full.
class WeightMeter {
  public:
    explicit WeightMeter(std::uint64_t limit) : left_(limit) {}
    /// Takes the next transaction in, or returns false, for good, when it does not fit.
    [[nodiscard]] bool admit(std::uint64_t weight) noexcept {
        full_ = full_ || weight > left_;
        left_ -= full_ ? 0 : weight;
        return !full_;
    }

  private:
    std::uint64_t left_;
    bool full_ = false;
};

/// Gives the core away when there has been nothing to do for a while.
class Backoff {
  public:
    void wait() noexcept {
        if (++rounds_ < kSpins) {
            StdSync::relax();
        } else {
            StdSync::yield();
        }
    }
    void reset() noexcept { rounds_ = 0; }

  private:
    static constexpr int kSpins = 200;
    int rounds_ = 0;
};

/// What all baselines know of the running block, and where they put what they make.
template <Machine M>
struct BlockFrame {
    using Key = typename M::Key;
    using Value = typename M::Value;
    using Transaction = typename M::Transaction;
    using Context = typename M::Context;

    /// What one transaction puts out; final when the strategy has run.
    struct Output {
        Receipt receipt;
        std::vector<std::byte> events;
    };
    struct alignas(kCacheLineSize) Worker {
        ExecutionMetrics metrics;
        std::vector<Key> keys;  ///< of the transactions to prefetch for
    };

    BlockFrame(const M& machine_in, StateStore<M>& store_in, WorkerPool& pool_in,
               TxnLimits limits_in)
        : machine(machine_in),
          store(store_in),
          pool(pool_in),
          limits(limits_in),
          changes(store_in, pool_in.workers()),
          workers(pool_in.workers()) {}

    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(transactions.size());
    }
    /// The cell id of a touched cell.
    [[nodiscard]] CellId id_of(LoggedCell<M>& cell) {
        if (cell.cell == kNoCell) {
            cell.cell = store.intern(cell.key);
        }
        return cell.cell;
    }
    /// Applies what an execution did, in place.
    void apply(std::uint32_t worker, LoggedCell<M>& cell) {
        Value scratch{};
        const CellId id = id_of(cell);
        changes.put(worker, id, cell.result_over(store.cell(id).get(), scratch));
    }
    void put_out(std::uint32_t txn, const AccessLog<M>& log) {
        const auto events = log.events.encoded();
        outputs[txn].receipt = log.receipt;
        outputs[txn].events.assign(events.begin(), events.end());
    }
    /// Starts fetching the cells that the transactions from `first` to before `last` declare.
    void prefetch_declared(std::uint32_t worker, std::uint32_t first, std::uint32_t last) {
        auto& keys = workers[worker].keys;
        keys.clear();
        const auto sink = [&](const Key& key, Access) {
            store.prefetch_index_of(M::hash(key));
            keys.push_back(key);
        };
        if constexpr (kDeclares<M>) {
            for (std::uint32_t i = first; i < last; ++i) {
                declare_keys(machine, transactions[i], *context, std::as_const(store), sink);
            }
            for (const Key& key : keys) {
                if (const CellId id = store.candidate_of(M::hash(key)); id != kNoCell) {
                    store.prefetch_cell(id);
                }
            }
        }
    }

    /// True when the block cannot be completed; polled between transactions.
    [[nodiscard]] bool halted() noexcept {
        if (options->stop.stop_requested()) {
            halt();
        }
        // relaxed: only tells everyone to leave; what failed lies behind the mutex.
        return halted_.load(std::memory_order_relaxed);
    }
    void halt() noexcept {
        // relaxed: see halted.
        halted_.store(true, std::memory_order_relaxed);
    }
    /// Runs `body` on every worker; an exception halts the block.
    template <class Body>
    void on_all_workers(Body&& body) {
        pool.run([&](std::uint32_t worker) {
            try {
                body(worker);
            } catch (...) {
                const std::lock_guard lock(failure_mutex);
                failure = failure == nullptr ? std::current_exception() : failure;
                halt();
            }
        });
    }
    void begin(const BlockHeader& header_in, std::span<const Transaction> transactions_in,
               const ExecuteOptions& options_in) {
        header = header_in;
        transactions = transactions_in;
        options = &options_in;
        failure = nullptr;
        // relaxed: no worker runs yet.
        halted_.store(false, std::memory_order_relaxed);
        if (outputs.size() < transactions.size()) {
            outputs.resize(transactions.size());
        }
    }

    const M& machine;
    StateStore<M>& store;
    WorkerPool& pool;
    const TxnLimits limits;
    BlockChanges<M> changes;
    std::vector<Worker> workers;

    BlockHeader header;
    std::span<const Transaction> transactions;
    const ExecuteOptions* options = nullptr;
    std::optional<Context> context;
    std::vector<Output> outputs;
    std::mutex failure_mutex;  // guards failure while workers run
    std::exception_ptr failure;

  private:
    // halted_: the block is given up.   writers: any worker   readers: same
    //   publish: nothing beyond itself.
    std::atomic<bool> halted_{false};
};

/// Runs transactions for one worker, over what `Source` fetches.
template <Machine M, class Source>
class TxnRunner {
  public:
    template <class... Arguments>
    explicit TxnRunner(BlockFrame<M>& frame, Arguments&&... arguments)
        : source(std::forward<Arguments>(arguments)...),
          frame_(frame),
          view_(source, frame.limits) {}
    TxnRunner(const TxnRunner&) = delete;
    TxnRunner& operator=(const TxnRunner&) = delete;

    /// Executes a transaction into `log`, receipt with effect digest included. False when the
    /// source refused an access; the log then says what was touched until there.
    bool run(std::uint32_t txn, AccessLog<M>& log) {
        view_.begin(log);
        Receipt receipt = attempt(txn, log);
        if (view_.doomed()) {
            return false;
        }
        if (receipt.disposition != Disposition::kExecuted) {
            log.discard_effects();
        }
        effects_.begin(txn, receipt.disposition, receipt.status, receipt.weight);
        log.for_each([&](const LoggedCell<M>& cell) {
            if (!cell.changes()) {
                return;
            }
            if (cell.change == Change::kAdd) {
                effects_.add(cell.key, cell.added);
            } else {
                effects_.write(cell.key, cell.change == Change::kWrite ? &cell.own : nullptr);
            }
        });
        receipt.effects = effects_.finish(log.events.encoded());
        log.receipt = receipt;
        return true;
    }

    Source source;

  private:
    Receipt attempt(std::uint32_t txn, AccessLog<M>& log) {
        try {
            const auto outcome =
                frame_.machine.execute(view_, frame_.transactions[txn], *frame_.context);
            if (view_.stopped()) {
                return faulted(Fault::kStepBudget);
            }
            if (log.events.size() > frame_.limits.event_bytes) {
                return faulted(Fault::kOutputLimit);
            }
            return {.status = static_cast<std::uint16_t>(outcome.status), .weight = outcome.weight};
        } catch (const std::bad_alloc&) {
            throw;  // the environment's failure, not the transaction's
        } catch (...) {
            return faulted(Fault::kThrew);
        }
    }

    BlockFrame<M>& frame_;
    LogView<M, Source> view_;
    EffectDigest<M> effects_;
};

/// The committed state as it stands, for whoever nobody disturbs.
template <Machine M>
class PlainSource {
  public:
    static constexpr bool kScannable = true;

    explicit PlainSource(StateStore<M>& store) : store_(store) {}
    [[nodiscard]] const StateStore<M>& store() const noexcept { return store_; }
    bool fetch(LoggedCell<M>& cell) {
        cell.cell = store_.intern(cell.key);
        const auto& at = store_.cell(cell.cell);
        cell.below_present = at.present;
        if (at.present) {
            cell.below = at.value;
        }
        return true;
    }

  private:
    StateStore<M>& store_;
};

}  // namespace lockstep::bench
