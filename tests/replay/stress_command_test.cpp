#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/replay/command_runner.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;

const std::vector<std::string> kSmall = {"stress",       "--quick", "--seconds",  "1",
                                         "--block-size", "200",     "--accounts", "200",
                                         "--cores",      "4,64",    "--workers",  "1,2"};

CommandRun stress(std::vector<std::string> more) {
    more.insert(more.begin(), kSmall.begin(), kSmall.end());
    return run_lockstep(more);
}

TEST(StressCommand, ReportsBothWorkloadsOnRealAndVirtualCores) {
    const CommandRun run = stress({"--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_TRUE(run.err.empty()) << run.err;  // no bar where stderr is no terminal
    const Json json = Json::parse(run.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << run.out;
    EXPECT_EQ(json.at("verified"), true);
    EXPECT_EQ(json.at("seed"), 1);
    ASSERT_EQ(json.at("rows").size(), 2U);
    for (const Json& row : json.at("rows")) {
        EXPECT_EQ(row.at("verified"), true);
        EXPECT_EQ(row.at("transactions_per_block"), 200);
        EXPECT_GT(row.at("serial_loop_ns"), 0);
        EXPECT_GE(row.at("critical_path").at("bound"), 1);
        EXPECT_GE(row.at("critical_path").at("transactions"), 1);
        EXPECT_TRUE(row.at("unit_cost_ns").at("link").is_number());
        ASSERT_EQ(row.at("measured").size(), 2U);
        EXPECT_EQ(row.at("measured")[0].at("workers"), 1);
        EXPECT_EQ(row.at("measured")[0].at("speedup"), 1);
        EXPECT_EQ(row.at("measured")[1].at("workers"), 2);
        for (const Json& measured : row.at("measured")) {
            EXPECT_TRUE(measured.at("prediction_error_percent").is_number());
            EXPECT_GE(measured.at("core_slowdown"), 1);
        }
        ASSERT_EQ(row.at("predicted").size(), 4U);
        std::vector<int> cores;
        for (const Json& predicted : row.at("predicted")) {
            cores.push_back(predicted.at("cores"));
            EXPECT_GT(predicted.at("speedup"), 0);
            EXPECT_GT(predicted.at("speedup_over_loop"), 0);
            EXPECT_TRUE(predicted.at("work_ns_per_transaction").at("commit").is_number());
        }
        EXPECT_EQ(cores, (std::vector<int>{1, 2, 4, 64}));
    }
    EXPECT_EQ(json.at("rows")[0].at("workload"), "transfers");
    EXPECT_EQ(json.at("rows")[0].at("work_ns"), 2'000);
    EXPECT_EQ(json.at("rows")[1].at("workload"), "venue");
}

TEST(StressCommand, SweepsEveryCombination) {
    const CommandRun run =
        stress({"--workload", "transfers", "--accounts", "2,50", "--work-ns", "0,1000", "--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json json = Json::parse(run.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << run.out;
    // "--accounts 200" of the small sweep stands beside the two added here.
    ASSERT_EQ(json.at("rows").size(), 6U);
    const Json& contended = json.at("rows")[2];
    EXPECT_EQ(contended.at("accounts"), 2);
    EXPECT_LT(contended.at("critical_path").at("bound"), 2);
}

TEST(StressCommand, PrintsATableForPeople) {
    const CommandRun run = stress({"--workload", "transfers"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    for (const char* text : {"transfers, 200 accounts, blocks of 200, 2,000 ns of work",
                             "serial loop", "critical path", "workers, real", "sharing nothing",
                             "time over prediction", "cores, virtual", "over one worker"}) {
        EXPECT_NE(run.out.find(text), std::string::npos) << text << '\n' << run.out;
    }
}

TEST(StressCommand, RefusesWhatItCannotMeasure) {
    EXPECT_EQ(stress({"--cores", "129"}).exit_code, 1);
    EXPECT_EQ(stress({"--accounts", "1"}).exit_code, 1);
    EXPECT_EQ(stress({"--workload", "chess"}).exit_code, 1);
    EXPECT_EQ(stress({"--seconds", "0"}).exit_code, 1);
}

}  // namespace
}  // namespace lockstep::test
