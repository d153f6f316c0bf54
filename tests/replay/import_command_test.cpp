#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/replay/output_folder.hpp"

namespace lockstep {
namespace {

using test::CommandRun;
using test::run_lockstep;

class ImportCommand : public test::OutputFolder {
  protected:
    void SetUp() override {
        OutputFolder::SetUp();
        const CommandRun made =
            run("printf '1672531436,90.54,1.25\\n1672531437,90.5,2\\n' >XBTEUR.csv; "
                "\"$lockstep\" import XBTEUR.csv -o whole.log");
        EXPECT_EQ(made.exit_code, 0) << made.err;
    }
    /// A script that makes p.log is to make what the file itself makes, but for its name.
    void expect_same_trades(const std::string& script) const {
        const CommandRun made =
            run(script +
                " && \"$lockstep\" inspect whole.log --block 10 >a && \"$lockstep\" "
                "inspect p.log --block 10 >b && cmp a b && wc -l <a");
        EXPECT_EQ(made.exit_code, 0) << script << '\n' << made.out << made.err;
    }
};

TEST_F(ImportCommand, PipesAreReadOnce) {
    for (const char* script :
         {"cat XBTEUR.csv | \"$lockstep\" import - --symbol XBTEUR -o p.log",
          "cat XBTEUR.csv | \"$lockstep\" import /dev/stdin --symbol XBTEUR -o p.log",
          "\"$lockstep\" import - --symbol XBTEUR -o p.log <XBTEUR.csv",
          "gzip -c XBTEUR.csv | \"$lockstep\" import - --symbol XBTEUR -o p.log",
          "mkfifo pipe && { cat XBTEUR.csv >pipe & } && \"$lockstep\" import pipe --symbol XBTEUR "
          "-o p.log && wait"}) {
        expect_same_trades(std::string("rm -f p.log; ") + script);
    }
}

TEST_F(ImportCommand, LayoutsAreListed) {
    const CommandRun listed = run_lockstep({"import", "--list", "--json"});
    ASSERT_EQ(listed.exit_code, 0) << listed.err;
    const auto layouts = nlohmann::json::parse(listed.out, nullptr, false);
    ASSERT_TRUE(layouts.is_object());
    EXPECT_TRUE(layouts.contains("kraken-csv"));
    const CommandRun shown = run_lockstep({"import", "--list"});
    for (const auto& [name, about] : layouts.items()) {
        EXPECT_NE(shown.out.find(name + " "), std::string::npos) << name;
    }
}

TEST_F(ImportCommand, TheSummaryTellsMarketsAndVolumes) {
    const CommandRun made =
        run_lockstep({"import", file("XBTEUR.csv"), "-o", file("s.log"), "--json"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    const auto summary = nlohmann::json::parse(made.out, nullptr, false);
    EXPECT_EQ(summary.value("format", ""), "kraken-csv");
    ASSERT_EQ(summary["market_list"].size(), 1U);
    const auto& market = summary["market_list"][0];
    EXPECT_EQ(market.value("name", ""), "XBTEUR");
    EXPECT_EQ(market.value("kind", ""), "spot");
    EXPECT_EQ(market.value("currency", ""), "EUR");
    EXPECT_EQ(market.value("volume", ""), "3.25");
    EXPECT_EQ(market.value("trades", 0), 2);
}

TEST_F(ImportCommand, WhatCannotBeDoneIsAUsageErrorAndLeavesNoLog) {
    for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
             {"--format", "kraken"},
             {"--format", "kraken-csv", "--layout", file("XBTEUR.csv")},
             {"--layout", file("XBTEUR.csv")},
             {"--instruments", file("XBTEUR.csv")},
             {"--check"}}) {
        std::vector<std::string> arguments = {"import", file("XBTEUR.csv"), "-o", file("n.log")};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const CommandRun refused = run_lockstep(arguments);
        EXPECT_EQ(refused.exit_code, 1) << options.front() << refused.err;
        EXPECT_FALSE(std::filesystem::exists(file("n.log"))) << options.front();
    }
    EXPECT_EQ(run_lockstep({"import"}).exit_code, 1);
    EXPECT_EQ(run_lockstep({"import", "-o", file("n.log")}).exit_code, 1);
}

}  // namespace
}  // namespace lockstep
