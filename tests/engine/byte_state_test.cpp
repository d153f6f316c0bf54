// Keys and values of any bytes: order, memory, and every executor over them.

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/in_place/in_place_executor.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/byte_program.hpp"
#include "tests/support/in_parallel.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

TEST(ByteKey, IsOrderedAsUnsignedBytesAre) {
    const std::vector<std::string> ascending = {"",
                                                std::string(1, '\0'),
                                                std::string(2, '\0'),
                                                "a",
                                                "a\x01",
                                                "ab",
                                                "b",
                                                "\x7f",
                                                "\x80",
                                                "\xff",
                                                "\xff\xff"};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            const std::string copy = ascending[j];
            EXPECT_EQ(ByteKey(ascending[i]) <=> ByteKey(copy), i <=> j) << i << ' ' << j;
            EXPECT_EQ(ByteKey(ascending[i]) == ByteKey(copy), i == j) << i << ' ' << j;
        }
    }
    EXPECT_EQ(ByteKey(), ByteKey(""));
    EXPECT_NE(ByteKey("ab").hash(), ByteKey("ac").hash());
}

TEST(ByteValue, KeepsWhatIsAssigned) {
    Random random(1);
    std::array<ByteValue, 4> values;
    std::array<std::vector<std::byte>, 4> model;
    model.fill(std::vector<std::byte>(16));
    for (int round = 0; round < 20'000; ++round) {
        const std::size_t at = random.below(4);
        const std::size_t other = random.below(4);
        switch (random.below(5)) {
            case 0: {
                std::vector<std::byte> bytes(random.below(100));
                for (std::byte& byte : bytes) {
                    byte = static_cast<std::byte>(random.below(256));
                }
                values[at].assign(bytes);
                model[at] = bytes;
                break;
            }
            case 1:
                values[at] = values[other];
                model[at] = model[other];
                break;
            case 2:
                if (at != other) {
                    values[at] = std::move(values[other]);
                    model[at] = std::move(model[other]);
                    model[other].assign(16, std::byte{0});
                }
                break;
            case 3: {
                ByteValue copy(values[at]);
                values[other] = std::move(copy);
                model[other] = model[at];
                break;
            }
            default: {
                const std::size_t skip = model[at].empty() ? 0 : random.below(model[at].size());
                values[at].assign(values[at].bytes().subspan(skip));
                model[at].erase(model[at].begin(),
                                model[at].begin() + static_cast<std::ptrdiff_t>(skip));
            }
        }
        for (std::size_t i = 0; i < 4; ++i) {
            ASSERT_TRUE(std::ranges::equal(values[i].bytes(), model[i])) << round;
            ASSERT_EQ(values[i] == values[at], model[i] == model[at]);
        }
    }
}

TEST(ByteValue, IsTheSameInWhateverOrderIsAddedToIt) {
    for (std::size_t size = 0; size < 60; ++size) {
        const std::vector<std::byte> bytes(size, std::byte{3});
        ByteValue value{std::span<const std::byte>(bytes)};
        const ByteValue before = value;
        const Int128 number = value.number();
        EXPECT_EQ(number != 0, size == sizeof(Int128));
        value.set_number(number);
        EXPECT_EQ(value, before) << size;
        value.set_number(number + 5);
        EXPECT_EQ(value.number(), number + 5) << size;
        EXPECT_NE(value, before) << size;
        EXPECT_EQ(std::ranges::equal(value.bytes(), bytes), size != sizeof(Int128)) << size;
        ByteValue copy = value;
        copy.set_number(7);
        copy.set_number(number + 5);
        EXPECT_EQ(copy, value) << size;
        copy = before;
        copy.set_number(number + 5);
        EXPECT_EQ(copy, value) << size;
        value.set_number(number);
        EXPECT_EQ(value, before) << size;
    }
    EXPECT_EQ(ByteValue().number(), 0);
    EXPECT_EQ(ByteValue().size(), sizeof(Int128));
    EXPECT_NE(ByteValue(), ByteValue(std::span<const std::byte>()));
}

/// One executor over bytes, whose keys lie in memory that ends with each block.
template <class Executor>
struct ByteChain {
    ByteProgram machine;
    StateStore<ByteProgram> store;
    std::unique_ptr<WorkerPool> pool;
    std::unique_ptr<Executor> executor;

    auto execute(const Block<Program>& block, std::uint32_t universe) {
        machine.program.universe = universe;
        machine.keys = std::make_unique<ByteKeys>(universe);
        auto result = executor->execute(block);
        machine.keys.reset();
        return result;
    }
    [[nodiscard]] std::map<std::uint32_t, Int128> state() const {
        std::map<std::uint32_t, Int128> cells;
        store.for_each([&](const ByteKey& key, const ByteValue& value) {
            cells[ByteKeys::number_of(key)] = ByteProgram::number(value);
        });
        return cells;
    }
};

struct ByteCase {
    std::uint32_t workers;
    Hints hints;
    bool hostile;
};

class ByteStateCase : public testing::TestWithParam<ByteCase> {};

TEST_P(ByteStateCase, EqualsTheSerialExecutorAndTheSameProgramsOverNumbers) {
    const auto [workers, hints, hostile] = GetParam();
    for (std::uint64_t seed = 0; seed < scaled(40, 4); ++seed) {
        Random random(seed);
        const std::uint32_t universe = random.chance(1, 2) ? 8 : 200;
        ProgramMachine numbers{.universe = universe};
        StateStore<ProgramMachine> number_store;
        SerialExecutor<ProgramMachine> number_serial(numbers, number_store, kProgramLimits);
        ByteChain<SerialExecutor<ByteProgram>> serial;
        serial.executor = std::make_unique<SerialExecutor<ByteProgram>>(
            serial.machine, serial.store, kProgramLimits);
        ByteChain<InPlaceExecutor<ByteProgram>> in_place;
        in_place.executor = std::make_unique<InPlaceExecutor<ByteProgram>>(
            in_place.machine, in_place.store, kProgramLimits);
        ByteChain<ParallelExecutor<ByteProgram>> parallel;
        parallel.pool = std::make_unique<WorkerPool>(workers);
        parallel.executor = std::make_unique<ParallelExecutor<ByteProgram>>(
            parallel.machine, parallel.store, *parallel.pool, kProgramLimits, in_parallel());
        for (std::uint64_t height = 1; height <= 12; ++height) {
            const auto block = random_block(random,
                                            {.universe = universe,
                                             .delay_max = 100,
                                             .hints = hints,
                                             .hostile = hostile,
                                             .scans = hints != Hints::kExact},
                                            height);
            const auto meant = number_serial.execute(block);
            const auto expected = serial.execute(block, universe);
            ASSERT_TRUE(meant.has_value() && expected.has_value());
            ASSERT_EQ(meant->events, expected->events);
            for (std::size_t i = 0; i < meant->receipts.size(); ++i) {
                ASSERT_EQ(meant->receipts[i].disposition, expected->receipts[i].disposition);
                ASSERT_EQ(meant->receipts[i].status, expected->receipts[i].status);
                ASSERT_EQ(meant->receipts[i].weight, expected->receipts[i].weight);
            }
            const auto direct = in_place.execute(block, universe);
            const auto actual = parallel.execute(block, universe);
            ASSERT_TRUE(direct.has_value() && actual.has_value());
            ASSERT_TRUE(*expected == *direct) << "seed " << seed << ", block " << height;
            ASSERT_TRUE(*expected == *actual) << "seed " << seed << ", block " << height;
        }
        std::map<std::uint32_t, Int128> cells;
        number_store.for_each([&](std::uint32_t key, Int128 value) { cells[key] = value; });
        EXPECT_EQ(serial.state(), cells);
        EXPECT_EQ(in_place.state(), cells);
        EXPECT_EQ(parallel.state(), cells);
        EXPECT_EQ(parallel.store.digest(), parallel.store.recompute_digest());
        if (hints == Hints::kExact && !hostile) {
            EXPECT_GT(parallel.executor->metrics().planned, 0U);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, ByteStateCase,
                         testing::Values(ByteCase{1, Hints::kNone, true},
                                         ByteCase{2, Hints::kNone, true},
                                         ByteCase{4, Hints::kMixed, true},
                                         ByteCase{2, Hints::kExact, false},
                                         ByteCase{4, Hints::kPartial, true}));

}  // namespace
}  // namespace lockstep::test
