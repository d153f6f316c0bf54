#include <algorithm>
#include <optional>
#include <set>

#include "scheduler/scheduler.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/random_seeds.hpp"

namespace lockstep::fuzz {
namespace {

/// What the naive twin knows of a transaction.
struct Twin {
    enum class Phase { kFree, kHeld, kParked, kWoken, kExecuted, kDeferred, kCommitted };
    Phase phase = Phase::kFree;
    Incarnation incarnation = 0;
    std::uint32_t hint = 0;
    bool closed = false;  ///< nobody needs to wait for it
    std::vector<TxnIndex> waiters;
};
using Phase = Twin::Phase;

/// Virtual workers on one thread do in turn what an input says; the twin says what the scheduler
/// may answer. In the end everything is run to its end, which proves that no wake-up was lost.
class Drive {
  public:
    explicit Drive(FuzzInput& in) : in_(in), workers_(1 + in.below(4)) {}

    void block() {
        size_ = static_cast<TxnIndex>(in_.below(48));
        options_ = {.chunk = static_cast<TxnIndex>(1 + in_.below(8)),
                    .window = static_cast<TxnIndex>(1 + in_.below(40)),
                    .revalidate = in_.flag()};
        scheduler_.reset(size_, options_);
        twins_.assign(size_, {});
        claimed_.clear();
        frontier_ = 0;
        end_ = size_;
        held_ = false;
        for (Worker& worker : workers_) {
            worker = {};
        }
        for (std::uint64_t steps = in_.below(200); steps > 0 && !in_.empty(); --steps) {
            step(workers_[in_.below(workers_.size())], in_.byte());
        }
        drain();
    }

  private:
    struct Worker {
        WorkerQueue queue;
        TxnIndex running = kNoTxn;
        TxnIndex committing = kNoTxn;
        bool commits = false;
        bool deferred = false;
    };

    void step(Worker& worker, std::uint8_t choice) {
        if (worker.running != kNoTxn) {
            end_execution(worker, choice);
        } else if (worker.committing != kNoTxn) {
            end_commit(worker, choice);
        } else if (worker.commits) {
            begin_commit(worker, choice);
        } else if (choice == 255) {
            scheduler_.cancel();
            end_ = 0;
        } else {
            take(worker, choice);
        }
        const TxnIndex seen = scheduler_.frontier();
        require(seen <= frontier_ && frontier_ - seen < Scheduler<>::kBatch,
                "[S2] the frontier is seen at most a batch too low");
        require(held_ || seen == frontier_, "[S2] who leaves the frontier says where it is");
        require(scheduler_.done() == (seen >= end_), "[S2] done means at the end");
    }

    void take(Worker& worker, std::uint8_t choice) {
        const bool chunk_is_empty = worker.queue.next == worker.queue.end;
        const TxnIndex seen = scheduler_.frontier();
        const Task task = scheduler_.next(worker.queue);
        require((task.kind == Task::Kind::kDone) == (seen >= end_), "a block ends in time");
        switch (task.kind) {
            case Task::Kind::kExecute:
                execute(worker, task.txn);
                break;
            case Task::Kind::kCommit:
                require(!held_ && can_commit(), "[S2] one holder, with something to commit");
                held_ = true;
                worker.commits = true;
                break;
            case Task::Kind::kRevalidate:
                require(options_.revalidate && task.txn > seen &&
                            twins_[task.txn].phase == Phase::kExecuted,
                        "only executed transactions are looked at again");
                revalidate(worker, task.txn, choice);
                break;
            case Task::Kind::kIdle:
                require(!(chunk_is_empty && !held_ && can_commit()), "no commit is left lying");
                require(claimed() >= std::min(size_, seen + options_.window),
                        "[S4] nothing within the window is left lying");
                for (TxnIndex txn = 0; txn < size_; ++txn) {
                    require(twins_[txn].phase != Phase::kWoken || handed_off(txn),
                            "[S3] no woken transaction is left lying");
                }
                break;
            case Task::Kind::kDone:
                break;
        }
    }

    void execute(Worker& worker, TxnIndex txn) {
        require(txn < size_, "a transaction of the block");
        Twin& twin = twins_[txn];
        if (twin.phase == Phase::kFree) {
            require(claimed_.insert(txn).second, "[S1] claimed once");
            require(txn < frontier_ + options_.window + options_.chunk, "[S4] within the window");
        } else {
            require(twin.phase == Phase::kWoken, "[S1] nobody else holds it");
        }
        twin.phase = Phase::kHeld;
        worker.running = txn;
        require(scheduler_.start(txn) == twin.incarnation, "the incarnation that is due");
    }

    void end_execution(Worker& worker, std::uint8_t choice) {
        const TxnIndex txn = worker.running;
        Twin& twin = twins_[txn];
        if (choice % 4 == 0 && txn > 0) {
            const auto blocker = static_cast<TxnIndex>(in_.below(txn));
            const bool parked = scheduler_.block_on(txn, blocker);
            require(parked != twins_[blocker].closed, "[S3] parks on what has not finished");
            if (parked) {
                twins_[blocker].waiters.push_back(txn);
                twin.phase = Phase::kParked;
                worker.running = kNoTxn;
            } else {
                require(scheduler_.start(txn) == twin.incarnation, "still the same incarnation");
            }
            return;
        }
        worker.running = kNoTxn;
        if (choice % 8 == 1) {
            scheduler_.finish_deferred(txn);
            twin.phase = Phase::kDeferred;
            return;
        }
        twin.hint = choice;
        scheduler_.finish_execution(txn, worker.queue, twin.hint);
        twin.phase = Phase::kExecuted;
        wake(txn);
    }

    void revalidate(Worker& worker, TxnIndex txn, std::uint8_t choice) {
        require(scheduler_.try_retake(txn), "an executed transaction can be retaken");
        require(!scheduler_.try_retake(txn), "[S1] by one worker");
        Twin& twin = twins_[txn];
        twin.hint = 0;
        if (choice % 2 == 0) {
            scheduler_.give_back(txn);
            return;
        }
        const bool again = scheduler_.abort(txn);
        require(again == (twin.incarnation + 1 < Scheduler<>::kIncarnationsMax),
                "incarnations are bounded");
        if (!again) {
            scheduler_.give_back(txn);
            return;
        }
        ++twin.incarnation;
        twin.closed = false;
        twin.phase = Phase::kHeld;
        worker.running = txn;
    }

    void begin_commit(Worker& worker, std::uint8_t choice) {
        if (choice % 16 == 3) {
            leave(worker);
            return;
        }
        if (commit_group(choice)) {
            return;
        }
        const auto found = scheduler_.begin_commit();
        const bool can = frontier_ < end_ && can_commit();
        require((found.txn != kNoTxn) == can, "[S2] what has ended can be committed");
        if (!can) {
            leave(worker);
            return;
        }
        require(found.txn == frontier_, "[S2] in block order");
        require(found.deferred == (twins_[frontier_].phase == Phase::kDeferred),
                "the frontier knows what has not run");
        worker.committing = found.txn;
        worker.deferred = found.deferred;
        require(found.hint == twins_[frontier_].hint, "the hint of whoever executed it");
        require(!options_.revalidate || !scheduler_.try_retake(found.txn),
                "[S1] the frontier keeps what it has taken");
    }

    /// Commits the group at the frontier when it is noted; false when it has to go one by one.
    bool commit_group(std::uint8_t choice) {
        const std::uint64_t hints = scheduler_.hinted_group();
        if (hints == 0) {
            return false;
        }
        const TxnIndex end = frontier_ + scheduler_.group_size();
        require(!options_.revalidate && end <= end_, "a group that nobody takes back");
        std::uint64_t sum = 0;
        for (TxnIndex txn = frontier_; txn < end; ++txn) {
            require(twins_[txn].phase == Phase::kExecuted && twins_[txn].hint != 0,
                    "[S2] all of a noted group have ended, with hints");
            sum += twins_[txn].hint;
        }
        require(sum == hints, "the hints of whoever executed them");
        if (choice % 2 == 0) {
            return false;
        }
        scheduler_.finish_group();
        for (; frontier_ < end; ++frontier_) {
            twins_[frontier_].phase = Phase::kCommitted;
        }
        return true;
    }

    void end_commit(Worker& worker, std::uint8_t choice) {
        const TxnIndex txn = worker.committing;
        worker.committing = kNoTxn;
        if (choice == 254) {
            scheduler_.stop_at(txn);
            end_ = std::min(end_, txn);
            leave(worker);
            return;
        }
        scheduler_.finish_commit(txn, worker.deferred, worker.queue);
        twins_[txn].phase = Phase::kCommitted;
        if (worker.deferred) {
            wake(txn);
        }
        ++frontier_;
    }

    void leave(Worker& worker) {
        scheduler_.leave_frontier();
        worker.commits = false;
        held_ = false;
    }

    void wake(TxnIndex txn) {
        twins_[txn].closed = true;
        for (const TxnIndex waiter : twins_[txn].waiters) {
            require(twins_[waiter].phase == Phase::kParked, "[S3] a wake-up finds its sleeper");
            twins_[waiter].phase = Phase::kWoken;
        }
        twins_[txn].waiters.clear();
    }

    [[nodiscard]] bool can_commit() const {
        return frontier_ < size_ && (twins_[frontier_].phase == Phase::kExecuted ||
                                     twins_[frontier_].phase == Phase::kDeferred);
    }
    /// Transactions that chunks cover.
    [[nodiscard]] std::size_t claimed() const {
        std::size_t count = claimed_.size();
        for (const Worker& worker : workers_) {
            count += worker.queue.end - worker.queue.next;
        }
        return count;
    }
    [[nodiscard]] bool handed_off(TxnIndex txn) const {
        return std::any_of(workers_.begin(), workers_.end(),
                           [&](const Worker& worker) { return worker.queue.run_next == txn; });
    }

    /// Everybody works without waiting until the block is done.
    void drain() {
        const std::uint64_t turns_max = (size_ + 10ULL) * workers_.size() * 16;
        for (std::uint64_t turn = 0; frontier_ < end_ || !all_free(); ++turn) {
            require(turn < turns_max, "[S3] the block comes to its end");
            step(workers_[turn % workers_.size()], 2);
        }
    }
    [[nodiscard]] bool all_free() const {
        return std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
            return worker.running == kNoTxn && !worker.commits;
        });
    }

    FuzzInput& in_;
    Scheduler<> scheduler_;
    Scheduler<>::Options options_;
    std::vector<Worker> workers_;
    std::vector<Twin> twins_;
    std::set<TxnIndex> claimed_;
    TxnIndex size_ = 0;
    TxnIndex frontier_ = 0;
    TxnIndex end_ = 0;
    bool held_ = false;
};

}  // namespace

std::vector<Bytes> fuzz_seeds() {
    return random_seeds(4, 150);
}

}  // namespace lockstep::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lockstep::fuzz;
    FuzzInput in(input_bytes(data, size));
    Drive drive(in);
    for (int blocks = 0; blocks < 4 && !in.empty(); ++blocks) {
        drive.block();
    }
    return 0;
}
