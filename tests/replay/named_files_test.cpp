#include "tests/replay/output_folder.hpp"

namespace lockstep::test {
namespace {

struct Clash {
    const char* script;
    const char* one;  ///< both are named
    const char* other;
};

class NamedFiles : public OutputFolder {
  protected:
    void SetUp() override {
        OutputFolder::SetUp();
        ASSERT_EQ(run("\"$lockstep\" replay a.log --digests d --access-lists l >/dev/null; "
                      "\"$lockstep\" replay a.log --bundle b --bundle-block 2 >/dev/null; "
                      "mkdir s; ln -s .. s/up; ln -s a.log link; ln a.log hard; ln -s s/new later")
                      .exit_code,
                  0);
    }
    void expect_refused(const Clash& clash) const {
        const auto before = names();
        const std::string log = text("a.log");
        const CommandRun refused = run(clash.script);
        EXPECT_EQ(refused.exit_code, 1) << clash.script << '\n' << refused.err;
        EXPECT_NE(refused.err.find(clash.one), std::string::npos) << refused.err;
        EXPECT_NE(refused.err.find(clash.other), std::string::npos) << refused.err;
        EXPECT_EQ(text("a.log"), log) << clash.script;
        EXPECT_EQ(names(), before) << clash.script;
    }
};

TEST_F(NamedFiles, AnOutputIsNoInputUnderAnyName) {
    for (const std::string name : {"a.log", "./a.log", "s/../a.log", "s/up/a.log", "link", "hard",
                                   "$PWD/a.log", "/dev/fd/3", "$PWD/s/up/link"}) {
        for (const std::string option : {"--digests", "--access-lists", "--report", "--trace",
                                         "--record-schedule", "--bundle"}) {
            const std::string script =
                "\"$lockstep\" replay a.log " + option + ' ' + name + " 3>>a.log";
            expect_refused({script.c_str(), option.c_str(), "LOG"});
        }
    }
}

TEST_F(NamedFiles, EveryInputOfEveryCommandCounts) {
    for (const Clash& clash : {
             Clash{"\"$lockstep\" replay a.log --against d --report d", "--report", "--against"},
             Clash{"\"$lockstep\" replay a.log --against d --report d.run", "--report",
                   "the run file of --against"},
             Clash{"\"$lockstep\" replay a.log --use-access-lists l --access-lists ./l",
                   "--access-lists", "--use-access-lists"},
             Clash{"\"$lockstep\" replay - --digests a.log <a.log", "--digests", "LOG"},
             Clash{"\"$lockstep\" diverge d b --bundle b", "--bundle", "B"},
             Clash{"\"$lockstep\" diverge d b --bundle d.run", "--bundle", "run file of A"},
             Clash{"\"$lockstep\" diverge d b --log a.log --bundle hard", "--bundle", "--log"},
             Clash{"\"$lockstep\" import a.log --format nepse -o link", "--output", "INPUT"},
             Clash{"\"$lockstep\" import a.log --format nepse -o f --names hard", "--names",
                   "INPUT"},
             Clash{"\"$lockstep\" inspect a.log >>a.log", "standard output", "LOG"},
             Clash{"\"$lockstep\" diverge d a.log >>a.log", "standard output", "B"},
             Clash{"\"$lockstep\" replay a.log >>a.log", "standard output", "LOG"},
         }) {
        expect_refused(clash);
    }
}

TEST_F(NamedFiles, TwoOutputsAreTwoFilesUnderAnyName) {
    for (const Clash& clash : {
             Clash{"\"$lockstep\" replay a.log --digests n --report n", "--digests", "--report"},
             Clash{"\"$lockstep\" replay a.log --digests n --report ./n", "--digests", "--report"},
             Clash{"\"$lockstep\" replay a.log --trace s/new --record-schedule later", "--trace",
                   "--record-schedule"},
             Clash{"\"$lockstep\" replay a.log --trace s/../n --report $PWD/n", "--trace",
                   "--report"},
             Clash{"\"$lockstep\" replay a.log --digests n --report n.run",
                   "the run file of --digests", "--report"},
             Clash{"\"$lockstep\" replay a.log --access-lists s/up/n --bundle n --bundle-block 1",
                   "--access-lists", "--bundle"},
             Clash{"\"$lockstep\" import a.log --format nepse -o n --names s/up/n", "--output",
                   "--names"},
         }) {
        expect_refused(clash);
    }
}

TEST_F(NamedFiles, NothingIsMixedIntoStandardOutput) {
    for (const Clash& clash : {
             Clash{"generate -o - --json", "--output", "standard output"},
             Clash{"generate -o /dev/stdout --json", "--output", "standard output"},
             Clash{"\"$lockstep\" replay a.log --digests -", "--digests", "standard output"},
             Clash{"\"$lockstep\" replay a.log --digests /dev/stdout | cat; exit 1", "--digests",
                   "standard output"},
             Clash{"\"$lockstep\" replay a.log --trace - --report /dev/fd/1", "--trace",
                   "--report"},
             Clash{"\"$lockstep\" replay a.log --report link >>link", "--report", ""},
             Clash{"\"$lockstep\" import a.log --format nepse -o - --names -", "--output",
                   "--names"},
         }) {
        expect_refused(clash);
    }
}

TEST_F(NamedFiles, DevicesThatKeepNothingMayBeNamedTwice) {
    const std::string null = device("null", 3);
    EXPECT_EQ(run("\"$lockstep\" replay a.log --trace " + null + " --report " + null + " >" + null)
                  .exit_code,
              0);
    EXPECT_EQ(run("generate -o -").out, generated());
    EXPECT_EQ(run("\"$lockstep\" replay a.log --trace t --report r").exit_code, 0);
    EXPECT_EQ(run("\"$lockstep\" inspect link").exit_code, 0);
    EXPECT_EQ(run("\"$lockstep\" diverge d d").exit_code, 0);
}

}  // namespace
}  // namespace lockstep::test
