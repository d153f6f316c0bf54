#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "replay/command/terminal_text.hpp"
#include "replay/report/figures.hpp"
#include "tests/replay/command_runner.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPagedBlocks = 45;

std::string text_of(const std::string& path) {
    std::string out;
    for (const std::byte b : read_bytes(path)) {
        out += static_cast<char>(b);
    }
    return out;
}

/// What the page holds as JSON.
Json data_of(const std::string& page) {
    const std::string opening = "<script type=\"application/json\" id=\"data\">";
    const std::size_t start = page.find(opening) + opening.size();
    return Json::parse(page.substr(start, page.find("</script>", start) - start), nullptr, false);
}

/// Compares every figure that the page shows with what stands at its place in `data`, and returns
/// how many there are.
std::size_t expect_equal_figures(const std::string& page, const Json& data) {
    const std::regex figure("data-json=\"([^\"]*)\">([^<]*)<");
    std::size_t count = 0;
    for (std::sregex_iterator i(page.begin(), page.end(), figure), end; i != end; ++i, ++count) {
        const Json& value = data.at(Json::json_pointer((*i)[1].str()));
        const std::string text = figure_text(value);
        const std::string shown = (*i)[2].str();
        EXPECT_TRUE(shown == text || (value.is_string() && shown == grouped_text(text)))
            << (*i)[1] << ": " << shown << " for " << text;
    }
    return count;
}

std::uint64_t sum_of(const Json& column) {
    std::uint64_t out = 0;
    for (const Json& value : column) {
        out += value.get<std::uint64_t>();
    }
    return out;
}

class ReportPage : public testing::Test {
  protected:
    void SetUp() override { write_log(log, transfer_blocks(kPagedBlocks)); }

    [[nodiscard]] std::string file(const std::string& name) const { return folder.file(name); }

    TemporaryFolder folder;
    std::string log = folder.file("a<b>&.log");
};

TEST_F(ReportPage, HoldsWhatIsPrintedAndShowsTheSameFigures) {
    const CommandRun run = run_lockstep(
        {"replay", log, "--workers", "2", "--verify", "--report", file("p.html"), "--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json printed = Json::parse(run.out, nullptr, false);
    const std::string page = text_of(file("p.html"));
    ASSERT_FALSE(printed.is_discarded());
    EXPECT_EQ(data_of(page), printed);
    EXPECT_GT(expect_equal_figures(page, printed), 50U);
    for (const char* part : {"verified against the serial executor", "E_INSUFFICIENT_CASH",
                             "a&lt;b&gt;&amp;.log", "Where transactions wait", "Who owns what"}) {
        EXPECT_NE(page.find(part), std::string::npos) << part;
    }
    const Json& series = printed.at("series");
    EXPECT_EQ(series.at("height").size(), kPagedBlocks);
    const Json& sent = series.at("transactions");
    EXPECT_EQ(sum_of(sent), printed.at("transactions"));
    const Json& conflicts = series.at("conflicts");
    EXPECT_EQ(sum_of(conflicts), printed.at("conflict_chains").at("conflicts"));
    EXPECT_TRUE(printed.at("machine").at("cores").is_number());
}

TEST_F(ReportPage, MeasuresBlocksOfTheSecondHalfOnOtherNumbersOfCores) {
    const Json printed = Json::parse(
        run_lockstep({"replay", log, "--workers", "2", "--report", file("p.html"), "--json"}).out);
    if (run_lockstep({"--help"}).out.find("\n  stress ") == std::string::npos) {
        EXPECT_TRUE(printed.at("scaling").is_null());
        return;
    }
    const Json& scaling = printed.at("scaling");
    EXPECT_EQ(scaling.at("verified"), true);
    EXPECT_EQ(scaling.at("first_block"), 33);  // behind block 32
    EXPECT_EQ(scaling.at("last_block"), kPagedBlocks);
    EXPECT_EQ(scaling.at("transactions_per_block"), 4);
    EXPECT_EQ(scaling.at("predicted").size(), 8U);
    EXPECT_EQ(scaling.at("predicted").back().at("cores"), 128);
    EXPECT_EQ(scaling.at("measured").size(), 2U);
    for (const char* runs : {"predicted", "measured"}) {
        for (const Json& run : scaling.at(runs)) {
            const Json& bars = run.at("speedup_quartiles");
            EXPECT_LE(bars.at("lower"), bars.at("upper"));
        }
    }
}

TEST_F(ReportPage, IsWrittenOfAReplayThatFailsToo) {
    auto bytes = read_bytes(log);
    bytes.resize(bytes.size() / 2);
    write_bytes(file("cut.log"), bytes);
    const CommandRun run =
        run_lockstep({"replay", file("cut.log"), "--report", file("p.html"), "--json"});
    EXPECT_EQ(run.exit_code, 3);
    const std::string page = text_of(file("p.html"));
    EXPECT_EQ(data_of(page), Json::parse(run.out));
    EXPECT_NE(page.find("failed: "), std::string::npos);
}

TEST_F(ReportPage, CallsMarketsAndAccountsByTheirNames) {
    const std::string names = "kind,id,name\nmarket,0,BTC<USDT>\nowner,10,Alice & Bob\n";
    write_bytes(file("names"), std::as_bytes(std::span(names)));
    ASSERT_EQ(run_lockstep({"generate", "--workload", "trades", "--blocks", "3", "--block-size",
                            "50", "--accounts", "20", "-o", file("t.log")})
                  .exit_code,
              0);
    const CommandRun run = run_lockstep(
        {"replay", file("t.log"), "--names", file("names"), "--report", file("p.html")});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.out.find("account 10 (Alice & Bob): "), std::string::npos) << run.out;
    const std::string page = text_of(file("p.html"));
    EXPECT_NE(page.find(">BTC&lt;USDT&gt;<"), std::string::npos);
    EXPECT_NE(page.find("account 10 (Alice &amp; Bob): "), std::string::npos);
    EXPECT_EQ(page.find("BTC<USDT>"), std::string::npos);
    EXPECT_EQ(expect_equal_figures(page, data_of(page)) > 50U, true);
    EXPECT_EQ(run_lockstep({"replay", file("t.log"), "--names", file("none")}).exit_code, 5);
    EXPECT_EQ(run_lockstep({"replay", file("t.log"), "--names", file("t.log")}).exit_code, 3);
    EXPECT_EQ(
        run_lockstep({"replay", file("t.log"), "--names", file("names"), "--report", file("names")})
            .exit_code,
        1);
}

TEST_F(ReportPage, TellsOfAnEmptyLogWithoutInventingFigures) {
    write_log(file("empty.log"), {});
    const CommandRun run = run_lockstep({"replay", file("empty.log"), "--report", file("p.html")});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const std::string page = text_of(file("p.html"));
    EXPECT_EQ(page.find("nan"), page.find("nance"));
    EXPECT_GT(expect_equal_figures(page, data_of(page)), 10U);
}

TEST_F(ReportPage, ShowsASweepToo) {
    if (run_lockstep({"--help"}).out.find("\n  stress ") == std::string::npos) {
        return;
    }
    const CommandRun run = run_lockstep({"stress", "--quick", "--seconds", "1", "--block-size",
                                         "200", "--accounts", "200", "--cores", "4,64", "--workers",
                                         "1,2", "--report", file("s.html"), "--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const Json printed = Json::parse(run.out);
    const std::string page = text_of(file("s.html"));
    EXPECT_EQ(data_of(page), printed);
    EXPECT_GT(expect_equal_figures(page, printed), 60U);
    EXPECT_EQ(run_lockstep({"stress", "--quick", "--seconds", "1", "--workload", "transfers",
                            "--block-size", "50", "--cores", "2", "--report", file("no/s.html")})
                  .exit_code,
              5);
}

}  // namespace
}  // namespace lockstep::test
