#include <gtest/gtest.h>

#include "engine/base/random.hpp"
#include "replay/digest/digest_file.hpp"
#include "replay/digest/digest_text.hpp"
#include "tests/replay/log_samples.hpp"

namespace lockstep::test {
namespace {

Digest digest(std::uint64_t seed) {
    return {.high = mix64(seed), .low = mix64(seed + 1)};
}

DigestRecord record(std::uint64_t height, bool with_effects) {
    DigestRecord out{.height = height,
                     .transactions = height % 4,
                     .input = digest(height * 100 + 8),
                     .block = digest(height * 100),
                     .state = digest(height * 100 + 2),
                     .modules = {digest(1), digest(height / 2), digest(height)},
                     .effects = std::nullopt};
    if (with_effects) {
        BlockEffects& effects = out.effects.emplace();
        effects.begin = digest(height * 100 + 4);
        for (std::uint64_t i = 0; i < out.transactions; ++i) {
            effects.transactions.push_back(digest(height * 100 + 10 + i));
        }
        effects.end = digest(height * 100 + 6);
    }
    return out;
}

DigestHeader sample_digest_header() {
    return {.chain_id = "100% odd\nchain\x7f",
            .genesis = digest(6),
            .log = digest(7),
            .modules = {"accounts", "p2", "order_fills"}};
}

std::vector<std::byte> file_bytes(bool with_effects) {
    const TemporaryFolder folder;
    auto writer = DigestWriter::create(folder.file("d"), sample_digest_header());
    EXPECT_TRUE(writer.has_value());
    for (std::uint64_t height = 5; height < 10; ++height) {
        EXPECT_TRUE(writer->append(record(height, with_effects)).has_value());
    }
    EXPECT_TRUE(writer->close().has_value());
    return read_bytes(folder.file("d"));
}

std::optional<Error> read_digests(const std::vector<std::byte>& bytes,
                                  std::vector<DigestRecord>* records = nullptr) {
    auto reader = DigestReader::open(std::make_unique<MemorySource>(bytes));
    if (!reader) {
        return reader.error();
    }
    EXPECT_EQ(reader->header(), sample_digest_header());
    for (;;) {
        auto next = reader->next();
        if (!next) {
            return next.error();
        }
        if (!*next) {
            return std::nullopt;
        }
        if (records != nullptr) {
            records->push_back(**next);
        }
    }
}

TEST(DigestFile, RecordsComeBack) {
    for (const bool with_effects : {false, true}) {
        std::vector<DigestRecord> records;
        const auto error = read_digests(file_bytes(with_effects), &records);
        ASSERT_FALSE(error.has_value()) << error->describe();
        ASSERT_EQ(records.size(), 5U);
        for (std::uint64_t i = 0; i < 5; ++i) {
            EXPECT_EQ(records[i], record(5 + i, with_effects));
        }
    }
}

TEST(DigestFile, EveryTruncationAndEveryFlippedBitIsFound) {
    for (const bool with_effects : {false, true}) {
        const std::vector<std::byte> whole = file_bytes(with_effects);
        for (std::size_t i = 0; i < whole.size(); ++i) {
            const auto cut =
                read_digests({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)});
            ASSERT_TRUE(cut.has_value()) << i;
            ASSERT_EQ(cut->code, ErrorCode::kCorrupt);
            ASSERT_TRUE(cut->offset.has_value());
            for (unsigned bit = 0; bit < 8; ++bit) {
                std::vector<std::byte> bad = whole;
                bad[i] ^= static_cast<std::byte>(1U << bit);
                const auto error = read_digests(bad);
                ASSERT_TRUE(error.has_value()) << "byte " << i << " bit " << bit;
                ASSERT_EQ(error->code, ErrorCode::kCorrupt);
                ASSERT_TRUE(error->offset.has_value());
            }
        }
    }
}

TEST(DigestFile, TellsItsRunBesideTheFileOnly) {
    const TemporaryFolder folder;
    RunInfo run = this_build();
    run.executor = "parallel";
    run.workers = 4;
    run.compiler += " 100%\n";
    auto writer = DigestWriter::create(folder.file("d"), sample_digest_header());
    ASSERT_TRUE(writer.has_value());
    for (std::uint64_t height = 5; height < 10; ++height) {
        ASSERT_TRUE(writer->append(record(height, true)).has_value());
    }
    ASSERT_TRUE(writer->close(run).has_value());
    EXPECT_EQ(read_bytes(folder.file("d")), file_bytes(true));

    auto reader = DigestReader::open(folder.file("d"));
    ASSERT_TRUE(reader.has_value());
    for (auto next = reader->next(); next && *next; next = reader->next()) {
    }
    const auto found = find_run_info(folder.file("d"));
    ASSERT_TRUE(found.has_value());
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->info, run);
    EXPECT_EQ((*found)->digests_check, reader->check());
    EXPECT_FALSE(find_run_info(folder.file("other"))->has_value());
}

TEST(RunInfo, EveryTruncationAndEveryFlippedBitIsFound) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_run_info(folder.file("d"), 77, this_build()).has_value());
    const std::vector<std::byte> whole = read_bytes(run_info_path(folder.file("d")));
    ASSERT_TRUE(read_run_info(std::make_unique<MemorySource>(whole)).has_value());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const std::vector<std::byte> cut(whole.begin(),
                                         whole.begin() + static_cast<std::ptrdiff_t>(i));
        ASSERT_FALSE(read_run_info(std::make_unique<MemorySource>(cut)).has_value()) << i;
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::vector<std::byte> bad = whole;
            bad[i] ^= static_cast<std::byte>(1U << bit);
            ASSERT_FALSE(read_run_info(std::make_unique<MemorySource>(bad)).has_value())
                << "byte " << i << " bit " << bit;
        }
    }
}

TEST(DigestFile, ManyEffectsTakeSeveralLines) {
    const TemporaryFolder folder;
    for (const std::size_t count :
         {kEffectsPerLine - 1, kEffectsPerLine, kEffectsPerLine + 1, 3 * kEffectsPerLine}) {
        DigestRecord big = record(3, true);
        big.transactions = count;
        big.effects->transactions.assign(count, digest(count));
        auto writer = DigestWriter::create(folder.file("d"), sample_digest_header());
        ASSERT_TRUE(writer.has_value());
        ASSERT_TRUE(writer->append(big).has_value());
        ASSERT_TRUE(writer->close().has_value());
        auto reader = DigestReader::open(folder.file("d"));
        ASSERT_TRUE(reader.has_value());
        const auto back = reader->next();
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(**back, big);
        EXPECT_FALSE(reader->next()->has_value());
    }
}

TEST(DigestFile, DataAfterTheEndIsFound) {
    std::vector<std::byte> bytes = file_bytes(false);
    bytes.push_back(std::byte{'x'});
    EXPECT_TRUE(read_digests(bytes).has_value());
    bytes.push_back(std::byte{'\n'});
    EXPECT_TRUE(read_digests(bytes).has_value());
}

TEST(DigestFile, AnEndlessLineIsRefused) {
    const std::vector<std::byte> bytes(std::size_t{4} << 20, std::byte{'a'});
    const auto error = read_digests(bytes);
    ASSERT_TRUE(error.has_value());
    EXPECT_NE(error->message.find("too long"), std::string::npos);
}

TEST(DigestFile, IsToldFromALogByItsFirstBytes) {
    EXPECT_TRUE(looks_like_digest_file(file_bytes(false)));
    EXPECT_FALSE(looks_like_digest_file(log_bytes({})));
    EXPECT_FALSE(looks_like_digest_file({}));
}

std::optional<Difference> difference(const DigestRecord& left, const DigestRecord& right) {
    return first_difference(left, right, sample_digest_header().modules);
}

TEST(DigestRecord, TheFirstDifferenceIsNamed) {
    const DigestRecord base = record(7, true);
    EXPECT_FALSE(difference(base, base).has_value());

    DigestRecord other = base;
    other.block = digest(1);
    EXPECT_NE(difference(base, other)->what.find("block digests"), std::string::npos);
    other.state = digest(2);
    EXPECT_NE(difference(base, other)->what.find("state digests"), std::string::npos);
    other.modules[2] = digest(3);
    other.modules[0] = digest(3);
    EXPECT_NE(difference(base, other)->what.find("(accounts, order_fills)"), std::string::npos);
    other.effects->end = digest(3);
    EXPECT_NE(difference(base, other)->what.find("end-of-block"), std::string::npos);
    EXPECT_FALSE(difference(base, other)->transaction.has_value());
    other.effects->transactions[2] = digest(4);
    EXPECT_EQ(difference(base, other)->transaction, 2U);
    other.effects->transactions[1] = digest(5);
    EXPECT_EQ(difference(base, other)->transaction, 1U);
    EXPECT_EQ(difference(base, other)->block, 7U);
    other.effects->begin = digest(6);
    EXPECT_NE(difference(base, other)->what.find("begin-of-block"), std::string::npos);
    other.effects.reset();
    EXPECT_NE(difference(base, other)->what.find("state digests"), std::string::npos);
    other.input = digest(7);
    EXPECT_NE(difference(base, other)->what.find("inputs"), std::string::npos);
    other.transactions = 1;
    EXPECT_NE(difference(base, other)->what.find("transaction counts"), std::string::npos);
    other.height = 8;
    EXPECT_NE(difference(base, other)->what.find("heights"), std::string::npos);
    EXPECT_EQ(difference(base, other)->error("f").code, ErrorCode::kDivergence);
}

TEST(DigestText, NumbersAreCanonical) {
    EXPECT_EQ(parse_u64("0"), 0U);
    EXPECT_EQ(parse_u64("18446744073709551615"), UINT64_MAX);
    for (const char* text : {"", "00", "01", "-1", "+1", "18446744073709551616", "1 ", "x",
                             "99999999999999999999", "100000000000000000000"}) {
        EXPECT_FALSE(parse_u64(text).has_value()) << text;
    }
}

TEST(DigestText, EscapesAreOnOneLineAndUndone) {
    std::string all;
    for (int c = 0; c < 256; ++c) {
        all += static_cast<char>(c);
    }
    const std::string escaped = escape_text(all);
    EXPECT_EQ(escaped.find('\n'), std::string::npos);
    EXPECT_EQ(unescape_text(escaped), all);
    EXPECT_FALSE(unescape_text("%4").has_value());
    EXPECT_FALSE(unescape_text("%zz").has_value());
}

}  // namespace
}  // namespace lockstep::test
