// A chain over a RocksDB database: what is in memory, stops and reorganisations do not show.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "engine/rocksdb/rocksdb_backing.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test::rocks {
namespace {

struct Machine : ProgramMachine {
    static constexpr bool kScans = false;
    static std::optional<Value> decode_value(ByteReader& in, Key /*key*/) {
        return in.get_int128();
    }
};
constexpr std::uint32_t kUniverse = 300;

Machine machine() {
    Machine made;
    made.universe = kUniverse;
    return made;
}
Block<Program> any_block(Random& random, std::uint64_t height) {
    return random_block(
        random, {.transactions_max = 60, .universe = kUniverse, .hints = Hints::kMixed}, height);
}

class RocksDb : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "lockstep_db_XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    std::filesystem::path folder;
};

/// A process that runs the chain: everything but the folder is gone when it stops.
struct Process {
    explicit Process(const std::filesystem::path& folder) {
        auto opened = RocksdbBacking<Machine>::open(folder.string(), false);
        EXPECT_TRUE(opened) << opened.error().describe();
        disk = std::move(*opened);
        store.load_from(*disk, disk->tip().base);
        executor = std::make_unique<ParallelExecutor<Machine>>(made, store, pool, kProgramLimits,
                                                               in_parallel());
        executor->set_previous_block_digest(disk->tip().block);
    }
    Machine made = machine();
    std::unique_ptr<RocksdbBacking<Machine>> disk;
    StateStore<Machine> store;
    WorkerPool pool{2};
    std::unique_ptr<ParallelExecutor<Machine>> executor;
};

TEST_F(RocksDb, CarriesAChainThroughStopsAndReorganisations) {
    Machine made = machine();
    StateStore<Machine> whole;
    SerialExecutor<Machine> oracle(made, whole, kProgramLimits);
    Random random(21);
    auto process = std::make_unique<Process>(folder);
    int stops = 0;
    int undone = 0;
    for (std::uint64_t height = 1; height <= scaled(80, 40); ++height) {
        if (random.chance(1, 4)) {  // a block that loses, taken back with or without a stop
            BlockDiff<Machine> lost;
            ASSERT_TRUE(process->executor->execute(any_block(random, height), {}, {}, &lost));
            ASSERT_TRUE(process->disk->write(lost, height));
            process->store.evict_to(random.below(50));
            ASSERT_TRUE(lost.revert(process->store));
            process->executor->set_previous_block_digest(lost.block_before());
            ASSERT_TRUE(process->disk->undo(lost, height - 1));
            ++undone;
        }
        const auto block = any_block(random, height);
        BlockDiff<Machine> diff;
        const auto expected = oracle.execute(block);
        const auto actual = process->executor->execute(block, {}, {}, &diff);
        ASSERT_TRUE(expected && actual);
        ASSERT_TRUE(*expected == *actual) << height;
        ASSERT_TRUE(process->disk->write(diff, height));
        if (random.chance(1, 3)) {
            process->store.evict_to(random.below(100));
        }
        if (random.chance(1, 5)) {
            process.reset();
            process = std::make_unique<Process>(folder);
            ASSERT_EQ(process->disk->tip().height, height);
            ASSERT_EQ(process->store.digest(), whole.digest());
            ASSERT_EQ(process->store.size(), whole.size());
            ASSERT_EQ(process->store.resident(), 0U);
            ++stops;
        }
    }
    EXPECT_GT(stops, 3);
    EXPECT_GT(undone, 3);
    whole.for_each([&](const auto& key, const Int128& value) {
        const Int128* kept = process->store.get(key);
        ASSERT_TRUE(kept != nullptr && *kept == value);
    });
}

TEST_F(RocksDb, TakesOnlyTheNextBlock) {
    Process process(folder);
    Random random(2);
    BlockDiff<Machine> first;
    BlockDiff<Machine> second;
    ASSERT_TRUE(process.executor->execute(any_block(random, 1), {}, {}, &first));
    ASSERT_TRUE(process.executor->execute(any_block(random, 2), {}, {}, &second));
    const auto early = process.disk->write(second, 2);
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().file, folder.string());
    EXPECT_EQ(early.error().block, 2U);
    ASSERT_TRUE(process.disk->write(first, 1));
    ASSERT_FALSE(process.disk->undo(second, 1));
    ASSERT_TRUE(process.disk->write(second, 2));
    EXPECT_EQ(process.disk->tip().base.sums, process.store.sums());
}

TEST_F(RocksDb, NamesTheFolderThatItCannotOpen) {
    const Process holder(folder);
    const auto again = RocksdbBacking<Machine>::open(folder.string());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().file, folder.string());
    EXPECT_FALSE(again.error().message.empty());
}

/// A machine whose values are never what is stored.
struct Stranger : Machine {
    static std::optional<Value> decode_value(ByteReader& /*in*/, Key /*key*/) {
        return std::nullopt;
    }
};
TEST_F(RocksDb, FailsBlocksOverValuesThatAreNone) {
    {
        Process process(folder);
        Random random(4);
        BlockDiff<Machine> diff;
        ASSERT_TRUE(process.executor->execute(any_block(random, 1), {}, {}, &diff));
        ASSERT_TRUE(process.disk->write(diff, 1));
    }
    auto disk = RocksdbBacking<Stranger>::open(folder.string());
    ASSERT_TRUE(disk);
    Stranger made;
    StateStore<Stranger> store;
    store.load_from(**disk, {StateSums<Stranger>((*disk)->tip().base.sums.all()), 1});
    SerialExecutor<Stranger> executor(made, store, kProgramLimits);
    const auto failed = executor.execute(Block<Program>{.header = {.height = 2}});
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("what is stored is no value"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::test::rocks
