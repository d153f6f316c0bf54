#include "scheduler/ready_queue.hpp"

#include <gtest/gtest.h>

namespace lockstep::test {
namespace {

TEST(ReadyQueue, GivesTheLowestTransactionFirst) {
    ReadyQueue<> queue;
    for (const TxnIndex txn : {5U, 1U, 9U, 3U, 7U}) {
        queue.push(txn);
    }
    for (const TxnIndex txn : {1U, 3U, 5U, 7U, 9U}) {
        EXPECT_FALSE(queue.looks_empty());
        EXPECT_EQ(queue.pop(), txn);
    }
    EXPECT_TRUE(queue.looks_empty());
    EXPECT_EQ(queue.pop(), kNoTxn);
}

TEST(ReadyQueue, IsEmptyAfterClear) {
    ReadyQueue<> queue;
    queue.push(1);
    queue.clear();
    EXPECT_TRUE(queue.looks_empty());
    EXPECT_EQ(queue.pop(), kNoTxn);
}

}  // namespace
}  // namespace lockstep::test
