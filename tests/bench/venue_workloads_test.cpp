// The workloads of the venue: engine, rivals and twin compute what the serial executor computes,
// and the workloads are what their names say.

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "bench/workloads.hpp"
#include "instruments/events.hpp"
#include "tests/bench/serial_results.hpp"
#include "tests/support/test_scale.hpp"

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

TEST(VenueWorkloads, TradesAreAppliedInAnyNumberOfMarketsAndFundingIsPaidWhereAskedFor) {
    std::uint32_t seen = 0;
    for_each_venue_workload(Sizes::small(), [&](const auto& workload) {
        using Workload = std::remove_cvref_t<decltype(workload)>;
        if constexpr (std::is_same_v<Workload, VenueWorkload>) {
            const SerialResults serial(workload, test::scaled(4, 2));
            expect_equal_everywhere(serial);
            const bool funding = workload.name == "venue_funding";
            if (!funding && workload.name.find("venue_markets_") == std::string::npos) {
                return;
            }
            ++seen;
            const auto& results = serial.results;
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

/// A log of the venue as a workload, from its first block on.
struct LogWorkload {
    using Machine = Venue;
    struct Source {
        const std::vector<LogBlock>& blocks;
        std::size_t at = 0;
        [[nodiscard]] LogBlock next() { return blocks[at++]; }
    };

    std::string name;
    Machine machine;
    std::vector<LogBlock> blocks;

    void populate(auto&) const {}
    [[nodiscard]] Source source() const { return {blocks}; }
    [[nodiscard]] std::uint64_t prelude() const { return 0; }
};

TEST(VenueWorkloads, ExpiredSeriesArePaidOut) {
    const PreparedLog log = expiry_log(300, 150);
    const LogWorkload workload{.name = "expiry", .machine = {}, .blocks = log.blocks};
    const SerialResults serial(workload, log.blocks.size());
    expect_equal_everywhere(serial);
    const auto& results = serial.results;
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
    const SerialResults serial(workload, 2 * pass);
    expect_equal_everywhere(serial);
    const auto& results = serial.results;
    for (std::size_t i = 0; i < pass; ++i) {
        EXPECT_EQ(results[i].state, results[pass + i].state) << i;
        EXPECT_EQ(results[i].receipts, results[pass + i].receipts) << i;
        EXPECT_EQ(results[i].state == results[0].state, i == 0) << i;
    }
}

}  // namespace
}  // namespace lockstep::bench
