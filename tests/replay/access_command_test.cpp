#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "replay/format/access_file.hpp"
#include "tests/replay/command_runner.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kListedBlocks = 6;

class AccessCommand : public testing::Test {
  protected:
    void SetUp() override { write_log(log, transfer_blocks(kListedBlocks)); }

    /// The JSON of a run that is expected to succeed.
    [[nodiscard]] Json run(const std::vector<std::string>& arguments) const {
        std::vector<std::string> all = arguments;
        all.emplace_back("--json");
        const CommandRun run = run_lockstep(all);
        EXPECT_EQ(run.exit_code, 0) << run.err;
        return Json::parse(run.out, nullptr, false);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

    /// Copies an access list file with changes.
    void change(const std::string& from, const std::string& to,
                const std::function<bool(BlockAccesses&)>& keep) const {
        auto reader = AccessReader::open(from);
        ASSERT_TRUE(reader.has_value());
        auto writer = AccessWriter::create(to, reader->header());
        ASSERT_TRUE(writer.has_value());
        for (;;) {
            auto block = reader->next();
            ASSERT_TRUE(block.has_value());
            if (!*block) {
                break;
            }
            if (keep(**block)) {
                ASSERT_TRUE(writer->append(**block).has_value());
            }
        }
        ASSERT_TRUE(writer->close().has_value());
    }

    TemporaryFolder folder;
    std::string log = folder.file("a.log");
};

TEST_F(AccessCommand, EveryRunWritesTheSameLists) {
    const Json serial = run({"replay", log, "--workers", "0", "--access-lists", file("0")});
    for (const char* workers : {"1", "2", "4"}) {
        static_cast<void>(run(
            {"replay", log, "--verify", "--workers", workers, "--access-lists", file(workers)}));
        EXPECT_EQ(read_bytes(file(workers)), read_bytes(file("0"))) << workers;
    }
    EXPECT_TRUE(serial.at("access_lists").is_null());
    EXPECT_TRUE(serial.at("conflicts").is_null());
}

TEST_F(AccessCommand, ListsThatAreRightLeaveNothingToRepeat) {
    static_cast<void>(run({"replay", log, "--access-lists", file("lists")}));
    const Json json = run({"replay", log, "--verify", "--workers", "2", "--use-access-lists",
                           file("lists"), "--access-lists", file("again")});
    EXPECT_EQ(json.at("executions_per_transaction"), 1);
    EXPECT_EQ(json.at("verified"), true);
    EXPECT_EQ(json.at("access_lists").at("blocks_listed"), kListedBlocks);
    EXPECT_EQ(json.at("access_lists").at("mismatches").at("count"), 0);
    EXPECT_TRUE(json.at("access_lists").at("mismatches").at("first").is_null());
    EXPECT_EQ(read_bytes(file("again")), read_bytes(file("lists")));
}

TEST_F(AccessCommand, NamesWhereAListIsWrongAndChangesNothing) {
    const Json right = run({"replay", log, "--access-lists", file("lists")});
    change(file("lists"), file("wrong"), [](BlockAccesses& block) {
        if (block.height == 3) {
            AccessList<StateKey> list;
            for (std::size_t i = 0; i < block.list.size(); ++i) {
                const auto accesses = block.list.of(i);
                list.append(i == 1 ? accesses.first(accesses.size() - 1) : accesses);
            }
            block.list = list;
        }
        return block.height < kListedBlocks;
    });
    const std::vector<std::string> use = {"replay", log, "--verify", "--use-access-lists",
                                          file("wrong")};
    const Json json = run(use);
    EXPECT_EQ(json.at("state_digest"), right.at("state_digest"));
    EXPECT_EQ(json.at("verified"), true);
    EXPECT_EQ(json.at("access_lists").at("blocks_listed"), kListedBlocks - 1);
    const Json& mismatches = json.at("access_lists").at("mismatches");
    EXPECT_EQ(mismatches.at("count"), 1);
    EXPECT_EQ(mismatches.at("first").at("block"), 3);
    EXPECT_EQ(mismatches.at("first").at("transaction"), 1);
    EXPECT_TRUE(mismatches.at("first").at("listed").is_null());
    EXPECT_FALSE(mismatches.at("first").at("touched").is_null());
    const CommandRun text = run_lockstep(use);
    EXPECT_NE(text.out.find("block 3, transaction 1, "), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("listed nothing, touched depends on"), std::string::npos) << text.out;
}

TEST_F(AccessCommand, RefusesListsOfAnotherLogAndDamagedOnes) {
    static_cast<void>(run({"replay", log, "--access-lists", file("lists")}));
    LogHeader other = sample_header();
    other.chain_id = "other";
    write_log(file("b.log"), transfer_blocks(kListedBlocks), other);
    const CommandRun foreign =
        run_lockstep({"replay", file("b.log"), "--use-access-lists", file("lists")});
    EXPECT_EQ(foreign.exit_code, 3);
    EXPECT_NE(foreign.err.find("another log"), std::string::npos) << foreign.err;
    auto bytes = read_bytes(file("lists"));
    bytes[bytes.size() / 2] ^= std::byte{1};
    write_bytes(file("bad"), bytes);
    EXPECT_EQ(run_lockstep({"replay", log, "--use-access-lists", file("bad")}).exit_code, 3);
    EXPECT_EQ(run_lockstep({"replay", log, "--use-access-lists", file("none")}).exit_code, 5);
    EXPECT_EQ(run_lockstep({"replay", log, "--use-access-lists", log}).exit_code, 3);
}

TEST_F(AccessCommand, ReportsAndInspectsTheMostConflictingCells) {
    const Json conflicts =
        run({"replay", log, "--access-lists", file("lists"), "--conflicts"}).at("conflicts");
    ASSERT_FALSE(conflicts.empty());
    EXPECT_GT(conflicts[0].at("conflicts"), 0);
    EXPECT_EQ(conflicts[0].at("name").get<std::string>().find("account "), 0U);
    const Json one_cell = run({"replay", log, "--conflicts=1", "--workers", "0"});
    EXPECT_EQ(one_cell.at("conflicts"), Json::array({conflicts[0]}));
    const Json all_cells = run({"replay", "--conflicts", log, "--workers", "2"});
    EXPECT_EQ(all_cells.at("conflicts"), conflicts);
    const Json& chains = all_cells.at("conflict_chains");
    // An account is one unit: three payments in a ring and a withdrawal wait for each other, from
    // the first block on that has accounts to pay from.
    EXPECT_EQ(chains.at("longest").at("transactions"), 4);
    EXPECT_EQ(chains.at("longest").at("block"), 3);
    EXPECT_GE(chains.at("steps"), kListedBlocks);
    EXPECT_GT(chains.at("parallelism"), 1);
    EXPECT_EQ(one_cell.at("conflict_chains"), chains);
    EXPECT_TRUE(run({"replay", log}).at("conflict_chains").is_null());
    const CommandRun shown = run_lockstep({"replay", log, "--conflicts=2"});
    EXPECT_NE(shown.out.find("longest chain   4 transactions"), std::string::npos) << shown.out;
    EXPECT_EQ(run_lockstep({"replay", log, "--conflicts=x"}).exit_code, 1);
    const Json whole = run({"inspect", file("lists")});
    EXPECT_EQ(whole.at("conflicts"), conflicts);
    EXPECT_EQ(whole.at("blocks"), kListedBlocks);
    EXPECT_EQ(whole.at("transactions"), 4 * kListedBlocks);
    const Json block = run({"inspect", file("lists"), "--block", "2"});
    EXPECT_EQ(block.at("transactions"), 4);
    const Json one = run({"inspect", file("lists"), "--block", "2", "--transaction", "0"});
    EXPECT_FALSE(one.at("accesses").empty());
    EXPECT_EQ(run_lockstep({"inspect", file("lists"), "--block", "99"}).exit_code, 1);
    EXPECT_EQ(
        run_lockstep({"inspect", file("lists"), "--block", "2", "--transaction", "9"}).exit_code,
        1);
}

}  // namespace
}  // namespace lockstep::test
