#include "bench/trace/trace_machine.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "bench/trace/block_access_list.hpp"
#include "bench/trace/trace_reader.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "replay/stress/serial_loop.hpp"
#include "tests/import/temporary_file.hpp"
#include "tests/support/data_dir.hpp"
#include "tests/support/in_parallel.hpp"

namespace lockstep::bench {
namespace {

using Values = std::map<TraceKey, Word256>;

/// What the trace says that the cells hold after a block; cells that hold zero are absent.
void follow(const std::vector<TraceAccess>& accesses, Values& values) {
    for (const TraceAccess& access : accesses) {
        if (access.writes) {
            values[access.key] = access.end;
        }
    }
}

template <class Store>
std::size_t cells_that_differ(const Store& store, const Values& values) {
    std::size_t count = 0;
    for (const auto& [key, value] : values) {
        const Word256* held = store.get(key);
        count += (held != nullptr ? *held : Word256{}) == value ? 0U : 1U;
    }
    return count;
}

/// Executes two passes with every executor: all agree, every transaction sees what it saw, and the
/// state after each block is the recorded one.
template <bool kDeclares>
void expect_recorded_values(const std::shared_ptr<const Trace>& trace, bool as_delta,
                            std::uint32_t workers) {
    using Machine = TraceMachine<kDeclares>;
    const Machine machine{.trace = trace, .beneficiary_as_delta = as_delta};
    StateStore<Machine> serial_store;
    SerialExecutor<Machine> serial(machine, serial_store);
    StateStore<Machine> store;
    WorkerPool pool(workers);
    ParallelExecutor<Machine> parallel(machine, store, pool, {}, test::in_parallel());
    FlatState<Machine> flat(trace->initial.size());
    SerialLoop<Machine> loop(machine, flat);
    TraceSource source{.trace = trace};
    Values values;
    for (std::size_t i = 0; i < 2 * (trace->blocks.size() + 1); ++i) {
        const auto block = source.next();
        const auto expected = serial.execute(block);
        const auto result = parallel.execute(block);
        ASSERT_TRUE(expected.has_value() && result.has_value());
        ASSERT_TRUE(*result == *expected) << "block " << i;
        ASSERT_TRUE(loop.execute(block) == *expected) << "block " << i;
        for (const Receipt& receipt : expected->receipts) {
            ASSERT_EQ(receipt.disposition, Disposition::kExecuted);
            ASSERT_EQ(receipt.status, 0) << "a read did not see the recorded value, block " << i;
        }
        const std::size_t place = i % (trace->blocks.size() + 1);
        if (place == 0) {
            for (const TraceAccess& cell : trace->initial) {
                values[cell.key] = cell.start;
            }
        } else {
            const TraceBlock& recorded = trace->blocks[place - 1];
            follow(recorded.corrections, values);
            for (const TraceTxn& txn : recorded.transactions) {
                follow(txn.accesses, values);
            }
            follow(recorded.epilogue, values);
        }
        ASSERT_EQ(cells_that_differ(store, values), 0U) << "block " << i;
        ASSERT_EQ(cells_that_differ(serial_store, values), 0U) << "block " << i;
    }
}

std::shared_ptr<const Trace> read_or_fail(const TraceFiles& files) {
    auto trace = read_trace(files);
    if (!trace) {
        ADD_FAILURE() << trace.error().describe();
        return nullptr;
    }
    return std::make_shared<const Trace>(std::move(*trace));
}

void expect_recorded_values_of(const std::shared_ptr<const Trace>& trace) {
    ASSERT_GT(trace->transactions(), 0U);
    for (const bool as_delta : {false, true}) {
        expect_recorded_values<true>(trace, as_delta, 2);
        expect_recorded_values<false>(trace, as_delta, 3);
    }
}

TEST(EthereumTrace, EveryExecutorEndsInTheRecordedState) {
    LOCKSTEP_DATA_OR_SKIP(folder, "ethereum_access_traces");
    const auto traces = find_traces(folder);
    ASSERT_FALSE(traces.empty());
    for (const TraceFiles& files : traces) {
        SCOPED_TRACE(files.accesses);
        const auto trace = read_or_fail(files);
        ASSERT_NE(trace, nullptr);
        expect_recorded_values_of(trace);
    }
}

TEST(EthereumTrace, BlocksWithAnEpilogueOnlyAreExecuted) {
    const std::string one = "0x" + std::string(40, '1');
    const test::TemporaryFile first("txs.csv", "block,tx,sender,to,gas_used,beneficiary\n7,0," +
                                                   one + "," + one + ",21000," + one + "\n");
    const test::TemporaryFile second("access.csv",
                                     "block,tx,kind,address,key,is_write,start,end\n"
                                     "6,-1,bal," +
                                         one + ",,1,3,4\n7,0,nonce," + one + ",,1,1,2\n9,-1,bal," +
                                         one + ",,1,4,9\n");
    const auto trace = read_or_fail({.transactions = first.path(), .accesses = second.path()});
    ASSERT_NE(trace, nullptr);
    ASSERT_EQ(trace->blocks.size(), 3U);
    expect_recorded_values_of(trace);
}

TEST(EthereumTrace, AChangedStartIsSeenByTheMachine) {
    LOCKSTEP_DATA_OR_SKIP(folder, "ethereum_access_traces");
    const auto traces = find_traces(folder);
    ASSERT_FALSE(traces.empty());
    const auto trace = read_or_fail(traces.front());
    ASSERT_NE(trace, nullptr);
    auto changed = std::make_shared<Trace>(*trace);
    changed->blocks.front().transactions.front().accesses.front().start.words[0] ^= 1;
    using Machine = TraceMachine<true>;
    const Machine machine{.trace = changed};
    StateStore<Machine> store;
    SerialExecutor<Machine> serial(machine, store);
    TraceSource source{.trace = changed};
    static_cast<void>(serial.execute(source.next()));
    const auto result = serial.execute(source.next());
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->receipts.front().status,
              static_cast<std::uint16_t>(Machine::Status::kOtherValue));
}

TEST(BlockAccessLists, EveryExecutorEndsInTheListedState) {
    LOCKSTEP_DATA_OR_SKIP(folder, "ethereum_block_access_lists");
    const auto paths = find_block_access_lists(folder);
    ASSERT_FALSE(paths.empty());
    auto trace = read_block_access_lists(paths);
    ASSERT_TRUE(trace.has_value()) << trace.error().describe();
    expect_recorded_values_of(std::make_shared<const Trace>(std::move(*trace)));
}

}  // namespace
}  // namespace lockstep::bench
