// The workloads of the venue: the engine computes what the serial executor computes, and they are
// what their names say.

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "bench/workloads.hpp"
#include "engine/serial_executor.hpp"
#include "instruments/events.hpp"
#include "replay/stress/serial_loop.hpp"
#include "replay/venue_driver.hpp"

namespace lockstep::bench {
namespace {

/// How many events of a type stand in the bytes of some events.
std::uint64_t count_events(std::span<const std::byte> bytes, EventType type) {
    ByteReader in(bytes);
    std::uint64_t count = 0;
    while (in.ok() && in.remaining() != 0) {
        count += in.get<std::uint16_t>() == static_cast<std::uint16_t>(type) ? 1U : 0U;
        static_cast<void>(in.get_bytes());
    }
    EXPECT_TRUE(in.ok());
    return count;
}

std::uint64_t rejected(const BlockResult& result) {
    std::uint64_t count = 0;
    for (const Receipt& receipt : result.receipts) {
        count += receipt.status != 0 ? 1U : 0U;
    }
    return count;
}

/// Executes the blocks serially, checks the engine and the twin against that, and returns it.
std::vector<BlockResult> execute_everywhere(const std::vector<LogBlock>& blocks,
                                            const std::string& name) {
    const Venue venue;
    StateStore<Venue> store;
    SerialExecutor<Venue> serial(venue, store);
    FlatState<Venue> flat;
    SerialLoop<Venue> twin(venue, flat);
    std::vector<BlockResult> results;
    for (const LogBlock& block : blocks) {
        auto result = serial.execute(block);
        EXPECT_TRUE(result.has_value());
        EXPECT_TRUE(twin.execute(block).block == result->block) << name;
        results.push_back(std::move(*result));
    }
    for (const std::uint32_t workers : {1U, 3U}) {
        VenueDriver driver(venue, {.workers = workers, .verify = true});
        std::size_t at = 0;
        const auto done = driver.run([&]() -> Result<std::optional<LogBlock>, Error> {
            return at < blocks.size() ? std::optional(blocks[at++]) : std::nullopt;
        });
        EXPECT_TRUE(done.has_value()) << name << ", " << workers << " workers";
        EXPECT_EQ(driver.summary().block, results.back().block) << name;
    }
    return results;
}

TEST(VenueWorkloads, TradesAreAppliedInAnyNumberOfMarketsAndFundingIsPaidWhereAskedFor) {
    std::uint32_t seen = 0;
    for_each_venue_workload(Sizes::small(), [&](const auto& workload) {
        using Workload = std::remove_cvref_t<decltype(workload)>;
        if constexpr (std::is_same_v<Workload, VenueWorkload>) {
            const bool funding = workload.name == "venue_funding";
            if (!funding && workload.name.find("venue_markets_") == std::string::npos) {
                return;
            }
            ++seen;
            auto source = workload.source();
            std::vector<LogBlock> blocks;
            for (std::uint64_t i = workload.prelude() + 4; i > 0; --i) {
                blocks.push_back(source.next());
            }
            const auto results = execute_everywhere(blocks, workload.name);
            for (std::size_t i = workload.prelude(); i < results.size(); ++i) {
                const BlockResult& result = results[i];
                EXPECT_EQ(rejected(result), 0U) << workload.name << " block " << i;
                const auto begin =
                    std::span(result.events).first(result.receipts.front().events_begin);
                EXPECT_EQ(count_events(begin, EventType::kFundingApplied) > 0, funding)
                    << workload.name << " block " << i;
            }
        }
    });
    EXPECT_EQ(seen, 4U);
}

TEST(VenueWorkloads, ExpiredSeriesArePaidOut) {
    const PreparedLog log = expiry_log(300, 150);
    const auto results = execute_everywhere(log.blocks, "expiry");
    const auto count = [&](std::size_t first, std::size_t last, EventType type) {
        std::uint64_t sum = 0;
        for (std::size_t i = first; i < last; ++i) {
            sum += count_events(results[i].events, type);
            EXPECT_EQ(rejected(results[i]), 0U) << "block " << i;
        }
        return sum;
    };
    const std::size_t expiry = log.prelude;
    EXPECT_EQ(count(0, expiry, EventType::kMarketSettled), 0U);
    EXPECT_EQ(count(expiry, expiry + 1, EventType::kMarketSettled), 4U);
    EXPECT_EQ(count(0, expiry + 1, EventType::kPositionSettled), 0U);
    EXPECT_GT(count(expiry + 1, results.size(), EventType::kPositionSettled), 50U);
}

TEST(VenueWorkloads, ARewoundLogIsTheSameInEveryPass) {
    const RewoundLogWorkload workload = expiry_workload("expiry", 200, 100);
    const std::size_t pass = workload.blocks->size() + 1;
    StateStore<RewindingVenue> store;
    SerialExecutor<RewindingVenue> serial(workload.machine, store);
    workload.populate(store);
    auto source = workload.source();
    std::vector<BlockResult> results;
    for (std::size_t i = 0; i < 2 * pass; ++i) {
        results.push_back(*serial.execute(source.next()));
    }
    for (std::size_t i = 0; i < pass; ++i) {
        EXPECT_EQ(results[i].state, results[pass + i].state) << i;
        EXPECT_EQ(results[i].receipts, results[pass + i].receipts) << i;
        EXPECT_EQ(results[i].state == results[0].state, i == 0) << i;
    }
}

}  // namespace
}  // namespace lockstep::bench
