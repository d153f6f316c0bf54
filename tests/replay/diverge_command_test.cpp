#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/random.hpp"
#include "tests/replay/command_runner.hpp"
#include "tests/replay/faulty_venue.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;
using Phase = PlantedFault::Phase;

constexpr std::size_t kBlocks = 6;
constexpr std::size_t kPerBlock = 4;  // of transfer_blocks

class DivergeCommand : public testing::Test {
  protected:
    void SetUp() override {
        write_log(log, transfer_blocks(kBlocks));
        ASSERT_EQ(run_lockstep({"replay", log, "--digests", good, "--effects", "--workers", "0"})
                      .exit_code,
                  0);
    }
    static Json diverge(std::vector<std::string> more, int exit_code) {
        more.insert(more.begin(), "diverge");
        more.emplace_back("--json");
        const CommandRun run = run_lockstep(more);
        EXPECT_EQ(run.exit_code, exit_code) << run.err;
        const Json json = Json::parse(run.out, nullptr, false);
        EXPECT_FALSE(json.is_discarded()) << run.out << run.err;
        return json;
    }
    /// The nonce of a transaction of transfer_blocks.
    [[nodiscard]] static std::uint64_t nonce_of(std::uint64_t height, std::uint64_t index) {
        return (height - 1) * kPerBlock + index + 1;
    }
    [[nodiscard]] static RunInfo other_run() {
        RunInfo run = this_build();
        run.executor = "serial";
        return run;
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

    TemporaryFolder folder;
    std::string log = folder.file("a.log");
    std::string good = folder.file("good");
    std::string bad = folder.file("bad");
};

TEST_F(DivergeCommand, EqualSidesAreEqual) {
    EXPECT_EQ(diverge({good, good}, 0).at("equal"), true);
    EXPECT_EQ(diverge({good, log}, 0).at("blocks_equal"), kBlocks);
    EXPECT_EQ(diverge({log, log, "--workers", "0"}, 0).at("equal"), true);
}

TEST_F(DivergeCommand, APlantedDivergenceIsNamedAtEveryTransaction) {
    for (std::uint64_t height = 1; height <= kBlocks; ++height) {
        for (std::uint64_t index = 0; index < kPerBlock; ++index) {
            write_faulty_digests(log, bad, {.height = height, .nonce = nonce_of(height, index)},
                                 other_run());
            const Json json = diverge({good, bad}, 2);
            EXPECT_EQ(json.at("block"), height);
            EXPECT_EQ(json.at("transaction"), index);
            EXPECT_EQ(json.at("place"), "transaction");
            EXPECT_EQ(json.at("blocks_equal"), height - 1);
        }
    }
}

/// A digest file of `blocks` blocks of 1,000 transactions; one effect digest is another one.
void write_long_digests(const std::string& path, std::uint64_t blocks,
                        std::optional<std::uint64_t> planted) {
    constexpr std::uint64_t kSize = 1'000;
    auto writer = DigestWriter::create(path, {.chain_id = "long", .genesis = {}, .log = {}});
    ASSERT_TRUE(writer.has_value());
    DigestRecord record;
    record.transactions = kSize;
    for (std::uint64_t height = 1; height <= blocks; ++height) {
        record.height = height;
        BlockEffects& effects = record.effects.emplace();
        for (std::uint64_t i = 0; i < kSize; ++i) {
            const std::uint64_t number = (height - 1) * kSize + i;
            const bool strays = planted == number;
            record.block.low = mix64(record.block.low + (strays ? 1 : 0));
            effects.transactions.push_back({.high = mix64(number), .low = strays ? 1U : 0U});
        }
        record.state = record.block;
        ASSERT_TRUE(writer->append(record).has_value());
    }
    ASSERT_TRUE(writer->close(this_build()).has_value());
}

TEST_F(DivergeCommand, ADivergencePlantedInALongLogIsNamed) {
    const std::uint64_t blocks = scaled(100, 4);
    write_long_digests(good, blocks, std::nullopt);
    EXPECT_EQ(diverge({good, good}, 0).at("blocks_equal"), blocks);
    for (const std::uint64_t planted : {std::uint64_t{0}, blocks * 500 + 123, blocks * 1'000 - 1}) {
        write_long_digests(bad, blocks, planted);
        const Json json = diverge({good, bad}, 2);
        EXPECT_EQ(json.at("block"), planted / 1'000 + 1);
        EXPECT_EQ(json.at("transaction"), planted % 1'000);
    }
}

TEST_F(DivergeCommand, ShowsInputsReadsWritesAdditionsAndEvents) {
    write_faulty_digests(log, bad, {.height = 4, .nonce = nonce_of(4, 1)}, other_run());
    for (const std::vector<std::string>& sides :
         {std::vector<std::string>{bad, log, "--workers", "2"}, {bad, good, "--log", log}}) {
        const Json json = diverge(sides, 2);
        EXPECT_EQ(json.at("transaction"), 1);
        EXPECT_EQ(json.at("input").at("nonce"), nonce_of(4, 1)) << json.at("input");
        const Json& details = json.at("here").at("details");
        EXPECT_EQ(details.at("outcome"), "APPLIED") << details;
        EXPECT_FALSE(details.at("reads").empty());
        EXPECT_FALSE(details.at("writes").empty() && details.at("additions").empty());
        EXPECT_FALSE(details.at("events").empty());
        EXPECT_EQ(json.at("left").at("agrees_with_serial_here"), false);
        EXPECT_EQ(json.at("right").at("agrees_with_serial_here"), true);
        EXPECT_NE(json.at("left").at("effects"), json.at("right").at("effects"));
        EXPECT_EQ(json.at("left").at("run").at("executor"), "serial");
    }
}

TEST_F(DivergeCommand, PhasesAreNamed) {
    write_faulty_digests(log, bad, {.phase = Phase::kBegin, .height = 3}, other_run());
    Json json = diverge({good, bad, "--log", log}, 2);
    EXPECT_EQ(json.at("place"), "begin_phase");
    EXPECT_EQ(json.at("block"), 3);
    EXPECT_TRUE(json.at("transaction").is_null());
    EXPECT_TRUE(json.at("here").contains("details"));
    write_faulty_digests(log, bad, {.phase = Phase::kEnd, .height = kBlocks}, other_run());
    json = diverge({good, bad, "--log", log}, 2);
    EXPECT_EQ(json.at("place"), "end_phase");
    EXPECT_EQ(json.at("block"), kBlocks);
}

TEST_F(DivergeCommand, WithoutEffectsTheBlockAndTheModuleAreNamed) {
    write_faulty_digests(log, bad, {.height = 5, .nonce = nonce_of(5, 2)}, other_run(), false);
    const Json json = diverge({good, bad}, 2);
    EXPECT_EQ(json.at("place"), "block");
    EXPECT_EQ(json.at("block"), 5);
    EXPECT_NE(json.at("what").get<std::string>().find("(totals)"), std::string::npos);
}

TEST_F(DivergeCommand, TheKindFollowsFromTheRuns) {
    const auto kind = [&](const std::function<void(RunInfo&)>& change) {
        RunInfo run = other_run();
        change(run);
        write_faulty_digests(log, bad, {.height = 2, .nonce = nonce_of(2, 0)}, run);
        return diverge({bad, good}, 2).at("kind").get<std::string>();
    };
    EXPECT_EQ(kind([](RunInfo& run) { run.version = "0"; }), "version");
    EXPECT_EQ(kind([](RunInfo& run) { run.processor = "s390x big-endian"; }), "machine");
    EXPECT_EQ(kind([](RunInfo& run) { run.compiler = "other"; }), "compiler");
    EXPECT_EQ(kind([](RunInfo& run) { run.library = "other"; }), "compiler");
    EXPECT_EQ(kind([](RunInfo& run) { run.options = "debug"; }), "compiler");
    EXPECT_EQ(kind([](RunInfo& run) {
                  run.executor = "parallel";
                  run.workers = 4;
              }),
              "scheduler");
    EXPECT_EQ(kind([](RunInfo&) {}), "unknown");
    std::filesystem::remove(run_info_path(bad));
    EXPECT_EQ(diverge({bad, good}, 2).at("kind"), "unknown");
}

TEST_F(DivergeCommand, AParallelRunThatDiffersFromSerialHereAccusesTheScheduler) {
    RunInfo run = this_build();
    run.executor = "parallel";
    run.workers = 2;
    write_faulty_digests(log, bad, {.height = 2, .nonce = nonce_of(2, 0)}, run);
    RunInfo elsewhere = other_run();
    elsewhere.processor = "other";
    write_faulty_digests(log, good, {}, elsewhere);
    EXPECT_EQ(diverge({bad, good}, 2).at("kind"), "machine");
    EXPECT_EQ(diverge({bad, good, "--log", log}, 2).at("kind"), "scheduler");
}

TEST_F(DivergeCommand, DifferentLogsAreToldFromDifferentGeneses) {
    std::vector<LogBlock> blocks = transfer_blocks(kBlocks);
    blocks[3].transactions[2].envelope.nonce += 1'000;
    write_log(file("b.log"), blocks);
    Json json = diverge({log, file("b.log"), "--workers", "0"}, 2);
    EXPECT_EQ(json.at("kind"), "log");
    EXPECT_EQ(json.at("block"), 4);
    EXPECT_EQ(json.at("transaction"), 2);
    EXPECT_NE(json.at("input").at("left"), json.at("input").at("right"));

    blocks = transfer_blocks(kBlocks);
    blocks[0].transactions.pop_back();
    write_log(file("b.log"), blocks);
    json = diverge({good, file("b.log")}, 2);
    EXPECT_EQ(json.at("kind"), "genesis");
    EXPECT_EQ(json.at("block"), 1);
    EXPECT_EQ(json.at("place"), "input");

    write_log(file("b.log"), transfer_blocks(kBlocks - 2));
    json = diverge({good, file("b.log")}, 2);
    EXPECT_EQ(json.at("kind"), "length");
    EXPECT_EQ(json.at("block"), kBlocks - 1);
}

TEST_F(DivergeCommand, ABundleRunsAloneAndSaysWithWhomItAgrees) {
    write_faulty_digests(log, bad, {.height = 4, .nonce = nonce_of(4, 1)}, other_run());
    const std::string bundle = file("bundle");
    diverge({good, bad, "--log", log, "--bundle", bundle}, 2);
    const Json json = diverge({"--run", bundle, "--workers", "2", "--repeat", "3"}, 2);
    const Json& block = json.at("blocks").at(0);
    EXPECT_EQ(block.at("block"), 4);
    EXPECT_EQ(block.at("serial_equals_parallel"), true);
    EXPECT_TRUE(block.at("missing_cells").empty());
    ASSERT_EQ(block.at("sides").size(), 3U);
    EXPECT_EQ(block.at("sides").at(0).at("agrees"), true);
    EXPECT_EQ(block.at("sides").at(1).at("agrees"), false);
    EXPECT_NE(block.at("sides").at(1).at("difference").get<std::string>().find("transaction 1"),
              std::string::npos);
    EXPECT_EQ(block.at("sides").at(2).at("agrees"), true);

    // A bundle is a side too, and names the transaction.
    EXPECT_EQ(diverge({bundle, bad}, 2).at("transaction"), 1);
    EXPECT_EQ(diverge({bundle, good}, 0).at("blocks_equal"), 1);
    const Json sides = diverge({bad, bundle, "--bundle", file("again")}, 2);
    EXPECT_EQ(sides.at("block"), 4);
    EXPECT_EQ(diverge({"--run", file("again")}, 2).at("blocks").at(0).at("sides").size(), 2U);
}

TEST_F(DivergeCommand, DamageIsInvalidInput) {
    const std::vector<std::byte> whole = read_bytes(good);
    std::vector<std::byte> cut(whole.begin(), whole.end() - 3);
    write_bytes(bad, cut);
    EXPECT_EQ(run_lockstep({"diverge", good, bad}).exit_code, 3);
    write_faulty_digests(log, bad, {.height = 1, .nonce = 1}, other_run());
    cut = read_bytes(bad);
    cut.resize(cut.size() - 3);  // damage behind the divergence counts too
    write_bytes(bad, cut);
    EXPECT_EQ(run_lockstep({"diverge", good, bad}).exit_code, 3);
    std::filesystem::copy_file(run_info_path(good), run_info_path(file("moved")));
    write_faulty_digests(log, file("other"), {.height = 1, .nonce = 1}, other_run());
    std::filesystem::copy_file(file("other"), file("moved"));
    EXPECT_EQ(run_lockstep({"diverge", good, file("moved")}).exit_code, 3);
}

TEST_F(DivergeCommand, ExitCodesFollowTheConventions) {
    EXPECT_EQ(run_lockstep({"diverge"}).exit_code, 1);
    EXPECT_EQ(run_lockstep({"diverge", good}).exit_code, 1);
    EXPECT_EQ(run_lockstep({"diverge", "--help"}).exit_code, 0);
    EXPECT_EQ(run_lockstep({"diverge", good, file("missing")}).exit_code, 5);
    EXPECT_EQ(run_lockstep({"diverge", "--run", good}).exit_code, 3);
    EXPECT_EQ(run_lockstep({"diverge", "--run", file("missing")}).exit_code, 5);
    write_faulty_digests(log, bad, {.height = 1, .nonce = 1}, other_run());
    EXPECT_EQ(run_lockstep({"diverge", good, bad, "--bundle", file("b")}).exit_code, 1);
    write_bytes(file("junk"), std::vector<std::byte>(100, std::byte{7}));
    EXPECT_EQ(run_lockstep({"diverge", good, file("junk")}).exit_code, 3);
}

}  // namespace
}  // namespace lockstep::test
