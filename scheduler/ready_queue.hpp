#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "scheduler/sync.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

/// Woken transactions that any worker may take, lowest index first.
///
/// Role:    takes what one wake-up frees beyond the transaction that the waker keeps for itself.
/// Threads: any; a plain lock, since wake-ups of several transactions at once are rare.
template <class Sync = StdSync>
class ReadyQueue {
  public:
    void clear() {
        const std::lock_guard lock(mutex_);
        heap_.clear();
        size_.store(0, std::memory_order_relaxed);  // relaxed: written under the lock
    }
    void push(TxnIndex txn) {
        const std::lock_guard lock(mutex_);
        heap_.push_back(txn);
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
        size_.store(heap_.size(), std::memory_order_relaxed);  // relaxed: written under the lock
    }
    /// A hint; exact for a worker that synchronised with the last push.
    [[nodiscard]] bool looks_empty() const noexcept {
        return size_.load(std::memory_order_relaxed) == 0;  // relaxed: progress follows each push
    }
    /// The lowest transaction, kNoTxn when there is none.
    [[nodiscard]] TxnIndex pop() {
        if (looks_empty()) {
            return kNoTxn;
        }
        const std::lock_guard lock(mutex_);
        if (heap_.empty()) {
            return kNoTxn;
        }
        std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
        const TxnIndex txn = heap_.back();
        heap_.pop_back();
        size_.store(heap_.size(), std::memory_order_relaxed);  // relaxed: written under the lock
        return txn;
    }

  private:
    // size_: number of queued transactions.   writers: under mutex_   readers: pop
    //   publish: nothing; the lock orders the contents.
    typename Sync::template Atomic<std::size_t> size_{0};
    typename Sync::Mutex mutex_;  // guards heap_
    std::vector<TxnIndex> heap_;
};

}  // namespace lockstep
