#include "replay/divergence/bisect.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "tests/replay/command_runner.hpp"
#include "tests/replay/faulty_venue.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;

std::vector<HeightDigests> heights(std::size_t count) {
    std::vector<HeightDigests> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back({.height = 100 + i, .state = {.high = i, .low = 1}, .block = {}});
    }
    return out;
}

TEST(Bisect, FindsEveryBlockInLogarithmicallyManyQuestions) {
    for (const std::size_t count : {1U, 2U, 3U, 7U, 8U, 9U, 100U, 1000U}) {
        const std::vector<HeightDigests> own = heights(count);
        const auto questions_max = 1 + static_cast<std::uint64_t>(std::bit_width(count - 1));
        for (std::size_t first = 0; first <= count; ++first) {
            std::uint64_t asked = 0;
            const auto found = bisect(own, [&](const HeightDigests& at) -> Result<bool, Error> {
                ++asked;
                return at.height < 100 + first;
            });
            ASSERT_TRUE(found.has_value());
            EXPECT_EQ(found->questions, asked);
            EXPECT_LE(asked, questions_max) << count;
            if (first == count) {
                EXPECT_FALSE(found->block.has_value());
            } else {
                EXPECT_EQ(found->block, 100 + first) << count;
            }
        }
    }
    EXPECT_FALSE(bisect({}, command_oracle("false"))->block.has_value());
}

TEST(Bisect, ErrorsOfTheOtherSideEndTheSearch) {
    std::uint64_t asked = 0;
    const auto failed = bisect(heights(100), [&](const HeightDigests&) -> Result<bool, Error> {
        if (++asked == 3) {
            return failure(Error{.code = ErrorCode::kEnvironment, .message = "gone"});
        }
        return false;
    });
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().message, "gone");
    EXPECT_EQ(asked, 3U);
}

TEST(CommandOracle, LooksForTheDigestsOfTheHeight) {
    const HeightDigests own{.height = 7, .state = {.high = 1, .low = 2}, .block = {.low = 3}};
    const auto ask = [&](const std::string& command) { return command_oracle(command)(own); };
    EXPECT_TRUE(*ask("echo " + own.state.hex() + " #"));
    EXPECT_TRUE(*ask("echo '{\"block\": \"" + own.block.hex() + "\"}' #"));
    EXPECT_FALSE(*ask("echo " + Digest{.high = 9, .low = 9}.hex() + " #"));
    EXPECT_TRUE(*ask("f() { test $1 = 7 && echo " + own.state.hex() + "; }; f"));
    EXPECT_EQ(ask("echo nothing").error().code, ErrorCode::kEnvironment);
    EXPECT_EQ(ask("exit 3; echo").error().code, ErrorCode::kEnvironment);
    EXPECT_EQ(ask("/no/such/command 2>&-").error().code, ErrorCode::kEnvironment);
}

class ReplayAgainstAnother : public testing::Test {
  protected:
    void SetUp() override { write_log(log, transfer_blocks(kBlocks)); }
    void fault(std::uint64_t height, std::uint64_t nonce) const {
        RunInfo run = this_build();
        run.processor = "another";
        write_faulty_digests(log, digests, {.height = height, .nonce = nonce}, run);
    }
    [[nodiscard]] Json replay(std::vector<std::string> more, int exit_code) const {
        more.insert(more.begin(), {"replay", log, "--json"});
        const CommandRun run = run_lockstep(more);
        EXPECT_EQ(run.exit_code, exit_code) << run.err;
        return Json::parse(run.out, nullptr, false);
    }

    static constexpr std::size_t kBlocks = 20;
    static constexpr std::uint64_t kPerBlock = 4;
    TemporaryFolder folder;
    std::string log = folder.file("a.log");
    std::string digests = folder.file("theirs");
    std::string bundle = folder.file("bundle");
    /// A script as the other side: it knows its digest file, and tells one height of it.
    std::string other =
        std::string("'") + LOCKSTEP_COMMAND + "' inspect '" + digests + "' --json --block";
};

TEST_F(ReplayAgainstAnother, BisectionFindsTheBlockAndPacksIt) {
    for (const std::uint64_t height : {1U, 2U, 11U, 20U}) {
        fault(height, height * kPerBlock);
        const Json json = replay({"--bisect", other, "--bundle", bundle}, 2);
        EXPECT_EQ(json.at("bisection").at("block"), height);
        EXPECT_LE(json.at("bisection").at("questions"), 6);
        EXPECT_EQ(json.at("error").at("block"), height);
        const CommandRun run = run_lockstep({"diverge", bundle, digests, "--json"});
        EXPECT_EQ(run.exit_code, 2);
        EXPECT_EQ(Json::parse(run.out).at("transaction"), kPerBlock - 1);
    }
    fault(0, 0);
    const Json json = replay({"--bisect", other}, 0);
    EXPECT_TRUE(json.at("bisection").at("block").is_null());
    EXPECT_EQ(json.at("bisection").at("questions"), 1);
    (void)replay({"--bisect", "false"}, 5);
}

TEST_F(ReplayAgainstAnother, ADivergenceIsExplained) {
    fault(7, 6 * kPerBlock + 2);
    const Json json = replay({"--against", digests, "--bundle", bundle, "--workers", "2"}, 2);
    const Json& divergence = json.at("divergence");
    EXPECT_EQ(divergence.at("block"), 7);
    EXPECT_EQ(divergence.at("transaction"), 1);
    EXPECT_EQ(divergence.at("kind"), "machine");
    EXPECT_EQ(divergence.at("left").at("agrees_with_serial_here"), false);
    EXPECT_EQ(divergence.at("right").at("agrees_with_serial_here"), true);
    EXPECT_FALSE(divergence.at("here").at("details").at("reads").empty());
    const CommandRun run = run_lockstep({"diverge", "--run", bundle, "--json"});
    EXPECT_EQ(run.exit_code, 2);
    const Json sides = Json::parse(run.out).at("blocks").at(0).at("sides");
    ASSERT_EQ(sides.size(), 3U);
    EXPECT_EQ(sides.at(0).at("agrees"), true);
    EXPECT_EQ(sides.at(1).at("agrees"), false);
    EXPECT_EQ(sides.at(1).at("run").at("processor"), "another");
    EXPECT_EQ(sides.at(2).at("agrees"), true);
}

TEST_F(ReplayAgainstAnother, ABundleOfAnyBlockIsASideToo) {
    (void)replay({"--bundle", bundle, "--bundle-block", "9"}, 0);
    EXPECT_EQ(run_lockstep({"diverge", "--run", bundle}).exit_code, 0);
    EXPECT_TRUE(replay({"--against", bundle}, 0).at("divergence").is_null());
    (void)replay({"--bundle", bundle, "--bundle-block", "900"}, 1);
    std::vector<LogBlock> blocks = transfer_blocks(kBlocks);
    std::swap(blocks[8].transactions[0], blocks[8].transactions[1]);
    write_log(log, blocks);
    EXPECT_EQ(replay({"--against", bundle}, 2).at("divergence").at("kind"), "log");
}

}  // namespace
}  // namespace lockstep::test
