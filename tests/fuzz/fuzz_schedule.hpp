#pragma once

#include <memory>

#include "tests/explorer/strategy.hpp"
#include "tests/fuzz/fuzz_input.hpp"

namespace lockstep::fuzz {

/// Decisions of a schedule: at which step the work changes hands, and to whom.
[[nodiscard]] inline test::Trace fuzz_trace(FuzzInput in, std::uint32_t workers) {
    test::Trace trace;
    std::uint64_t step = 0;
    while (!in.empty()) {
        const std::uint8_t choice = in.byte();
        step += 1U + choice / workers;
        trace.push_back({.step = step, .to = choice % workers});
    }
    return trace;
}

/// A strategy that follows from the input: one of the explorer's, or decisions from its end.
[[nodiscard]] inline std::unique_ptr<test::Strategy> fuzz_strategy(FuzzInput& in,
                                                                   std::uint32_t workers) {
    const std::uint8_t shape = in.byte();
    switch (shape % 3) {
        case 0:
            return std::make_unique<test::RandomWalk>(in.byte(), 1 + shape / 3, shape % 2 == 0);
        case 1:
            return std::make_unique<test::PriorityChanges>(in.byte(), shape / 3 % 6,
                                                           1 + in.byte() * 8);
        default:
            return std::make_unique<test::Replay>(
                fuzz_trace(FuzzInput(in.take_back(shape / 3)), workers));
    }
}

}  // namespace lockstep::fuzz
