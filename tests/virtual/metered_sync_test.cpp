#include "engine/virtual/metered_sync.hpp"

#include <gtest/gtest.h>

#include "engine/parallel_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"

namespace lockstep::test {
namespace {

TEST(MeteredSync, CountsTheUnitsOfEveryKindOfWork) {
    const BlockShape shape{.transactions_min = 40,
                           .transactions_max = 40,
                           .universe = 50,
                           .hints = Hints::kExact,
                           .hostile = false,
                           .limits = false};
    for (const bool plan : {false, true}) {
        const ProgramMachine machine{.universe = shape.universe};
        StateStore<ProgramMachine, MeteredSync> store;
        WorkerPool pool(1);
        ParallelExecutor<ProgramMachine, MeteredSync> executor(machine, store, pool, {},
                                                               in_parallel({.plan = plan}));
        Random random(2);
        WorkMeter& meter = WorkMeter::here();
        meter.calibrate();
        meter.start(40);
        ASSERT_TRUE(executor.execute(random_block(random, shape, 1)).has_value());
        meter.stop();
        ASSERT_EQ(executor.metrics().planned, plan ? 1U : 0U);
        EXPECT_EQ(meter.units(Work::kPhase), 2U);
        for (const Work kind :
             {Work::kPrepare, Work::kResolve, Work::kCommit, Work::kFinish, Work::kChain}) {
            EXPECT_EQ(meter.units(kind), 40U) << static_cast<int>(kind);
        }
        EXPECT_EQ(meter.units(Work::kExecute), executor.metrics().executions);
        if (!plan) {  // else listed are the cells that were added to, settled those that changed
            EXPECT_EQ(meter.units(Work::kList), meter.units(Work::kInstall));
        }
        EXPECT_GT(meter.units(Work::kInstall), 0U);
        EXPECT_GT(meter.spent(Work::kExecute), 0U);
        EXPECT_EQ(meter.calls().size(), 40U);
    }
}

}  // namespace
}  // namespace lockstep::test
