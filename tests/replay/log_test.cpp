#include <gtest/gtest.h>

#include <set>

#include "replay/format/log_reader.hpp"
#include "replay/format/log_writer.hpp"
#include "tests/replay/log_samples.hpp"

namespace lockstep::test {
namespace {

std::vector<LogBlock> read_all(LogReader& reader) {
    std::vector<LogBlock> out;
    for (;;) {
        auto block = reader.next();
        if (!block) {
            ADD_FAILURE() << block.error().describe();
            return out;
        }
        if (!*block) {
            return out;
        }
        out.push_back(std::move(**block));
    }
}

void expect_same(const std::vector<LogBlock>& expected, const std::vector<LogBlock>& actual) {
    ASSERT_EQ(expected.size(), actual.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(expected[i].header, actual[i].header);
        EXPECT_EQ(expected[i].transactions, actual[i].transactions);
    }
}

TEST(BlockCodec, SamplesCoverEveryTransactionType) {
    std::set<std::size_t> kinds;
    for (const Transaction& transaction : one_of_each()) {
        kinds.insert(transaction.payload.index());
    }
    EXPECT_EQ(kinds.size(), std::variant_size_v<Payload>);
}

TEST(BlockCodec, EveryTransactionTypeComesBackWithExtremeValues) {
    std::vector<Transaction> all = one_of_each();
    const std::vector<Transaction> ends = extremes();
    all.insert(all.end(), ends.begin(), ends.end());
    for (const Transaction& transaction : all) {
        const LogBlock block{.header = {.height = UINT64_MAX,
                                        .time_ms = std::numeric_limits<std::int64_t>::min(),
                                        .weight_limit = 0},
                             .transactions = {transaction}};
        const auto payload = encode_block(block);
        ASSERT_TRUE(payload.has_value());
        const auto decoded = decode_block(*payload);
        ASSERT_TRUE(decoded.has_value()) << decoded.error().describe();
        EXPECT_EQ(decoded->header, block.header);
        ASSERT_EQ(decoded->transactions.size(), 1U);
        EXPECT_EQ(decoded->transactions[0], transaction) << "type " << transaction.payload.index();
    }
}

TEST(BlockCodec, ABlockWithoutTransactionsIsABlock) {
    const auto payload = encode_block({.header = {.height = 7}, .transactions = {}});
    ASSERT_TRUE(payload.has_value());
    const auto decoded = decode_block(*payload);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_TRUE(decoded->transactions.empty());
    EXPECT_EQ(decoded->header.height, 7U);
}

TEST(BlockCodec, APayloadAtAnyAddressDecodes) {
    const LogBlock block = sample_blocks(1)[0];
    const auto payload = encode_block(block);
    ASSERT_TRUE(payload.has_value());
    for (std::size_t shift = 0; shift < 8; ++shift) {
        std::vector<std::byte> moved(shift);
        moved.insert(moved.end(), payload->begin(), payload->end());
        const auto decoded = decode_block(std::span(moved).subspan(shift));
        ASSERT_TRUE(decoded.has_value());
        EXPECT_EQ(decoded->transactions, block.transactions);
    }
}

TEST(BlockCodec, AListBeyondTheFormatIsRefusedByTheEncoder) {
    LogBlock block = sample_blocks(1)[0];
    block.transactions.push_back(
        {.envelope = {}, .payload = SettleBatch{.accounts = std::vector<AccountId>(kListMax + 1)}});
    const auto payload = encode_block(block);
    ASSERT_FALSE(payload.has_value());
    EXPECT_EQ(payload.error().code, ErrorCode::kUsage);
    EXPECT_EQ(payload.error().transaction, block.transactions.size() - 1);
}

TEST(Log, BlocksComeBackInOrder) {
    const TemporaryFolder folder;
    const std::vector<LogBlock> blocks = sample_blocks(5, 100);
    auto writer = LogWriter::create(folder.file("a.log"), sample_header());
    ASSERT_TRUE(writer.has_value());
    for (const LogBlock& block : blocks) {
        ASSERT_TRUE(writer->append(block).has_value());
    }
    ASSERT_TRUE(writer->close().has_value());
    auto reader = LogReader::open(folder.file("a.log"));
    ASSERT_TRUE(reader.has_value()) << reader.error().describe();
    EXPECT_EQ(reader->header(), sample_header());
    expect_same(blocks, read_all(*reader));
    EXPECT_EQ(reader->blocks(), 5U);
    EXPECT_EQ(reader->transactions(), 5 * one_of_each().size());
    EXPECT_FALSE(reader->torn_tail().has_value());
}

TEST(Log, ALogWithoutBlocksIsALog) {
    const std::vector<std::byte> bytes = log_bytes({});
    auto reader = LogReader::open(std::make_unique<MemorySource>(bytes));
    ASSERT_TRUE(reader.has_value());
    EXPECT_TRUE(read_all(*reader).empty());
}

TEST(Log, TheSameBlocksGiveTheSameBytes) {
    EXPECT_EQ(log_bytes(sample_blocks(3)), log_bytes(sample_blocks(3)));
}

TEST(Log, FramesAreAlignedToEightBytes) {
    EXPECT_EQ(log_bytes(sample_blocks(2)).size() % 8, 0U);
}

TEST(LogWriter, TheNameAppearsAtCloseOnly) {
    const TemporaryFolder folder;
    {
        auto writer = LogWriter::create(folder.file("a.log"), sample_header());
        ASSERT_TRUE(writer.has_value());
        ASSERT_TRUE(writer->append(sample_blocks(1)[0]).has_value());
        EXPECT_FALSE(std::filesystem::exists(folder.file("a.log")));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.file("")));
}

TEST(LogWriter, AnOldLogSurvivesAWriterThatStops) {
    const TemporaryFolder folder;
    const std::vector<std::byte> old = log_bytes(sample_blocks(1));
    write_bytes(folder.file("a.log"), old);
    { auto writer = LogWriter::create(folder.file("a.log"), sample_header()); }
    EXPECT_EQ(read_bytes(folder.file("a.log")), old);
}

TEST(LogWriter, BlocksMustFollowEachOther) {
    const TemporaryFolder folder;
    const std::vector<LogBlock> blocks = sample_blocks(3);
    const auto refuses = [&](const LogBlock& first, const LogBlock& second) {
        auto writer = LogWriter::create(folder.file("a.log"), sample_header());
        EXPECT_TRUE(writer->append(first).has_value());
        const auto written = writer->append(second);
        return !written && written.error().code == ErrorCode::kUsage &&
               written.error().block == second.header.height;
    };
    EXPECT_TRUE(refuses(blocks[0], blocks[2]));
    EXPECT_TRUE(refuses(blocks[1], blocks[1]));
    LogBlock same_time = blocks[1];
    same_time.header.time_ms = blocks[0].header.time_ms;
    EXPECT_TRUE(refuses(blocks[0], same_time));
    EXPECT_FALSE(refuses(blocks[0], blocks[1]));
}

TEST(LogWriter, UnwritablePlacesAreEnvironmentErrors) {
    const TemporaryFolder folder;
    for (const std::string& path : {folder.file("no/such/folder/a.log"), folder.file("")}) {
        const auto writer = LogWriter::create(path, sample_header());
        ASSERT_FALSE(writer.has_value());
        EXPECT_EQ(writer.error().code, ErrorCode::kEnvironment);
        EXPECT_FALSE(writer.error().file.empty());
    }
}

TEST(LogWriter, AHeaderTextHasALimit) {
    const TemporaryFolder folder;
    LogHeader header = sample_header();
    header.source.assign(kHeaderTextMax + 1, 'x');
    const auto writer = LogWriter::create(folder.file("a.log"), header);
    ASSERT_FALSE(writer.has_value());
    EXPECT_EQ(writer.error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace lockstep::test
