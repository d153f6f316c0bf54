#include "replay/driver.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/program_machine.hpp"

namespace lockstep::test {
namespace {

using ProgramBlock = Block<Program>;

Program bump(std::uint32_t key) {
    return {.steps = {{.op = Op::kRead, .key = key}, {.op = Op::kWrite, .key = key, .operand = 1}},
            .declared = {}};
}

std::vector<ProgramBlock> blocks(std::size_t count) {
    std::vector<ProgramBlock> out;
    for (std::size_t i = 0; i < count; ++i) {
        ProgramBlock block{.header = {.height = i + 1, .time_ms = static_cast<std::int64_t>(i)},
                           .transactions = {}};
        for (std::uint32_t t = 0; t < 60; ++t) {
            block.transactions.push_back(bump(t % 7));
        }
        out.push_back(std::move(block));
    }
    return out;
}

ReplayDriver<ProgramMachine>::Source source(const std::vector<ProgramBlock>& blocks) {
    return
        [&blocks, next = std::size_t{0}]() mutable -> Result<std::optional<ProgramBlock>, Error> {
            if (next == blocks.size()) {
                return std::nullopt;
            }
            return blocks[next++];
        };
}

TEST(ReplayDriver, EveryWorkerCountGivesTheSameDigests) {
    const ProgramMachine machine;
    const std::vector<ProgramBlock> log = blocks(5);
    ReplayDriver<ProgramMachine> serial(machine, {.workers = 0});
    ASSERT_TRUE(serial.run(source(log)).has_value());
    EXPECT_FALSE(serial.summary().verified.has_value());
    for (const std::uint32_t workers : {1U, 2U, 4U}) {
        ReplayDriver<ProgramMachine> parallel(machine, {.workers = workers, .verify = true});
        ASSERT_TRUE(parallel.run(source(log)).has_value());
        EXPECT_EQ(parallel.summary().state, serial.summary().state);
        EXPECT_EQ(parallel.summary().block, serial.summary().block);
        EXPECT_EQ(parallel.summary().cells, serial.summary().cells);
        EXPECT_EQ(parallel.summary().verified, true);
        EXPECT_EQ(parallel.summary().blocks, 5U);
        EXPECT_EQ(parallel.summary().transactions, 300U);
        EXPECT_GE(parallel.summary().metrics.executions, 300U);
    }
}

TEST(ReplayDriver, CountsReceiptsByKind) {
    const ProgramMachine machine;
    ProgramBlock block{.header = {.height = 1, .time_ms = 1, .weight_limit = 20},
                       .transactions = {}};
    std::size_t rejected = 0;
    std::size_t faulted = 0;
    for (std::uint32_t t = 0; t < 50; ++t) {
        const Op op = t % 2 == 0 ? Op::kRejectIfOdd : Op::kThrowIfOdd;
        block.transactions.push_back(
            {.steps = {{.op = Op::kRead, .key = t % 7}, {.op = op}}, .declared = {}});
    }
    std::vector<ProgramBlock> log{block};
    ReplayDriver<ProgramMachine> driver(machine, {.workers = 2, .verify = true});
    driver.add_sink([&](const ProgramBlock&, const BlockResult& result) -> Result<void, Error> {
        for (const Receipt& receipt : result.receipts) {
            rejected += receipt.disposition == Disposition::kExecuted && receipt.status != 0;
            faulted += receipt.disposition == Disposition::kFaulted;
        }
        return {};
    });
    ASSERT_TRUE(driver.run(source(log)).has_value());
    const ReplaySummary& summary = driver.summary();
    EXPECT_EQ(summary.transactions, 50U);
    EXPECT_GT(summary.skipped, 0U);
    EXPECT_EQ(summary.applied + summary.rejected + summary.skipped + summary.faulted, 50U);
    EXPECT_EQ(summary.rejected, rejected);
    EXPECT_EQ(summary.faulted, faulted);
    if (rejected != 0) {
        EXPECT_EQ(summary.rejections.at(7), rejected);
    }
    if (faulted != 0) {
        EXPECT_EQ(summary.faults.at(static_cast<std::uint16_t>(Fault::kThrew)), faulted);
    }
    EXPECT_GT(rejected + faulted, 0U);
}

TEST(ReplayDriver, StopsAtTheBlockLimit) {
    const ProgramMachine machine;
    const std::vector<ProgramBlock> log = blocks(5);
    ReplayDriver<ProgramMachine> driver(machine, {.workers = 1, .blocks_max = 2});
    ASSERT_TRUE(driver.run(source(log)).has_value());
    EXPECT_EQ(driver.summary().blocks, 2U);
}

TEST(ReplayDriver, ErrorsOfSourceAndSinkPassThrough) {
    const ProgramMachine machine;
    const std::vector<ProgramBlock> log = blocks(3);
    ReplayDriver<ProgramMachine> first(machine, {.workers = 1});
    const auto broken = first.run([]() -> Result<std::optional<ProgramBlock>, Error> {
        return failure(Error{.code = ErrorCode::kCorrupt, .message = "source"});
    });
    ASSERT_FALSE(broken.has_value());
    EXPECT_EQ(broken.error().message, "source");

    ReplayDriver<ProgramMachine> second(machine, {.workers = 1});
    second.add_sink([](const ProgramBlock& block, const BlockResult&) -> Result<void, Error> {
        if (block.header.height == 2) {
            return failure(Error{.code = ErrorCode::kEnvironment, .message = "sink"});
        }
        return {};
    });
    const auto refused = second.run(source(log));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, "sink");
}

/// Breaks its contract: what it writes depends on how often it ran.
struct FickleMachine : ProgramMachine {
    mutable std::atomic<std::int64_t> runs{0};

    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context& context) const {
        const std::int64_t run = ++runs;
        if (program.steps.empty()) {
            view.write(3, run);
            return {};
        }
        return ProgramMachine::execute(view, program, context);
    }
};

TEST(ReplayDriver, VerificationNamesTheFirstDifferentTransaction) {
    const FickleMachine machine;
    std::vector<ProgramBlock> log = blocks(3);
    log[1].transactions[17].steps.clear();
    ReplayDriver<FickleMachine> driver(machine, {.workers = 1, .verify = true});
    const auto done = driver.run(source(log));
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, ErrorCode::kDivergence);
    EXPECT_EQ(done.error().block, 2U);
    EXPECT_EQ(done.error().transaction, 17U);
    EXPECT_NE(done.error().message.find("effect digest"), std::string::npos);
    EXPECT_EQ(driver.summary().verified, false);
    EXPECT_EQ(driver.summary().blocks, 1U);
}

BlockResult sample_result() {
    BlockResult out;
    out.header = {.height = 9, .time_ms = 5};
    out.events.resize(12);
    out.receipts = {{.weight = 1, .events_begin = 0, .events_end = 4},
                    {.weight = 1, .events_begin = 4, .events_end = 8}};
    return out;
}

TEST(ResultDifference, EveryPartIsCompared) {
    const BlockResult base = sample_result();
    EXPECT_FALSE(first_difference(base, base).has_value());
    const auto changed = [&](auto change) {
        BlockResult other = base;
        change(other);
        const auto difference = first_difference(base, other);
        EXPECT_TRUE(difference.has_value());
        return difference.value_or(Difference{});
    };
    EXPECT_NE(changed([](BlockResult& r) { r.header.time_ms = 6; }).what.find("headers"),
              std::string::npos);
    EXPECT_NE(changed([](BlockResult& r) { r.begin_effects.low = 1; }).what.find("begin-of-block"),
              std::string::npos);
    EXPECT_NE(changed([](BlockResult& r) { r.end_effects.low = 1; }).what.find("end-of-block"),
              std::string::npos);
    EXPECT_NE(changed([](BlockResult& r) { r.state.low = 1; }).what.find("state digest"),
              std::string::npos);
    EXPECT_NE(changed([](BlockResult& r) { r.block.low = 1; }).what.find("block digest"),
              std::string::npos);
    EXPECT_NE(changed([](BlockResult& r) { r.receipts.pop_back(); }).what.find("receipts"),
              std::string::npos);
    EXPECT_NE(changed([](BlockResult& r) { r.events.back() = std::byte{1}; }).what.find("phases"),
              std::string::npos);
    const auto second = [&](auto change, const char* what) {
        const Difference difference = changed([&](BlockResult& r) { change(r.receipts[1]); });
        EXPECT_EQ(difference.block, 9U);
        EXPECT_EQ(difference.transaction, 1U);
        EXPECT_NE(difference.what.find(what), std::string::npos) << difference.what;
    };
    second([](Receipt& r) { r.disposition = Disposition::kFaulted; }, "disposition");
    second([](Receipt& r) { r.status = 3; }, "status: expected 0, got 3");
    second([](Receipt& r) { r.weight = 3; }, "weight");
    second([](Receipt& r) { r.effects.low = 3; }, "effect digest");
    second([](Receipt& r) { r.events_end = 9; }, "events differ");
    const Difference events = changed([](BlockResult& r) { r.events[5] = std::byte{1}; });
    EXPECT_EQ(events.transaction, 1U);
    EXPECT_NE(events.what.find("events differ from byte 1"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::test
