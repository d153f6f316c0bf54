#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/parallel/worker_pool.hpp"
#include "scheduler/sync.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// A stretch of work of one worker, in nanoseconds of the steady clock.
struct TaskRecord {
    Work work = Work::kPhase;
    std::uint64_t which = 0;  ///< kExecute: the transaction
    std::uint64_t units = 0;  ///< done on the way; kCommit: committed transactions
    std::int64_t begin_ns = 0;
    std::int64_t end_ns = 0;
};

/// What the workers of one executor did, worker by worker, in the order in which stretches ended.
///
/// Threads: while a block runs each worker appends to its own list; between blocks one thread reads
///          and clears.
class TaskTrace {
  public:
    explicit TaskTrace(std::uint32_t workers) : lists_(workers) {}

    [[nodiscard]] std::uint32_t workers() const noexcept {
        return static_cast<std::uint32_t>(lists_.size());
    }
    [[nodiscard]] std::span<const TaskRecord> of(std::uint32_t worker) const noexcept {
        return lists_[worker].records;
    }
    void clear() noexcept {
        for (List& list : lists_) {
            list.records.clear();
        }
    }

    /// Work of the calling thread goes to this worker's list, as long as the object lives.
    class Enlist {
      public:
        Enlist(TaskTrace& trace, std::uint32_t worker) noexcept : before_(current_) {
            current_ = &trace.lists_[worker].records;
        }
        Enlist(const Enlist&) = delete;
        Enlist& operator=(const Enlist&) = delete;
        ~Enlist() { current_ = before_; }

      private:
        std::vector<TaskRecord>* before_;
    };

    /// Notes one stretch; nothing on threads that are not enlisted.
    class Span {
      public:
        explicit Span(Work work, std::uint64_t which = 0) noexcept
            : record_{.work = work, .which = which, .units = 0, .begin_ns = now(), .end_ns = 0} {}
        Span(const Span&) = delete;
        Span& operator=(const Span&) = delete;
        ~Span() {
            if (current_ != nullptr) {
                record_.end_ns = now();
                current_->push_back(record_);
            }
        }
        void done(std::uint64_t units) noexcept { record_.units += units; }

      private:
        static std::int64_t now() noexcept {
            return std::chrono::steady_clock::now().time_since_epoch() /
                   std::chrono::nanoseconds(1);
        }
        TaskRecord record_;
    };

  private:
    struct alignas(kCacheLineSize) List {
        std::vector<TaskRecord> records;
    };

    static inline thread_local std::vector<TaskRecord>* current_ = nullptr;

    std::vector<List> lists_;
};

/// The Sync policy of traced executors: the real thing, and every stretch of work is noted.
struct TracedSync : StdSync {
    using Span = TaskTrace::Span;
};

/// A pool whose workers are enlisted while they run a job.
class TracedPool {
  public:
    TracedPool(WorkerPool& pool, TaskTrace& trace) : pool_(pool), trace_(trace) {}

    [[nodiscard]] std::uint32_t workers() const noexcept { return pool_.workers(); }
    void run(const std::function<void(std::uint32_t worker)>& job) {
        pool_.run([&](std::uint32_t worker) {
            const TaskTrace::Enlist enlisted(trace_, worker);
            job(worker);
        });
    }

  private:
    WorkerPool& pool_;
    TaskTrace& trace_;
};

}  // namespace lockstep
