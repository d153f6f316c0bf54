#include "replay/format/access_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/random.hpp"
#include "replay/conflict_survey.hpp"
#include "replay/format/access_list_generated.h"
#include "tests/replay/log_samples.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

using Bytes = std::vector<std::byte>;
using List = AccessList<StateKey>;

const StateKey kFirst(CellKind::kAccount, 7);
const StateKey kSecond(CellKind::kCash, 7, 2);
const StateKey kThird(CellKind::kOpenInterest, 0, 3);

constexpr StateAccess reads(const StateKey& key) {
    return {.key = key, .dependence = Dependence::kValue};
}
constexpr StateAccess asks(const StateKey& key) {
    return {.key = key, .dependence = Dependence::kPredicate};
}
constexpr StateAccess writes(const StateKey& key) {
    return {.key = key, .effect = Effect::kWrite};
}
constexpr StateAccess updates(const StateKey& key) {
    return {.key = key, .dependence = Dependence::kValue, .effect = Effect::kWrite};
}
constexpr StateAccess adds(const StateKey& key) {
    return {.key = key, .dependence = Dependence::kPredicate, .effect = Effect::kAdd};
}

List list_of(const std::vector<std::vector<StateAccess>>& transactions) {
    List out;
    for (const auto& accesses : transactions) {
        out.append(accesses);
    }
    return out;
}

AccessHeader sample_access_header() {
    return {.chain_id = "sample-1", .log = {.high = 5, .low = 6}};
}

std::vector<BlockAccesses> sample() {
    return {
        {.height = 4,
         .list = list_of({{reads(kFirst), updates(kSecond)}, {}, {asks(kFirst), adds(kThird)}})},
        {.height = 5, .list = list_of({})},
        {.height = 6, .list = list_of({{writes(kSecond)}, {adds(kThird)}})}};
}

Bytes file_bytes(const std::vector<BlockAccesses>& blocks) {
    const TemporaryFolder folder;
    auto writer = AccessWriter::create(folder.file("lists"), sample_access_header());
    EXPECT_TRUE(writer.has_value());
    for (const BlockAccesses& block : blocks) {
        EXPECT_TRUE(writer->append(block).has_value());
    }
    EXPECT_TRUE(writer->close().has_value());
    return read_bytes(folder.file("lists"));
}

/// All blocks of a file, or its first error.
Result<std::vector<BlockAccesses>, Error> read_all(const Bytes& bytes) {
    auto reader = AccessReader::open(std::make_unique<MemorySource>(bytes));
    if (!reader) {
        return failure(reader.error());
    }
    EXPECT_EQ(reader->header(), sample_access_header());
    std::vector<BlockAccesses> out;
    for (;;) {
        auto block = reader->next();
        if (!block) {
            return failure(block.error());
        }
        if (!*block) {
            return out;
        }
        out.push_back(std::move(**block));
    }
}

TEST(AccessFile, GivesBackWhatWasWritten) {
    const auto blocks = read_all(file_bytes(sample()));
    ASSERT_TRUE(blocks.has_value()) << blocks.error().describe();
    EXPECT_TRUE(*blocks == sample());
    EXPECT_EQ(file_bytes(sample()), file_bytes(sample()));
}

TEST(AccessFile, EveryTruncationIsCorruptWithAnOffset) {
    const Bytes whole = file_bytes(sample());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto read =
            read_all(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
        ASSERT_FALSE(read.has_value()) << size;
        ASSERT_EQ(read.error().code, ErrorCode::kCorrupt);
        ASSERT_TRUE(read.error().offset.has_value());
        ASSERT_LE(*read.error().offset, size);
    }
}

TEST(AccessFile, EveryFlippedBitIsCorrupt) {
    const Bytes whole = file_bytes(sample());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes bad = whole;
            bad[i] ^= static_cast<std::byte>(1U << bit);
            const auto read = read_all(bad);
            ASSERT_FALSE(read.has_value()) << "byte " << i << " bit " << bit;
            ASSERT_EQ(read.error().code, ErrorCode::kCorrupt);
        }
    }
}

TEST(AccessFile, ALogIsNoAccessList) {
    const auto read = AccessReader::open(std::make_unique<MemorySource>(log_bytes({})));
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
}

TEST(AccessFile, RefusesGapsAndListsThatAreNotCanonical) {
    const TemporaryFolder folder;
    auto writer = AccessWriter::create(folder.file("lists"), sample_access_header());
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE(writer->append(sample()[0]).has_value());
    EXPECT_EQ(writer->append(sample()[2]).error().code, ErrorCode::kUsage);
    const auto refused = [](const List& list) {
        return !encode_block_accesses({.height = 1, .list = list}).has_value();
    };
    EXPECT_TRUE(refused(list_of({{reads(kSecond), reads(kFirst)}})));
    EXPECT_TRUE(refused(list_of({{reads(kFirst), writes(kFirst)}})));
    EXPECT_TRUE(refused(list_of({{StateAccess{.key = kFirst}}})));
    EXPECT_FALSE(refused(list_of({{reads(kFirst), reads(kSecond)}, {reads(kFirst)}})));
    List scanning;
    scanning.append({}, std::vector<KeyRange<StateKey>>{{.from = kFirst, .to = kSecond}});
    EXPECT_TRUE(refused(scanning));
}

/// A block payload that passes the verifier, with any content.
Bytes forge(const std::vector<StateKey>& keys, const std::vector<std::uint32_t>& accesses,
            const std::vector<std::uint32_t>& ends) {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<wire::AccessKey> wire_keys;
    for (const StateKey& key : keys) {
        wire_keys.emplace_back(key.tag(), key.owner());
    }
    builder.Finish(
        wire::CreateAccessBlock(builder, 9, builder.CreateVectorOfStructs(wire_keys),
                                builder.CreateVector(accesses), builder.CreateVector(ends)),
        "LSA2");
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return {bytes.begin(), bytes.end()};
}

TEST(AccessFile, MalformedBlocksAreNamed) {
    const std::vector<StateKey> keys = {kFirst, kSecond};
    EXPECT_TRUE(decode_block_accesses(forge(keys, {4, 16 + 2}, {1, 2})).has_value());
    struct Case {
        const char* reason;
        std::vector<StateKey> keys;
        std::vector<std::uint32_t> accesses;
        std::vector<std::uint32_t> ends;
    };
    const Case cases[] = {
        {"the keys of a block do not ascend", {kSecond, kFirst}, {4}, {1}},
        {"the keys of a block do not ascend", {kFirst, kFirst}, {4}, {1}},
        {"refers to a key that is not there", keys, {32 + 4}, {1}},
        {"is of no known kind", keys, {12}, {1}},
        {"is of no known kind", keys, {3}, {1}},
        {"says nothing", keys, {16}, {1}},
        {"the keys of a transaction do not ascend", keys, {16 + 4, 4}, {2}},
        {"the keys of a transaction do not ascend", keys, {4, 4}, {2}},
        {"do not lie in the block", keys, {4}, {2}},
        {"do not lie in the block", keys, {4, 20}, {2, 1}},
        {"belong to no transaction", keys, {4, 20}, {1}},
    };
    for (const Case& bad : cases) {
        const auto decoded = decode_block_accesses(forge(bad.keys, bad.accesses, bad.ends));
        ASSERT_FALSE(decoded.has_value()) << bad.reason;
        EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt);
        EXPECT_EQ(decoded.error().block, 9U);
        EXPECT_NE(decoded.error().message.find(bad.reason), std::string::npos)
            << decoded.error().message;
    }
}

TEST(AccessFile, WhateverDecodesIsCanonical) {
    Random random(5);
    const Bytes whole = *encode_block_accesses(sample()[0]);
    std::uint64_t decoded = 0;
    for (std::uint64_t i = 0; i < scaled(20'000, 1'000); ++i) {
        Bytes bad = whole;
        for (std::uint64_t k = 1 + random.below(3); k > 0; --k) {
            bad[random.below(bad.size())] = static_cast<std::byte>(random.below(256));
        }
        const auto block = decode_block_accesses(bad);
        if (block) {
            ++decoded;
            const auto again = encode_block_accesses(*block);
            ASSERT_TRUE(again.has_value());
            ASSERT_TRUE(*decode_block_accesses(*again) == *block);
        }
    }
    EXPECT_GT(decoded, 0U);
}

TEST(ConflictSurvey, CountsWhoComesAfterAChange) {
    ConflictSurvey survey;
    survey.add(1, list_of({{updates(kFirst), adds(kThird)},
                           {reads(kFirst), adds(kThird)},
                           {updates(kFirst), asks(kThird)},
                           {writes(kFirst), reads(kSecond)}}));
    survey.add(2, list_of({{reads(kFirst), reads(kSecond)}, {writes(kThird)}, {adds(kThird)}}));
    const std::vector<CellTraffic> expected = {
        {.key = kFirst, .conflicts = 2, .value_reads = 4, .writes = 3},
        {.key = kThird, .conflicts = 2, .predicates = 1, .additions = 3, .writes = 1}};
    EXPECT_TRUE(survey.top(5) == expected);
    EXPECT_EQ(survey.top(1).size(), 1U);
}

/// The longest chain of one block.
std::uint64_t chain_of(const AccessList<StateKey>& block) {
    ConflictSurvey survey;
    survey.add(1, block);
    EXPECT_EQ(survey.chains().longest, survey.chains().steps);
    return survey.chains().longest;
}

TEST(ConflictSurvey, AChainIsAsLongAsTransactionsWaitForEachOther) {
    EXPECT_EQ(chain_of({}), 0U);
    EXPECT_EQ(chain_of(list_of({{reads(kFirst)}, {reads(kFirst)}, {reads(kSecond)}})), 1U);
    EXPECT_EQ(chain_of(list_of({{updates(kFirst)}, {updates(kFirst)}, {updates(kFirst)}})), 3U);
    // Who only writes waits for nobody, and later readers wait for him alone.
    EXPECT_EQ(chain_of(list_of({{updates(kFirst)},
                                {updates(kFirst)},
                                {updates(kFirst)},
                                {writes(kFirst)},
                                {reads(kFirst)}})),
              3U);
    // Through two cells, past somebody who has no part in it.
    EXPECT_EQ(chain_of(list_of({{writes(kFirst)},
                                {reads(kThird)},
                                {reads(kFirst), writes(kSecond)},
                                {reads(kSecond), updates(kThird)}})),
              3U);
}

TEST(ConflictSurvey, AdditionsDoNotWaitForEachOther) {
    EXPECT_EQ(chain_of(list_of({{adds(kFirst)}, {adds(kFirst)}, {adds(kFirst)}})), 1U);
    EXPECT_EQ(chain_of(list_of({{adds(kFirst)}, {adds(kFirst)}, {reads(kFirst)}})), 2U);
    EXPECT_EQ(chain_of(list_of({{adds(kFirst)}, {asks(kFirst)}, {adds(kFirst)}})), 2U);
}

TEST(ConflictSurvey, SumsTheChainsOfBlocksAndNamesTheLongest) {
    ConflictSurvey survey;
    survey.add(7, list_of({{updates(kFirst)}, {updates(kSecond)}}));
    survey.add(8, list_of({{updates(kFirst)}, {updates(kFirst)}, {reads(kThird)}}));
    survey.add(9, list_of({{updates(kThird)}, {updates(kThird)}}));
    EXPECT_TRUE(
        survey.chains() ==
        (ConflictChains{.transactions = 7, .conflicts = 2, .steps = 5, .longest = 2, .block = 8}));
}

}  // namespace
}  // namespace lockstep::test
