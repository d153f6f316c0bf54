#pragma once

#include <tbb/spin_mutex.h>

#include <cstdint>
#include <deque>
#include <mutex>

#include "bench/baselines/cell_table.hpp"

namespace lockstep::bench {

/// One transaction's request for one cell. Plain data: of its transaction before the request, under
/// the queue's mutex while it waits.
struct LockRequest {
    CellId cell = kNoCell;
    std::uint32_t txn = 0;
    bool exclusive = false;
    LockRequest* next = nullptr;  ///< that waits behind this one
};

/// Transactions that hold all of their locks, first come first served.
///
/// Threads: any.
class ReadyTransactions {
  public:
    void clear() { waiting_.clear(); }
    void push(std::uint32_t txn) {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(txn);
    }
    [[nodiscard]] bool try_pop(std::uint32_t& txn) {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            return false;
        }
        txn = waiting_.front();
        waiting_.pop_front();
        return true;
    }

  private:
    std::mutex mutex_;  // guards waiting_
    std::deque<std::uint32_t> waiting_;
};

/// Shared and exclusive locks on cells, granted in the order of their requests.
///
/// Threads: release from any worker; request from one at a time, in block order.
class LockTable {
  public:
    /// Forgets all holders and waiters.
    void reset() noexcept { ++epoch_; }

    /// True when the lock is held at once; else a later release grants it.
    [[nodiscard]] bool request(LockRequest& request) {
        Queue& queue = queues_[request.cell];
        const tbb::spin_mutex::scoped_lock lock(queue.mutex);
        if (queue.epoch != epoch_) {
            queue.epoch = epoch_;
            queue.head = queue.tail = nullptr;
            queue.holders = 0;
            queue.exclusive = false;
        }
        if (queue.head == nullptr && grantable(queue, request)) {
            grant(queue, request);
            return true;
        }
        request.next = nullptr;
        (queue.head == nullptr ? queue.head : queue.tail->next) = &request;
        queue.tail = &request;
        return false;
    }
    /// Gives a held lock back and calls `granted(txn)` for every request that it lets through.
    template <class Granted>
    void release(const LockRequest& request, Granted&& granted) {
        Queue& queue = queues_[request.cell];
        const tbb::spin_mutex::scoped_lock lock(queue.mutex);
        --queue.holders;
        queue.exclusive = false;
        while (queue.head != nullptr && grantable(queue, *queue.head)) {
            LockRequest& first = *queue.head;
            queue.head = first.next;
            grant(queue, first);
            granted(first.txn);
        }
    }

  private:
    struct Queue {
        tbb::spin_mutex mutex;  // guards the rest
        bool exclusive = false;
        std::uint32_t holders = 0;
        std::uint32_t epoch = 0;
        LockRequest* head = nullptr;
        LockRequest* tail = nullptr;
    };

    static bool grantable(const Queue& queue, const LockRequest& request) noexcept {
        return request.exclusive ? queue.holders == 0 : !queue.exclusive;
    }
    static void grant(Queue& queue, const LockRequest& request) noexcept {
        ++queue.holders;
        queue.exclusive = request.exclusive;
    }

    CellTable<Queue> queues_;
    std::uint32_t epoch_ = 0;
};

}  // namespace lockstep::bench
