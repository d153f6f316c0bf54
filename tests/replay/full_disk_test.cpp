#include "tests/replay/output_folder.hpp"

namespace lockstep::test {
namespace {

using FullDisk = OutputFolder;
using Names = std::vector<std::string>;

void expect_failed(const CommandRun& run, const std::string& file, const std::string& reason) {
    EXPECT_EQ(run.exit_code, 5) << run.err;
    EXPECT_NE(run.err.find(file), std::string::npos) << run.err;
    EXPECT_NE(run.err.find(reason), std::string::npos) << run.err;
}

TEST_F(FullDisk, EveryOutputSaysSo) {
    const std::string device = full();
    const Names before = names();
    expect_failed(run("generate -o " + device), device, "No space left");
    for (const char* option :
         {"--digests", "--access-lists", "--trace", "--record-schedule", "--report"}) {
        expect_failed(run("\"$lockstep\" replay a.log " + std::string(option) + ' ' + device),
                      device, "No space left");
    }
    expect_failed(run("\"$lockstep\" replay a.log --bundle-block 2 --bundle " + device), device,
                  "No space left");
    EXPECT_TRUE(std::filesystem::is_character_file(device));
    EXPECT_EQ(names(), before);
}

TEST_F(FullDisk, StandardOutputSaysSo) {
    const std::string to = " >" + full();
    ASSERT_EQ(run("\"$lockstep\" replay a.log --digests d").exit_code, 0);
    for (const std::string command :
         {"generate -o -", "generate -o f", "generate -o f --json", "\"$lockstep\" replay a.log",
          "\"$lockstep\" replay a.log --json", "\"$lockstep\" inspect a.log",
          "\"$lockstep\" inspect d --json", "\"$lockstep\" diverge d a.log", "\"$lockstep\" --help",
          "\"$lockstep\" replay --help", "\"$lockstep\" --version"}) {
        expect_failed(run(command + to), "standard output", "No space left");
    }
}

TEST_F(FullDisk, ADivergenceStaysOneWhenItCannotBePrinted) {
    write_log(file("b.log"), transfer_blocks(2));
    EXPECT_EQ(run("\"$lockstep\" diverge a.log b.log >" + full()).exit_code, 2);
}

TEST_F(FullDisk, ALimitOfFileSizeLeavesNothing) {
    const Names before = names();
    expect_failed(run("ulimit -f 1; \"$lockstep\" generate --blocks 50 -o f"), "f",
                  "File too large");
    expect_failed(run("ulimit -f 1; \"$lockstep\" replay a.log --trace f >/dev/null"), "f",
                  "File too large");
    EXPECT_EQ(names(), before);
    EXPECT_EQ(run("echo old >f; ulimit -f 1; \"$lockstep\" generate --blocks 50 -o f").exit_code,
              5);
    EXPECT_EQ(text("f"), "old\n");
}

TEST_F(FullDisk, AReaderThatLeavesIsAnError) {
    EXPECT_EQ(
        run("{ \"$lockstep\" generate --blocks 100 -o - 2>err; echo $? >code; } | true").exit_code,
        0);
    EXPECT_EQ(text("code"), "5\n");
    EXPECT_NE(text("err").find("standard output: cannot write: Broken pipe"), std::string::npos);
    EXPECT_EQ(
        run("{ sleep 0.2; \"$lockstep\" replay a.log 2>err; echo $? >code; } | true").exit_code, 0);
    EXPECT_EQ(text("code"), "5\n");
    EXPECT_NE(text("err").find("Broken pipe"), std::string::npos) << text("err");
    expect_failed(run("mkfifo p; head -c 10 p >&2 & \"$lockstep\" generate --blocks 100 -o p"), "p",
                  "Broken pipe");
    EXPECT_TRUE(std::filesystem::is_fifo(file("p")));
}

TEST_F(FullDisk, CommandsThatItStartsSeeSignalsAsUsual) {
    // `yes` ends by the signal; were it ignored, it would complain.
    const CommandRun asked =
        run("\"$lockstep\" replay a.log --bisect 'yes 2>complaint | head -n 1 >/dev/null; "
            "\"'\"$lockstep\"'\" inspect a.log --execute --json --block'");
    EXPECT_EQ(asked.exit_code, 0) << asked.err;
    EXPECT_EQ(text("complaint"), "");
}

TEST_F(FullDisk, ClosedStreamsGetNothingAndGiveNothing) {
    expect_failed(run("\"$lockstep\" replay a.log --digests d >&-"), "standard output",
                  "Bad file descriptor");
    expect_failed(run("generate -o - >&-"), "standard output", "Bad file descriptor");
    EXPECT_EQ(run("generate -o f >&- 2>&-").exit_code, 5);
    EXPECT_EQ(text("f"), generated());
    expect_failed(run("\"$lockstep\" replay - <&-"), "standard input", "Bad file descriptor");
}

TEST_F(FullDisk, AFolderThatTakesNoFilesSaysSo) {
    std::string closed = file("closed");
    ASSERT_EQ(run("mkdir -m 555 closed").exit_code, 0);
    if (::access(closed.c_str(), W_OK) == 0) {
        closed = "/sys";  // permissions bind no superuser
    }
    expect_failed(run("generate -o " + closed + "/f"), closed + "/f", "cannot create: ");
    EXPECT_EQ(names(), (Names{"a.log", "closed"}));
}

TEST_F(FullDisk, AFileThatMayNotBeWrittenIsNotReplaced) {
    ASSERT_EQ(run("echo old >f && chmod 444 f").exit_code, 0);
    if (::access(file("f").c_str(), W_OK) == 0) {
        GTEST_SKIP() << "permissions bind no superuser";
    }
    expect_failed(run("generate -o f"), "f", "Permission denied");
    EXPECT_EQ(text("f"), "old\n");
}

}  // namespace
}  // namespace lockstep::test
