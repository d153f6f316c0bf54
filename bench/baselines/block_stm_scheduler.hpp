#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/cache_line.hpp"

namespace lockstep::bench {

/// The collaborative scheduler of the Block-STM paper (Gelashvili et al., PPoPP 2023): two indices
/// that workers advance and pull back, one for execution and one for validation.
///
/// Two defects of the published pseudo-code are mended: a failed attempt to start an incarnation
/// takes the active task back once, not twice, when it comes out of a validation; and whoever takes
/// an index has counted itself active before.
/// Threads: all members from any worker, except reset. All atomics are seq_cst: the argument that
/// `done` is final (the paper's Theorem 1) orders operations on five of them.
class BlockStmScheduler {
  public:
    struct Task {
        enum class Kind : std::uint8_t { kNone, kExecute, kValidate };
        Kind kind = Kind::kNone;
        std::uint32_t txn = 0;
        std::uint32_t incarnation = 0;
    };

    void reset(std::uint32_t size) {
        if (size > capacity_) {
            txns_ = std::make_unique<Txn[]>(size);
            capacity_ = size;
        }
        size_ = size;
        for (std::uint32_t i = 0; i < size; ++i) {
            txns_[i].status = Status::kReady;
            txns_[i].incarnation = 0;
            txns_[i].dependents.clear();
        }
        // seq_cst: see the class; no worker runs yet.
        execution_.store(0, std::memory_order_seq_cst);
        validation_.store(0, std::memory_order_seq_cst);
        decreases_.store(0, std::memory_order_seq_cst);
        active_.store(0, std::memory_order_seq_cst);
        done_.store(size == 0, std::memory_order_seq_cst);
    }
    /// Every transaction is executed and validated, for good.
    [[nodiscard]] bool done() const noexcept {
        return done_.load(std::memory_order_seq_cst);  // seq_cst: see the class
    }
    [[nodiscard]] Task next() {
        // seq_cst: see the class.
        return validation_.load(std::memory_order_seq_cst) <
                       execution_.load(std::memory_order_seq_cst)
                   ? next_to_validate()
                   : next_to_execute();
    }
    /// Parks `txn` until `blocking` has executed. False when that has happened meanwhile.
    [[nodiscard]] bool add_dependency(std::uint32_t txn, std::uint32_t blocking) {
        const std::lock_guard lock(txns_[blocking].dependents_mutex);
        {
            const std::lock_guard status_lock(txns_[blocking].mutex);
            if (txns_[blocking].status == Status::kExecuted) {
                return false;
            }
        }
        {
            const std::lock_guard status_lock(txns_[txn].mutex);
            txns_[txn].status = Status::kAborting;
        }
        txns_[blocking].dependents.push_back(txn);
        active_.fetch_sub(1, std::memory_order_seq_cst);  // seq_cst: see the class
        return true;
    }
    /// After an incarnation has been recorded; may hand its validation to the caller.
    [[nodiscard]] Task finish_execution(Task task, bool wrote_new) {
        Txn& txn = txns_[task.txn];
        {
            const std::lock_guard lock(txn.mutex);
            txn.status = Status::kExecuted;
        }
        std::vector<std::uint32_t> dependents;
        {
            const std::lock_guard lock(txn.dependents_mutex);
            dependents.swap(txn.dependents);
        }
        resume(dependents);
        // seq_cst: see the class.
        if (validation_.load(std::memory_order_seq_cst) > task.txn) {
            if (!wrote_new) {
                return {Task::Kind::kValidate, task.txn, task.incarnation};
            }
            decrease(validation_, task.txn);
        }
        active_.fetch_sub(1, std::memory_order_seq_cst);  // seq_cst: see the class
        return {};
    }
    /// True for the one caller that may abort this incarnation.
    [[nodiscard]] bool try_abort(Task task) {
        Txn& txn = txns_[task.txn];
        const std::lock_guard lock(txn.mutex);
        if (txn.status != Status::kExecuted || txn.incarnation != task.incarnation) {
            return false;
        }
        txn.status = Status::kAborting;
        return true;
    }
    /// After a validation; an aborted transaction may come back to the caller at once.
    [[nodiscard]] Task finish_validation(Task task, bool aborted) {
        if (aborted) {
            set_ready(task.txn);
            decrease(validation_, task.txn + 1);
            // seq_cst: see the class.
            if (execution_.load(std::memory_order_seq_cst) > task.txn) {
                if (const Task again = try_incarnate(task.txn); again.kind != Task::Kind::kNone) {
                    return again;
                }
            }
        }
        active_.fetch_sub(1, std::memory_order_seq_cst);  // seq_cst: see the class
        return {};
    }

  private:
    enum class Status : std::uint8_t { kReady, kExecuting, kExecuted, kAborting };
    struct alignas(kCacheLineSize) Txn {
        std::mutex mutex;  // guards status and incarnation
        Status status = Status::kReady;
        std::uint32_t incarnation = 0;
        std::mutex dependents_mutex;  // guards dependents; taken before any `mutex`
        std::vector<std::uint32_t> dependents;
    };

    [[nodiscard]] Task next_to_execute() {
        // seq_cst: see the class; counts itself active before it takes an index.
        if (execution_.load(std::memory_order_seq_cst) >= size_) {
            check_done();
            return {};
        }
        active_.fetch_add(1, std::memory_order_seq_cst);
        const std::uint32_t txn = execution_.fetch_add(1, std::memory_order_seq_cst);
        const Task task = try_incarnate(txn);
        if (task.kind == Task::Kind::kNone) {
            active_.fetch_sub(1, std::memory_order_seq_cst);  // seq_cst: see the class
        }
        return task;
    }
    [[nodiscard]] Task next_to_validate() {
        // seq_cst: see the class; counts itself active before it takes an index.
        if (validation_.load(std::memory_order_seq_cst) >= size_) {
            check_done();
            return {};
        }
        active_.fetch_add(1, std::memory_order_seq_cst);
        const std::uint32_t txn = validation_.fetch_add(1, std::memory_order_seq_cst);
        if (txn < size_) {
            const std::lock_guard lock(txns_[txn].mutex);
            if (txns_[txn].status == Status::kExecuted) {
                return {Task::Kind::kValidate, txn, txns_[txn].incarnation};
            }
        }
        active_.fetch_sub(1, std::memory_order_seq_cst);  // seq_cst: see the class
        return {};
    }
    [[nodiscard]] Task try_incarnate(std::uint32_t txn) {
        if (txn < size_) {
            const std::lock_guard lock(txns_[txn].mutex);
            if (txns_[txn].status == Status::kReady) {
                txns_[txn].status = Status::kExecuting;
                return {Task::Kind::kExecute, txn, txns_[txn].incarnation};
            }
        }
        return {};
    }
    void set_ready(std::uint32_t txn) {
        const std::lock_guard lock(txns_[txn].mutex);
        ++txns_[txn].incarnation;
        txns_[txn].status = Status::kReady;
    }
    void resume(const std::vector<std::uint32_t>& dependents) {
        std::uint32_t lowest = size_;
        for (const std::uint32_t txn : dependents) {
            set_ready(txn);
            lowest = txn < lowest ? txn : lowest;
        }
        if (lowest < size_) {
            decrease(execution_, lowest);
        }
    }
    void decrease(std::atomic<std::uint32_t>& index, std::uint32_t target) {
        // seq_cst: see the class; the count tells check_done that an index moved back.
        std::uint32_t now = index.load(std::memory_order_seq_cst);
        while (target < now &&
               !index.compare_exchange_weak(now, target, std::memory_order_seq_cst)) {
        }
        decreases_.fetch_add(1, std::memory_order_seq_cst);
    }
    void check_done() {
        // seq_cst: see the class; nothing moved back between the two looks at decreases_.
        const std::uint32_t seen = decreases_.load(std::memory_order_seq_cst);
        const bool at_end = execution_.load(std::memory_order_seq_cst) >= size_ &&
                            validation_.load(std::memory_order_seq_cst) >= size_;
        if (at_end && active_.load(std::memory_order_seq_cst) == 0 &&
            decreases_.load(std::memory_order_seq_cst) == seen) {
            done_.store(true, std::memory_order_seq_cst);
        }
    }

    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
    std::unique_ptr<Txn[]> txns_;

    // execution_, validation_: next index of each kind.   decreases_: how often one moved back.
    // active_: tasks in hand.   done_: all is final.
    //   writers: workers   readers: same
    //   publish: by Theorem 1 of the paper; transactions' data lies behind their mutexes.
    //   layout:  own lines; every task writes two or three of them.
    alignas(kCacheLineSize) std::atomic<std::uint32_t> execution_{0};
    alignas(kCacheLineSize) std::atomic<std::uint32_t> validation_{0};
    alignas(kCacheLineSize) std::atomic<std::uint32_t> decreases_{0};
    alignas(kCacheLineSize) std::atomic<std::uint32_t> active_{0};
    alignas(kCacheLineSize) std::atomic<bool> done_{false};
};

}  // namespace lockstep::bench
