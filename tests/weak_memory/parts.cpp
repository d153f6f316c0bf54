// First: what follows is built on it.
#include "tests/weak_memory/relacy_sync.hpp"
//
#include <memory>

#include "scheduler/progress.hpp"
#include "scheduler/ready_queue.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/version.hpp"
#include "tests/weak_memory/simulate.hpp"

namespace lockstep::test {
namespace {

using Slot = VersionSlot<Plain<int>, RelacySync>;
using Node = Version<Plain<int>, RelacySync>;

/// Two writers insert undeclared versions, a reader searches: what it finds is complete.
struct Versions : rl::test_suite<Versions, 3> {
    Slot slot;
    Node nodes[3];

    void thread(unsigned index) {
        if (index < 2) {
            Node& node = nodes[index];
            node.txn = index;
            node.value = static_cast<int>(index) + 10;
            node.erased = index == 1;
            node.publish();
            slot.insert(&node);
            return;
        }
        const Node* found = slot.find(2);
        if (found != nullptr) {
            RL_ASSERT(found->txn < 2);
            RL_ASSERT(found->current() == VersionState::kReady);
            RL_ASSERT(found->erased == (found->txn == 1));
            RL_ASSERT(found->value == static_cast<int>(found->txn) + 10);
        }
    }
    void after() {
        const Node* top = slot.find(5);
        RL_ASSERT(top == &nodes[1]);
        RL_ASSERT(slot.find(1) == &nodes[0]);
    }
};

/// An estimate becomes a version, or is dropped after its replacement was inserted: a reader never
/// sees less than one of the two.
struct Estimates : rl::test_suite<Estimates, 2> {
    Slot slot;
    Node estimate;
    Node replacement;

    void before() {
        estimate.txn = 0;
        replacement.txn = 0;
        slot.push_declared(&estimate);
    }
    void thread(unsigned index) {
        if (index == 0) {
            estimate.value = 1;
            estimate.publish();
            replacement.value = 2;
            replacement.publish();
            slot.insert(&replacement);
            estimate.drop();
            return;
        }
        if (estimate.current() == VersionState::kDropped) {
            const Node* found = slot.find(1);
            RL_ASSERT(found != nullptr && found->current() == VersionState::kReady);
            RL_ASSERT(found->value == 2);
            return;
        }
        const Node* found = slot.find(1);
        if (found != nullptr && found->current() == VersionState::kReady) {
            RL_ASSERT(found->value == 1 || found == &replacement);
        }
    }
};

/// Two adders meet on a fresh cell: one Additions, complete, with the lowest of them noted.
struct FirstAdders : rl::test_suite<FirstAdders, 2> {
    using Sums = Additions<int, RelacySync>;
    VersionSlot<int, RelacySync> slot;
    std::unique_ptr<Sums> made[2];
    const Sums* got[2] = {};

    void thread(unsigned index) {
        Sums& sums = slot.additions_or_make([&] {
            made[index] = std::make_unique<Sums>();
            made[index]->applied = true;  // stands for what the constructor wrote
            return made[index].get();
        });
        RL_ASSERT(sums.applied);
        sums.record_adder(index + 3);
        got[index] = &sums;
    }
    void after() {
        RL_ASSERT(got[0] == got[1] && got[0] != nullptr);
        RL_ASSERT(got[0]->first_adder.load(std::memory_order_relaxed) == 3);
    }
};

/// Two workers push and pop: nothing is lost or doubled, and what was made before a push is there.
struct Queue : rl::test_suite<Queue, 2> {
    ReadyQueue<RelacySync> queue;
    Plain<int> data[4];
    RelacySync::Atomic<int> popped[4];

    void before() { queue.clear(); }
    void thread(unsigned index) {
        for (TxnIndex txn = index; txn < 4; txn += 2) {
            data[txn] = 7;
            queue.push(txn);
        }
        take();
        take();
    }
    void take() {
        const TxnIndex txn = queue.pop();
        if (txn != kNoTxn) {
            RL_ASSERT(data[txn] == 7);
            popped[txn].fetch_add(1, std::memory_order_relaxed);
        }
    }
    void after() {
        for (TxnIndex txn = queue.pop(); txn != kNoTxn; txn = queue.pop()) {
            popped[txn].fetch_add(1, std::memory_order_relaxed);
        }
        for (auto& count : popped) {
            RL_ASSERT(count.load(std::memory_order_relaxed) == 1);
        }
    }
};

/// Sleepers and a waker: nobody sleeps over work. [PR1]
struct Sleep : rl::test_suite<Sleep, 3> {
    std::unique_ptr<Progress<RelacySync>> progress;
    RelacySync::Atomic<int> work;

    void before() { progress = std::make_unique<Progress<RelacySync>>(); }
    void thread(unsigned index) {
        if (index == 0) {
            work.store(1, std::memory_order_relaxed);
            progress->advance();
            return;
        }
        std::uint32_t idle_rounds = 2;  // straight to sleep
        const auto has_work = [&] { return work.load(std::memory_order_relaxed) != 0; };
        while (!has_work()) {
            progress->wait(idle_rounds, has_work);
        }
    }
    void after() { progress.reset(); }
};

/// Who else may take what has been executed, and whether it leaves hints.
enum class Commits { kRetakable, kSingle, kGroups };

/// The scheduler alone: every transaction waits for the one below, leaves a result for the one
/// above, and is committed once, in order. [S1] [S2] [S3]
template <TxnIndex kSize, int kThreads, Commits kCommits = Commits::kRetakable>
struct Chain : rl::test_suite<Chain<kSize, kThreads, kCommits>, kThreads> {
    struct Objects {
        Scheduler<RelacySync> scheduler;
        Node nodes[kSize];
        Plain<int> records[kSize];
        Plain<int> committed = 0;
    };
    std::unique_ptr<Objects> objects;

    void before() {
        objects = std::make_unique<Objects>();
        objects->scheduler.reset(
            kSize, {.chunk = 1, .window = kSize, .revalidate = kCommits == Commits::kRetakable});
    }
    void thread(unsigned) {
        Objects& o = *objects;
        WorkerQueue queue;
        for (;;) {
            const Task task = o.scheduler.next(queue);
            switch (task.kind) {
                case Task::Kind::kExecute:
                    execute(o, task.txn, queue);
                    break;
                case Task::Kind::kCommit:
                    commit(o, queue);
                    break;
                case Task::Kind::kRevalidate:
                    revalidate(o, task.txn, queue);
                    break;
                case Task::Kind::kIdle:
                    o.scheduler.wait_for_work(queue);
                    break;
                case Task::Kind::kDone:
                    RL_ASSERT(o.records[kSize - 1] > 0);
                    return;
            }
        }
    }
    static void execute(Objects& o, TxnIndex txn, WorkerQueue& queue) {
        o.scheduler.start(txn);
        run(o, txn, queue);
    }
    static void run(Objects& o, TxnIndex txn, WorkerQueue& queue) {
        while (txn > 0 && o.nodes[txn - 1].current() == VersionState::kPending) {
            if (o.scheduler.block_on(txn, txn - 1)) {
                return;
            }
        }
        if (txn > 0) {
            // Woken or refused, the caller uses what the transaction below has left.
            RL_ASSERT(o.nodes[txn - 1].value == static_cast<int>(txn) * 10);
        }
        o.nodes[txn].value = static_cast<int>(txn + 1) * 10;
        o.nodes[txn].publish();
        o.records[txn] = o.records[txn] + 1;
        o.scheduler.finish_execution(txn, queue, kCommits == Commits::kGroups ? 1 : 0);
    }
    static void revalidate(Objects& o, TxnIndex txn, WorkerQueue&) {
        if (o.scheduler.try_retake(txn)) {
            o.records[txn] = o.records[txn] + 1;
            o.scheduler.give_back(txn);
        }
    }
    static void commit(Objects& o, WorkerQueue& queue) {
        for (;;) {
            if (o.scheduler.hinted_group() != 0) {
                RL_ASSERT(o.records[static_cast<TxnIndex>(o.committed)] > 0);
                o.committed += 1;
                o.scheduler.finish_group();
                continue;
            }
            const auto candidate = o.scheduler.begin_commit();
            if (candidate.txn == kNoTxn) {
                break;
            }
            RL_ASSERT(candidate.txn == static_cast<TxnIndex>(o.committed));
            RL_ASSERT(o.records[candidate.txn] > 0);
            o.committed += 1;
            o.scheduler.finish_commit(candidate.txn, candidate.deferred, queue);
        }
        o.scheduler.leave_frontier();
    }
    void after() {
        RL_ASSERT(objects->committed == static_cast<int>(kSize));
        objects.reset();
    }
};

}  // namespace

std::vector<Simulation> simulations_of_parts() {
    return {
        {"VersionChain", "version chain", 20'000, simulate<Versions>},
        {"Estimates", "estimates", 20'000, simulate<Estimates>},
        {"FirstAdders", "additions", 20'000, simulate<FirstAdders>},
        {"ReadyQueue", "ready queue", 20'000, simulate<Queue>},
        {"SleepAndWake", "sleep and wake", 40'000, simulate<Sleep>},
        {"SchedulerOnTwoWorkers", "scheduler, 2 workers", 20'000, simulate<Chain<3, 2>>},
        {"SchedulerWithoutRetakes", "scheduler, no retakes", 20'000,
         simulate<Chain<3, 2, Commits::kSingle>>},
        {"SchedulerWithGroups", "scheduler, hinted groups", 20'000,
         simulate<Chain<3, 2, Commits::kGroups>>},
        {"SchedulerOnThreeWorkers", "scheduler, 3 workers", 10'000, simulate<Chain<3, 3>>},
    };
}

}  // namespace lockstep::test
