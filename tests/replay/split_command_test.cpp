// A log that several processes replay, each from a snapshot: split, replay --from, join.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "replay/split/snapshot_file.hpp"
#include "tests/replay/command_runner.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;

class SplitCommand : public testing::Test {
  protected:
    void SetUp() override {
        const CommandRun made =
            run("\"$lockstep\" generate --workload mixed --seed 3 --accounts 40 --blocks 22 "
                "--block-size 30 -o a.log");
        ASSERT_EQ(made.exit_code, 0) << made.err;
    }
    [[nodiscard]] CommandRun run(const std::string& script) const {
        return run_script("cd '" + folder_.file("") + "'\n" + script);
    }
    /// The output of a script that has to succeed.
    [[nodiscard]] std::string output(const std::string& script) const {
        const CommandRun done = run(script);
        EXPECT_EQ(done.exit_code, 0) << done.err;
        return done.out;
    }
    void split(const std::string& more = "") const {
        static_cast<void>(output("\"$lockstep\" split a.log --every 6 --out s " + more));
    }
    void expect_refused(int exit_code, const std::string& reason,
                        const std::string& command) const {
        const CommandRun done = run("\"$lockstep\" " + command);
        EXPECT_EQ(done.exit_code, exit_code) << command << '\n' << done.err;
        EXPECT_NE(done.err.find(reason), std::string::npos) << command << '\n' << done.err;
    }
    /// What the replay of the whole log and the joined ranges have to agree in.
    void expect_joins(const std::string& options = "--verify") const {
        const Json one = Json::parse(output("\"$lockstep\" replay a.log --json " + options));
        const Json all = Json::parse(output("\"$lockstep\" join s --json"));
        for (const char* const field :
             {"chain_id", "log_digest", "blocks", "transactions", "applied", "rejected", "skipped",
              "faulted", "rejections", "faults", "state_cells", "state_digest", "block_digest",
              "verified", "solvency"}) {
            EXPECT_EQ(all.at(field), one.at(field)) << field;
        }
        EXPECT_GT(one.at("rejected"), 0);
        EXPECT_EQ(all.at("invariants").at("hold"), true);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

    TemporaryFolder folder_;
};

constexpr const char* kWorkers = "xargs -P 3 -L 1 \"$lockstep\" replay a.log --verify --workers 2 ";

TEST_F(SplitCommand, ManyWorkersReportWhatOneDoes) {
    split();
    EXPECT_EQ(output("wc -l < s/jobs"), "5\n");
    static_cast<void>(output(std::string(kWorkers) + "< s/jobs"));
    expect_joins();
    EXPECT_EQ(output("\"$lockstep\" join s --missing"), "");
    // Once more over what is there already.
    static_cast<void>(output(std::string(kWorkers) + "< s/jobs"));
    split("--workers 0");
    expect_joins();
}

TEST_F(SplitCommand, AKilledWorkerIsTriedAgain) {
    split();
    // The fourth worker waits for the rest of its log when it is killed.
    const CommandRun done = run("sed 4d s/jobs | " + std::string(kWorkers) + R"sh( || exit 90
mkfifo log.fifo
{ head -c "$(($(stat -c %s a.log) / 2))" a.log; exec sleep 60; } > log.fifo &
writer=$!
"$lockstep" replay log.fifo --verify $(sed -n 4p s/jobs) &
worker=$!
sleep 0.3
kill -9 $worker
wait $worker
[ $? = 137 ] || exit 91
kill $writer
"$lockstep" join s)sh");
    EXPECT_EQ(done.exit_code, 5) << done.err;
    EXPECT_NE(done.err.find("19..24.json"), std::string::npos) << done.err;
    EXPECT_EQ(output("\"$lockstep\" join s --missing > m; sed -n 4p s/jobs | diff m -"), "");
    // Half a result, as a copy that was cut.
    static_cast<void>(output("head -c 300 s/1..6.json > s/19..24.json"));
    expect_refused(3, "19..24.json", "join s");
    static_cast<void>(output("\"$lockstep\" join s --missing | " + std::string(kWorkers)));
    expect_joins();
}

TEST_F(SplitCommand, SnapshotsFollowFromTheLog) {
    split("--workers 3");
    const std::vector<std::byte> first = read_bytes(file("s/6.snapshot"));
    ASSERT_FALSE(first.empty());
    static_cast<void>(output("rm s/6.snapshot"));
    split("--workers 0");
    EXPECT_EQ(read_bytes(file("s/6.snapshot")), first);
    // The same by way of a range, whose end is split no further.
    const std::string ranges = output("cat s/ranges.json");
    split("--workers 1");
    EXPECT_EQ(output("cat s/ranges.json"), ranges);
}

TEST_F(SplitCommand, DigestsOfARangeAreThoseOfTheLog) {
    split();
    static_cast<void>(output("\"$lockstep\" replay a.log --digests all.dig --effects"));
    const std::string range = "\"$lockstep\" replay a.log --from s/6.snapshot --to s/12.snapshot ";
    const Json json = Json::parse(output(range + "--against all.dig --json"));
    EXPECT_EQ(json.at("compared").at("blocks"), 6);
    EXPECT_EQ(json.at("range").at("first"), 7);
    EXPECT_EQ(json.at("range").at("last"), 12);
    EXPECT_EQ(json.at("range").at("agrees"), true);
    static_cast<void>(output(range + "--digests part.dig"));
    EXPECT_EQ(output("grep '^block' all.dig | sed -n 7,12p | sed 's/ [^ ]*$//; s/ effects$//' > a; "
                     "grep '^block' part.dig | sed 's/ [^ ]*$//' | diff a -"),
              "");
}

TEST_F(SplitCommand, ATornLogIsSplitUpToItsEnd) {
    static_cast<void>(output("head -c -40 a.log > t && mv t a.log"));
    expect_refused(3, "torn tail", "split a.log --every 6 --out s");
    EXPECT_FALSE(std::filesystem::exists(file("s/ranges.json")));
    split("--allow-torn-tail");
    static_cast<void>(output(std::string(kWorkers) + "< s/jobs"));
    expect_joins("--verify --allow-torn-tail");
}

TEST_F(SplitCommand, WhatDoesNotFitIsRefused) {
    split();
    expect_refused(1, "needs the snapshot before it", "replay a.log --blocks 7..12");
    expect_refused(1, "begins with 8", "replay a.log --blocks 8..12 --from s/6.snapshot");
    expect_refused(1, "does not end", "replay a.log --blocks 1..7 --to s/6.snapshot");
    expect_refused(1, "not of a block behind",
                   "replay a.log --from s/12.snapshot --to s/6.snapshot");
    for (const char* const range : {"", "7", "12..7", "a..b", "-1..2", "1..x"}) {
        expect_refused(1, "", "replay a.log --blocks '" + std::string(range) + "'x");
    }
    expect_refused(3, "the log ends before block 30", "replay a.log --blocks 1..30");
    expect_refused(
        3, "another log",
        "generate --blocks 3 -o b.log && \"$lockstep\" replay b.log --from s/6.snapshot");
    expect_refused(3, "not a snapshot", "replay a.log --from a.log");
    expect_refused(1, "--to needs", "replay a.log --to s/6.snapshot");
    expect_refused(1, "", "split a.log --every 0 --out s");
    expect_refused(1, "same file", "replay a.log --from s/6.snapshot --result s/6.snapshot");
    expect_refused(5, "ranges.json", "join .");
    static_cast<void>(output(std::string(kWorkers) + "< s/jobs; cp s/1..6.json s/7..12.json"));
    expect_refused(3, "one of another range", "join s");
    static_cast<void>(output("sed -i 's/\"log_digest\": \"./&0/' s/1..6.json"));
    expect_refused(3, "another log", "join s");
    // Results that tell of other states than the split found, without an error of their own.
    for (const auto& [field, reason] :
         {std::pair("begin_state_digest", "does not begin where the range before it ends"),
          std::pair("begin_block_digest", "does not begin where the range before it ends"),
          std::pair("state_digest", "does not end as the range did"),
          std::pair("block_digest", "does not end as the range did")}) {
        static_cast<void>(output(std::string(kWorkers) + "< s/jobs"));
        static_cast<void>(output("sed -i 's/\"" + std::string(field) + "\": \"../\"" + field +
                                 "\": \"zz/' s/13..18.json"));
        expect_refused(2, reason, "join s");
        EXPECT_EQ(output("\"$lockstep\" join s --missing | grep -c 13..18.json"), "1\n");
    }
}

TEST_F(SplitCommand, AnotherStateIsADivergence) {
    split();
    auto from = read_venue_snapshot(file("s/6.snapshot"));
    ASSERT_TRUE(from.has_value());
    StateStore<Venue> state;
    ASSERT_TRUE(load_venue_snapshot(file("s/6.snapshot"), *from, state).has_value());
    const StateKey fees = market_key(CellKind::kFees, MarketId{9'999});
    const Cell one = Cell::of_number(1);
    state.set(fees, &one);
    ASSERT_TRUE(write_venue_snapshot(file("s/bad.snapshot"), state, from->manifest.head.block,
                                     from->log, from->place)
                    .has_value());
    expect_refused(2, "the state differs in totals",
                   "replay a.log --blocks 1..6 --to s/bad.snapshot");
    expect_refused(2, "the state differs in totals",
                   "replay a.log --from s/bad.snapshot --to s/12.snapshot --result s/7..12.json");
    static_cast<void>(output("sed 2d s/jobs | " + std::string(kWorkers)));
    expect_refused(2, "7..12", "join s");
    // It ends with another state, and nobody compared it.
    expect_refused(4, "",
                   "replay a.log --blocks 7..12 --from s/bad.snapshot --result s/7..12.json");
}

TEST(VenueSnapshots, DamageAndCutsAreSeen) {
    const TemporaryFolder folder;
    const std::string path = folder.file("s");
    StateStore<Venue> state;
    for (std::uint32_t item = 0; item < 3; ++item) {
        const Cell cell = Cell::of_number(item);
        state.set(market_key(CellKind::kVolume, MarketId{item}), &cell);
    }
    LogPlace place;
    place.height = 5;
    ASSERT_TRUE(write_venue_snapshot(path, state, Digest{1, 2}, Digest{3, 4}, place).has_value());
    const std::vector<std::byte> good = read_bytes(path);
    const auto loads = [&path](std::span<const std::byte> bytes) {
        write_bytes(path, bytes);
        StateStore<Venue> loaded;
        const auto read = read_venue_snapshot(path);
        return read && load_venue_snapshot(path, *read, loaded).has_value();
    };
    ASSERT_TRUE(loads(good));
    for (std::size_t i = 0; i < good.size(); i += 9) {
        ASSERT_FALSE(loads(std::span(good).first(i))) << i;
        std::vector<std::byte> bad = good;
        bad[i] ^= std::byte{0x08};
        ASSERT_FALSE(loads(bad)) << i;
    }
}

}  // namespace
}  // namespace lockstep::test
