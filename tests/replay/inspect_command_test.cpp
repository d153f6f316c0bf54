#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/replay/command_runner.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;

class InspectCommand : public testing::Test {
  protected:
    void SetUp() override { write_log(log, transfer_blocks(5)); }

    [[nodiscard]] CommandRun inspect(std::vector<std::string> more) const {
        more.insert(more.begin(), {"inspect", log});
        return run_lockstep(more);
    }
    [[nodiscard]] Json shown(std::vector<std::string> more) const {
        more.emplace_back("--json");
        const CommandRun run = inspect(std::move(more));
        EXPECT_EQ(run.exit_code, 0) << run.err;
        const Json json = Json::parse(run.out, nullptr, false);
        EXPECT_FALSE(json.is_discarded()) << run.out;
        return json;
    }

    TemporaryFolder folder;
    std::string log = folder.file("a.log");
};

TEST_F(InspectCommand, SummarisesALog) {
    const Json json = shown({});
    EXPECT_EQ(json.at("chain_id"), "sample-1");
    EXPECT_EQ(json.at("blocks"), 5);
    EXPECT_EQ(json.at("transactions"), 20);
    EXPECT_EQ(json.at("first_height"), 1);
    EXPECT_EQ(json.at("last_height"), 5);
    EXPECT_EQ(json.at("first_time"), "2023-11-14T22:13:20.000Z");
    EXPECT_EQ(json.at("last_time"), "2023-11-14T22:13:24.000Z");
    EXPECT_EQ(json.at("accounts"), 5);
    EXPECT_EQ(json.at("transactions_by_type").at("transfer"), 9);
    EXPECT_EQ(json.at("transactions_by_type").at("deposit"), 3);
    EXPECT_NE(inspect({}).out.find("sample-1"), std::string::npos);
}

TEST_F(InspectCommand, SummarisesALogOfEveryType) {
    write_log(log, sample_blocks(2));
    const Json json = shown({});
    EXPECT_EQ(json.at("transactions_by_type").size(), one_of_each().size());
    EXPECT_EQ(json.at("markets_created"), 1);
    EXPECT_EQ(json.at("fills"), 2 * (1 + 3));
}

TEST_F(InspectCommand, ShowsABlock) {
    const Json json = shown({"--block", "3"});
    EXPECT_EQ(json.at("height"), 3);
    EXPECT_EQ(json.at("transactions"), 4);
    EXPECT_EQ(json.at("list").at(0).at("type"), "transfer");
    EXPECT_FALSE(json.at("list").at(0).contains("outcome"));
    const Json executed = shown({"--block", "3", "--execute"});
    EXPECT_EQ(executed.at("list").at(0).at("outcome"), "APPLIED");
    EXPECT_EQ(executed.at("list").at(3).at("outcome"), "E_INSUFFICIENT_CASH");
}

TEST_F(InspectCommand, ShowsATransaction) {
    const Json json = shown({"--block", "3", "--transaction", "1", "--execute"});
    EXPECT_EQ(json.at("transaction").at("type"), "transfer");
    EXPECT_EQ(json.at("transaction").at("from"), "2");
    EXPECT_EQ(json.at("transaction").at("to"), "3");
    EXPECT_EQ(json.at("transaction").at("amount"), "200");
    EXPECT_EQ(json.at("receipt").at("outcome"), "APPLIED");
    EXPECT_EQ(json.at("receipt").at("events").size(), 2);
}

TEST_F(InspectCommand, ShowsEveryTypeOfTransaction) {
    write_log(log, sample_blocks(1));
    std::set<std::string> types;
    for (std::size_t i = 0; i < one_of_each().size(); ++i) {
        const Json json = shown({"--block", "1", "--transaction", std::to_string(i)});
        types.insert(json.at("transaction").at("type").get<std::string>());
        EXPECT_GT(json.at("transaction").size(), 4U);
        EXPECT_EQ(inspect({"--block", "1", "--transaction", std::to_string(i)}).exit_code, 0);
    }
    EXPECT_EQ(types.size(), one_of_each().size());
}

TEST_F(InspectCommand, ShowsAnAccountAfterTheLogAndAfterABlock) {
    const auto cash = [&](std::vector<std::string> more) {
        const Json json = shown(std::move(more));
        for (const Json& cell : json.at("cells")) {
            if (cell.at("cell") == "account" && !cell.at("cash").empty()) {
                return cell.at("cash").front().get<std::string>();
            }
        }
        return std::string("none");
    };
    // Each block moves 100 from 1 to 2, 200 from 2 to 3, 300 from 3 to 1.
    EXPECT_EQ(cash({"--account", "1"}), "1000600");
    EXPECT_EQ(cash({"--account", "2"}), "1999700");
    EXPECT_EQ(cash({"--account", "3.0"}), "2999700");
    EXPECT_EQ(cash({"--account", "1", "--block", "3"}), "1000200");
    EXPECT_EQ(cash({"--account", "1", "--block", "1"}), "none");
    EXPECT_EQ(shown({"--account", "9"}).at("exists"), false);
    EXPECT_EQ(shown({"--market", "1"}).at("exists"), false);
}

TEST_F(InspectCommand, ShowsADigestFile) {
    ASSERT_EQ(run_lockstep({"replay", log, "--digests", folder.file("d"), "--effects"}).exit_code,
              0);
    log = folder.file("d");
    const Json json = shown({});
    EXPECT_EQ(json.at("blocks"), 5);
    EXPECT_EQ(json.at("transactions"), 20);
    EXPECT_EQ(json.at("block_digest").get<std::string>().size(), 32U);
    EXPECT_EQ(shown({"--block", "2"}).at("height"), 2);
    EXPECT_EQ(shown({"--block", "2", "--transaction", "3"})
                  .at("transaction_effects")
                  .get<std::string>()
                  .size(),
              32U);
    EXPECT_EQ(inspect({"--block", "77"}).exit_code, 1);
}

TEST_F(InspectCommand, WhatIsNotThereIsAUsageError) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"--block", "6"},
                                               {"--block", "0"},
                                               {"--block", "6", "--execute"},
                                               {"--block", "2", "--transaction", "4"},
                                               {"--transaction", "1"},
                                               {"--account", "x"},
                                               {"--account", "1.65536"},
                                               {"--account", "281474976710656"},
                                               {"--account", "1", "--market", "1"}}) {
        const CommandRun run = inspect(arguments);
        EXPECT_EQ(run.exit_code, 1) << arguments[0] << ' ' << arguments[1];
        EXPECT_FALSE(run.err.empty());
    }
}

TEST_F(InspectCommand, DamageIsInvalidInput) {
    std::vector<std::byte> bytes = read_bytes(log);
    bytes[bytes.size() / 2] ^= std::byte{1};
    write_bytes(log, bytes);
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{}, {"--account", "1"}, {"--block", "5"}}) {
        EXPECT_EQ(inspect(arguments).exit_code, 3);
    }
    EXPECT_EQ(run_lockstep({"inspect", folder.file("missing")}).exit_code, 5);
}

}  // namespace
}  // namespace lockstep::test
