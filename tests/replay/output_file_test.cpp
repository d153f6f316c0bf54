#include "tests/replay/output_folder.hpp"

namespace lockstep::test {
namespace {

using Output = OutputFolder;
using Names = std::vector<std::string>;

TEST_F(Output, APipeIsWrittenInto) {
    const CommandRun made =
        run("mkfifo p && { cat p >got & } && generate -o p && wait && test -p p");
    EXPECT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(text("got"), generated());
}

TEST_F(Output, ADeviceIsWrittenInto) {
    const std::string null = device("null", 3);
    EXPECT_EQ(run("generate -o " + null).exit_code, 0);
    EXPECT_EQ(run("\"$lockstep\" replay a.log --digests " + null + " --report " + null).exit_code,
              0);
    EXPECT_TRUE(std::filesystem::is_character_file(null));
    EXPECT_FALSE(std::filesystem::exists(null + ".run"));
}

TEST_F(Output, ASocketIsLeftAlone) {
    ASSERT_EQ(::mknod(file("s").c_str(), S_IFSOCK | 0600U, 0), 0);
    EXPECT_EQ(run("generate -o s").exit_code, 5);
    EXPECT_TRUE(std::filesystem::is_socket(file("s")));
}

TEST_F(Output, AnOpenDescriptorIsWrittenInto) {
    for (const char* name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"}) {
        const CommandRun made =
            run("printf old >f && generate -o " + std::string(name) + " >>f && ls -A");
        EXPECT_EQ(made.out, "a.log\nf\n") << name << made.err;
        EXPECT_EQ(text("f"), "old" + generated()) << name;
    }
    EXPECT_EQ(run("ln -s /dev/fd/3 l && generate -o l 3>f").exit_code, 0);
    EXPECT_EQ(text("f"), generated());
    EXPECT_EQ(run("generate -o /dev/fd/9").exit_code, 5);
}

TEST_F(Output, ALinkIsFollowed) {
    ASSERT_EQ(run("mkdir d e && echo old >d/f && chmod 604 d/f && ln -s ../d/f e/l && ln -s e/l m "
                  "&& generate -o m")
                  .exit_code,
              0);
    EXPECT_TRUE(std::filesystem::is_symlink(file("m")));
    EXPECT_TRUE(std::filesystem::is_symlink(file("e/l")));
    EXPECT_EQ(text("d/f"), generated());
    EXPECT_EQ(run("stat -c %a d/f").out, "604\n");
    EXPECT_EQ(run("ls -A d e").out, "d:\nf\n\ne:\nl\n");
}

TEST_F(Output, ADanglingLinkGetsItsTarget) {
    EXPECT_EQ(run("mkdir d && ln -s d/new l && generate -o l").exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(file("l")));
    EXPECT_EQ(text("d/new"), generated());
    EXPECT_EQ(run("ln -s no/where n; generate -o n").exit_code, 5);
    EXPECT_EQ(run("ln -s o o; generate -o o").exit_code, 5);
    EXPECT_EQ(names(), (Names{"a.log", "d", "l", "n", "o"}));
}

TEST_F(Output, PermissionsAreThoseOfTheUserOrOfTheFileBefore) {
    EXPECT_EQ(run("umask 027 && generate -o f >&2 && stat -c %a f").out, "640\n");
    EXPECT_EQ(run("chmod 751 f && generate -o f >&2 && stat -c %a f").out, "751\n");
}

TEST_F(Output, FoldersAreNoFiles) {
    for (const char* name : {".", "..", "d", "d/", "new/", "no/such/file", "a.log/x"}) {
        EXPECT_EQ(run("mkdir -p d; generate -o " + std::string(name)).exit_code, 5) << name;
    }
    EXPECT_EQ(names(), (Names{"a.log", "d"}));
}

TEST_F(Output, FilesOfTheUserBesideItAreLeftAlone) {
    EXPECT_EQ(run("echo mine >f.partial; generate -o f").exit_code, 0);
    EXPECT_EQ(text("f.partial"), "mine\n");
    const CommandRun refused = run("echo mine >g.run; \"$lockstep\" replay a.log --digests g");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find("g.run"), std::string::npos) << refused.err;
    EXPECT_EQ(text("g.run"), "mine\n");
    EXPECT_EQ(names(), (Names{"a.log", "f", "f.partial", "g.run"}));
}

TEST_F(Output, OtherNamesOfAReplacedFileKeepItsContent) {
    EXPECT_EQ(run("echo old >f && ln f g && generate -o f").exit_code, 0);
    EXPECT_EQ(text("g"), "old\n");
    EXPECT_EQ(text("f"), generated());
}

TEST_F(Output, OfTwoWritersOneWins) {
    const std::string one = generated("--seed 1");
    const std::string two = generated("--seed 2");
    for (int round = 0; round < 10; ++round) {
        const CommandRun both = run(
            "generate --seed 1 -o f & first=$!; generate --seed 2 -o f && wait $first && ls -A");
        EXPECT_EQ(both.exit_code, 0) << both.err;
        const std::string left = text("f");
        EXPECT_TRUE(left == one || left == two);
    }
    EXPECT_EQ(names(), (Names{"a.log", "f"}));
}

TEST_F(Output, OfTwoWritersOfDigestsOneWinsWithItsRun) {
    write_log(file("b.log"), transfer_blocks(2));
    for (int round = 0; round < 10; ++round) {
        const CommandRun both =
            run("\"$lockstep\" replay a.log --digests d & first=$!\n"
                "\"$lockstep\" replay b.log --digests d --workers 0 && wait $first");
        EXPECT_EQ(both.exit_code, 0) << both.err;
        // Refused when the run belongs to other digests.
        const CommandRun checked = run("\"$lockstep\" diverge d d");
        EXPECT_EQ(checked.exit_code, 0) << checked.err;
        EXPECT_TRUE(std::filesystem::exists(file("d.run")));
    }
}

TEST_F(Output, AKilledWriterLeavesWhatWasThere) {
    for (const char* signal : {"KILL", "TERM"}) {
        const CommandRun killed =
            run("echo old >f\n"
                "\"$lockstep\" generate --blocks 1000000 -o f & writer=$!\n"
                "for i in 1 2 3 4 5 6 7 8 9; do sleep 0.1; "
                "test $(awk '/^wchar/ {print $2}' /proc/$writer/io) -gt 100000 && break; done\n"
                "kill -" +
                std::string(signal) + " $writer; wait $writer");
        EXPECT_GT(killed.exit_code, 127) << killed.err;
        EXPECT_EQ(text("f"), "old\n");
        EXPECT_EQ(names(), (Names{"a.log", "f"})) << "on a file system with O_TMPFILE";
    }
}

}  // namespace
}  // namespace lockstep::test
