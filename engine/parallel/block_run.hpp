#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/arena.hpp"
#include "engine/base/bytes.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/base/chunk_pool.hpp"
#include "engine/contract/execution.hpp"
#include "engine/contract/machine.hpp"
#include "engine/parallel/access_recorder.hpp"
#include "engine/state/state_store.hpp"
#include "engine/state/state_sums.hpp"
#include "scheduler/scheduler.hpp"

namespace lockstep {

/// What a worker keeps for a block, whichever way the block takes.
template <Machine M>
struct alignas(kCacheLineSize) BlockWorker {
    BlockWorker(ChunkPool& memory, std::uint32_t index) : arena(memory, index) {}

    Arena arena;
    WorkerQueue queue;
    ByteWriter scratch;
    std::vector<CellAccess<typename M::Key>> accesses;  ///< of the transaction being recorded
    StateSums<M> sums;  ///< this worker's share of the change of the state digest
    std::int64_t present_change = 0;
    ExecutionMetrics metrics;
};

/// What the parts of the parallel executor share while a block runs.
///
/// Threads: plain members are written by the leader between stages, or by the holder of the
///          frontier where it says so; a worker's own struct belongs to that worker.
template <Machine M, class Sync>
struct BlockRun {
    using Transaction = typename M::Transaction;
    using Context = typename M::Context;
    using Store = StateStore<M, Sync>;
    using Cell = typename Store::Cell;
    using Worker = BlockWorker<M>;

    BlockRun(const M& machine_in, Store& store_in, const TxnLimits& limits_in,
             std::uint32_t worker_count)
        : machine(machine_in),
          store(store_in),
          limits(limits_in),
          memory(worker_count + 1),
          phase_arena(memory, worker_count) {
        for (std::uint32_t i = 0; i < worker_count; ++i) {
            workers.push_back(std::make_unique<Worker>(memory, i));
        }
    }

    [[nodiscard]] TxnIndex size() const noexcept {
        return static_cast<TxnIndex>(transactions.size());
    }
    /// What an incarnation put out, as data that lives until the end of the block.
    [[nodiscard]] std::span<const std::byte> keep_events(Worker& worker,
                                                         std::span<const std::byte> events) {
        if (events.empty()) {
            return {};
        }
        // relaxed, both: see emitted; a line that all read is written once.
        if (!emitted.load(std::memory_order_relaxed)) {
            emitted.store(true, std::memory_order_relaxed);
        }
        std::byte* const kept = worker.arena.template make_array<std::byte>(events.size());
        std::copy(events.begin(), events.end(), kept);
        return {kept, events.size()};
    }

    /// Runs `body`. When it throws, the block fails, and `clean_up` runs.
    template <class Body, class CleanUp>
    void guarded(Body&& body, CleanUp&& clean_up) noexcept {
        try {
            body();
        } catch (...) {
            record_failure();
            scheduler.cancel();
            clean_up();
        }
    }
    template <class Body>
    void guarded(Body&& body) noexcept {
        guarded(body, [] {});
    }
    void record_failure() noexcept {
        const std::lock_guard lock(failure_mutex);
        if (failure == nullptr) {
            failure = std::current_exception();
        }
    }
    std::string failure_text() const {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& broken) {
            return broken.what();
        } catch (...) {
            return "unknown failure";
        }
    }

    const M& machine;
    Store& store;
    const TxnLimits limits;
    ChunkPool memory;  ///< of the workers, and of the phases
    Arena phase_arena;
    std::vector<std::unique_ptr<Worker>> workers;
    Scheduler<Sync> scheduler;

    std::span<const Transaction> transactions;
    const ExecuteOptions* options = nullptr;
    std::optional<Context> context;
    BlockResult result;
    AccessRecorder<typename M::Key>
        accesses;  ///< in its own slot by the holder of each transaction
    std::uint32_t block_number = 0;
    /// Committed prefix. Of the frontier's holder, on a line of its own: it is written per commit.
    alignas(kCacheLineSize) TxnIndex committed = 0;
    // emitted: some incarnation has put out events.   writers: workers   readers: all
    //   publish: nothing; the transaction's commit orders it.
    //   layout:  with what hardly changes; every incarnation with events looks at it.
    alignas(kCacheLineSize) typename Sync::template Atomic<bool> emitted{false};
    bool keep = false;                   ///< the cells keep what the block has done
    typename Sync::Mutex failure_mutex;  // guards failure while workers run
    std::exception_ptr failure;
};

}  // namespace lockstep
