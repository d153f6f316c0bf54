#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "replay/digest/digest_file.hpp"
#include "tests/replay/command_runner.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kReplayedBlocks = 6;

class ReplayCommand : public testing::Test {
  protected:
    void SetUp() override { write_log(log, transfer_blocks(kReplayedBlocks)); }

    [[nodiscard]] CommandRun replay(std::vector<std::string> more) const {
        more.insert(more.begin(), {"replay", log});
        return run_lockstep(more);
    }
    /// The JSON of a run that is expected to end with `exit_code`.
    [[nodiscard]] Json report(std::vector<std::string> more, int exit_code = 0) const {
        more.emplace_back("--json");
        const CommandRun run = replay(std::move(more));
        EXPECT_EQ(run.exit_code, exit_code) << run.err;
        const Json json = Json::parse(run.out, nullptr, false);
        EXPECT_FALSE(json.is_discarded()) << run.out;
        return json;
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

    /// Copies a digest file with one record changed.
    void change_digests(const std::string& from, const std::string& to,
                        const std::function<bool(DigestRecord&)>& change) const {
        auto reader = DigestReader::open(from);
        ASSERT_TRUE(reader.has_value());
        auto writer = DigestWriter::create(to, reader->header());
        ASSERT_TRUE(writer.has_value());
        for (;;) {
            auto record = reader->next();
            ASSERT_TRUE(record.has_value());
            if (!*record) {
                break;
            }
            if (change(**record)) {
                ASSERT_TRUE(writer->append(**record).has_value());
            }
        }
        ASSERT_TRUE(writer->close().has_value());
    }

    TemporaryFolder folder;
    std::string log = folder.file("a.log");
};

TEST_F(ReplayCommand, ReportsEveryPromisedField) {
    const Json json = report({"--verify", "--workers", "2"});
    EXPECT_EQ(json.at("blocks"), kReplayedBlocks);
    EXPECT_EQ(json.at("transactions"), 4 * kReplayedBlocks);
    EXPECT_EQ(json.at("workers"), 2);
    EXPECT_TRUE(json.at("seconds").is_number());
    EXPECT_TRUE(json.at("serial_seconds").is_number());
    EXPECT_GT(json.at("transactions_per_second"), 0);
    EXPECT_GE(json.at("executions_per_transaction"), 1);
    EXPECT_TRUE(json.at("validations_per_transaction").is_number());
    EXPECT_TRUE(json.at("aborts").is_number_unsigned());
    EXPECT_TRUE(json.at("fallbacks").is_number_unsigned());
    EXPECT_EQ(json.at("state_digest").get<std::string>().size(), 32U);
    EXPECT_EQ(json.at("block_digest").get<std::string>().size(), 32U);
    EXPECT_EQ(json.at("verified"), true);
    EXPECT_EQ(json.at("applied"), 4 + 3 * (kReplayedBlocks - 1));
    EXPECT_EQ(json.at("rejected"), kReplayedBlocks - 1);
    EXPECT_EQ(json.at("skipped"), 0);
    EXPECT_EQ(json.at("faulted"), 0);
    EXPECT_EQ(json.at("rejections").at("E_INSUFFICIENT_CASH"), kReplayedBlocks - 1);
    EXPECT_EQ(json.at("invariants").at("hold"), true);
    const auto& solvency = json.at("solvency");
    EXPECT_EQ(solvency.at("solvent"), true);
    EXPECT_EQ(solvency.at("debt"), "0");
    EXPECT_GT(solvency.at("accounts"), 0);
    for (const auto& asset : solvency.at("assets")) {
        EXPECT_EQ(asset.at("difference"), "0");
    }
    EXPECT_EQ(report({"--check-invariants"}).at("state_digest"), json.at("state_digest"));
    EXPECT_TRUE(json.at("torn_tail").is_null());
    EXPECT_TRUE(json.at("error").is_null());
    EXPECT_TRUE(report({}).at("verified").is_null());
}

TEST_F(ReplayCommand, DigestFilesAreTheSameForEveryWorkerCount) {
    for (const std::string effects : {"", "--effects"}) {
        std::vector<std::byte> first;
        for (const char* workers : {"0", "1", "2", "4"}) {
            std::vector<std::string> options{"--workers", workers, "--digests", file("d")};
            if (!effects.empty()) {
                options.push_back(effects);
            }
            ASSERT_EQ(replay(options).exit_code, 0);
            const std::vector<std::byte> bytes = read_bytes(file("d"));
            ASSERT_FALSE(bytes.empty());
            if (first.empty()) {
                first = bytes;
            }
            EXPECT_EQ(bytes, first) << workers;
            EXPECT_EQ(replay({"--workers", workers, "--against", file("d")}).exit_code, 0);
        }
    }
}

TEST_F(ReplayCommand, ModuleSumsAddUpToTheStateDigest) {
    ASSERT_EQ(replay({"--digests", file("d"), "--workers", "2"}).exit_code, 0);
    auto reader = DigestReader::open(file("d"));
    ASSERT_TRUE(reader.has_value());
    ASSERT_GT(reader->header().modules.size(), 3U);
    for (auto record = reader->next(); *record; record = reader->next()) {
        Digest sum;
        std::size_t used = 0;
        for (const Digest& part : (*record)->modules) {
            sum += part;
            used += part != Digest{};
        }
        EXPECT_EQ(sum, (*record)->state);
        EXPECT_GE(used, (*record)->height == 1 ? 2U : 3U);
    }
    const Json shown = Json::parse(run_lockstep({"inspect", file("d"), "--json"}).out);
    EXPECT_TRUE(shown.at("modules").contains("collateral"));
    EXPECT_EQ(shown.at("run").at("workers"), 2);
}

TEST_F(ReplayCommand, ADifferentDigestIsNamedByBlock) {
    ASSERT_EQ(replay({"--digests", file("good")}).exit_code, 0);
    change_digests(file("good"), file("bad"), [](DigestRecord& record) {
        record.state.low += record.height >= 4 ? 1 : 0;
        return true;
    });
    const CommandRun run = replay({"--against", file("bad")});
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_NE(run.err.find("block 4"), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("state digests"), std::string::npos) << run.err;
    const Json json = report({"--against", file("bad")}, 2);
    EXPECT_EQ(json.at("error").at("exit_code"), 2);
    EXPECT_EQ(json.at("error").at("block"), 4);
    EXPECT_EQ(replay({"--against", file("bad"), "--limit-blocks", "3"}).exit_code, 0);
}

TEST_F(ReplayCommand, ADifferentEffectIsNamedByTransaction) {
    ASSERT_EQ(replay({"--digests", file("good"), "--effects"}).exit_code, 0);
    change_digests(file("good"), file("bad"), [](DigestRecord& record) {
        record.effects->transactions[2].high ^= record.height == 5 ? 1 : 0;
        return true;
    });
    const Json json = report({"--against", file("bad")}, 2);
    EXPECT_EQ(json.at("error").at("block"), 5);
    EXPECT_EQ(json.at("error").at("transaction"), 2);
}

TEST_F(ReplayCommand, ADigestFileOfAnotherLengthDiffers) {
    ASSERT_EQ(replay({"--digests", file("good")}).exit_code, 0);
    change_digests(file("good"), file("short"),
                   [](DigestRecord& record) { return record.height < kReplayedBlocks; });
    EXPECT_EQ(report({"--against", file("short")}, 2).at("error").at("block"), kReplayedBlocks);
    ASSERT_EQ(replay({"--digests", file("part"), "--limit-blocks", "2"}).exit_code, 0);
    EXPECT_EQ(report({"--against", file("part")}, 2).at("error").at("block"), 3);

    write_log(log, transfer_blocks(kReplayedBlocks - 1));
    EXPECT_EQ(report({"--against", file("good")}, 2).at("error").at("block"), kReplayedBlocks);
}

TEST_F(ReplayCommand, DigestsOfAnotherLogAreInvalidInput) {
    ASSERT_EQ(replay({"--digests", file("d")}).exit_code, 0);
    LogHeader other = sample_header();
    other.chain_id = "other";
    write_log(log, transfer_blocks(kReplayedBlocks), other);
    const CommandRun run = replay({"--against", file("d")});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_NE(run.err.find("another log"), std::string::npos);
}

TEST_F(ReplayCommand, AFailedReplayLeavesNoDigestFile) {
    std::vector<std::byte> bytes = read_bytes(log);
    bytes.resize(bytes.size() - 1);
    write_bytes(log, bytes);
    EXPECT_EQ(replay({"--digests", file("d")}).exit_code, 3);
    EXPECT_FALSE(std::filesystem::exists(file("d")));
    EXPECT_FALSE(std::filesystem::exists(file("d.partial")));
}

TEST_F(ReplayCommand, DamageIsInvalidInputWithAnOffset) {
    const std::vector<std::byte> good = read_bytes(log);
    for (const std::size_t at : {std::size_t{0}, good.size() / 2, good.size() - 1}) {
        std::vector<std::byte> bad = good;
        bad[at] ^= std::byte{0x10};
        write_bytes(log, bad);
        const CommandRun run = replay({"--allow-torn-tail"});
        EXPECT_EQ(run.exit_code, 3);
        EXPECT_NE(run.err.find("offset"), std::string::npos) << run.err;
    }
}

TEST_F(ReplayCommand, ATornTailIsAnErrorUnlessAllowed) {
    std::vector<std::byte> bytes = read_bytes(log);
    bytes.resize(bytes.size() - 80);  // the end frame has 72
    write_bytes(log, bytes);
    const CommandRun refused = replay({});
    EXPECT_EQ(refused.exit_code, 3);
    EXPECT_NE(refused.err.find("torn tail"), std::string::npos);
    EXPECT_NE(refused.err.find("offset"), std::string::npos);
    const CommandRun allowed = replay({"--allow-torn-tail", "--json"});
    EXPECT_EQ(allowed.exit_code, 0);
    EXPECT_NE(allowed.err.find("torn tail"), std::string::npos);
    const Json json = Json::parse(allowed.out);
    EXPECT_EQ(json.at("blocks"), kReplayedBlocks - 1);
    EXPECT_TRUE(json.at("torn_tail").at("offset").is_number_unsigned());
}

TEST_F(ReplayCommand, ATailOfZerosIsTorn) {
    std::vector<std::byte> bytes = read_bytes(log);
    std::fill(bytes.end() - 200, bytes.end(), std::byte{0});
    bytes.resize(bytes.size() + 5'000);
    write_bytes(log, bytes);
    EXPECT_EQ(replay({}).exit_code, 3);
    const CommandRun allowed = replay({"--allow-torn-tail", "--json"});
    EXPECT_EQ(allowed.exit_code, 0);
    EXPECT_NE(allowed.err.find("torn tail"), std::string::npos);
    EXPECT_EQ(Json::parse(allowed.out).at("blocks"), kReplayedBlocks - 1);
}

TEST_F(ReplayCommand, AVerdictIsAboutWhatWasCompared) {
    ASSERT_EQ(replay({"--digests", file("good")}).exit_code, 0);
    const auto compared = [&](std::vector<std::string> more, int exit_code) {
        more.insert(more.begin(), {"--against", file("good")});
        const std::string out = replay(more).out;
        EXPECT_EQ(out.find(": agrees") != std::string::npos, exit_code == 0) << out;
        return report(std::move(more), exit_code).at("compared");
    };
    EXPECT_EQ(compared({}, 0),
              (Json{{"blocks", kReplayedBlocks}, {"agrees", true}, {"all", true}}));
    EXPECT_EQ(compared({"--limit-blocks", "3"}, 0),
              (Json{{"blocks", 3}, {"agrees", true}, {"all", false}}));
    EXPECT_NE(replay({"--against", file("good"), "--limit-blocks", "3"}).out.find("not compared"),
              std::string::npos);
    EXPECT_EQ(compared({"--limit-blocks", "0"}, 1).at("agrees"), Json());

    const std::vector<std::byte> whole = read_bytes(log);
    std::vector<std::byte> bytes = whole;
    bytes[bytes.size() - 100] ^= std::byte{1};  // in the last block
    write_bytes(log, bytes);
    EXPECT_EQ(compared({}, 3),
              (Json{{"blocks", kReplayedBlocks - 1}, {"agrees", nullptr}, {"all", false}}));
    EXPECT_NE(replay({"--against", file("good")}).out.find("not compared behind"),
              std::string::npos);
    bytes = whole;
    bytes.resize(bytes.size() - 100);
    write_bytes(log, bytes);
    EXPECT_EQ(compared({"--allow-torn-tail"}, 2),
              (Json{{"blocks", kReplayedBlocks - 1}, {"agrees", false}, {"all", false}}));
}

TEST_F(ReplayCommand, ABundleOfOtherBlocksIsNoAgreement) {
    ASSERT_EQ(replay({"--bundle", file("b"), "--bundle-block", "5"}).exit_code, 0);
    EXPECT_EQ(report({"--against", file("b")}).at("compared").at("blocks"), 1);
    const CommandRun none = replay({"--against", file("b"), "--limit-blocks", "4"});
    EXPECT_EQ(none.exit_code, 1);
    EXPECT_NE(none.err.find("no block was compared"), std::string::npos) << none.err;
    EXPECT_EQ(none.out.find("agrees"), std::string::npos) << none.out;
}

TEST_F(ReplayCommand, NothingIsVerifiedWithoutAnExecutorToVerify) {
    const CommandRun refused = replay({"--verify", "--workers", "0"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find("--verify"), std::string::npos) << refused.err;
}

TEST_F(ReplayCommand, ExitCodesTellErrorsApart) {
    EXPECT_EQ(run_lockstep({}).exit_code, 1);
    EXPECT_EQ(run_lockstep({"replay"}).exit_code, 1);
    EXPECT_EQ(run_lockstep({"nonsense"}).exit_code, 1);
    EXPECT_EQ(replay({"--no-such-option"}).exit_code, 1);
    EXPECT_EQ(replay({"--workers", "100000"}).exit_code, 1);
    EXPECT_EQ(replay({"--workers", "-1"}).exit_code, 1);
    EXPECT_EQ(run_lockstep({"--help"}).exit_code, 0);
    EXPECT_EQ(run_lockstep({"replay", "--help"}).exit_code, 0);
    EXPECT_EQ(run_lockstep({"--version"}).exit_code, 0);
    EXPECT_EQ(run_lockstep({"replay", file("missing.log")}).exit_code, 5);
    EXPECT_EQ(run_lockstep({"replay", folder.file("")}).exit_code, 5);
    EXPECT_EQ(replay({"--digests", file("no/such/folder")}).exit_code, 5);
    EXPECT_EQ(replay({"--report", file("no/such/folder")}).exit_code, 5);
    EXPECT_EQ(replay({"--against", file("missing")}).exit_code, 5);
    EXPECT_EQ(replay({"--against", log}).exit_code, 3);
    write_bytes(file("empty"), {});
    EXPECT_EQ(run_lockstep({"replay", file("empty")}).exit_code, 3);
    EXPECT_EQ(run_lockstep({"replay", "/dev/zero"}).exit_code, 3);
}

TEST_F(ReplayCommand, ReadsStandardInput) {
    const CommandRun run = run_lockstep({"replay", "-", "--json"}, log);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(Json::parse(run.out).at("block_digest"), report({}).at("block_digest"));
}

TEST_F(ReplayCommand, AWriterThatWaitsKeepsNobodyWhoHasSeenEnough) {
    ASSERT_EQ(replay({"--digests", file("good")}).exit_code, 0);
    change_digests(file("good"), file("bad"), [](DigestRecord& record) {
        record.state.low += record.height >= 2 ? 1 : 0;
        return true;
    });
    auto bytes = read_bytes(log);
    bytes.resize(bytes.size() * 3 / 4);
    ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
    const std::vector<std::vector<std::string>> ends = {{"--against", file("bad")},
                                                        {"--limit-blocks", "3"}};
    for (const auto& options : ends) {
        const int pipe = ::open(file("pipe").c_str(), O_RDWR);
        ASSERT_GE(pipe, 0);
        ASSERT_EQ(::write(pipe, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
        std::vector<std::string> all = {"replay", "-"};
        all.insert(all.end(), options.begin(), options.end());
        const CommandRun run = run_lockstep(all, file("pipe"));
        EXPECT_EQ(run.exit_code, options[0] == "--against" ? 2 : 0) << run.err;
        ::close(pipe);
    }
}

TEST_F(ReplayCommand, BlocksBeforeDamageAreExecutedAndReported) {
    const std::vector<std::byte> good = read_bytes(log);
    const Json whole = report({"--limit-blocks", "3"});
    std::size_t behind = 0;
    for (std::size_t at = good.size() / 4; at < good.size(); at += good.size() / 16) {
        std::vector<std::byte> bad = good;
        bad[at] ^= std::byte{0x10};
        write_bytes(log, bad);
        const Json json = report({"--workers", "2"}, 3);
        const Json piped = Json::parse(run_lockstep({"replay", "-", "--json"}, log).out);
        for (const char* field : {"blocks", "transactions", "state_digest", "block_digest"}) {
            EXPECT_EQ(json.at(field), piped.at(field)) << at;
        }
        EXPECT_EQ(json.at("error").at("message"), piped.at("error").at("message"));
        EXPECT_EQ(json.at("error").at("offset"), piped.at("error").at("offset"));
        EXPECT_EQ(json.at("error").at("block"), piped.at("error").at("block"));
        EXPECT_TRUE(json.at("torn_tail").is_null());
        if (json.at("blocks") == 3) {
            ++behind;
            EXPECT_EQ(json.at("block_digest"), whole.at("block_digest"));
        }
    }
    EXPECT_GT(behind, 0U);
}

TEST_F(ReplayCommand, PrintsATableForPeople) {
    const CommandRun run = replay({"--verify"});
    EXPECT_EQ(run.exit_code, 0);
    for (const char* label : {"blocks", "transactions", "state digest", "block digest", "verified",
                              "invariants", "hold"}) {
        EXPECT_NE(run.out.find(label), std::string::npos) << label;
    }
    EXPECT_TRUE(run.err.empty()) << run.err;
}

TEST_F(ReplayCommand, HostileTextsCannotSteerATerminal) {
    LogHeader header = sample_header();
    header.chain_id = "\x1b[31mred\x07\xff\xfe";
    write_log(log, transfer_blocks(2), header);
    EXPECT_EQ(replay({}).out.find('\x1b'), std::string::npos);
    EXPECT_EQ(run_lockstep({"inspect", log}).out.find('\x1b'), std::string::npos);
    EXPECT_TRUE(report({}).at("chain_id").is_string());
}

TEST_F(ReplayCommand, TransactionsThatTheVenueRejectsReplayLikeOthers) {
    write_log(log, sample_blocks(3));
    const Json json = report({"--verify"});
    EXPECT_EQ(json.at("verified"), true);
    EXPECT_EQ(json.at("transactions"), 3 * one_of_each().size());
    EXPECT_GT(json.at("rejected"), 0);
}

}  // namespace
}  // namespace lockstep::test
