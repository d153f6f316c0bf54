#include <nlohmann/json.hpp>

#include "tests/replay/output_folder.hpp"

namespace lockstep::test {
namespace {

/// Escape sequence, bell, line end, DEL, a C1 control, no UTF-8, a turn of the writing direction.
constexpr const char* kHostile = "\x1b[31mx\x07\ny\x7f\xc2\x9b\xff\xe2\x80\xae\xc0\x80";

bool is_harmless(const std::string& text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n') || byte >= 0x7f) {
            return false;
        }
    }
    return true;
}

class Terminal : public OutputFolder {
  protected:
    /// Everything that the command prints about such arguments, which fail.
    void expect_harmless(const std::vector<std::string>& arguments) const {
        const CommandRun shown = run_lockstep(arguments);
        EXPECT_NE(shown.exit_code, 0) << arguments.back();
        EXPECT_TRUE(is_harmless(shown.err)) << shown.err;
        EXPECT_TRUE(is_harmless(shown.out)) << shown.out;
        EXPECT_EQ(std::count(shown.err.begin(), shown.err.end(), '\n'), 1) << shown.err;
    }
};

TEST_F(Terminal, NoArgumentSteersIt) {
    const std::string hostile = kHostile;
    const std::string log = file("a.log");
    expect_harmless({hostile});
    expect_harmless({"replay", hostile});
    expect_harmless({"replay", log, hostile});
    expect_harmless({"replay", log, "--" + hostile});
    expect_harmless({"replay", log, "--workers", hostile});
    expect_harmless({"replay", log, "--limit-blocks", hostile});
    expect_harmless({"replay", log, "--digests", hostile + "/f"});
    expect_harmless({"replay", log, "--report", file("no") + "/" + hostile});
    expect_harmless({"replay", log, "--against", hostile});
    expect_harmless({"replay", log, "--bisect", "exit 1; " + hostile});
    expect_harmless({"generate", "--workload", hostile, "-o", file("f")});
    expect_harmless({"import", hostile, "--format", "nepse", "-o", file("f")});
    expect_harmless({"import", log, "--format", hostile, "-o", file("f")});
    expect_harmless({"diverge", hostile, hostile});
    expect_harmless({"diverge", "--run", hostile});
    expect_harmless({"inspect", hostile});
    expect_harmless({"inspect", log, "--account", hostile});
    expect_harmless({"stress", "--workload", hostile});
}

TEST_F(Terminal, NoByteOfAFileSteersIt) {
    const std::string junk = std::string("lockstep-digests ") + kHostile;
    write_bytes(file("junk"), std::as_bytes(std::span(junk)));
    for (const char* command : {"inspect", "replay"}) {
        expect_harmless({command, file("junk")});
    }
    expect_harmless({"diverge", file("junk"), file("a.log")});
    for (const char* format :
         {"hyperliquid-fills", "binance-markets", "databento-mbo", "nepse-floorsheet"}) {
        expect_harmless({"import", file("junk"), "--format", format, "-o", file("f")});
    }
}

TEST_F(Terminal, NamesOfFilesDoNotSteerItWhereAllGoesWell) {
    const std::string name = file(kHostile);
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"generate", "--blocks", "1", "-o", name},
                                               {"generate", "--blocks", "1", "-o", name, "--json"},
                                               {"replay", name},
                                               {"replay", name, "--json"},
                                               {"inspect", name},
                                               {"inspect", name, "--json"}}) {
        const CommandRun shown = run_lockstep(arguments);
        EXPECT_EQ(shown.exit_code, 0) << shown.err;
        EXPECT_TRUE(is_harmless(shown.out)) << shown.out;
        if (arguments.back() == "--json") {
            EXPECT_FALSE(nlohmann::json::parse(shown.out, nullptr, false).is_discarded());
        }
    }
}

TEST_F(Terminal, FieldsOfCsvOutputsAreQuoted) {
    const CommandRun made =
        run("printf 'Transact. No.,Symbol,Buyer,Seller,Quantity,Rate\\n"
            "2024010100000001,\"A,B\",b 1,\"b, 2\",10,100\\n' >t.csv; "
            "\"$lockstep\" import t.csv -o t.log --names names");
    EXPECT_EQ(made.exit_code, 0) << made.err;
    const std::string csv = text("names");
    for (const char* field : {",\"A,B\"\n", ",b 1\n", ",\"b, 2\"\n"}) {
        EXPECT_NE(csv.find(field), std::string::npos) << field << csv;
    }
}

TEST_F(Terminal, LettersOfOtherWritingsAreShown) {
    const CommandRun shown = run_lockstep({"replay", "Größe-価格-\xf0\x9f\x93\x88.log"});
    EXPECT_NE(shown.err.find("Größe-価格-\xf0\x9f\x93\x88.log"), std::string::npos) << shown.err;
}

TEST_F(Terminal, NumbersOutOfRangeAreRefusedByTheNameOfTheirOption) {
    const std::string log = file("a.log");
    const std::vector<std::vector<std::string>> options = {
        {"replay", log, "--limit-blocks"},
        {"replay", log, "--bundle-block"},
        {"replay", log, "--workers"},
        {"inspect", log, "--block"},
        {"inspect", log, "--transaction"},
        {"inspect", log, "--market"},
        {"diverge", log, log, "--repeat"},
        {"generate", "-o", file("f"), "--seed"},
        {"generate", "-o", file("f"), "--blocks"},
        {"generate", "-o", file("f"), "--accounts"},
        {"generate", "-o", file("f"), "--deposits"},
        {"generate", "-o", file("f"), "--block-interval-ms"},
        {"import", log, "--format", "nepse", "-o", file("f"), "--seed"},
        {"import", log, "--format", "nepse", "-o", file("f"), "--block-ms"},
        {"stress", "--quick", "--seed"},
        {"stress", "--quick", "--accounts"}};
    const bool measures =  // whether that command is built in
        run_lockstep({"--help"}).out.find("\n  stress ") != std::string::npos;
    for (const std::vector<std::string>& option : options) {
        if (option[0] == "stress" && !measures) {
            continue;
        }
        for (const char* number : {"-1", "18446744073709551616", "99999999999999999999999", "010",
                                   "0x10", "1e3", " 1", "1 ", "+1", "", "one"}) {
            std::vector<std::string> arguments = option;
            arguments.emplace_back(number);
            const CommandRun refused = run_lockstep(arguments);
            EXPECT_EQ(refused.exit_code, 1) << option.back() << " '" << number << '\'';
            EXPECT_NE(refused.err.find(option.back()), std::string::npos)
                << option.back() << ' ' << number << ": " << refused.err;
        }
    }
    for (const char* number : {"-1", "x", "99999999999999999999999"}) {
        const CommandRun refused =
            run_lockstep({"replay", log, "--conflicts=" + std::string(number)});
        EXPECT_EQ(refused.exit_code, 1) << number;
        EXPECT_NE(refused.err.find("--conflicts"), std::string::npos) << refused.err;
    }
    EXPECT_EQ(run_lockstep({"stress", "--quick", "--workers", "0"}).exit_code, 1);
    EXPECT_EQ(run_lockstep({"replay", log, "--limit-blocks", "2"}).exit_code, 0);
    EXPECT_EQ(run_lockstep({"replay", log, "--conflicts=2"}).exit_code, 0);
}

}  // namespace
}  // namespace lockstep::test
