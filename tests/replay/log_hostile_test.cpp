#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "engine/base/random.hpp"
#include "replay/format/log_generated.h"
#include "replay/format/log_reader.hpp"
#include "tests/replay/log_samples.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

using Bytes = std::vector<std::byte>;

/// What came of reading a log to its end or to its first error.
struct Outcome {
    std::optional<Error> error;
    std::optional<Error> torn_tail;
    std::size_t blocks = 0;
};

Outcome read(std::unique_ptr<ByteSource> source, LogReaderOptions options = {}) {
    auto reader = LogReader::open(std::move(source), options);
    if (!reader) {
        return {.error = reader.error(), .torn_tail = {}};
    }
    for (Outcome out;; ++out.blocks) {
        const auto block = reader->next();
        if (!block) {
            out.error = block.error();
            return out;
        }
        if (!*block) {
            out.torn_tail = reader->torn_tail();
            return out;
        }
    }
}

Outcome read(const Bytes& bytes, LogReaderOptions options = {}) {
    return read(std::make_unique<MemorySource>(bytes), options);
}

constexpr LogReaderOptions kTornAllowed{.allow_torn_tail = true};

/// Hands out bytes without saying how many there are, and remembers the largest request.
class PipeSource final : public ByteSource {
  public:
    PipeSource(std::span<const std::byte> bytes, std::size_t* largest)
        : bytes_(bytes), largest_(largest) {}
    Result<std::size_t, Error> read(std::span<std::byte> out) override {
        *largest_ = std::max(*largest_, out.size());
        return bytes_.read(out);
    }
    std::optional<std::uint64_t> remaining() const override { return std::nullopt; }
    const std::string& name() const override { return bytes_.name(); }

  private:
    MemorySource bytes_;
    std::size_t* largest_;
};

/// Builds logs frame by frame with valid checks around whatever content.
class Forger {
  public:
    Forger() { frame(FrameType::kLogHeader, *encode_log_header(sample_header())); }
    Forger(FrameType first, std::span<const std::byte> payload) { frame(first, payload); }

    Forger& frame(FrameType type, std::span<const std::byte> payload,
                  const std::function<void(FrameFields&)>& change = {}) {
        FrameFields fields{
            .type = type, .length = payload.size(), .sequence = sequence_, .previous = previous_};
        if (change) {
            change(fields);
        }
        previous_ = encode_frame(out_, fields, payload);
        ++sequence_;
        return *this;
    }
    Forger& end(std::uint64_t blocks, std::uint64_t transactions) {
        ByteWriter totals;
        totals.put(blocks);
        totals.put(transactions);
        return frame(FrameType::kEnd, totals.bytes());
    }
    [[nodiscard]] Bytes bytes() const { return {out_.bytes().begin(), out_.bytes().end()}; }

  private:
    ByteWriter out_;
    std::uint64_t sequence_ = 0;
    Digest previous_;
};

std::size_t header_frame_size() {
    return Forger().bytes().size();
}

Bytes payload_of(const LogBlock& block) {
    return *encode_block(block);
}

void expect_corrupt(const Bytes& bytes, std::string_view reason) {
    for (const LogReaderOptions options : {LogReaderOptions{}, kTornAllowed}) {
        const Outcome outcome = read(bytes, options);
        ASSERT_TRUE(outcome.error.has_value()) << reason;
        EXPECT_EQ(outcome.error->code, ErrorCode::kCorrupt);
        EXPECT_TRUE(outcome.error->offset.has_value());
        EXPECT_NE(outcome.error->message.find(reason), std::string::npos)
            << outcome.error->describe() << " lacks: " << reason;
    }
}

TEST(HostileLog, TheForgerWritesWhatTheWriterWrites) {
    const std::vector<LogBlock> blocks = sample_blocks(1);
    EXPECT_EQ(Forger()
                  .frame(FrameType::kBlock, payload_of(blocks[0]))
                  .end(1, blocks[0].transactions.size())
                  .bytes(),
              log_bytes(blocks));
}

TEST(HostileLog, EveryTruncationIsAnErrorWithAnOffset) {
    const Bytes whole = log_bytes(sample_blocks(2));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const Outcome outcome = read(cut);
        ASSERT_TRUE(outcome.error.has_value()) << size;
        ASSERT_EQ(outcome.error->code, ErrorCode::kCorrupt) << size;
        ASSERT_TRUE(outcome.error->offset.has_value()) << size;
        ASSERT_LE(*outcome.error->offset, size);
    }
}

TEST(HostileLog, AnAllowedTornTailLeavesTheWholeBlocks) {
    const Bytes whole = log_bytes(sample_blocks(2));
    const std::size_t one = log_bytes(sample_blocks(1)).size();  // 64 of them are the end frame
    const std::size_t end = kFrameHeaderSize + 16 + kFrameCheckSize;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const Outcome outcome = read(cut, kTornAllowed);
        if (size < header_frame_size()) {
            ASSERT_TRUE(outcome.error.has_value()) << size;
            continue;
        }
        ASSERT_FALSE(outcome.error.has_value()) << size;
        ASSERT_TRUE(outcome.torn_tail.has_value()) << size;
        ASSERT_EQ(outcome.blocks, (size >= one - end ? 1U : 0U) + (size >= whole.size() - end));
        ASSERT_LE(*outcome.torn_tail->offset, size);
    }
}

TEST(HostileLog, AnAllowedTailOfZerosLeavesTheWholeBlocks) {
    const Bytes whole = log_bytes(sample_blocks(2));
    const std::size_t one = log_bytes(sample_blocks(1)).size();
    const std::size_t end = kFrameHeaderSize + 16 + kFrameCheckSize;
    for (const std::size_t zeros : {std::size_t{4096}, whole.size()}) {
        for (std::size_t size = header_frame_size(); size < whole.size(); ++size) {
            Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            cut.resize(size + zeros);
            const Outcome outcome = read(cut, kTornAllowed);
            // Bytes that are zeros anyway are not missed.
            const bool lost = !std::equal(whole.begin(), whole.end(), cut.begin());
            ASSERT_EQ(outcome.error.has_value(), !lost) << size;
            ASSERT_EQ(outcome.torn_tail.has_value(), lost) << size;
            ASSERT_GE(outcome.blocks, (size >= one - end ? 1U : 0U) + (size >= whole.size() - end));
            ASSERT_TRUE(read(cut).error.has_value()) << size;
            cut.back() = std::byte{1};
            ASSERT_TRUE(read(cut, kTornAllowed).error.has_value()) << size;
        }
    }
}

TEST(HostileLog, AFileThatEndsInZerosWithinAFrameIsTorn) {
    const Bytes whole = log_bytes(sample_blocks(2));
    for (std::size_t size = header_frame_size(); size + kFrameCheckSize <= whole.size(); ++size) {
        Bytes lost = whole;
        std::fill(lost.begin() + static_cast<std::ptrdiff_t>(size), lost.end(), std::byte{0});
        const Outcome outcome = read(lost, kTornAllowed);
        ASSERT_FALSE(outcome.error.has_value()) << size << outcome.error->describe();
        ASSERT_TRUE(outcome.torn_tail.has_value()) << size;
    }
}

TEST(HostileLog, EveryFlippedBitIsCorruptionEvenWhenTornTailsAreAllowed) {
    const Bytes whole = log_bytes(sample_blocks(1));
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes bad = whole;
            bad[i] ^= static_cast<std::byte>(1U << bit);
            const Outcome outcome = read(bad, kTornAllowed);
            ASSERT_TRUE(outcome.error.has_value()) << "byte " << i << " bit " << bit;
            ASSERT_EQ(outcome.error->code, ErrorCode::kCorrupt);
            ASSERT_TRUE(outcome.error->offset.has_value());
            ASSERT_LE(*outcome.error->offset, i);
        }
    }
}

TEST(HostileLog, FramesCutOutOrPastedInBreakTheChain) {
    const std::vector<LogBlock> blocks = sample_blocks(3);
    const Bytes first = payload_of(blocks[0]);
    const Bytes second = payload_of(blocks[1]);
    const Bytes whole = Forger().frame(FrameType::kBlock, first).bytes();
    const std::size_t header = header_frame_size();
    const Bytes frame(whole.begin() + static_cast<std::ptrdiff_t>(header), whole.end());
    Bytes twice = whole;
    twice.insert(twice.end(), frame.begin(), frame.end());
    expect_corrupt(twice, "frame 1 where frame 2 belongs");
    const Bytes other =
        Forger()
            .frame(FrameType::kBlock, first)
            .frame(FrameType::kBlock, second, [](FrameFields& fields) { ++fields.previous.low; })
            .bytes();
    expect_corrupt(other, "chain mismatch");
    const Bytes gap =
        Forger()
            .frame(FrameType::kBlock, first, [](FrameFields& fields) { ++fields.sequence; })
            .bytes();
    expect_corrupt(gap, "frame 2 where frame 1 belongs");
}

TEST(HostileLog, DataAfterTheEndIsCorruption) {
    const Bytes whole = log_bytes(sample_blocks(1));
    for (const std::size_t extra : {1U, 8U, 47U, 48U, 200U}) {
        Bytes more = whole;
        more.resize(whole.size() + extra);
        expect_corrupt(more, "data after the end frame");
    }
}

TEST(HostileLog, WrongMagicVersionTypeAndLengthAreNamed) {
    const Bytes payload = payload_of(sample_blocks(1)[0]);
    const auto with = [&](const std::function<void(FrameFields&)>& change) {
        return Forger().frame(FrameType::kBlock, payload, change).end(1, 22).bytes();
    };
    expect_corrupt(with([](FrameFields& fields) { fields.magic = 0; }), "wrong magic");
    expect_corrupt(with([](FrameFields& fields) { fields.version = 2; }), "frame version 2");
    expect_corrupt(with([](FrameFields& fields) { fields.type = FrameType{9}; }),
                   "unexpected frame type 9");
    expect_corrupt(with([](FrameFields& fields) { fields.type = FrameType::kLogHeader; }),
                   "unexpected frame type 1");
    expect_corrupt(with([](FrameFields& fields) { fields.length = kFramePayloadMax + 1; }),
                   "exceeds the limit");
    expect_corrupt(with([](FrameFields& fields) { fields.length = UINT64_MAX; }),
                   "exceeds the limit");
    expect_corrupt(with([](FrameFields& fields) { fields.length -= 8; }), "check does not match");
}

TEST(HostileLog, AnAnnouncedLengthAllocatesOnlyWhatArrives) {
    const Bytes bytes = Forger()
                            .frame(FrameType::kBlock, {},
                                   [](FrameFields& fields) { fields.length = kFramePayloadMax; })
                            .bytes();
    std::size_t largest = 0;
    const Outcome piped = read(std::make_unique<PipeSource>(bytes, &largest));
    ASSERT_TRUE(piped.error.has_value());
    EXPECT_NE(piped.error->message.find("torn tail"), std::string::npos);
    EXPECT_LE(largest, std::size_t{1} << 20);
    const Outcome direct = read(bytes);
    ASSERT_TRUE(direct.error.has_value());
    EXPECT_NE(direct.error->message.find("torn tail"), std::string::npos);
}

TEST(HostileLog, APipeReadsAsAFileDoes) {
    std::vector<LogBlock> blocks = sample_blocks(2);
    blocks[1].transactions.clear();
    for (int i = 0; i < 40; ++i) {
        blocks[1].transactions.push_back(
            {.envelope = {}, .payload = SettleBatch{.accounts = std::vector<AccountId>(kListMax)}});
    }
    const Bytes bytes = log_bytes(blocks);
    ASSERT_GT(bytes.size(), std::size_t{16} << 20);
    std::size_t largest = 0;
    const Outcome outcome = read(std::make_unique<PipeSource>(bytes, &largest));
    EXPECT_FALSE(outcome.error.has_value());
    EXPECT_EQ(outcome.blocks, 2U);
}

TEST(HostileLog, NonZeroPaddingIsCorruption) {
    Bytes bytes = Forger().frame(FrameType::kBlock, Bytes(3)).bytes();
    const std::size_t padding = header_frame_size() + kFrameHeaderSize + 3;
    bytes[padding] = std::byte{1};
    ByteWriter check;
    check.put(check_of(std::span(bytes).subspan(padding - 3, 8)));
    std::copy(check.bytes().begin(), check.bytes().end(), bytes.end() - 8);
    expect_corrupt(bytes, "padding is not zero");
}

TEST(HostileLog, TheFirstFrameMustBeAHeader) {
    expect_corrupt({}, "the log is empty");
    expect_corrupt(Forger(FrameType::kBlock, payload_of(sample_blocks(1)[0])).bytes(),
                   "starts with a header frame");
    expect_corrupt(Forger(FrameType::kLogHeader, {}).bytes(), "not a well-formed log header");
    expect_corrupt(Forger(FrameType::kLogHeader, payload_of(sample_blocks(1)[0])).bytes(),
                   "not a well-formed log header");
}

TEST(HostileLog, AnotherSchemaIsRefused) {
    flatbuffers::FlatBufferBuilder builder;
    const wire::Digest schema(1, 2);
    const auto text = builder.CreateString("x");
    builder.Finish(wire::CreateLogHeader(builder, &schema, text, text, text, text), "LSH1");
    expect_corrupt(Forger(FrameType::kLogHeader,
                          std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())))
                       .bytes(),
                   "was written with schema 00000000000000020000000000000001");
}

TEST(HostileLog, EndTotalsAreChecked) {
    const Bytes payload = payload_of(sample_blocks(1)[0]);
    const auto totals = [&](std::uint64_t blocks, std::uint64_t transactions) {
        return Forger().frame(FrameType::kBlock, payload).end(blocks, transactions).bytes();
    };
    EXPECT_FALSE(read(totals(1, one_of_each().size())).error.has_value());
    expect_corrupt(totals(2, one_of_each().size()), "totals");
    expect_corrupt(totals(1, 0), "totals");
    expect_corrupt(Forger().frame(FrameType::kEnd, Bytes(17)).bytes(), "totals");
    expect_corrupt(Forger().frame(FrameType::kEnd, Bytes(15)).bytes(), "totals");
}

TEST(HostileLog, BlocksOutOfSequenceAreCorruption) {
    const std::vector<LogBlock> blocks = sample_blocks(3);
    expect_corrupt(Forger()
                       .frame(FrameType::kBlock, payload_of(blocks[0]))
                       .frame(FrameType::kBlock, payload_of(blocks[2]))
                       .bytes(),
                   "heights are not consecutive");
    LogBlock early = blocks[1];
    early.header.time_ms = blocks[0].header.time_ms;
    expect_corrupt(Forger()
                       .frame(FrameType::kBlock, payload_of(blocks[0]))
                       .frame(FrameType::kBlock, payload_of(early))
                       .bytes(),
                   "times do not rise");
}

TEST(HostileLog, PlacesThatAreNoFilesAreEnvironmentErrors) {
    const TemporaryFolder folder;
    for (const std::string& path : {folder.file(""), folder.file("missing.log")}) {
        const auto reader = LogReader::open(path);
        ASSERT_FALSE(reader.has_value());
        EXPECT_EQ(reader.error().code, ErrorCode::kEnvironment);
        EXPECT_EQ(reader.error().file, path);
    }
    const auto endless = LogReader::open("/dev/zero");
    ASSERT_FALSE(endless.has_value());
    EXPECT_EQ(endless.error().code, ErrorCode::kCorrupt);
}

// ---- payloads that pass every check of the frame ------------------------------------------------

Bytes around(std::span<const std::byte> payload) {
    return Forger().frame(FrameType::kBlock, payload).bytes();
}

TEST(HostilePayload, RandomBytesAreNoBlock) {
    Random random(1);
    for (std::uint64_t i = 0; i < scaled(20'000, 200); ++i) {
        Bytes payload(random.below(600));
        for (std::byte& b : payload) {
            // Small numbers make offsets and sizes that look right.
            b = static_cast<std::byte>(random.chance(1, 2) ? random.below(32) : random.next());
        }
        if (payload.size() >= 8 && random.chance(3, 4)) {
            const std::string_view identifier = "LSB1";
            std::transform(identifier.begin(), identifier.end(), payload.begin() + 4,
                           [](char c) { return static_cast<std::byte>(c); });
        }
        const Outcome outcome = read(around(payload));
        ASSERT_TRUE(outcome.error.has_value());
        ASSERT_EQ(outcome.error->code, ErrorCode::kCorrupt);
    }
}

TEST(HostilePayload, MutatedBlocksDecodeOrFailButNothingElse) {
    const Bytes good = payload_of(sample_blocks(1)[0]);
    Random random(2);
    std::size_t refused = 0;
    const std::uint64_t rounds = scaled(40'000, 400);
    for (std::uint64_t i = 0; i < rounds; ++i) {
        Bytes payload = good;
        for (std::uint64_t n = random.below(4) + 1; n > 0; --n) {
            std::byte& b = payload[random.below(payload.size())];
            b = static_cast<std::byte>(random.chance(1, 2) ? random.below(16) : random.next());
        }
        if (random.chance(1, 8)) {
            payload.resize(random.below(payload.size()));
        }
        const auto block = decode_block(payload);
        if (!block) {
            ASSERT_EQ(block.error().code, ErrorCode::kCorrupt);
            ++refused;
        } else {
            ASSERT_LE(block->transactions.size(), payload.size() / 32);
        }
    }
    EXPECT_GT(refused, rounds / 10);
}

/// A block payload whose transactions `make` returns as offsets.
template <class Make>
Bytes built(const Make& make) {
    flatbuffers::FlatBufferBuilder builder;
    const std::vector<flatbuffers::Offset<wire::Transaction>> transactions = make(builder);
    const auto list = builder.CreateVector(transactions);
    builder.Finish(wire::CreateBlock(builder, 1, 1, 1, list), "LSB1");
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return {bytes.begin(), bytes.end()};
}

std::string refusal(const Bytes& payload) {
    const auto block = decode_block(payload);
    return block ? "accepted" : block.error().message;
}

TEST(HostilePayload, OneTransactionListedManyTimesIsRefused) {
    const auto repeated = [](std::size_t times) {
        return built([&](flatbuffers::FlatBufferBuilder& builder) {
            const wire::Envelope envelope(1, 2, 3);
            const auto account = wire::CreateCreateAccount(builder, 7).Union();
            const auto one =
                wire::CreateTransaction(builder, &envelope, wire::Payload::CreateAccount, account);
            return std::vector(times, one);
        });
    };
    EXPECT_EQ(refusal(repeated(1)), "accepted");
    EXPECT_NE(refusal(repeated(1'000)), "accepted");
    EXPECT_NE(refusal(repeated(200'000)), "accepted");
    EXPECT_EQ(refusal(repeated(kBlockTransactionsMax + 1)), "not a well-formed block");
}

TEST(HostilePayload, OneListUnderManyTransactionsIsRefused) {
    const Bytes payload = built([](flatbuffers::FlatBufferBuilder& builder) {
        const auto list = builder.CreateVector(std::vector<std::uint64_t>(60'000, 5));
        std::vector<flatbuffers::Offset<wire::Transaction>> out;
        for (int i = 0; i < 1'000; ++i) {
            const wire::Envelope envelope(1, 2, 3);
            const auto batch = wire::CreateSettleBatch(builder, 1, list).Union();
            out.push_back(
                wire::CreateTransaction(builder, &envelope, wire::Payload::SettleBatch, batch));
        }
        return out;
    });
    EXPECT_NE(refusal(payload).find("shared"), std::string::npos);
}

TEST(HostilePayload, OneFillUnderManyBatchesIsRefused) {
    const Bytes payload = built([](flatbuffers::FlatBufferBuilder& builder) {
        const wire::Order order(1, 2, 3, 4, 5, 6, 7, 8, true, 1);
        const auto fill = wire::CreateTrade(builder, &order, &order, true, 1, 2);
        const auto fills = builder.CreateVector(std::vector(60'000, fill));
        std::vector<flatbuffers::Offset<wire::Transaction>> out;
        for (int i = 0; i < 2; ++i) {
            const wire::Envelope envelope(1, 2, 3);
            const auto batch = wire::CreateBatch(builder, true, fills).Union();
            out.push_back(wire::CreateTransaction(builder, &envelope, wire::Payload::Batch, batch));
        }
        return out;
    });
    EXPECT_NE(refusal(payload), "accepted");
}

Bytes with_payload(
    wire::Payload type,
    const std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)>& make) {
    return built([&](flatbuffers::FlatBufferBuilder& builder) {
        const wire::Envelope envelope(1, 2, 3);
        const auto part = make(builder);
        return std::vector{wire::CreateTransaction(builder, &envelope, type, part)};
    });
}

TEST(HostilePayload, UnknownAndMismatchedTypesAreRefused) {
    const auto account = [](flatbuffers::FlatBufferBuilder& builder) {
        return wire::CreateCreateAccount(builder, 7).Union();
    };
    EXPECT_EQ(refusal(with_payload(wire::Payload::CreateAccount, account)), "accepted");
    EXPECT_EQ(refusal(with_payload(wire::Payload{200}, account)), "unknown transaction type");
    EXPECT_EQ(refusal(with_payload(wire::Payload::NONE, account)), "unknown transaction type");
    for (const wire::Payload type : {wire::Payload::Trade, wire::Payload::Batch,
                                     wire::Payload::CreateMarket, wire::Payload::SettleBatch}) {
        EXPECT_EQ(refusal(with_payload(type, account)), "not a well-formed block");
    }
}

TEST(HostilePayload, EnumerationsAreChecked) {
    const auto status = [](std::uint8_t value) {
        return with_payload(wire::Payload::SetMarketStatus,
                            [value](flatbuffers::FlatBufferBuilder& builder) {
                                return wire::CreateSetMarketStatus(builder, 1, value).Union();
                            });
    };
    EXPECT_EQ(refusal(status(6)), "accepted");
    EXPECT_EQ(refusal(status(7)), "unknown market status");
    const auto market = [](std::uint8_t kind, std::uint8_t side) {
        return with_payload(
            wire::Payload::CreateMarket, [kind, side](flatbuffers::FlatBufferBuilder& builder) {
                const wire::MarketTerms terms(1, 1, 1, 0, 0, 0, 0, 0, 0, kind, side, false, false);
                const wire::FundingTerms funding(0, 0, 0, 0);
                const auto tiers = builder.CreateVectorOfStructs(std::vector<wire::MarginTier>{});
                const auto params = wire::CreateMarketParams(builder, tiers, &funding);
                const auto fees = builder.CreateVectorOfStructs(std::vector<wire::FeeTier>{});
                return wire::CreateCreateMarket(builder, 1, &terms, params, fees).Union();
            });
    };
    EXPECT_EQ(refusal(market(3, 1)), "accepted");
    EXPECT_EQ(refusal(market(4, 1)), "unknown market kind");
    EXPECT_EQ(refusal(market(0, 2)), "unknown option side");
}

TEST(HostilePayload, AListLongerThanTheFormatAllowsIsRefused) {
    EXPECT_NE(refusal(with_payload(wire::Payload::SettleBatch,
                                   [](flatbuffers::FlatBufferBuilder& builder) {
                                       const auto list = builder.CreateVector(
                                           std::vector<std::uint64_t>(kListMax + 1));
                                       return wire::CreateSettleBatch(builder, 1, list).Union();
                                   }))
                  .find("longer than the limit"),
              std::string::npos);
}

TEST(HostilePayload, TablesThatReferToThemselvesAreRefused) {
    // Every offset of a real block in turn points back to the root, to itself, or outside.
    const Bytes good = payload_of(sample_blocks(1)[0]);
    for (std::size_t at = 0; at + 4 <= good.size(); at += 4) {
        for (const std::uint32_t offset : {0U, 4U, 0x7fffffffU, 0xffffffffU}) {
            Bytes payload = good;
            for (std::size_t i = 0; i < 4; ++i) {
                payload[at + i] = static_cast<std::byte>(offset >> (8 * i));
            }
            const auto block = decode_block(payload);
            if (block) {
                ASSERT_LE(block->transactions.size(), payload.size() / 32);
            }
        }
    }
}

}  // namespace
}  // namespace lockstep::test
