#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "replay/result_difference.hpp"
#include "tests/explorer/follow_schedule.hpp"
#include "tests/explorer/inspector.hpp"
#include "tests/support/in_parallel.hpp"

namespace lockstep::test {

/// Notes the tasks of an explored run, in the form of a recorded one.
class NoteSchedule final : public WorkListener {
  public:
    NoteSchedule(std::uint64_t height, std::uint64_t transactions, std::uint32_t workers)
        : schedule_{
              .height = height, .transactions = transactions, .workers = workers, .events = {}} {}

    void come_to(std::uint32_t worker, Work work, std::uint64_t which, bool begins) override {
        using Kind = ScheduleEvent::Kind;
        if (work == Work::kExecute) {
            schedule_.events.push_back({.kind = begins ? Kind::kExecuteBegins : Kind::kExecuteEnds,
                                        .worker = worker,
                                        .transaction = which});
        } else if (work == Work::kCommit) {
            schedule_.events.push_back(
                {.kind = begins ? Kind::kCommitBegins : Kind::kCommitEnds, .worker = worker});
        }
    }
    [[nodiscard]] const BlockSchedule& schedule() const noexcept { return schedule_; }

  private:
    BlockSchedule schedule_;
};

/// Blocks of one machine on one state, each executed under a schedule of fibers and compared with
/// the serial executor; the tagged invariants are checked after every write.
template <Machine M>
class FollowedRun {
  public:
    using Transaction = typename M::Transaction;

    /// The limits and options are those of the run that was recorded.
    FollowedRun(M machine, std::uint32_t workers, TxnLimits limits = {},
                ParallelOptions options = {})
        : objects_(std::make_unique<Objects>(std::move(machine), workers, limits, options)) {}
    FollowedRun(const FollowedRun&) = delete;
    FollowedRun& operator=(const FollowedRun&) = delete;
    ~FollowedRun() {
        if (Explorer::here().outcome() != Explorer::Outcome::kFinished) {
            // Stuck workers still point into the objects.
            static std::vector<std::unique_ptr<Objects>> abandoned;
            abandoned.push_back(std::move(objects_));
        }
    }

    /// Executes a block in a recorded task order. What is wrong, nothing when all is well; the
    /// object is of no further use after trouble.
    [[nodiscard]] std::optional<std::string> run(const Block<Transaction>& block,
                                                 FollowSchedule& schedule) {
        return run(block, schedule, &schedule);
    }
    [[nodiscard]] std::optional<std::string> run(const Block<Transaction>& block,
                                                 Strategy& strategy, WorkListener* listener) {
        Objects& o = *objects_;
        inspector_.watch(o.parallel);
        Explorer::here().set_plan({.strategy = &strategy,
                                   .steps_max = kStepsMax,
                                   .monitor = &inspector_,
                                   .listener = listener});
        std::uint32_t commits = 0;
        bool in_order = true;
        const ExecuteOptions options{
            .on_commit = [&](std::uint32_t index, const Receipt&, std::span<const std::byte>) {
                in_order = in_order && index == commits++;
            }};
        const auto actual = o.parallel.execute(block, options);
        switch (Explorer::here().outcome()) {
            case Explorer::Outcome::kFinished:
                break;
            case Explorer::Outcome::kDeadlock:
                return "deadlock: every worker sleeps";
            case Explorer::Outcome::kLivelock:
                return "livelock: no end after " + std::to_string(kStepsMax) + " steps";
            case Explorer::Outcome::kBroken:
                return std::string("invariant: ") + Explorer::here().broken();
        }
        const auto expected = o.serial.execute(block);
        if (!actual || !expected) {
            return "the block failed: " + (!actual ? actual : expected).error().message;
        }
        if (const auto difference = first_difference(*expected, *actual)) {
            return difference->error().message;
        }
        if (!in_order || o.parallel_store.recompute_digest() != actual->state) {
            return in_order ? "the store does not match its digest" : "commits are out of order";
        }
        return std::nullopt;
    }

    [[nodiscard]] const ExecutionMetrics& metrics() const noexcept {
        return objects_->parallel.metrics();
    }

  private:
    static constexpr std::uint64_t kStepsMax = 1'000'000'000;

    struct Objects {
        Objects(M machine_in, std::uint32_t workers, const TxnLimits& limits,
                const ParallelOptions& options)
            : machine(std::move(machine_in)),
              serial(machine, serial_store, limits),
              pool(workers),
              parallel(machine, parallel_store, pool, limits, in_parallel(options)) {}

        M machine;
        StateStore<M> serial_store;
        StateStore<M, ExplorerSync> parallel_store;
        SerialExecutor<M> serial;
        FiberPool pool;
        ParallelExecutor<M, ExplorerSync, FiberPool> parallel;
    };

    std::unique_ptr<Objects> objects_;
    Inspector inspector_;
};

}  // namespace lockstep::test
