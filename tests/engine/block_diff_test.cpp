// What a block changed, blocks that are not kept, and what stands on diffs: forks and history.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/state/forks.hpp"
#include "engine/state/history.hpp"
#include "tests/support/byte_program.hpp"
#include "tests/support/every_executor.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test::diffs {
namespace {

/// What the end-of-block phase of the next block does beside its work.
enum class AtEnd { kNothing, kThrow, kThrowNumber, kStop };

/// A machine whose phases can fail behind transactions that have changed the state.
template <class Base>
struct Failing : Base {
    AtEnd* at_end = nullptr;
    std::stop_source* stop = nullptr;

    template <class View, class Header>
    void end_block(View& view, const Header& header, const typename Base::Context& context) const {
        Base::end_block(view, header, context);
        switch (*at_end) {
            case AtEnd::kNothing:
                break;
            case AtEnd::kThrow:
                throw std::runtime_error("broken at the end");
            case AtEnd::kThrowNumber:
                throw 7;
            case AtEnd::kStop:
                stop->request_stop();
                break;
        }
    }
};

constexpr std::uint32_t kUniverse = 24;
/// Blocks that go as planned first, then such as do not.
Block<Program> any_block(Random& random, std::uint64_t height) {
    const bool tame = height <= scaled(60);
    return random_block(random,
                        {.transactions_min = 1,
                         .transactions_max = 40,
                         .universe = kUniverse,
                         .steps_max = 12,
                         .hints = tame ? Hints::kExact : Hints::kMixed,
                         .hostile = !tame,
                         .limits = !tame,
                         .scans = !tame},
                        height);
}

struct Numbers {
    using Machine = Failing<ProgramMachine>;
    static Machine make() {
        Machine machine;
        machine.universe = kUniverse;
        return machine;
    }
};
struct Bytes {
    using Machine = Failing<ByteProgram>;
    static Machine make() {
        Machine machine;
        machine.program.universe = kUniverse;
        machine.keys = std::make_unique<ByteKeys>(kUniverse);
        return machine;
    }
};

/// A state and one kind of executor over it.
template <class Of>
struct Node {
    using Machine = typename Of::Machine;
    using Content = std::map<std::string, std::string>;  ///< canonical bytes

    explicit Node(Kind kind) : executors(kind, machine, store) {
        machine.at_end = &at_end;
        machine.stop = &stop;
    }
    Result<BlockResult, Error> execute(const Block<Program>& block, bool keep = true,
                                       BlockDiff<Machine>* diff = nullptr) {
        stop = std::stop_source();
        return executors.execute(block, {.stop = stop.get_token(), .keep = keep}, diff);
    }
    void continue_from(const Digest& block) { executors.continue_from(block); }
    [[nodiscard]] Content content() const {
        Content out;
        store.for_each(
            [&](const auto& key, const auto& value) { out.emplace(text(key), text(key, value)); });
        return out;
    }
    static std::string text(const typename Machine::Key& key) {
        ByteWriter writer;
        Machine::encode_key(writer, key);
        return as_text(writer);
    }
    static std::string text(const typename Machine::Key& key,
                            const typename Machine::Value& value) {
        ByteWriter writer;
        Machine::encode_value(writer, key, value);
        return as_text(writer);
    }
    static std::string as_text(const ByteWriter& writer) {
        return {reinterpret_cast<const char*>(writer.bytes().data()), writer.bytes().size()};
    }
    void expect_whole() const { EXPECT_EQ(store.digest(), store.recompute_digest()); }  // [SS2]

    AtEnd at_end = AtEnd::kNothing;
    std::stop_source stop;
    Machine machine = Of::make();
    StateStore<Machine> store;
    EveryExecutor<Machine> executors;
};

/// One change as canonical bytes.
struct Changed {
    std::string key;
    std::string before;  ///< empty: absent
    std::string after;
    friend bool operator==(const Changed&, const Changed&) = default;
};

template <class Of>
std::vector<Changed> changes(const BlockDiff<typename Of::Machine>& diff) {
    using N = Node<Of>;
    std::vector<Changed> out;
    diff.for_each([&](const auto& change) {
        out.push_back({N::text(change.key),
                       change.before != nullptr ? "+" + N::text(change.key, *change.before) : "",
                       change.after != nullptr ? "+" + N::text(change.key, *change.after) : ""});
    });
    return out;
}
/// The same found by comparing states, ordered by canonical bytes.
std::vector<Changed> differences(const std::map<std::string, std::string>& before,
                                 const std::map<std::string, std::string>& after) {
    std::map<std::string, Changed> found;
    for (const auto& [key, value] : before) {
        found[key].before = "+" + value;
    }
    for (const auto& [key, value] : after) {
        found[key].after = "+" + value;
    }
    std::vector<Changed> out;
    for (auto& [key, change] : found) {
        change.key = key;
        if (change.before != change.after) {
            out.push_back(change);
        }
    }
    return out;
}
std::vector<Changed> by_key_bytes(std::vector<Changed> changes) {
    std::sort(changes.begin(), changes.end(),
              [](const Changed& a, const Changed& b) { return a.key < b.key; });
    return changes;
}

template <class Of>
class BlockDiffs : public testing::Test {};
using Machines = testing::Types<Numbers, Bytes>;
TYPED_TEST_SUITE(BlockDiffs, Machines);

TYPED_TEST(BlockDiffs, SayWhatChangedWhicheverExecutorMadeThem) {
    Random random(11);
    std::vector<std::unique_ptr<Node<TypeParam>>> nodes;
    for (const Kind kind : kKinds) {
        nodes.push_back(std::make_unique<Node<TypeParam>>(kind));
    }
    std::size_t erased = 0;
    for (std::uint64_t height = 1; height <= scaled(300); ++height) {
        const Block<Program> block = any_block(random, height);
        std::vector<Changed> first;
        for (auto& node : nodes) {
            const auto before = node->content();
            const Digest state = node->store.digest();
            BlockDiff<typename TypeParam::Machine> diff;
            const auto result = node->execute(block, true, &diff);
            ASSERT_TRUE(result.has_value());
            const std::vector<Changed> told = changes<TypeParam>(diff);
            ASSERT_EQ(by_key_bytes(told), differences(before, node->content())) << height;
            ASSERT_EQ(diff.state_before(), state);
            ASSERT_EQ(diff.state_after(), result->state);
            ASSERT_EQ(diff.block_after(), result->block);
            for (std::size_t i = 0; i < diff.size(); ++i) {
                ASSERT_TRUE(i == 0 || diff[i - 1].key < diff[i].key);
                ASSERT_EQ(diff.find(diff[i].key)->after, diff[i].after);
                erased += diff[i].after == nullptr ? 1U : 0U;
            }
            if (node->executors.kind == Kind::kSerial) {
                first = told;
            }
            ASSERT_EQ(told, first) << height;
        }
    }
    EXPECT_GT(erased, 0U);
    EXPECT_GT(nodes[3]->executors.parallel.metrics().planned, 0U);
    EXPECT_GT(nodes[4]->executors.parallel.metrics().fallbacks, 0U);
}

TYPED_TEST(BlockDiffs, AreTheSameOfABlockThatIsNotKept) {
    for (const Kind kind : kKinds) {
        Random random(12);
        Node<TypeParam> node(kind);
        for (std::uint64_t height = 1; height <= scaled(150); ++height) {
            const Block<Program> block = any_block(random, height);
            const Block<Program> other = any_block(random, height);
            const auto before = node.content();
            BlockDiff<typename TypeParam::Machine> proposed;
            BlockDiff<typename TypeParam::Machine> decided;
            const auto sibling = node.execute(other, false);
            const auto proposal = node.execute(block, false, &proposed);
            ASSERT_TRUE(sibling.has_value() && proposal.has_value());
            ASSERT_EQ(node.content(), before);
            node.expect_whole();
            const auto decision = node.execute(block, true, &decided);
            ASSERT_TRUE(decision.has_value());
            ASSERT_TRUE(*proposal == *decision) << height;
            ASSERT_EQ(changes<TypeParam>(proposed), changes<TypeParam>(decided));
            node.expect_whole();
        }
    }
}

TYPED_TEST(BlockDiffs, UndoAndRepeatABlock) {
    for (const Kind kind : kKinds) {
        Random random(13);
        Node<TypeParam> node(kind);
        Node<TypeParam> follower(Kind::kSerial);
        for (std::uint64_t height = 1; height <= scaled(150); ++height) {
            const Block<Program> block = any_block(random, height);
            const auto before = node.content();
            BlockDiff<typename TypeParam::Machine> diff;
            ASSERT_TRUE(node.execute(block, true, &diff).has_value());
            const auto after = node.content();
            if (diff.state_before() != diff.state_after()) {
                ASSERT_FALSE(diff.apply(node.store));  // it is applied already
                ASSERT_FALSE(diff.revert(follower.store));
            }
            ASSERT_TRUE(diff.apply(follower.store));
            ASSERT_EQ(follower.content(), after);
            ASSERT_TRUE(diff.revert(node.store));
            ASSERT_EQ(node.content(), before);
            ASSERT_EQ(node.store.digest(), diff.state_before());
            node.expect_whole();
            ASSERT_TRUE(diff.apply(node.store));
            ASSERT_EQ(node.content(), after);
            node.expect_whole();
        }
    }
}

TYPED_TEST(BlockDiffs, AFailureAtTheEndOfABlockLeavesNoTrace) {
    for (const Kind kind : kKinds) {
        Random random(14);
        Node<TypeParam> node(kind);
        Node<TypeParam> expected(Kind::kSerial);
        for (std::uint64_t height = 1; height <= scaled(150); ++height) {
            const Block<Program> broken = any_block(random, height);
            const Block<Program> block = any_block(random, height);
            const auto before = node.content();
            node.at_end = static_cast<AtEnd>(1 + random.below(3));
            const auto failed = node.execute(broken);
            ASSERT_FALSE(failed.has_value());
            ASSERT_EQ(failed.error().message, node.at_end == AtEnd::kThrow  ? "broken at the end"
                                              : node.at_end == AtEnd::kStop ? "cancelled"
                                                                            : "unknown failure");
            ASSERT_EQ(node.content(), before);
            node.expect_whole();
            node.at_end = AtEnd::kNothing;
            const auto result = node.execute(block);
            const auto serial = expected.execute(block);
            ASSERT_TRUE(result.has_value() && serial.has_value());
            ASSERT_TRUE(*result == *serial) << height;
        }
    }
}

TYPED_TEST(BlockDiffs, CarryForks) {
    using Machine = typename TypeParam::Machine;
    for (const Kind kind : kKinds) {
        Random random(15);
        Node<TypeParam> node(kind);
        Forks<Machine> forks(node.store, Digest{});
        std::map<Digest, typename Node<TypeParam>::Content> states{{Digest{}, node.content()}};
        std::map<Digest, Digest> below;
        const auto any = [&] {
            auto at = states.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(random.below(states.size())));
            return at->first;
        };
        for (std::uint64_t step = 1; step <= scaled(300); ++step) {
            switch (random.below(4)) {
                case 0:
                case 1: {
                    BlockDiff<Machine> diff;
                    const Digest tip = forks.tip();
                    const auto result = node.execute(any_block(random, step), true, &diff);
                    ASSERT_TRUE(result.has_value());
                    ASSERT_TRUE(forks.add(std::move(diff)));
                    ASSERT_EQ(forks.tip(), result->block);
                    states[result->block] = node.content();
                    below[result->block] = tip;
                    break;
                }
                case 2: {
                    const Digest block = any();
                    ASSERT_TRUE(forks.move_to(block));
                    ASSERT_EQ(forks.tip(), block);
                    break;
                }
                default: {
                    if (states.size() < 12) {
                        break;
                    }
                    const Digest block = any();
                    ASSERT_TRUE(forks.decide(block));
                    ASSERT_EQ(forks.root(), block);
                    std::erase_if(states, [&](const auto& entry) {
                        Digest at = entry.first;
                        while (at != block && below.contains(at)) {
                            at = below[at];
                        }
                        return at != block;
                    });
                    ASSERT_EQ(forks.size() + 1, states.size());
                    below.erase(block);
                    break;
                }
            }
            node.continue_from(forks.tip());
            ASSERT_EQ(node.content(), states.at(forks.tip())) << step;
            node.expect_whole();
        }
        EXPECT_FALSE(forks.move_to(Digest{1, 1}));
        EXPECT_FALSE(forks.decide(Digest{1, 1}));
    }
}

TEST(History, AnswersWhileBlocksExecute) {
    using Machine = Numbers::Machine;
    constexpr std::size_t kDepth = 5;
    Node<Numbers> node(Kind::kPlanned);
    History<Machine> history(node.store, 0, kDepth);
    std::mutex mutex;
    std::map<std::uint64_t, std::map<std::uint32_t, Int128>> expected{{0, {}}};
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> found{0};
    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> readers;
    for (std::uint64_t reader = 0; reader < 2; ++reader) {
        readers.emplace_back([&, reader] {
            Random random(reader);
            while (!done.load()) {
                const std::uint64_t height = history.oldest() + random.below(kDepth + 2);
                const auto key = static_cast<std::uint32_t>(random.below(kUniverse));
                Int128 value = 0;
                const auto answer = history.read(height, key, value);
                if (answer == History<Machine>::Answer::kUnknownHeight) {
                    continue;
                }
                const std::lock_guard lock(mutex);
                const auto& then = expected.at(height);
                const auto at = then.find(key);
                const bool present = answer == History<Machine>::Answer::kFound;
                const bool right =
                    present ? at != then.end() && at->second == value : at == then.end();
                wrong += right ? 0 : 1;
                found += present ? 1 : 0;
            }
        });
    }
    Random random(16);
    for (std::uint64_t height = 1; height <= scaled(400) || found.load() < 100; ++height) {
        BlockDiff<Machine> diff;
        ASSERT_TRUE(node.execute(any_block(random, height), true, &diff).has_value());
        {
            const std::lock_guard lock(mutex);
            auto& state = expected[height];
            node.store.for_each([&](std::uint32_t key, Int128 value) { state[key] = value; });
        }
        ASSERT_TRUE(history.add(std::move(diff)));
        ASSERT_EQ(history.newest(), height);
        ASSERT_EQ(history.oldest(), height < kDepth ? 0 : height - kDepth);
    }
    done = true;
    for (std::thread& reader : readers) {
        reader.join();
    }
    EXPECT_EQ(wrong.load(), 0U);

    const std::uint64_t newest = history.newest();
    ASSERT_TRUE(history.drop());
    Int128 value = 0;
    EXPECT_EQ(history.read(newest, 0, value), History<Machine>::Answer::kUnknownHeight);
    for (std::uint32_t key = 0; key < kUniverse; ++key) {
        const auto& then = expected.at(newest - 1);
        const bool present =
            history.read(newest - 1, key, value) == History<Machine>::Answer::kFound;
        EXPECT_EQ(present, then.contains(key));
        EXPECT_TRUE(!present || then.at(key) == value);
    }
}

}  // namespace
}  // namespace lockstep::test::diffs
