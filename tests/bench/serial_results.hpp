#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/contestants/contestant.hpp"

namespace lockstep::bench {

/// Blocks and what the serial executor makes of them.
template <class Workload>
struct SerialResults {
    using Machine = typename Workload::Machine;
    using BlockOf = decltype(std::declval<typename Workload::Source>().next());

    /// The set-up of a workload and `count` blocks behind it.
    SerialResults(const Workload& of, std::uint64_t count) : workload(of) {
        const auto serial = populated_contestant(workload, {.kind = Kind::kSerialExecutor});
        auto source = workload.source();
        for (std::uint64_t i = workload.prelude() + count; i > 0; --i) {
            blocks.push_back(source.next());
            results.push_back(serial->execute(blocks.back()));
        }
        EXPECT_EQ(serial->state_digest(), results.back().state);
    }

    const Workload& workload;
    std::vector<BlockOf> blocks;
    std::vector<BlockResult> results;
};

template <class Workload>
void expect_equal(const SerialResults<Workload>& serial, const Entrant& entrant) {
    const auto contestant = populated_contestant(serial.workload, entrant);
    for (std::size_t i = 0; i < serial.blocks.size(); ++i) {
        const BlockResult result = contestant->execute(serial.blocks[i]);
        ASSERT_EQ(result.receipts, serial.results[i].receipts)
            << serial.workload.name << ", " << entrant.name() << ", block " << i;
        ASSERT_TRUE(result == serial.results[i])
            << serial.workload.name << ", " << entrant.name() << ", block " << i;
    }
    EXPECT_EQ(contestant->state_digest(), serial.results.back().state)
        << serial.workload.name << ", " << entrant.name();
}

/// The twin, every rival, and the engine with several numbers of workers.
template <class Workload>
void expect_equal_everywhere(const SerialResults<Workload>& serial) {
    expect_equal(serial, Entrant::twin());
    for (const Rival rival : kRivals) {
        expect_equal(serial, {.kind = Kind::kRival, .workers = 2, .rival = rival});
    }
    for (const std::uint32_t workers : {1U, 2U, 3U}) {
        for (const bool adaptive : {false, true}) {
            expect_equal(serial, Entrant::engine(workers, {.adaptive = adaptive}));
        }
    }
}

}  // namespace lockstep::bench
