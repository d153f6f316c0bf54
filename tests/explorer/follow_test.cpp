#include <gtest/gtest.h>

#include <cstdio>

#include "replay/trace/task_trace.hpp"
#include "tests/explorer/followed_run.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

using Kind = ScheduleEvent::Kind;

constexpr TxnLimits kLimits{.steps = 40, .event_bytes = 40};
constexpr Pace kPaces[] = {Pace::kEarly, Pace::kLate};

BlockShape shape_of(Random& random) {
    BlockShape shape;
    shape.transactions_max = 16;
    shape.universe = static_cast<std::uint32_t>(random.between(2, 8));
    shape.hints = static_cast<Hints>(random.below(5));
    shape.scans = random.chance(1, 3);
    return shape;
}

ParallelOptions options_of(Random& random) {
    return in_parallel({.chunk_max = static_cast<std::uint32_t>(random.between(1, 4)),
                        .plan = random.chance(1, 2),
                        .revalidate = random.chance(1, 2)});
}

struct Sums {
    std::uint64_t runs = 0;
    std::uint64_t whole = 0;  ///< every event followed, none that is not recorded
    FollowReport events;

    void add(const FollowReport& report) {
        ++runs;
        whole += report.missed == 0 && report.unrecorded == 0 ? 1U : 0U;
        events.followed += report.followed;
        events.missed += report.missed;
        events.unrecorded += report.unrecorded;
    }
    void print() const {
        std::printf("%llu of %llu schedules whole, %s\n", static_cast<unsigned long long>(whole),
                    static_cast<unsigned long long>(runs), events.text().c_str());
    }
};

TEST(FollowSchedule, FollowsExploredRunsAsFarAsTasksTell) {
    Sums sums;
    for (std::uint64_t seed = 1; seed <= scaled(2'000); ++seed) {
        Random random(mix64(seed));
        const BlockShape shape = shape_of(random);
        const ParallelOptions options = options_of(random);
        const auto workers = static_cast<std::uint32_t>(random.between(2, 4));
        const ProgramMachine machine{.universe = shape.universe};
        const Block<Program> block = random_block(random, shape, 1);
        FollowedRun<ProgramMachine> first(machine, workers, kLimits, options);
        NoteSchedule noted(1, block.transactions.size(), workers);
        const auto strategy = random_strategy(random);
        ASSERT_EQ(first.run(block, *strategy, &noted), std::nullopt) << "seed " << seed;
        for (const Pace pace : kPaces) {
            FollowedRun<ProgramMachine> again(machine, workers, kLimits, options);
            FollowSchedule follow(noted.schedule(), pace);
            ASSERT_EQ(again.run(block, follow), std::nullopt) << "seed " << seed;
            sums.add(follow.report());
        }
    }
    sums.print();
    // Workers of explored runs stop between tasks too, where the order of tasks does not tell.
    EXPECT_GT(sums.whole, sums.runs / 4);
    EXPECT_LT(sums.events.missed, sums.events.followed / 2);
}

TEST(FollowSchedule, FollowsWhatThreadsDid) {
    constexpr std::uint32_t kWorkers = 2;
    WorkerPool threads(kWorkers);
    Sums sums;
    for (std::uint64_t seed = 1; seed <= scaled(300); ++seed) {
        Random random(mix64(seed));
        BlockShape shape = shape_of(random);
        shape.delay_max = 2'000;  // long enough for threads to meet
        const ParallelOptions options = options_of(random);
        const ProgramMachine machine{.universe = shape.universe};
        TaskTrace trace(kWorkers);
        TracedPool pool(threads, trace);
        StateStore<ProgramMachine, TracedSync> store;
        ParallelExecutor<ProgramMachine, TracedSync, TracedPool> executor(machine, store, pool,
                                                                          kLimits, options);
        FollowedRun<ProgramMachine> runs[] = {{machine, kWorkers, kLimits, options},
                                              {machine, kWorkers, kLimits, options}};
        for (std::uint64_t height = 1; height <= 4; ++height) {
            const Block<Program> block = random_block(random, shape, height);
            trace.clear();
            ASSERT_TRUE(executor.execute(block).has_value());
            const BlockSchedule schedule = make_schedule(trace, height, block.transactions.size());
            for (const Pace pace : kPaces) {
                FollowSchedule follow(schedule, pace);
                ASSERT_EQ(runs[pace == Pace::kLate ? 1 : 0].run(block, follow), std::nullopt)
                    << "seed " << seed << ", block " << height;
                sums.add(follow.report());
            }
        }
    }
    sums.print();
    // A planned block that is given up ends wherever its workers notice.
    EXPECT_LT(sums.events.missed, sums.events.followed / 4);
}

/// What no run has done is given up, never waited for.
TEST(FollowSchedule, ComesToAnEndUnderAnySchedule) {
    Sums sums;
    for (std::uint64_t seed = 1; seed <= scaled(2'000); ++seed) {
        Random random(mix64(seed));
        const BlockShape shape = shape_of(random);
        const ProgramMachine machine{.universe = shape.universe};
        const Block<Program> block = random_block(random, shape, 1);
        BlockSchedule schedule{
            .height = 1, .transactions = block.transactions.size(), .workers = 3, .events = {}};
        for (std::uint64_t i = random.below(60); i > 0; --i) {
            schedule.events.push_back({.kind = static_cast<Kind>(random.below(4)),
                                       .worker = static_cast<std::uint32_t>(random.below(3)),
                                       .transaction = random.below(block.transactions.size())});
        }
        FollowedRun<ProgramMachine> run(machine, 3, kLimits, options_of(random));
        FollowSchedule follow(schedule, kPaces[random.below(2)]);
        ASSERT_EQ(run.run(block, follow), std::nullopt) << "seed " << seed;
        sums.add(follow.report());
    }
    sums.print();
    EXPECT_GT(sums.events.missed, sums.runs);
    EXPECT_GT(sums.events.unrecorded, sums.runs);
}

/// The order decides: a reader that goes before its undeclared writer has to run twice.
TEST(FollowSchedule, TellsAnEarlyReaderFromALateOne) {
    const Program writer{.steps = {{.op = Op::kWrite, .key = 0, .operand = 1}}};
    const Program reader{.steps = {{.op = Op::kRead, .key = 0}, {.op = Op::kWrite, .key = 1}}};
    const Block<Program> block{.header = {.height = 1, .time_ms = 1},
                               .transactions = {writer, reader}};
    const auto executions = [&](std::vector<ScheduleEvent> events, std::uint64_t unrecorded) {
        FollowedRun<ProgramMachine> run({.universe = 4}, 2, kLimits,
                                        {.chunk_max = 1, .plan = false, .revalidate = false});
        FollowSchedule follow(
            {.height = 1, .transactions = 2, .workers = 2, .events = std::move(events)},
            Pace::kLate);
        EXPECT_EQ(run.run(block, follow), std::nullopt);
        EXPECT_EQ(follow.report().missed, 0U) << follow.report().text();
        EXPECT_EQ(follow.report().unrecorded, unrecorded) << follow.report().text();
        return run.metrics().executions;
    };
    const ScheduleEvent writes{.kind = Kind::kExecuteBegins, .worker = 1, .transaction = 0};
    const ScheduleEvent reads{.kind = Kind::kExecuteBegins, .worker = 0, .transaction = 1};
    const auto end = [](ScheduleEvent event) {
        event.kind = Kind::kExecuteEnds;
        return event;
    };
    const ScheduleEvent commits{.kind = Kind::kCommitBegins, .worker = 1};
    const ScheduleEvent committed{.kind = Kind::kCommitEnds, .worker = 1};
    EXPECT_EQ(executions({writes, end(writes), reads, end(reads)}, 2), 2U);
    EXPECT_EQ(executions({writes, reads, end(reads), end(writes), commits, committed}, 2), 3U);
}

}  // namespace
}  // namespace lockstep::test
