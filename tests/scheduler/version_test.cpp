#include "scheduler/version.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>

#include "engine/base/random.hpp"

namespace lockstep::test {
namespace {

using Node = Version<int>;
using Slot = VersionSlot<int>;

Node* put(std::deque<Node>& nodes, Slot& slot, TxnIndex txn, int value) {
    Node& node = nodes.emplace_back();
    node.txn = txn;
    node.value = value;
    node.publish();
    slot.insert(&node);
    return &node;
}

TEST(Version, ShowsItsValueOncePublishedAndNullWhenErased) {  // [V1]
    Node node;
    EXPECT_EQ(node.current(), VersionState::kPending);
    node.value = 3;
    node.publish();
    EXPECT_EQ(node.current(), VersionState::kReady);
    EXPECT_EQ(*node.get(), 3);
    Node erasure;
    erasure.erased = true;
    erasure.publish();
    EXPECT_EQ(erasure.get(), nullptr);
}

TEST(Version, BecomesAnEstimateAndIsDroppedWhenItsWriterIsAborted) {  // [V2]
    std::deque<Node> nodes;
    Slot slot;
    Node* old = put(nodes, slot, 4, 1);
    old->make_estimate();
    EXPECT_EQ(slot.find(5), old);
    EXPECT_EQ(old->current(), VersionState::kPending);
    Node* replacement = put(nodes, slot, 4, 2);
    EXPECT_EQ(slot.find(5), replacement);
    old->drop();
    replacement->drop();
    EXPECT_EQ(slot.find(5), nullptr);
}

TEST(VersionSlot, FindsTheNewestVersionBelowInAnyOrderOfInsertion) {  // [V3]
    Random random(1);
    for (int round = 0; round < 200; ++round) {
        std::deque<Node> nodes;
        Slot slot;
        Node* newest_of[20] = {};
        for (int i = 0; i < 15; ++i) {
            const auto txn = static_cast<TxnIndex>(random.below(20));
            newest_of[txn] = put(nodes, slot, txn, i);
        }
        for (TxnIndex reader = 0; reader <= 20; ++reader) {
            const Node* expected = nullptr;
            for (TxnIndex below = 0; below < reader; ++below) {
                expected = newest_of[below] != nullptr ? newest_of[below] : expected;
            }
            EXPECT_EQ(slot.find(reader), expected);
        }
        TxnIndex last = kNoTxn;
        std::size_t length = 0;
        for (const Node* node = slot.newest.load(); node != nullptr; node = node->older.load()) {
            EXPECT_LE(node->txn, last);
            last = node->txn;
            ++length;
        }
        EXPECT_EQ(length, nodes.size());
    }
}

TEST(VersionSlot, SkipsDroppedVersions) {
    std::deque<Node> nodes;
    Slot slot;
    Node* low = put(nodes, slot, 1, 10);
    Node* middle = put(nodes, slot, 3, 30);
    put(nodes, slot, 5, 50);
    middle->drop();
    EXPECT_EQ(slot.find(5), low);
    EXPECT_EQ(slot.find(1), nullptr);
    EXPECT_EQ(Slot::first_standing(middle, 9), low);
}

TEST(VersionSlot, MakesItsAdditionsOnce) {
    Additions<int> first;
    Additions<int> second;
    Slot slot;
    EXPECT_EQ(&slot.additions_or_make([&] { return &first; }), &first);
    EXPECT_EQ(&slot.additions_or_make([&] { return &second; }), &first);
}

TEST(Additions, SumOnlyWhatCameOnTopOfTheSameVersion) {
    Additions<int> additions;
    Node base;
    base.txn = 4;
    EXPECT_FALSE(additions.applies_to(nullptr));
    additions.commit(nullptr, 5);
    additions.commit(nullptr, -2);
    EXPECT_TRUE(additions.applies_to(nullptr));
    EXPECT_EQ(additions.sum, 3);
    EXPECT_EQ(additions.sum_hint(nullptr), 3);
    EXPECT_EQ(additions.sum_hint(&base), 0);
    EXPECT_FALSE(additions.applies_to(&base));
    additions.commit(&base, -7);
    EXPECT_TRUE(additions.applies_to(&base));
    EXPECT_FALSE(additions.applies_to(nullptr));
    EXPECT_EQ(additions.sum, -7);
    EXPECT_EQ(additions.sum_hint(&base), -7);
    EXPECT_EQ(additions.sum_hint(nullptr), 0);
}

/// Calls `after_store` after each store to an atomic.
struct WatchedSync : StdSync {
    static inline std::function<void()> after_store;

    template <class T>
    struct Atomic : std::atomic<T> {
        using std::atomic<T>::atomic;
        void store(T value, std::memory_order order) noexcept {
            std::atomic<T>::store(value, order);
            if (after_store) {
                after_store();
            }
        }
    };
};

TEST(Additions, HintAtASumThatWasCommittedAtEveryMoment) {
    constexpr Int128 kLarge = Int128{1} << 90;
    Additions<int, WatchedSync> additions;
    additions.commit(nullptr, 0);
    for (const Int128 amount : {Int128{3}, Int128{-5}, Int128{1}, Int128{2}, kLarge, -3 * kLarge}) {
        const Int128 before = additions.sum;
        int looks = 0;
        WatchedSync::after_store = [&] {
            const Int128 hint = additions.sum_hint(nullptr);
            EXPECT_TRUE(hint == RoundedNumber::unpack(RoundedNumber::pack(before)) ||
                        hint == RoundedNumber::unpack(RoundedNumber::pack(additions.sum)));
            ++looks;
        };
        additions.commit(nullptr, amount);
        WatchedSync::after_store = nullptr;
        EXPECT_GT(looks, 0);
    }
}

TEST(RoundedNumber, IsExactWithin57BitsAndKeepsTheLeadingOnesBeyond) {
    Random random(7);
    for (int i = 0; i < 20'000; ++i) {
        const Int128 number = make_int128(random.next(), random.next()) >> random.below(128);
        const Int128 rounded = RoundedNumber::unpack(RoundedNumber::pack(number));
        ASSERT_LE(rounded, number);
        ASSERT_LE(number - rounded, (number < 0 ? ~number : number) >> 55);
    }
    for (const Int128 edge : {Int128{0}, Int128{-1}, (Int128{1} << 56) - 1, -(Int128{1} << 56),
                              kInt128Min, Int128{1} << 126}) {
        EXPECT_TRUE(RoundedNumber::unpack(RoundedNumber::pack(edge)) == edge);
    }
}

TEST(Additions, KnowTheLowestAdder) {
    Additions<int> additions;
    for (const TxnIndex txn : {7U, 3U, 5U}) {
        additions.record_adder(txn);
    }
    EXPECT_EQ(additions.first_adder.load(), 3U);
}

}  // namespace
}  // namespace lockstep::test
