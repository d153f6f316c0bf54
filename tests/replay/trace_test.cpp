#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "replay/trace/schedule_file.hpp"
#include "tests/replay/command_runner.hpp"

namespace lockstep::test {
namespace {

using Json = nlohmann::json;
using Kind = ScheduleEvent::Kind;

std::string text_of(const std::string& path) {
    std::string text;
    for (const std::byte b : read_bytes(path)) {
        text += static_cast<char>(b);
    }
    return text;
}

class Tracing : public testing::Test {
  protected:
    void SetUp() override {
        write_log(log, transfer_blocks(5));
        ASSERT_EQ(run_lockstep({"replay", log, "--workers", "2", "--trace", trace,
                                "--record-schedule", schedule})
                      .exit_code,
                  0);
    }
    TemporaryFolder folder;
    std::string log = folder.file("a.log");
    std::string trace = folder.file("trace.json");
    std::string schedule = folder.file("schedule");
};

TEST_F(Tracing, ShowsEveryExecutionOnATrackAndNestsSlices) {
    const Json json = Json::parse(text_of(trace));
    std::map<std::uint64_t, std::set<std::uint64_t>> executed;
    std::map<std::string, int> names;
    for (const Json& event : json.at("traceEvents")) {
        if (event.at("ph") != "X") {
            continue;
        }
        ++names[event.at("name").get<std::string>()];
        EXPECT_LT(event.at("tid"), 2);
        EXPECT_GE(event.at("ts"), 0);
        EXPECT_GE(event.at("dur"), 0);
        if (event.at("name") == "execute") {
            executed[event.at("args").at("block").get<std::uint64_t>()].insert(
                event.at("args").at("transaction").get<std::uint64_t>());
        }
    }
    ASSERT_EQ(executed.size(), 5U);
    for (const auto& [height, transactions] : executed) {
        EXPECT_EQ(transactions, (std::set<std::uint64_t>{0, 1, 2, 3})) << height;
    }
    for (const char* name : {"phase", "resolve", "publish", "validate and commit", "install"}) {
        EXPECT_GT(names[name], 0) << name;
    }
}

/// What is wrong with a schedule file; nothing when it reads to its end.
std::optional<Error> read(const std::vector<std::byte>& bytes, std::vector<BlockSchedule>& out) {
    auto reader = ScheduleReader::open(std::make_unique<MemorySource>(bytes));
    if (!reader) {
        return reader.error();
    }
    for (;;) {
        auto next = reader->next();
        if (!next) {
            return next.error();
        }
        if (!*next) {
            return std::nullopt;
        }
        out.push_back(std::move(**next));
    }
}

TEST_F(Tracing, SchedulesBeginAndEndEveryTaskOnItsWorker) {
    std::vector<BlockSchedule> blocks;
    ASSERT_FALSE(read(read_bytes(schedule), blocks).has_value());
    ASSERT_EQ(blocks.size(), 5U);
    for (const BlockSchedule& block : blocks) {
        std::vector<std::vector<ScheduleEvent>> open(block.workers);
        std::set<std::uint64_t> executed;
        for (const ScheduleEvent& event : block.events) {
            std::vector<ScheduleEvent>& stack = open.at(event.worker);
            if (event.kind == Kind::kExecuteBegins || event.kind == Kind::kCommitBegins) {
                stack.push_back(event);
                continue;
            }
            ASSERT_FALSE(stack.empty());
            EXPECT_EQ(stack.back().transaction, event.transaction);
            executed.insert(event.kind == Kind::kExecuteEnds ? event.transaction : 0);
            stack.pop_back();
        }
        EXPECT_EQ(executed.size(), block.transactions);
        for (const auto& stack : open) {
            EXPECT_TRUE(stack.empty());
        }
    }
}

TEST(ScheduleFile, ComesBackAndEveryDamageIsFound) {
    const TemporaryFolder folder;
    BlockSchedule block{.height = 9, .transactions = 300, .workers = 3, .events = {}};
    for (std::uint64_t i = 0; i < 300; ++i) {
        block.events.push_back({.kind = i % 2 == 0 ? Kind::kExecuteBegins : Kind::kExecuteEnds,
                                .worker = static_cast<std::uint32_t>(i % 3),
                                .transaction = i});
    }
    block.events.push_back({.kind = Kind::kCommitBegins, .worker = 2});
    block.events.push_back({.kind = Kind::kCommitEnds, .worker = 2});
    auto writer = ScheduleWriter::create(folder.file("s"));
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE(writer->append(block).has_value());
    ASSERT_TRUE(writer->append({.height = 10, .transactions = 0, .workers = 1, .events = {}}));
    ASSERT_TRUE(writer->close().has_value());
    const std::vector<std::byte> whole = read_bytes(folder.file("s"));
    std::vector<BlockSchedule> back;
    ASSERT_FALSE(read(whole, back).has_value());
    ASSERT_EQ(back.size(), 2U);
    EXPECT_EQ(back[0], block);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::vector<BlockSchedule> ignored;
        std::vector<std::byte> bad(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i));
        ASSERT_TRUE(read(bad, ignored).has_value()) << i;
        bad = whole;
        bad[i] ^= static_cast<std::byte>(1U << (i % 8));
        ASSERT_TRUE(read(bad, ignored).has_value()) << i;
    }
}

}  // namespace
}  // namespace lockstep::test
