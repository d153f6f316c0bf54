// Snapshots: the same bytes whoever wrote them, each chunk verified alone, nothing wrong loaded.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/in_place/in_place_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "engine/state/memory_backing.hpp"
#include "engine/state/snapshot.hpp"
#include "tests/support/byte_program.hpp"
#include "tests/support/random_blocks.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test::snapshots {
namespace {

constexpr std::uint32_t kUniverse = 40;
constexpr SnapshotOptions kSmall{.chunk_bytes = 200};

/// Cells in two parts, by parity of the key.
struct Numbers : ProgramMachine {
    static constexpr std::array<std::string_view, 2> kModules = {"even", "odd"};
    static std::size_t module(Key key) { return key % 2; }
    static std::optional<Key> decode_key(ByteReader& in) { return in.get<std::uint32_t>(); }
    static std::optional<Value> decode_value(ByteReader& in, Key) { return in.get_int128(); }
    static Numbers make() {
        Numbers machine;
        machine.universe = kUniverse;
        return machine;
    }
};
struct Bytes : ByteProgram {
    static Bytes make() {
        Bytes machine;
        machine.program.universe = kUniverse;
        machine.keys = std::make_unique<ByteKeys>(kUniverse);
        return machine;
    }
};

using Chunk = std::vector<std::byte>;
struct Snapshot {
    SnapshotManifest manifest;
    std::vector<Chunk> chunks;

    [[nodiscard]] ChunkSink sink() {
        return [this](std::span<const std::byte> bytes) {
            chunks.emplace_back(bytes.begin(), bytes.end());
            return Result<void, Error>{};
        };
    }
    [[nodiscard]] bool operator==(const Snapshot& other) const {
        return manifest.encode() == other.manifest.encode() && chunks == other.chunks;
    }
};

template <class From>
Snapshot save(const From& from, std::uint64_t height, const Digest& block,
              SnapshotOptions options = kSmall) {
    Snapshot out;
    auto manifest = save_snapshot(from, {.machine = "toy 1", .height = height, .block = block},
                                  out.sink(), options);
    EXPECT_TRUE(manifest.has_value());
    out.manifest = *manifest;
    return out;
}
template <class M>
Result<void, Error> load(StateStore<M>& store, const Snapshot& snapshot,
                         std::string_view machine = "toy 1") {
    auto loader = SnapshotLoader<M>::open(store, snapshot.manifest, machine);
    if (!loader) {
        return failure(loader.error());
    }
    for (std::size_t i = snapshot.chunks.size(); i > 0; --i) {  // in any order
        if (auto added = loader->add(i - 1, snapshot.chunks[i - 1]); !added) {
            return added;
        }
    }
    return loader->finish();
}

Block<Program> block_of(Random& random, std::uint64_t height) {
    return random_block(random,
                        {.transactions_min = 10,
                         .transactions_max = 40,
                         .universe = kUniverse,
                         .steps_max = 12,
                         .hints = Hints::kMixed},
                        height);
}

enum class Way { kSerial, kInPlace };

/// A state after some blocks, executed in one of two ways.
template <class M>
struct Node {
    explicit Node(Way way_in) : way(way_in) {}
    Digest execute(const Block<Program>& block, BlockDiff<M>* diff = nullptr) {
        auto result = way == Way::kSerial ? serial.execute(block, {}, {}, diff)
                                          : in_place.execute(block, {}, diff);
        EXPECT_TRUE(result.has_value());
        return result->block;
    }
    void continue_from(const Digest& block) {
        serial.set_previous_block_digest(block);
        in_place.set_previous_block_digest(block);
    }
    Way way;
    M machine = M::make();
    StateStore<M> store;
    SerialExecutor<M> serial{machine, store, kProgramLimits};
    InPlaceExecutor<M> in_place{machine, store, kProgramLimits};
};

template <class M>
class Snapshots : public testing::Test {};
using Machines = testing::Types<Numbers, Bytes>;
TYPED_TEST_SUITE(Snapshots, Machines);

TYPED_TEST(Snapshots, AreTheSameWhoeverWroteThemAndGoOnAsTheStateDid) {
    using M = TypeParam;
    std::vector<Snapshot> written;
    std::vector<Digest> ends;
    for (const Way way : {Way::kSerial, Way::kInPlace}) {
        Random random(5);
        Node<M> node(way);
        Digest block;
        for (std::uint64_t height = 1; height <= 12; ++height) {
            block = node.execute(block_of(random, height));
        }
        written.push_back(save(node.store, 12, block));
        ASSERT_GT(written.back().chunks.size(), 3U);

        Node<M> other(way == Way::kSerial ? Way::kInPlace : Way::kSerial);
        ASSERT_TRUE(load(other.store, written.back()).has_value());
        ASSERT_EQ(other.store.sums(), node.store.sums());
        ASSERT_TRUE(save(other.store, 12, block) == written.back());  // inserted in another order
        other.continue_from(written.back().manifest.head.block);
        for (std::uint64_t height = 13; height <= 16; ++height) {
            const Block<Program> next = block_of(random, height);
            ASSERT_EQ(other.execute(next), node.execute(next));
        }
        const auto bytes = written.back().manifest.encode();
        const auto decoded = SnapshotManifest::decode(bytes);
        ASSERT_TRUE(decoded.has_value());
        EXPECT_EQ(decoded->encode(), bytes);
        EXPECT_EQ(decoded->cells(), written.back().manifest.cells());
    }
    EXPECT_TRUE(written[1] == written[0]);
}

TYPED_TEST(Snapshots, AreWrittenWhileBlocksExecute) {
    using M = TypeParam;
    Random random(6);
    Node<M> node(Way::kInPlace);
    Digest block;
    for (std::uint64_t height = 1; height <= 8; ++height) {
        block = node.execute(block_of(random, height));
    }
    History<M> history(node.store, 8, 2);
    const Snapshot expected = save(node.store, 8, block);
    // Blocks go on within the sink, so that heights are added between any two chunks.
    std::uint64_t height = 8;
    Snapshot beside;
    bool kept = true;
    const ChunkSink sink = [&](std::span<const std::byte> bytes) {
        kept = kept && history.oldest() == 8;
        for (int i = 0; i < 3; ++i) {
            BlockDiff<M> diff;
            node.execute(block_of(random, ++height), &diff);
            EXPECT_TRUE(history.add(std::move(diff)));
        }
        return beside.sink()(bytes);
    };
    const SnapshotHead head = expected.manifest.head;
    auto manifest = save_snapshot(history, head, sink, kSmall);
    ASSERT_TRUE(manifest.has_value());
    beside.manifest = *manifest;
    EXPECT_TRUE(beside == expected);
    EXPECT_NE(node.store.digest(), expected.manifest.state());
    // The height was kept for the visit, and is forgotten behind it.
    EXPECT_TRUE(kept);
    EXPECT_GT(height, 15U);
    BlockDiff<M> diff;
    node.execute(block_of(random, ++height), &diff);
    EXPECT_TRUE(history.add(std::move(diff)));
    EXPECT_EQ(history.oldest(), height - 2);
    const auto gone = save_snapshot(history, head, sink, kSmall);
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().code, ErrorCode::kUsage);
}

TYPED_TEST(Snapshots, AreWrittenByAThreadOfTheirOwn) {
    using M = TypeParam;
    Random random(7);
    Node<M> node(Way::kInPlace);
    node.execute(block_of(random, 1));
    History<M> history(node.store, 1, 1);
    std::map<std::uint64_t, Digest> states{{1, node.store.digest()}};
    std::mutex mutex;
    std::atomic<bool> done{false};
    std::uint64_t written = 0;
    std::thread writer([&] {
        while (!done.load() || written == 0) {
            const std::uint64_t height = history.newest();
            Snapshot out;
            const auto manifest = save_snapshot(
                history, {.machine = "toy 1", .height = height, .block = {}}, out.sink(), kSmall);
            if (manifest) {  // else it was forgotten before the visit began
                const std::lock_guard lock(mutex);
                EXPECT_EQ(manifest->state(), states.at(height));
                ++written;
            }
        }
    });
    for (std::uint64_t height = 2; height <= scaled(200); ++height) {
        BlockDiff<M> diff;
        node.execute(block_of(random, height), &diff);
        {
            const std::lock_guard lock(mutex);
            states[height] = node.store.digest();
        }
        EXPECT_TRUE(history.add(std::move(diff)));
    }
    done = true;
    writer.join();
    EXPECT_GT(written, 0U);
}

/// A snapshot of some blocks to be broken.
template <class M>
Snapshot sample(SnapshotOptions options = kSmall) {
    Random random(8);
    Node<M> node(Way::kSerial);
    Digest block;
    for (std::uint64_t height = 1; height <= 8; ++height) {
        block = node.execute(block_of(random, height));
    }
    return save(node.store, 8, block, options);
}
/// A chunk and its entry in the manifest, as somebody would forge them.
void replace(Snapshot& snapshot, std::size_t chunk, Chunk bytes, std::uint32_t cells) {
    snapshot.manifest.chunks[chunk] = {.bytes = static_cast<std::uint32_t>(bytes.size()),
                                       .cells = cells,
                                       .digest = digest_of(bytes)};
    snapshot.chunks[chunk] = std::move(bytes);
}
template <class M>
std::string refusal(const Snapshot& snapshot, std::string_view machine = "toy 1") {
    StateStore<M> store;
    const auto loaded = load(store, snapshot, machine);
    if (loaded) {
        return "";
    }
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    return loaded.error().message;
}
bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TYPED_TEST(Snapshots, OfDamageNothingIsLoaded) {
    using M = TypeParam;
    const Snapshot good = sample<M>();
    ASSERT_EQ(refusal<M>(good), "");
    for (std::size_t i = 0; i < good.chunks[2].size(); ++i) {
        Snapshot bad = good;
        bad.chunks[2][i] ^= std::byte{0x10};
        ASSERT_TRUE(holds(refusal<M>(bad), "chunk 2 of the snapshot is damaged"));
    }
    Snapshot bad = good;
    bad.chunks[1].pop_back();
    EXPECT_TRUE(holds(refusal<M>(bad), "chunk 1 of the snapshot has"));
    bad = good;
    std::swap(bad.chunks[0], bad.chunks[1]);
    EXPECT_TRUE(holds(refusal<M>(bad), "chunk 1 of the snapshot was given as chunk 0"));
    bad = good;
    bad.chunks.push_back(bad.chunks[0]);
    EXPECT_TRUE(holds(refusal<M>(bad), "the snapshot has no chunk"));
    bad = good;
    bad.chunks.pop_back();
    EXPECT_TRUE(holds(refusal<M>(bad), "lacks 1 of its chunks"));
    EXPECT_TRUE(holds(refusal<M>(good, "toy 2"), "is of machine 'toy 1', not 'toy 2'"));
    bad = good;
    bad.manifest.modules.push_back({"more", {}});
    EXPECT_TRUE(holds(refusal<M>(bad), "other modules"));

    StateStore<M> store;
    auto loader = SnapshotLoader<M>::open(store, good.manifest, "toy 1");
    ASSERT_TRUE(loader.has_value());
    ASSERT_TRUE(loader->add(1, good.chunks[1]).has_value());
    const auto twice = loader->add(1, good.chunks[1]);
    ASSERT_FALSE(twice.has_value());
    EXPECT_TRUE(holds(twice.error().message, "once, not twice"));
    EXPECT_EQ(loader->missing().size(), good.chunks.size() - 1);
    EXPECT_FALSE(SnapshotLoader<M>::open(store, good.manifest, "toy 1").has_value());
}

TYPED_TEST(Snapshots, OfForgeriesNothingIsLoaded) {
    using M = TypeParam;
    const Snapshot good = sample<M>({.chunk_bytes = std::is_same_v<M, Bytes> ? 4'000U : 200U});
    const std::uint32_t cells = good.manifest.chunks[0].cells;
    // Cells out of order, twice, with more bytes than they need, cut, or none.
    std::vector<Chunk> found;
    ByteReader in(good.chunks[0]);
    while (in.remaining() != 0) {
        const auto cell = in.get_bytes();
        found.emplace_back(cell.begin(), cell.end());
    }
    ASSERT_GE(found.size(), 2U);
    const auto chunk_of = [](const std::vector<Chunk>& list) {
        ByteWriter out;
        for (const Chunk& cell : list) {
            out.put_bytes(cell);
        }
        return Chunk(out.bytes().begin(), out.bytes().end());
    };
    std::vector<std::vector<Chunk>> forged(4, found);
    std::swap(forged[0][0], forged[0][1]);
    forged[1][1] = forged[1][0];
    forged[2][0].push_back(std::byte{0});
    forged[3][0].pop_back();
    for (const auto& list : forged) {
        Snapshot bad = good;
        replace(bad, 0, chunk_of(list), cells);
        EXPECT_TRUE(holds(refusal<M>(bad), "cells in chunk 0 that are none of this machine"));
    }
    Snapshot bad = good;
    replace(bad, 0, good.chunks[0], cells + 1);
    EXPECT_TRUE(holds(refusal<M>(bad), "cells in chunk 0"));

    // Sound in itself, and not the state that it claims to be: the state stays empty.
    bad = good;
    bad.manifest.modules[0].sum += Digest{0, 1};
    StateStore<M> store;
    const auto loaded = load(store, bad);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_TRUE(holds(loaded.error().message, "does not add up"));
    EXPECT_EQ(store.size(), 0U);
    EXPECT_EQ(store.digest(), Digest{});
    EXPECT_TRUE(load(store, good).has_value());
    // The same cell in two chunks.
    bad = good;
    replace(bad, 1, good.chunks[0], cells);
    EXPECT_NE(refusal<M>(bad), "");
}

TEST(SnapshotManifest, EveryBitAndEveryCutIsSeen) {
    const std::vector<std::byte> good = sample<Numbers>().manifest.encode();
    ASSERT_TRUE(SnapshotManifest::decode(good).has_value());
    for (std::size_t i = 0; i < good.size(); ++i) {
        ASSERT_FALSE(SnapshotManifest::decode(std::span(good).first(i)).has_value()) << i;
        std::vector<std::byte> bad = good;
        bad[i] ^= std::byte{0x40};
        ASSERT_FALSE(SnapshotManifest::decode(bad).has_value()) << i;
        // Behind a digest that was made anew nothing is believed.
        const auto body = std::span(bad).first(bad.size() - 16);
        ByteWriter forged;
        forged.append(body);
        put(forged, digest_of(body));
        if (const auto decoded = SnapshotManifest::decode(forged.bytes())) {
            ASSERT_TRUE(std::ranges::equal(decoded->encode(), forged.bytes())) << i;
        }
    }
    // The bytes, pinned: they are the same on machines of every kind.
    EXPECT_EQ(digest_of(good).hex(), "edf0174fcf789e741d8df23d91be9eae");
}

/// Numbers without ranges, as a backing store needs it.
struct Flat : Numbers {
    static constexpr bool kScans = false;
};

TEST(Snapshot, OfAPartOfTheStateThereIsNone) {
    BlockDiff<Flat> diff;
    for (std::uint32_t key = 0; key < 9; ++key) {
        const Int128 value = key;
        diff.add(key, nullptr, &value);
    }
    MemoryBacking<Flat> backing;
    backing.write(diff);
    StateStore<Flat> store;
    store.load_from(backing, backing.base());
    Snapshot out;
    const auto part =
        save_snapshot(store, {.machine = "toy 1", .height = 1, .block = {}}, out.sink(), kSmall);
    ASSERT_FALSE(part.has_value());
    EXPECT_EQ(part.error().code, ErrorCode::kUsage);
    EXPECT_TRUE(holds(part.error().message, "backing store"));
}

TEST(Snapshot, ChunksAreBounded) {
    StateStore<ByteProgram> store;
    const std::vector<std::byte> large(3'000, std::byte{7});
    for (char name = 'a'; name < 'k'; ++name) {
        const std::span<const std::byte> all(large);
        const ByteValue value(all.first(name == 'e' ? 3'000 : 40));
        store.set(ByteKey(std::string_view(&name, 1)), &value);
    }
    const Snapshot out = save(store, 1, {}, {.chunk_bytes = 1'000});
    ASSERT_EQ(out.chunks.size(), 3U);  // four cells, the large one, five cells
    EXPECT_EQ(out.manifest.chunks[1].cells, 1U);
    EXPECT_LE(out.chunks[0].size(), 1'000U);
    EXPECT_LE(out.chunks[2].size(), 1'000U);
    StateStore<ByteProgram> empty;
    const Snapshot none = save(empty, 0, {});
    EXPECT_TRUE(none.chunks.empty());
    EXPECT_TRUE(load(empty, none).has_value());
}

}  // namespace
}  // namespace lockstep::test::snapshots
