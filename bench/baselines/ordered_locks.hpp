#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "bench/baselines/block_frame.hpp"
#include "bench/baselines/lock_table.hpp"
#include "engine/base/cache_line.hpp"

namespace lockstep::bench {

/// Ordered locking, as in Calvin: one thread requests the locks of all transactions in block order;
/// a transaction that holds all of its locks runs, on any worker, and changes the state in place.
///
/// Locks come from the declared keys. A transaction that declares none is run once on the state at
/// the start of the block to see what it touches (Calvin's reconnaissance). Every access is checked
/// against the locks held. One outside of them ends the round: what ran behind that transaction is
/// taken back, the transaction runs alone once everything before it is done, and the protocol
/// resumes behind it; after kRoundsMax rounds the rest of the block runs serially.
/// Additions and writes take exclusive locks, reads and predicates shared ones. Locks are of cells,
/// so a scan is an access outside of them.
template <Machine M>
class OrderedLocks {
  public:
    explicit OrderedLocks(BlockFrame<M>& frame) : frame_(frame) {
        for (std::uint32_t i = 0; i < frame.pool.workers(); ++i) {
            workers_.push_back(std::make_unique<Worker>(frame, *this));
        }
    }

    std::uint32_t run() {
        const std::uint32_t size = frame_.size();
        if (txns_.size() < size) {
            txns_ = std::vector<Txn>(size);
        }
        for (std::uint32_t i = 0; i < size; ++i) {
            txns_[i].executed = false;
        }
        for (const auto& worker : workers_) {
            worker->requests.clear();
            worker->undo.clear();
        }
        claimed_.store(0, std::memory_order_relaxed);  // relaxed: no worker runs
        frame_.on_all_workers([this](std::uint32_t worker) { resolve(worker); });
        std::uint32_t from = 0;
        for (std::uint32_t round = 0; from < size && !frame_.halted(); ++round) {
            if (round < kRoundsMax) {
                from = run_round(from);
            }
            if (from < size && !frame_.halted()) {
                run_alone(from);
                ++from;
            }
        }
        return frame_.halted() ? 0 : cut();
    }

  private:
    static constexpr std::uint32_t kChunk = 16;     ///< transactions to resolve per claim
    static constexpr std::uint32_t kRoundsMax = 8;  ///< then serially
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    using Key = typename M::Key;
    using Value = typename M::Value;

    struct Request {
        Key key;
        LockRequest lock;
    };
    struct Undo {
        CellId cell;
        bool present;
        Value value;
    };
    struct Txn {
        std::uint32_t worker = 0;  ///< whose requests these are; sorted by key
        std::uint32_t first = 0;
        std::uint32_t count = 0;
        bool executed = false;
        std::uint32_t undo_worker = 0;
        std::size_t undo_first = 0;
        std::size_t undo_last = 0;
        // waiting: locks not yet held, and one more until all are requested.
        //   writers: lock manager, releasers   readers: same
        //   publish: each release -> the acquire of whoever reaches zero: the cells' values.
        std::atomic<std::uint32_t> waiting{0};
    };
    /// Reads what the running transaction has locked.
    class Source {
      public:
        static constexpr bool kScannable = false;

        explicit Source(OrderedLocks& owner) : owner_(owner) {}
        void refuse_scan() noexcept {}  // no lock covers a range
        [[nodiscard]] const StateStore<M>& store() const noexcept { return owner_.frame_.store; }
        bool fetch(LoggedCell<M>& cell) {
            const Request* request = owner_.find(txn, cell.key);
            if (request == nullptr) {
                return false;
            }
            cell.cell = request->lock.cell;
            const auto& at = owner_.frame_.store.cell(cell.cell);
            cell.below_present = at.present;
            if (at.present) {
                cell.below = at.value;
            }
            return true;
        }
        std::uint32_t txn = 0;

      private:
        OrderedLocks& owner_;
    };
    struct alignas(kCacheLineSize) Worker {
        Worker(BlockFrame<M>& frame, OrderedLocks& owner)
            : locked(frame, owner), alone(frame, frame.store) {}
        TxnRunner<M, Source> locked;
        TxnRunner<M, PlainSource<M>> alone;  ///< reconnaissance, and serial parts
        AccessLog<M> log;
        std::vector<Request> requests;
        std::vector<std::pair<Key, bool>> keys;
        std::vector<Undo> undo;
        // finished: transactions of the round that this worker is through with.
        //   writers: the worker   readers: all
        //   publish: nothing beyond itself; the pool orders rounds.
        alignas(kCacheLineSize) std::atomic<std::uint32_t> finished{0};
    };

    // ---- which locks ----------------------------------------------------------------------------

    void resolve(std::uint32_t worker) {
        for (;;) {
            // relaxed: the counter publishes nothing.
            const std::uint32_t first = claimed_.fetch_add(kChunk, std::memory_order_relaxed);
            if (first >= frame_.size() || frame_.halted()) {
                return;
            }
            const std::uint32_t last = std::min(first + kChunk, frame_.size());
            frame_.prefetch_declared(worker, first, last);
            for (std::uint32_t txn = first; txn < last; ++txn) {
                resolve_txn(worker, txn);
            }
        }
    }
    void resolve_txn(std::uint32_t worker, std::uint32_t txn) {
        Worker& own = *workers_[worker];
        own.keys.clear();
        const auto sink = [&](const Key& key, Access access) {
            own.keys.emplace_back(key, access != Access::kRead);
        };
        declare_keys(frame_.machine, frame_.transactions[txn], *frame_.context,
                     std::as_const(frame_.store), sink);
        if (own.keys.empty()) {
            own.alone.run(txn, own.log);
            ++frame_.workers[worker].metrics.executions;
            own.log.for_each([&](const LoggedCell<M>& cell) {
                own.keys.emplace_back(cell.key, cell.change != Change::kNone);
            });
        }
        // By key; of several mentions of one key the exclusive one comes first and stays.
        std::sort(own.keys.begin(), own.keys.end(), [](const auto& a, const auto& b) {
            return a.first < b.first || (a.first == b.first && a.second && !b.second);
        });
        own.keys.erase(std::unique(own.keys.begin(), own.keys.end(),
                                   [](const auto& a, const auto& b) { return a.first == b.first; }),
                       own.keys.end());
        txns_[txn].worker = worker;
        txns_[txn].first = static_cast<std::uint32_t>(own.requests.size());
        txns_[txn].count = static_cast<std::uint32_t>(own.keys.size());
        for (const auto& [key, exclusive] : own.keys) {
            own.requests.push_back(
                {key, {.cell = frame_.store.intern(key), .txn = txn, .exclusive = exclusive}});
        }
    }
    [[nodiscard]] std::span<Request> requests(const Txn& txn) {
        return std::span(workers_[txn.worker]->requests).subspan(txn.first, txn.count);
    }
    [[nodiscard]] const Request* find(std::uint32_t txn, const Key& key) {
        const auto all = requests(txns_[txn]);
        const auto at = std::lower_bound(
            all.begin(), all.end(), key,
            [](const Request& request, const Key& wanted) { return request.key < wanted; });
        return at != all.end() && at->key == key ? &*at : nullptr;
    }

    // ---- one round ------------------------------------------------------------------------------

    /// Runs transactions from `from` on; returns the first that is not done.
    std::uint32_t run_round(std::uint32_t from) {
        locks_.reset();
        ready_.clear();
        for (const auto& worker : workers_) {
            worker->finished.store(0, std::memory_order_relaxed);  // relaxed: no worker runs
        }
        first_ = from;
        halt_at_.store(frame_.size(), std::memory_order_relaxed);  // relaxed: as above
        frame_.on_all_workers([this](std::uint32_t worker) {
            if (worker == 0) {
                request_locks();
            }
            work(worker);
        });
        // relaxed: the round is over.
        const std::uint32_t halted = halt_at_.load(std::memory_order_relaxed);
        take_back(halted);
        return halted;
    }
    void request_locks() {
        for (std::uint32_t i = first_; i < frame_.size(); ++i) {
            Txn& txn = txns_[i];
            // relaxed: no request of this transaction is out yet.
            txn.waiting.store(txn.count + 1, std::memory_order_relaxed);
            std::uint32_t held = 1;
            for (Request& request : requests(txn)) {
                held += locks_.request(request.lock) ? 1U : 0U;
            }
            // acq_rel: see Txn::waiting.
            if (txn.waiting.fetch_sub(held, std::memory_order_acq_rel) == held) {
                ready_.push(i);
            }
        }
    }
    void work(std::uint32_t worker) {
        Backoff backoff;
        std::uint32_t next = kNone;
        while (!frame_.halted()) {
            if (next == kNone && !ready_.try_pop(next)) {
                if (all_finished()) {
                    return;
                }
                backoff.wait();
                continue;
            }
            backoff.reset();
            next = run_locked(worker, next);
        }
    }
    [[nodiscard]] bool all_finished() const noexcept {
        std::uint32_t sum = 0;
        for (const auto& worker : workers_) {
            // relaxed: counts only grow, and only when a transaction is done with.
            sum += worker->finished.load(std::memory_order_relaxed);
        }
        return sum == frame_.size() - first_;
    }
    /// Runs a transaction that holds its locks; returns one that its release lets run, or kNone.
    std::uint32_t run_locked(std::uint32_t worker, std::uint32_t index) {
        Worker& own = *workers_[worker];
        // relaxed: what runs behind the end of the round is taken back.
        if (index < halt_at_.load(std::memory_order_relaxed)) {
            own.locked.source.txn = index;
            const bool within = own.locked.run(index, own.log) && holds_locks_for(index, own.log);
            ++frame_.workers[worker].metrics.executions;
            ++frame_.workers[worker].metrics.validations;
            if (within) {
                commit(worker, index, own.log);
            } else {
                ++frame_.workers[worker].metrics.aborts;
                halt_behind(index);
            }
        }
        std::uint32_t next = kNone;
        for (const Request& request : requests(txns_[index])) {
            locks_.release(request.lock, [&](std::uint32_t granted) {
                // acq_rel: see Txn::waiting.
                if (txns_[granted].waiting.fetch_sub(1, std::memory_order_acq_rel) != 1) {
                    return;
                }
                if (next != kNone) {
                    ready_.push(std::max(next, granted));
                }
                next = std::min(next, granted);
            });
        }
        // relaxed: only this worker writes it.
        own.finished.store(own.finished.load(std::memory_order_relaxed) + 1,
                           std::memory_order_relaxed);
        return next;
    }
    [[nodiscard]] bool holds_locks_for(std::uint32_t txn, AccessLog<M>& log) {
        bool holds = true;
        log.for_each([&](LoggedCell<M>& cell) {
            if (cell.changes()) {
                const Request* request = find(txn, cell.key);
                holds = holds && request != nullptr && request->lock.exclusive;
                cell.cell = request != nullptr ? request->lock.cell : kNoCell;
            }
        });
        return holds;
    }
    void commit(std::uint32_t worker, std::uint32_t index, AccessLog<M>& log) {
        Worker& own = *workers_[worker];
        Txn& txn = txns_[index];
        txn.executed = true;
        txn.undo_worker = worker;
        txn.undo_first = own.undo.size();
        log.for_each([&](LoggedCell<M>& cell) {
            if (cell.changes()) {
                const auto& at = frame_.store.cell(frame_.id_of(cell));
                own.undo.push_back({cell.cell, at.present, at.value});
                frame_.apply(worker, cell);
            }
        });
        txn.undo_last = own.undo.size();
        frame_.put_out(index, log);
    }
    void halt_behind(std::uint32_t txn) {
        // relaxed: everybody re-reads it; the pool orders its last value.
        std::uint32_t now = halt_at_.load(std::memory_order_relaxed);
        while (txn < now && !halt_at_.compare_exchange_weak(now, txn, std::memory_order_relaxed)) {
        }
    }

    // ---- between rounds, on one thread ----------------------------------------------------------

    /// Undoes everything from transaction `from` on.
    void take_back(std::uint32_t from) {
        for (std::uint32_t i = frame_.size(); i-- > from;) {
            Txn& txn = txns_[i];
            if (txn.executed) {
                txn.executed = false;
                const auto& undo = workers_[txn.undo_worker]->undo;
                for (std::size_t at = txn.undo_last; at-- > txn.undo_first;) {
                    frame_.changes.put(0, undo[at].cell,
                                       undo[at].present ? &undo[at].value : nullptr);
                }
            }
        }
    }
    void run_alone(std::uint32_t txn) {
        Worker& own = *workers_[0];
        own.alone.run(txn, own.log);
        ++frame_.workers[0].metrics.executions;
        commit(0, txn, own.log);
    }
    /// Where the block is full; takes back what ran behind.
    std::uint32_t cut() {
        WeightMeter meter(frame_.header.weight_limit);
        std::uint32_t end = 0;
        while (end < frame_.size() && meter.admit(frame_.outputs[end].receipt.weight)) {
            ++end;
        }
        take_back(end);
        return end;
    }

    BlockFrame<M>& frame_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<Txn> txns_;
    LockTable locks_;
    ReadyTransactions ready_;
    std::uint32_t first_ = 0;  ///< of the round

    // claimed_: next transaction to resolve.   writers: workers   readers: same
    //   publish: nothing.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> claimed_{0};
    // halt_at_: first transaction that left its locks, else the size of the block.
    //   writers: workers   readers: same   publish: nothing beyond itself.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> halt_at_{0};
};

}  // namespace lockstep::bench
