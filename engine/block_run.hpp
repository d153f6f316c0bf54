#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/access_record.hpp"
#include "engine/base/cache_line.hpp"
#include "engine/effects.hpp"
#include "engine/execution.hpp"
#include "engine/machine.hpp"
#include "engine/speculative_view.hpp"
#include "engine/state_store.hpp"
#include "scheduler/scheduler.hpp"

namespace lockstep {

/// What the parts of the parallel executor share while a block runs.
///
/// Threads: plain members are written by the leader between stages, or by the holder of the
/// frontier
///          where it says so; a worker's own struct belongs to that worker.
template <Machine M, class Sync>
struct BlockRun {
    using Transaction = typename M::Transaction;
    using Context = typename M::Context;
    using Value = typename M::Value;
    using Store = StateStore<M, Sync>;
    using View = SpeculativeView<M, Sync>;
    using Record = TxnRecord<M, Sync>;
    using Entry = AccessEntry<M, Sync>;
    using Node = Version<Value, Sync>;

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

    BlockRun(const M& machine_in, Store& store_in, const TxnLimits& limits_in,
             std::uint32_t worker_count)
        : machine(machine_in), store(store_in), limits(limits_in) {
        for (std::uint32_t i = 0; i < worker_count; ++i) {
            workers.push_back(std::make_unique<Worker>(store, limits));
        }
    }

    [[nodiscard]] TxnIndex size() const noexcept {
        return static_cast<TxnIndex>(transactions.size());
    }
    Additions<typename M::Value, Sync>& additions_of(Worker& worker, const Entry& entry) {
        return store.cell(entry.cell).slot.additions_or_make([&worker] {
            return worker.arena.template make<Additions<typename M::Value, Sync>>();
        });
    }
    /// Value equality of what the entry saw and `now`; stops cascades of equal rewrites.
    [[nodiscard]] bool same_value(const Entry& entry, const Node* now) const {
        const auto* base = store.cell(entry.cell).get();
        const auto* seen_value = entry.seen != nullptr ? entry.seen->get() : base;
        const auto* now_value = now != nullptr ? now->get() : base;
        if (seen_value == nullptr || now_value == nullptr) {
            return seen_value == now_value;
        }
        return *seen_value == *now_value;
    }

    template <class Body>
    void guarded(Body&& body) noexcept {
        try {
            body();
        } catch (...) {
            note_failure();
            scheduler.cancel();
        }
    }
    void note_failure() noexcept {
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
    std::vector<std::unique_ptr<Worker>> workers;
    Scheduler<Sync> scheduler;

    std::span<const Transaction> transactions;
    const ExecuteOptions* options = nullptr;
    std::optional<Context> context;
    BlockResult result;
    std::vector<Record> records;
    BlockAccessMode mode;
    std::uint32_t block_number = 0;
    TxnIndex committed = 0;              ///< frontier: committed prefix
    bool keep = false;                   ///< settlement applies values, or only empties slots
    typename Sync::Mutex failure_mutex;  // guards failure while workers run
    std::exception_ptr failure;
};

}  // namespace lockstep
