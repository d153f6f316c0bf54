// Every rule of instruments/RULES.md is carried by a test of the venue or by the model. The rules
// that none names yet are listed here; the list only shrinks.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace lockstep::test {
namespace {

std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::set<std::string> ids_in(const std::string& text, const std::regex& form) {
    std::set<std::string> out;
    for (std::sregex_iterator it(text.begin(), text.end(), form), end; it != end; ++it) {
        out.insert((*it)[1]);
    }
    return out;
}

const std::filesystem::path kSource(LOCKSTEP_SOURCE_DIR);

std::set<std::string> rules() {
    static const std::regex kRule("\n- (R-[A-Z]+-[0-9]+):");
    return ids_in(content(kSource / "instruments" / "RULES.md"), kRule);
}

std::set<std::string> named_by_tests() {
    static const std::regex kName("(R-[A-Z]+-[0-9]+)");
    std::set<std::string> out;
    for (const char* folder : {"tests/instruments", "tests/model_venue"}) {
        for (const auto& entry : std::filesystem::directory_iterator(kSource / folder)) {
            const std::string extension = entry.path().extension().string();
            if (entry.path().filename() != "rules_test.cpp" &&
                (extension == ".cpp" || extension == ".hpp" || extension == ".py")) {
                out.merge(ids_in(content(entry.path()), kName));
            }
        }
    }
    return out;
}

/// Rules that no test names by their id; many are tested without it.
const std::set<std::string> kNotNamed = {
    "R-BATCH-1",  "R-BATCH-2",  "R-BLOCK-1",  "R-BLOCK-2",  "R-BLOCK-3", "R-BLOCK-4", "R-BLOCK-5",
    "R-CASH-1",   "R-CASH-2",   "R-CASH-3",   "R-CASH-4",   "R-CASH-5",  "R-FEE-1",   "R-FEE-3",
    "R-FEED-2",   "R-FUND-2",   "R-FUND-3",   "R-GOV-1",    "R-GOV-2",   "R-GOV-3",   "R-MARGIN-1",
    "R-MARGIN-2", "R-MARGIN-4", "R-MARGIN-6", "R-MARGIN-8", "R-MARK-1",  "R-MARK-2",  "R-MARK-3",
    "R-POS-1",    "R-POS-2",    "R-SETTLE-1", "R-SETTLE-5", "R-SIGN-1",  "R-SIGN-2",  "R-SIGN-3",
    "R-SIGN-5",   "R-SIGN-6",   "R-SIGN-7",   "R-STALE-1",  "R-STALE-3", "R-TRADE-1", "R-TRADE-11",
    "R-TRADE-3",  "R-TRADE-5",  "R-TRADE-6",  "R-TRADE-8"};

TEST(Rules, EveryRuleIsNamedByATest) {
    const std::set<std::string> known = rules();
    EXPECT_GT(known.size(), 50U);
    std::set<std::string> missing = known;
    for (const std::string& id : named_by_tests()) {
        EXPECT_TRUE(known.contains(id)) << "a test names " << id << ", which is no rule";
        missing.erase(id);
    }
    std::string listed;
    for (const std::string& id : missing) {
        listed += id + ' ';
        EXPECT_TRUE(kNotNamed.contains(id)) << "no test names " << id;
    }
    for (const std::string& id : kNotNamed) {
        EXPECT_TRUE(missing.contains(id)) << id << " is named now, or gone: take it off the list";
    }
    RecordProperty("rules_without_tests", listed);
}

}  // namespace
}  // namespace lockstep::test
