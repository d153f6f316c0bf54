// Reading ahead changes nothing but when blocks are read.

#include "replay/format/read_ahead.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <new>
#include <thread>

#include "engine/base/random.hpp"
#include "tests/replay/log_samples.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

constexpr std::size_t kBlocks = 5;
constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

LogReader open(std::span<const std::byte> bytes, LogReaderOptions options = {}) {
    auto reader = LogReader::open(std::make_unique<MemorySource>(bytes), options);
    EXPECT_TRUE(reader.has_value());
    return std::move(*reader);
}

/// What somebody who replays a log sees of it.
struct Seen {
    std::vector<LogBlock> blocks;
    std::vector<Digest> digests;
    std::vector<std::uint64_t> offsets;
    std::optional<Error> error;
    std::optional<Error> torn_tail;

    void take(LogBlock block, const Digest& digest, std::uint64_t offset) {
        blocks.push_back(std::move(block));
        digests.push_back(digest);
        offsets.push_back(offset);
    }
    friend bool operator==(const Seen& a, const Seen& b) {
        const auto text = [](const std::optional<Error>& e) {
            return e ? e->describe() : std::string();
        };
        return a.digests == b.digests && a.offsets == b.offsets && text(a.error) == text(b.error) &&
               text(a.torn_tail) == text(b.torn_tail) &&
               std::equal(a.blocks.begin(), a.blocks.end(), b.blocks.begin(), b.blocks.end(),
                          [](const LogBlock& x, const LogBlock& y) {
                              return x.header == y.header && x.transactions == y.transactions;
                          });
    }
};

Seen read_plainly(std::span<const std::byte> bytes, LogReaderOptions options = {},
                  std::uint64_t blocks_max = kAll) {
    Seen seen;
    LogReader reader = open(bytes, options);
    while (seen.blocks.size() < blocks_max) {
        auto block = reader.next();
        if (!block) {
            seen.error = block.error();
            break;
        }
        if (!*block) {
            break;
        }
        seen.take(std::move(**block), reader.block_digest(), reader.offset());
    }
    seen.torn_tail = reader.torn_tail();
    return seen;
}

Seen read_ahead(std::span<const std::byte> bytes, LogReaderOptions options = {},
                std::uint64_t blocks_max = kAll, ReadAheadBatch batch = {.blocks = 2}) {
    Seen seen;
    LogReader reader = open(bytes, options);
    ReadAhead ahead(reader, blocks_max, batch);
    while (seen.blocks.size() < blocks_max) {
        auto block = ahead.next();
        if (!block) {
            seen.error = block.error();
            break;
        }
        if (!*block) {
            break;
        }
        seen.take(std::move(**block), ahead.place().digest, ahead.place().offset);
    }
    ahead.finish();
    seen.torn_tail = reader.torn_tail();
    return seen;
}

std::size_t threads() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

/// Whether at most so many are left. A joined thread is listed until the kernel has cleared it
/// away.
bool threads_fall_to(std::size_t most) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (threads() > most && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
    }
    return threads() <= most;
}

TEST(ReadAhead, GivesWhatTheReaderGives) {
    const auto bytes = log_bytes(sample_blocks(kBlocks));
    const Seen seen = read_ahead(bytes);
    EXPECT_EQ(seen.blocks.size(), kBlocks);
    EXPECT_FALSE(seen.error.has_value());
    EXPECT_TRUE(seen == read_plainly(bytes));
    for (const std::size_t blocks : {1U, 3U, 64U}) {
        for (const std::size_t transactions : {std::size_t{1}, one_of_each().size() + 1}) {
            EXPECT_TRUE(seen == read_ahead(bytes, {}, kAll, {blocks, transactions}));
        }
    }
    EXPECT_TRUE(read_ahead(log_bytes({})) == read_plainly(log_bytes({})));
}

TEST(ReadAhead, AnErrorArrivesBehindTheBlocksBeforeIt) {
    const auto good = log_bytes(sample_blocks(kBlocks));
    const std::uint64_t header = open(good).offset();
    Random random(1);
    std::size_t errors = 0;
    std::size_t blocks = 0;
    const std::uint64_t cases = scaled(200, 40);
    for (std::uint64_t i = 0; i < cases; ++i) {
        auto bad = good;
        bad[header + random.below(bad.size() - header)] ^= std::byte{0x10};
        const Seen seen = read_ahead(bad);
        EXPECT_TRUE(seen == read_plainly(bad)) << i;
        errors += seen.error.has_value() ? 1U : 0U;
        blocks += seen.blocks.size();
    }
    EXPECT_EQ(errors, cases);
    EXPECT_GT(blocks, cases);  // and some before them
}

TEST(ReadAhead, ATornTailIsWhatItIs) {
    const auto good = log_bytes(sample_blocks(kBlocks));
    const std::uint64_t header = open(good).offset();
    Random random(2);
    for (std::uint64_t i = 0; i < scaled(60, 12); ++i) {
        const auto size = header + random.below(good.size() - header);
        const auto torn = std::span(good).first(size);
        for (const bool allowed : {false, true}) {
            const Seen seen = read_ahead(torn, {.allow_torn_tail = allowed});
            EXPECT_TRUE(seen == read_plainly(torn, {.allow_torn_tail = allowed})) << size;
            EXPECT_EQ(seen.torn_tail.has_value(), allowed) << size;
            EXPECT_EQ(seen.error.has_value(), !allowed) << size;
        }
    }
}

TEST(ReadAhead, ReadsNothingBehindTheLimit) {  // [RA1]
    auto bytes = log_bytes(sample_blocks(kBlocks));
    bytes.back() ^= std::byte{1};  // nobody is to come here
    for (std::uint64_t limit = 0; limit <= kBlocks; ++limit) {
        LogReader reader = open(bytes);
        ReadAhead ahead(reader, limit);
        for (std::uint64_t i = 0; i < limit; ++i) {
            const auto block = ahead.next();
            ASSERT_TRUE(block.has_value() && block->has_value());
        }
        ahead.finish();
        EXPECT_EQ(reader.blocks(), limit);
        EXPECT_TRUE(read_ahead(bytes, {}, limit) == read_plainly(bytes, {}, limit));
    }
}

/// How many blocks have been read at most when `taken` were asked for.
std::uint64_t blocks_read(std::span<const std::byte> bytes, std::size_t taken,
                          ReadAheadBatch batch) {
    LogReader reader = open(bytes);
    ReadAhead ahead(reader, kAll, batch);
    for (std::size_t i = 0; i < taken; ++i) {
        EXPECT_TRUE(ahead.next().has_value());
    }
    // Long enough for somebody who does not stop; too short is no error.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ahead.finish();
    EXPECT_GE(reader.blocks(), taken);
    return reader.blocks();
}

TEST(ReadAhead, StaysOneBatchAhead) {
    const auto bytes = log_bytes(sample_blocks(20));
    const std::size_t one_block = one_of_each().size();
    for (std::size_t taken = 0; taken < 12; ++taken) {
        EXPECT_LE(blocks_read(bytes, taken, {.blocks = 1}), taken + 1);
        EXPECT_LE(blocks_read(bytes, taken, {.transactions = 1}), taken + 1);
        EXPECT_LE(blocks_read(bytes, taken, {.blocks = 3}), (taken + 2) / 3 * 3 + 3);
        EXPECT_LE(blocks_read(bytes, taken, {.transactions = one_block + 1}),
                  (taken + 1) / 2 * 2 + 2);
    }
}

TEST(ReadAhead, LeavesNoThread) {  // [RA2]
    const auto good = log_bytes(sample_blocks(kBlocks));
    auto bad = good;
    bad[bad.size() / 2] ^= std::byte{1};
    std::thread([] {}).join();  // a sanitizer starts a thread of its own with the first one
    ASSERT_TRUE(threads_fall_to(2));
    const std::size_t before = threads();
    for (std::uint64_t i = 0; i < scaled(200, 40); ++i) {
        LogReader reader = open(i % 2 == 0 ? good : bad);
        ReadAhead ahead(reader, kAll, {.blocks = 1 + i % 3});
        if (i == 0) {
            EXPECT_TRUE(threads_fall_to(before + 1));
        }
        for (std::uint64_t taken = 0; taken < i % 7; ++taken) {
            const auto block = ahead.next();
            if (!block || !*block) {
                break;
            }
        }
    }
    EXPECT_TRUE(threads_fall_to(before)) << threads() << " threads, " << before << " before";
}

/// Bytes whose reader runs out of memory behind a number of them.
class ExhaustedSource final : public ByteSource {
  public:
    ExhaustedSource(std::span<const std::byte> bytes, std::size_t until)
        : rest_(bytes), until_(until) {}
    Result<std::size_t, Error> read(std::span<std::byte> out) override {
        if (until_ < out.size()) {
            throw std::bad_alloc();
        }
        until_ -= out.size();
        const std::size_t size = std::min(out.size(), rest_.size());
        std::memcpy(out.data(), rest_.data(), size);
        rest_ = rest_.subspan(size);
        return size;
    }
    std::optional<std::uint64_t> remaining() const override { return rest_.size(); }
    const std::string& name() const override { return name_; }

  private:
    std::span<const std::byte> rest_;
    std::size_t until_;
    std::string name_ = "exhausted";
};

TEST(ReadAhead, PassesExceptionsOnInOrder) {
    const auto bytes = log_bytes(sample_blocks(kBlocks));
    auto reader = LogReader::open(std::make_unique<ExhaustedSource>(bytes, bytes.size() * 2 / 3));
    ASSERT_TRUE(reader.has_value());
    ReadAhead ahead(*reader, kAll, {.blocks = 2});
    std::size_t taken = 0;
    EXPECT_THROW(
        {
            for (;; ++taken) {
                const auto block = ahead.next();
                ASSERT_TRUE(block.has_value() && block->has_value());
            }
        },
        std::bad_alloc);
    EXPECT_GT(taken, 0U);
    EXPECT_LT(taken, kBlocks);
    EXPECT_EQ(taken, reader->blocks());
}

}  // namespace
}  // namespace lockstep::test
