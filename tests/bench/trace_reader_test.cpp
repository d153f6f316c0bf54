#include "bench/trace/trace_reader.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "bench/trace/block_access_list.hpp"
#include "tests/import/temporary_file.hpp"

namespace lockstep::bench {
namespace {

using test::TemporaryFile;

const std::string kSender = "0x" + std::string(40, '1');
const std::string kReceiver = "0x" + std::string(40, '2');
const std::string kMiner = "0x" + std::string(40, '3');
const std::string kSlot = "0x" + std::string(63, '0') + "7";

/// Two transactions of block 7 and one of block 8.
std::string transactions_csv() {
    const std::string tail = "," + kSender + "," + kReceiver + ",21000," + kMiner + "\n";
    return "block,tx,sender,to,gas_used,beneficiary\n7,0" + tail + "7,1" + tail + "8,0" + tail;
}
std::string accesses_csv() {
    return "block,tx,context,kind,address,key,is_write,start,end\n"
           "7,0,1,nonce," +
           kSender +
           ",,1,4,5\n"
           "7,0,1,stor," +
           kReceiver + "," + kSlot +
           ",1,0x0,0xff\n"
           "7,1,1,nonce," +
           kSender +
           ",,1,5,6\n"
           "7,1,1,stor," +
           kReceiver + "," + kSlot +
           ",0,0xff,\n"
           "7,-1,2,bal," +
           kMiner +
           ",,1,0,2000\n"
           "8,0,1,bal," +
           kMiner + ",,0,2000,\n";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

/// What reading says of the two texts; empty when it succeeds.
std::string refusal(const std::string& transactions, const std::string& accesses) {
    const TemporaryFile first("txs.csv", transactions);
    const TemporaryFile second("access.csv", accesses);
    const auto trace = read_trace({.transactions = first.path(), .accesses = second.path()});
    if (trace) {
        return {};
    }
    EXPECT_EQ(trace.error().code, ErrorCode::kCorrupt);
    return trace.error().describe();
}

TEST(TraceReader, PutsRowsIntoTransactionsAndEpilogues) {
    const TemporaryFile first("txs.csv", transactions_csv());
    const TemporaryFile second("access.csv.gz", test::gzip(accesses_csv()));
    const auto trace = read_trace({.transactions = first.path(), .accesses = second.path()});
    ASSERT_TRUE(trace.has_value()) << trace.error().describe();
    ASSERT_EQ(trace->blocks.size(), 2U);
    const TraceBlock& block = trace->blocks[0];
    EXPECT_EQ(block.number, 7U);
    ASSERT_EQ(block.transactions.size(), 2U);
    ASSERT_EQ(block.transactions[0].accesses.size(), 2U);
    EXPECT_EQ(block.transactions[0].gas, 21'000U);
    EXPECT_EQ(block.transactions[0].accesses[1].end, Word256::of(255));
    EXPECT_FALSE(block.transactions[1].accesses[1].writes);
    ASSERT_EQ(block.epilogue.size(), 1U);
    EXPECT_EQ(block.epilogue[0].end, Word256::of(2000));
    EXPECT_TRUE(trace->blocks[1].epilogue.empty());
    EXPECT_EQ(trace->initial.size(), 3U);
}

TEST(TraceReader, NamesFileAndRowOfDamage) {
    const std::string txs = transactions_csv();
    const std::string rows = accesses_csv();
    const auto expect = [](const std::string& said, const std::string& file,
                           const std::string& line, const std::string& reason) {
        EXPECT_NE(said.find(file), std::string::npos) << said;
        EXPECT_NE(said.find(line), std::string::npos) << said;
        EXPECT_NE(said.find(reason), std::string::npos) << said;
    };
    expect(refusal(replaced(txs, "gas_used", "gas"), rows), "txs.csv", "line 1", "gas_used");
    expect(refusal(txs, replaced(rows, "is_write", "w")), "access.csv", "line 1", "is_write");
    expect(refusal(txs, replaced(rows, "7,0,1,nonce", "7,0,nonce")), "access.csv", "line 2",
           "columns");
    expect(refusal(txs, replaced(rows, "nonce", "nones")), "access.csv", "line 2", "nones");
    expect(refusal(txs, replaced(rows, ",5,6", ",5,six")), "access.csv", "line 4", "six");
    expect(refusal(txs, replaced(rows, ",5,6", ",4,6")), "access.csv", "line 4", "left");
    expect(refusal(txs, replaced(rows, "0,0xff,", "0,0xfe,")), "access.csv", "line 5", "left");
    expect(refusal(txs, replaced(rows, "7,1,1,nonce", "7,2,1,nonce")), "access.csv", "line 4",
           "transactions");
    expect(refusal(txs, replaced(rows, "8,0,1,bal", "9,0,1,bal")), "access.csv", "line 7",
           "transactions");
    expect(refusal(txs, replaced(rows, "8,0,1,bal", "7,0,1,bal")), "access.csv", "line 7",
           "behind");
    expect(refusal(txs, replaced(rows, kSlot, "0x7")), "access.csv", "line 3", "slot");
    expect(refusal(replaced(txs, "7,1,", "7,3,"), rows), "txs.csv", "line 3", "next");
    expect(refusal(replaced(txs, kSender, "0x12"), rows), "txs.csv", "line 2", "address");
    expect(refusal("block,tx,sender,to,gas_used,beneficiary\n", rows), "access.csv", "line 2",
           "transactions");
    expect(refusal("block,tx,sender,to,gas_used,beneficiary\n", rows.substr(0, rows.find('\n'))),
           "txs.csv", "", "no block");
}

TEST(TraceReader, ABlockMayHaveAnEpilogueOnly) {
    const std::string late = accesses_csv() + "9,-1,2,bal," + kMiner + ",,1,2000,2500\n";
    const TemporaryFile first("txs.csv", transactions_csv());
    const TemporaryFile second("access.csv", late);
    const auto trace = read_trace({.transactions = first.path(), .accesses = second.path()});
    ASSERT_TRUE(trace.has_value()) << trace.error().describe();
    ASSERT_EQ(trace->blocks.size(), 3U);
    EXPECT_EQ(trace->blocks[2].number, 9U);
    EXPECT_TRUE(trace->blocks[2].transactions.empty());
    ASSERT_EQ(trace->blocks[2].epilogue.size(), 1U);
    EXPECT_EQ(trace->blocks[2].epilogue[0].end, Word256::of(2500));
    EXPECT_NE(refusal(transactions_csv(), replaced(late, "9,-1,2", "9,0,1")).find("transactions"),
              std::string::npos);
    const std::string early = "6,-1,2,bal," + kMiner + ",,1,0,0\n";
    const std::string header = accesses_csv().substr(0, accesses_csv().find('\n') + 1);
    EXPECT_EQ(refusal(transactions_csv(), replaced(accesses_csv(), header, header + early)), "");
}

TEST(TraceReader, ValuesMayChangeBetweenBlocksThatDoNotFollow) {
    const std::string txs = replaced(transactions_csv(), "8,0", "9,0");
    const std::string rows = replaced(replaced(accesses_csv(), "8,0", "9,0"), "0,2000,", "0,3000,");
    EXPECT_NE(refusal(transactions_csv(), replaced(accesses_csv(), "0,2000,", "0,3000,")), "");
    const TemporaryFile first("first.csv", txs);
    const TemporaryFile second("second.csv", rows);
    const auto trace = read_trace({.transactions = first.path(), .accesses = second.path()});
    ASSERT_TRUE(trace.has_value()) << trace.error().describe();
    ASSERT_EQ(trace->blocks[1].corrections.size(), 1U);
    EXPECT_EQ(trace->blocks[1].corrections[0].end, Word256::of(3000));
}

/// [[address, [], [], [[0, 5], [2, 6]], [], []]], as RLP.
std::string small_list() {
    std::string changes = "\xc6\xc2\x80\x05\xc2\x02\x06";
    std::string account = "\x94" + std::string(20, '\x11') + "\xc0\xc0" + changes + "\xc0\xc0";
    account.insert(0, 1, static_cast<char>(0xc0 + account.size()));
    account.insert(0, 1, static_cast<char>(0xc0 + account.size()));
    return account;
}

std::string list_refusal(const std::string& bytes) {
    const TemporaryFile file("5.rlp", bytes);
    const auto trace = read_block_access_lists({file.path()});
    return trace ? std::string() : trace.error().describe();
}

TEST(BlockAccessLists, ChangesFollowOnEachOther) {
    const TemporaryFile file("5.rlp", small_list());
    const auto trace = read_block_access_lists({file.path()});
    ASSERT_TRUE(trace.has_value()) << trace.error().describe();
    ASSERT_EQ(trace->blocks.size(), 1U);
    ASSERT_EQ(trace->blocks[0].transactions.size(), 3U);
    const TraceAccess& last = trace->blocks[0].transactions[2].accesses.at(0);
    EXPECT_EQ(last.start, Word256::of(5));
    EXPECT_EQ(last.end, Word256::of(6));
}

TEST(BlockAccessLists, NamesFileOfDamage) {
    const std::string good = small_list();
    EXPECT_EQ(list_refusal(good), "");
    for (std::size_t cut = 1; cut < good.size(); ++cut) {
        EXPECT_NE(list_refusal(good.substr(0, cut)).find("5.rlp"), std::string::npos) << cut;
    }
    EXPECT_NE(list_refusal(good + "x").find("behind"), std::string::npos);
    EXPECT_NE(list_refusal(replaced(good, "\x02\x06", std::string("\x80\x06"))).find("ascend"),
              std::string::npos);
    std::string nested = "\xc0";
    for (int depth = 0; depth < 20; ++depth) {
        nested.insert(0, 1, static_cast<char>(0xc0 + nested.size()));
    }
    EXPECT_NE(list_refusal(nested).find("nested"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::bench
