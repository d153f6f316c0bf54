#pragma once

#include <cstdint>
#include <memory>

#include "scheduler/sync.hpp"
#include "scheduler/task.hpp"
#include "scheduler/types.hpp"

namespace lockstep {

/// The hints of transactions by group: a committer reads one word in place of the words of all.
///
/// Role:    a group is hinted when its transactions finished one after the other, on one worker,
///          and each left a hint. A group has as many transactions as a full chunk.
/// Threads: open between blocks; add by the worker that claimed the group; of by any.
template <class Sync = StdSync>
class GroupHints {
  public:
    void open(TxnIndex size, TxnIndex group_size) {
        group_size_ = group_size;
        const TxnIndex groups = size / group_size;
        if (groups > capacity_) {
            sums_ = std::make_unique<Sum[]>(groups);
            capacity_ = groups;
        }
        for (TxnIndex group = 0; group < groups; ++group) {
            sums_[group].store(0, std::memory_order_relaxed);  // relaxed: workers start after open
        }
    }
    [[nodiscard]] TxnIndex group_size() const noexcept { return group_size_; }
    /// Transaction `txn` has finished with this hint, 0: none.
    void add(TxnIndex txn, WorkerQueue& worker, std::uint32_t hint) noexcept {
        if (worker.group == kNoTxn || txn != worker.group + worker.hinted) {
            return;  // not of the group, or a gap
        }
        if (hint == 0) {
            worker.group = kNoTxn;
            return;
        }
        worker.hints += hint;
        if (++worker.hinted == group_size_) {
            // release: publishes what the transactions did to `of`.
            sums_[txn / group_size_].store(worker.hints, std::memory_order_release);
            worker.group = kNoTxn;
        }
    }
    /// The sum of the hints of the group that starts at `first`; 0 when it is not hinted.
    [[nodiscard]] std::uint64_t of(TxnIndex first) const noexcept {
        // acquire: pairs with add: what its transactions did.
        return sums_[first / group_size_].load(std::memory_order_acquire);
    }

  private:
    // sums_: by group, 0 or the sum of its hints.   writers: add   readers: of
    //   publish: add's release -> of's acquire: what the transactions did.
    //   weaker?  no: commits make it visible to all who look at the frontier.
    //   layout:  dense.
    using Sum = typename Sync::template Atomic<std::uint64_t>;
    std::unique_ptr<Sum[]> sums_;
    TxnIndex capacity_ = 0;
    TxnIndex group_size_ = 1;
};

}  // namespace lockstep
