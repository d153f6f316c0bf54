// Instructions per transaction of fixed cells, counted by callgrind: a gate against regressions
// that no noise of the machine can move.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

namespace lockstep {
namespace {

constexpr double kMargin = 0.03;       ///< more instructions than expected by this share: failure
constexpr double kImprovement = 0.10;  ///< fewer by this share: worth new expectations
const std::string kExpectedFile = LOCKSTEP_INSTRUCTION_COUNTS;

/// Instructions per transaction by cell; lines that begin with # are comments.
std::map<std::string, double> expected_counts() {
    std::map<std::string, double> counts;
    std::ifstream in(kExpectedFile);
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string cell;
        double count = 0;
        if (!line.starts_with("#") && words >> cell >> count) {
            counts[cell] = count;
        }
    }
    return counts;
}

bool has_valgrind() {
    return std::system("valgrind --version >/dev/null 2>&1") == 0;
}

/// Runs a cell under callgrind; nothing when a number is missing.
std::optional<double> count_instructions(const std::string& cell) {
    const std::filesystem::path folder = ::testing::TempDir();
    const std::string out = (folder / ("lockstep_callgrind_" + cell)).string();
    const std::string command =
        "valgrind --tool=callgrind --collect-atstart=no --toggle-collect=lockstep_counted_blocks "
        "--callgrind-out-file=" +
        out + ".count " LOCKSTEP_INSTRUCTION_CELLS " " + cell + " >" + out + ".transactions 2>" +
        out + ".messages";
    if (std::system(command.c_str()) != 0) {
        std::ifstream messages(out + ".messages");
        std::cerr << messages.rdbuf();
        return std::nullopt;
    }
    std::ifstream transactions_file(out + ".transactions");
    double transactions = 0;
    transactions_file >> transactions;
    std::ifstream counts(out + ".count");
    std::optional<double> found;
    for (std::string line; std::getline(counts, line);) {
        if (line.starts_with("summary:")) {
            found = std::strtod(line.c_str() + 8, nullptr) / transactions;
        }
    }
    for (const char* suffix : {".count", ".transactions", ".messages"}) {
        std::filesystem::remove(out + suffix);
    }
    return transactions > 0 && found && *found > 0 ? found : std::nullopt;
}

void expect_no_more(const std::string& cell) {
    if (!has_valgrind()) {
        ASSERT_EQ(std::getenv("CI"), nullptr) << "valgrind is missing";
        GTEST_SKIP() << "valgrind is missing; the instruction counts are NOT checked";
    }
    if (std::string(LOCKSTEP_INSTRUCTION_BUILD) != "comparable") {
        GTEST_SKIP() << "counts are kept for g++ 12 with the flags of the dev preset; they are NOT "
                        "checked with " LOCKSTEP_INSTRUCTION_BUILD;
    }
    const auto count = count_instructions(cell);
    ASSERT_TRUE(count.has_value()) << "callgrind counted nothing";
    std::cout << cell << ": " << *count << " instructions per transaction\n";
    const auto expected = expected_counts();
    ASSERT_TRUE(expected.contains(cell)) << kExpectedFile << " has no line for it";
    EXPECT_LE(*count, expected.at(cell) * (1 + kMargin))
        << "more instructions than " << expected.at(cell) << " by over " << kMargin * 100
        << " %. If that is intended, put the new count into " << kExpectedFile;
    if (*count < expected.at(cell) * (1 - kImprovement)) {
        std::cout << "far fewer than " << expected.at(cell) << ": put the new count into "
                  << kExpectedFile << '\n';
    }
}

TEST(Instructions, DeclaredTransfers) {
    expect_no_more("transfers_declared");
}
TEST(Instructions, UndeclaredTransfers) {
    expect_no_more("transfers_undeclared");
}
TEST(Instructions, BoundedAdditionsToOneCell) {
    expect_no_more("counter_bounded");
}
TEST(Instructions, BoundedAdditionsToManyCells) {
    expect_no_more("bank_added");
}
TEST(Instructions, WritesInPlaceOfThoseAdditions) {
    expect_no_more("bank_written");
}
TEST(Instructions, OrdersAgainstBooks) {
    expect_no_more("order_book");
}
TEST(Instructions, VenueTrades) {
    expect_no_more("venue_trades");
}

}  // namespace
}  // namespace lockstep
