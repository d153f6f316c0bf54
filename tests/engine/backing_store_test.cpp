// A state of which only a part is in memory: results are those of one that is there whole.

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/state/forks.hpp"
#include "engine/state/memory_backing.hpp"
#include "tests/support/every_executor.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test::backing {
namespace {

/// Programs without scans, of which a state that is partly elsewhere knows nothing.
struct Machine : ProgramMachine {
    static constexpr bool kScans = false;
};
constexpr std::uint32_t kUniverse = 400;

Machine machine() {
    Machine made;
    made.universe = kUniverse;
    return made;
}

/// Counts loads of a block, and delays or fails some.
class Watched : public MemoryBacking<Machine> {
  public:
    void load_many(std::span<const Key> keys, std::span<Loaded<Value>> answers) noexcept override {
        MemoryBacking<Machine>::load_many(keys, answers);
        if (delay.count() != 0) {
            std::this_thread::sleep_for(delay);
        }
        const std::lock_guard lock(mutex_);
        ++calls;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            ++loads[keys[i]];
            if (keys[i] == failing) {
                answers[i] = {.load = Load::kFailed, .cause = "the disk is gone"};
            }
        }
    }

    std::chrono::microseconds delay{0};
    Key failing = 0xffffffff;
    std::map<Key, int> loads;
    std::size_t calls = 0;

  private:
    std::mutex mutex_;
};

/// An executor over a state that is partly elsewhere.
struct Node {
    explicit Node(Kind kind, std::uint32_t workers = 3) : executors(kind, made, store, workers) {
        store.load_from(disk, disk.base());
    }
    Result<BlockResult, Error> execute(const Block<Program>& block, bool keep = true) {
        disk.loads.clear();
        auto result = executors.execute(block, {.keep = keep}, &diff);
        for (const auto& [key, times] : disk.loads) {
            EXPECT_EQ(times, 1) << "key " << key << " in block " << block.header.height;
        }
        return result;
    }
    /// Writes what was committed last, and leaves a few cells in memory.
    void write_and_evict(std::size_t most) {
        disk.write(diff);
        store.evict_to(most);
        EXPECT_LE(store.resident(), most);
    }

    Machine made = machine();
    Watched disk;
    StateStore<Machine> store;
    EveryExecutor<Machine> executors;
    BlockDiff<Machine> diff;
};

Block<Program> any_block(Random& random, std::uint64_t height, bool tame) {
    return random_block(random,
                        {.transactions_min = 1,
                         .transactions_max = 150,
                         .universe = kUniverse,
                         .steps_max = 10,
                         .hints = tame ? Hints::kExact : Hints::kMixed,
                         .hostile = !tame,
                         .limits = !tame,
                         .changes = true},
                        height);
}

TEST(BackingStore, DoesNotShowInResults) {
    for (const Kind kind : kKinds) {
        Random random(static_cast<std::uint64_t>(kind) + 7);
        Machine made = machine();
        StateStore<Machine> whole;
        SerialExecutor<Machine> oracle(made, whole, kProgramLimits);
        Node node(kind);
        std::size_t evicted = 0;
        for (std::uint64_t height = 1; height <= scaled(60, 40); ++height) {
            const auto block = any_block(random, height, height <= scaled(60, 40) / 2);
            const auto expected = oracle.execute(block);
            const auto actual = node.execute(block);
            ASSERT_TRUE(expected && actual);
            ASSERT_TRUE(*expected == *actual) << "way " << static_cast<int>(kind) << ", " << height;
            ASSERT_EQ(whole.size(), node.store.size());
            if (random.chance(2, 3)) {
                const std::size_t before = node.store.resident();
                node.write_and_evict(random.below(kUniverse / 2));
                evicted += before - node.store.resident();
            } else {
                node.disk.write(node.diff);
            }
            ASSERT_EQ(node.disk.base().sums, node.store.sums());
        }
        EXPECT_GT(evicted, kUniverse);
        if (kind == Kind::kPlanned) {
            EXPECT_GT(node.executors.parallel.metrics().planned, 0U);
        }
    }
}

TEST(BackingStore, IsAskedForDeclaredKeysTogether) {
    for (const Kind kind : {Kind::kPlanned, Kind::kSpeculative, Kind::kInPlace}) {
        Random random(3);
        Node node(kind, 1);
        const auto block = any_block(random, 1, true);
        ASSERT_TRUE(node.execute(block));
        // Phases have cells of their own; a jump of the programs does not occur in tame ones.
        EXPECT_GT(node.disk.loads.size(), 50U);
        EXPECT_LT(node.disk.calls, node.disk.loads.size() / 3) << static_cast<int>(kind);
    }
}

TEST(BackingStore, FailsTheBlockAndNamesTheKey) {
    for (const Kind kind : kKinds) {
        Random random(5);
        Node node(kind);
        ASSERT_TRUE(node.execute(any_block(random, 1, true)));
        node.write_and_evict(0);
        const Digest state = node.store.digest();
        const auto block = any_block(random, 2, true);
        node.disk.failing = block.transactions[0].steps[0].key;
        const auto failed = node.execute(block);
        ASSERT_FALSE(failed) << static_cast<int>(kind);
        EXPECT_NE(failed.error().message.find(
                      "cannot load key " + hex_of(std::as_bytes(std::span(&node.disk.failing, 1)))),
                  std::string::npos)
            << failed.error().message;
        EXPECT_NE(failed.error().message.find("the disk is gone"), std::string::npos);
        EXPECT_EQ(failed.error().block, 2U);
        EXPECT_EQ(node.store.digest(), state);

        // As soon as it can be loaded, everything is as if nothing had happened.
        node.disk.failing = 0xffffffff;
        Node other(Kind::kSerial);
        Random again(5);
        ASSERT_TRUE(other.execute(any_block(again, 1, true)));
        const auto expected = other.execute(any_block(again, 2, true));
        const auto actual = node.execute(block);
        ASSERT_TRUE(expected && actual);
        EXPECT_TRUE(*expected == *actual);
    }
}

TEST(BackingStore, IsAskedOnceForAKeyThatManyWorkersWant) {
    Node node(Kind::kSpeculative, 4);
    node.disk.delay = std::chrono::microseconds(300);
    Random random(9);
    for (std::uint64_t height = 1; height <= 4; ++height) {
        // Few keys, undeclared: all workers meet them at once; execute() counts.
        const auto block = random_block(random,
                                        {.transactions_min = 60,
                                         .transactions_max = 60,
                                         .universe = 12,
                                         .hostile = false,
                                         .limits = false},
                                        height);
        ASSERT_TRUE(node.execute(block));
        EXPECT_GT(node.disk.loads.size(), 5U);
        node.write_and_evict(0);
    }
}

TEST(BackingStore, BearsBlocksThatAreNotKeptAndDiffsOfCellsThatAreElsewhere) {
    for (const Kind kind : kKinds) {
        Random random(13);
        Node node(kind);
        for (std::uint64_t height = 1; height <= scaled(12); ++height) {
            const auto block = any_block(random, height, true);
            const Digest state = node.store.digest();
            const auto proposed = node.execute(block, false);
            ASSERT_EQ(node.store.digest(), state);
            node.store.evict_to(3);
            const auto decided = node.execute(block);
            ASSERT_TRUE(proposed && decided);
            ASSERT_TRUE(*proposed == *decided);
            node.write_and_evict(5);
            // Undone and redone over cells that have left memory.
            const std::size_t cells = node.store.size();
            ASSERT_TRUE(node.diff.revert(node.store));
            ASSERT_EQ(node.store.digest(), state);
            ASSERT_TRUE(node.diff.apply(node.store));
            ASSERT_EQ(node.store.digest(), decided->state);
            ASSERT_EQ(node.store.size(), cells);
        }
    }
}

}  // namespace
}  // namespace lockstep::test::backing
