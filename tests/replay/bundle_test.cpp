#include <gtest/gtest.h>

#include "engine/base/random.hpp"
#include "replay/bundle/bundle_run.hpp"
#include "replay/divergence/divergence.hpp"
#include "tests/replay/command_runner.hpp"
#include "tests/support/due_machine.hpp"
#include "tests/support/program_machine.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

constexpr TxnLimits kLimits{.steps = 400, .event_bytes = 400};

/// The third block of transfer_blocks with the result of this build.
BundleBlock sample_bundle() {
    const Venue venue;
    VenueRecorder recorder(venue);
    const std::vector<LogBlock> blocks = transfer_blocks(3);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_TRUE(recorder.execute(blocks[i]).has_value());
    }
    const auto recording = recorder.record(blocks[2]);
    EXPECT_TRUE(recording.has_value());
    BundleBlock out{
        .block = blocks[2], .input = {.high = 1, .low = 2}, .basis = recording->basis, .sides = {}};
    RunInfo run = this_build();
    run.executor = "serial";
    out.sides.push_back({.run = run,
                         .digests = make_digest_record(recording->result, out.input, true),
                         .details = recording->details});
    out.sides.push_back({.run = {},
                         .digests = make_digest_record(recording->result, out.input, false),
                         .details = {}});
    return out;
}

DigestHeader sample_bundle_header() {
    constexpr auto kNames = module_names<Venue>();
    return {.chain_id = "c",
            .genesis = {.high = 3, .low = 4},
            .log = {.high = 5, .low = 6},
            .modules = {kNames.begin(), kNames.end()}};
}

std::vector<std::byte> bundle_bytes() {
    const TemporaryFolder folder;
    auto writer = BundleWriter::create(folder.file("b"), sample_bundle_header());
    EXPECT_TRUE(writer.has_value());
    EXPECT_TRUE(writer->append(sample_bundle()).has_value());
    EXPECT_TRUE(writer->close().has_value());
    return read_bytes(folder.file("b"));
}

/// What is wrong with a bundle; nothing when it reads to its end.
std::optional<Error> read(const std::vector<std::byte>& bytes) {
    auto reader = BundleReader::open(std::make_unique<MemorySource>(bytes));
    if (!reader) {
        return reader.error();
    }
    for (;;) {
        const auto block = reader->next();
        if (!block) {
            return block.error();
        }
        if (!*block) {
            return std::nullopt;
        }
    }
}

TEST(BlockRecorder, ChangesNothingAboutAnExecution) {
    Random random(5);
    for (std::uint64_t round = 0; round < scaled(300); ++round) {
        const ProgramMachine machine{.universe = 6};
        StateStore<ProgramMachine> store;
        SerialExecutor<ProgramMachine> executor(machine, store, kLimits);
        BlockRecorder<ProgramMachine> recorder(machine, kLimits);
        for (std::uint64_t height = 1; height <= 4; ++height) {
            const Block<Program> block = random_block(random, {.universe = 6}, height);
            const auto expected = executor.execute(block);
            const auto recording = recorder.record(block);
            ASSERT_TRUE(expected.has_value() && recording.has_value());
            ASSERT_EQ(recording->result, *expected) << "round " << round;
            ASSERT_EQ(recording->details.transactions.size(), block.transactions.size());
        }
        ASSERT_EQ(recorder.store().digest(), store.digest());
    }
}

TEST(BlockRecorder, TheCellsOfABlockSufficeToExecuteItAlone) {
    Random random(6);
    for (std::uint64_t round = 0; round < scaled(300); ++round) {
        const ProgramMachine machine{.universe = 6};
        BlockRecorder<ProgramMachine> whole(machine, kLimits);
        for (std::uint64_t height = 1; height <= 4; ++height) {
            const Block<Program> block = random_block(random, {.universe = 6}, height);
            const auto expected = whole.record(block);
            ASSERT_TRUE(expected.has_value());
            BlockRecorder<ProgramMachine> alone(machine, kLimits);
            for (const auto& [key, value] : expected->basis.cells) {
                alone.store().set(key, value ? &*value : nullptr);
            }
            const auto again = alone.record(block);
            ASSERT_TRUE(again.has_value());
            ASSERT_EQ(again->details, expected->details) << "round " << round;
            ASSERT_EQ(again->basis.cells, expected->basis.cells);
            ASSERT_EQ(again->result.receipts, expected->result.receipts);
        }
    }
}

/// Cells that the machine's own transactions follow from belong to what a block needs.
TEST(BlockRecorder, TheCellsOfABlockSufficeForSystemTransactions) {
    const DueMachine machine;
    BlockRecorder<DueMachine> whole(machine, kProgramLimits);
    Random random(7);
    for (std::uint64_t height = 1; height <= 40; ++height) {
        const Block<Program> block = random_block(random, {}, height);
        const auto expected = whole.record(block);
        ASSERT_TRUE(expected.has_value());
        BlockRecorder<DueMachine> alone(machine, kProgramLimits);
        for (const auto& [key, value] : expected->basis.cells) {
            alone.store().set(key, value ? &*value : nullptr);
        }
        const auto again = alone.record(block);
        ASSERT_TRUE(again.has_value());
        ASSERT_EQ(again->result.system_transactions, height == 1 ? 0U : DueMachine::kMostAtOnce);
        ASSERT_EQ(again->details, expected->details) << "block " << height;
        ASSERT_EQ(again->result.receipts, expected->result.receipts);
    }
}

TEST(Bundle, ComesBackAndRunsAlone) {
    const std::vector<std::byte> bytes = bundle_bytes();
    auto reader = BundleReader::open(std::make_unique<MemorySource>(bytes));
    ASSERT_TRUE(reader.has_value());
    EXPECT_EQ(reader->header(), sample_bundle_header());
    const auto back = reader->next();
    ASSERT_TRUE(back.has_value() && back->has_value());
    const BundleBlock expected = sample_bundle();
    EXPECT_EQ((*back)->block.header, expected.block.header);
    EXPECT_EQ((*back)->block.transactions, expected.block.transactions);
    EXPECT_EQ((*back)->basis, expected.basis);
    EXPECT_EQ((*back)->sides, expected.sides);
    EXPECT_FALSE(reader->next()->has_value());

    const auto run = run_bundle(**back, {.workers = 2, .repeat = 2});
    ASSERT_TRUE(run.has_value());
    EXPECT_EQ(run->serial, expected.sides[0].digests);
    EXPECT_EQ(run->parallel, run->serial);
    EXPECT_EQ(run->details, *expected.sides[0].details);
    EXPECT_TRUE(run->missing.empty());
}

TEST(Bundle, MissingCellsAreNamed) {
    BundleBlock bundle = sample_bundle();
    const StateKey gone = bundle.basis.cells.begin()->first;
    bundle.basis.cells.erase(bundle.basis.cells.begin());
    const auto run = run_bundle(bundle, {.workers = 0});
    ASSERT_TRUE(run.has_value());
    EXPECT_EQ(run->missing, std::vector<StateKey>{gone});
    EXPECT_FALSE(run->parallel.has_value());
}

TEST(Bundle, EveryTruncationAndEveryFlippedBitIsFound) {
    const std::vector<std::byte> whole = bundle_bytes();
    ASSERT_FALSE(read(whole).has_value());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const auto cut = read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)});
        ASSERT_TRUE(cut.has_value()) << i;
        ASSERT_EQ(cut->code, ErrorCode::kCorrupt);
        std::vector<std::byte> bad = whole;
        bad[i] ^= static_cast<std::byte>(1U << (i % 8));
        const auto error = read(bad);
        ASSERT_TRUE(error.has_value()) << "byte " << i;
        ASSERT_EQ(error->code, ErrorCode::kCorrupt);
    }
}

TEST(Bundle, ForgedPayloadsAreRefusedOrRunWithoutHarm) {
    const auto payload = encode_bundle_block(sample_bundle());
    ASSERT_TRUE(payload.has_value());
    const std::size_t modules = sample_bundle_header().modules.size();
    ASSERT_TRUE(decode_bundle_block(*payload, modules).has_value());
    EXPECT_FALSE(decode_bundle_block(*payload, modules + 1).has_value());
    std::uint64_t refused = 0;
    std::uint64_t ran = 0;
    Random random(9);
    for (std::uint64_t round = 0; round < scaled(20'000); ++round) {
        std::vector<std::byte> forged = *payload;
        for (std::uint64_t flips = 1 + random.below(3); flips > 0; --flips) {
            forged[random.below(forged.size())] = static_cast<std::byte>(random.below(256));
        }
        if (random.chance(1, 8)) {
            forged.resize(random.below(forged.size()));
        }
        const auto block = decode_bundle_block(forged, modules);
        if (!block) {
            ASSERT_EQ(block.error().code, ErrorCode::kCorrupt);
            ++refused;
        } else if (round % 10 == 0) {
            ran += run_bundle(*block, {.workers = 0}).has_value();
        }
    }
    EXPECT_GT(refused, 0U);
    EXPECT_GT(ran, 0U);
}

}  // namespace
}  // namespace lockstep::test
