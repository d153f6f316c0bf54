#include "engine/parallel/shared_work.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "scheduler/sync.hpp"

namespace lockstep::test {
namespace {

TEST(SharedWork, IsDoneOnceItemByItemByAllWhoTakePart) {
    constexpr std::size_t kItems = 1'000;
    SharedWork<StdSync> work;
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, kItems * 2}) {
        std::vector<std::uint32_t> done(kItems);
        work.prepare();
        EXPECT_FALSE(work.is_open());
        const auto take_part = [&] {
            await<StdSync>([&] { return work.is_open(); });
            work.take_part(chunk, [&](std::size_t first, std::size_t last) {
                for (; first < last; ++first) {
                    ++done[first];
                }
            });
        };
        {
            std::jthread helper(take_part);
            EXPECT_FALSE(work.is_open());
            work.open(kItems);
            take_part();
            await<StdSync>([&] { return work.is_finished(); });
        }
        EXPECT_EQ(done, std::vector<std::uint32_t>(kItems, 1)) << chunk;
    }
}

TEST(SharedWork, OfNoItemsIsFinishedWhenItOpens) {
    SharedWork<StdSync> work;
    work.prepare();
    work.open(0);
    EXPECT_TRUE(work.is_open() && work.is_finished());
    work.prepare();
    work.open(1);
    EXPECT_FALSE(work.is_finished());
    work.take_part(1, [](std::size_t, std::size_t) {});
    EXPECT_TRUE(work.is_finished());
}

}  // namespace
}  // namespace lockstep::test
