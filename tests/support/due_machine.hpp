#pragma once

#include <algorithm>
#include <cstdint>

#include "tests/support/random_blocks.hpp"

namespace lockstep::test {

/// Programs that call for more: the end of a block writes down how many jobs are due, and the next
/// blocks do them as system transactions, at most kMostAtOnce a block, in order. A job is a program
/// that follows from its number; it writes down that it is done.
struct DueMachine : ProgramMachine {
    static constexpr Key kDueKey = 1'000'002;   ///< jobs called for so far
    static constexpr Key kDoneKey = 1'000'003;  ///< number of the last job done
    static constexpr std::uint64_t kMostAtOnce = 3;
    static constexpr std::uint64_t kJob = std::uint64_t{1} << 32;  ///< weight of a job less number

    /// Jobs called for by blocks whose height is a multiple of `every`.
    std::uint64_t every = 1;

    [[nodiscard]] static std::int64_t number_in(const Int128* cell) {
        return cell == nullptr ? 0 : static_cast<std::int64_t>(*cell);
    }
    [[nodiscard]] Program job(std::uint64_t number) const {
        Random random(number);
        Program program = random_program(random, {.universe = universe, .hostile = false});
        program.declared.clear();
        program.weight = kJob + number;
        return program;
    }

    template <class State, class Sink>
    void system_transactions(const BlockHeader&, const State& state, Sink&& sink) const {
        const auto done = static_cast<std::uint64_t>(number_in(state.get(kDoneKey)));
        const auto due = static_cast<std::uint64_t>(number_in(state.get(kDueKey)));
        for (std::uint64_t i = done + 1; i <= std::min(due, done + kMostAtOnce); ++i) {
            sink(job(i));
        }
    }
    template <class View>
    TxnOutcome execute(View& view, const Program& program, const Context& context) const {
        TxnOutcome out = ProgramMachine::execute(view, program, context);
        if (program.weight < kJob) {
            return out;
        }
        const auto number = static_cast<std::int64_t>(program.weight - kJob);
        if (number_in(view.read(kDoneKey)) + 1 != number) {
            out.status = 99;  // not in order, or not once
        }
        view.write(kDoneKey, number);
        out.weight = 2;
        return out;
    }
    template <class View, class Header>
    void end_block(View& view, const Header& header, const Context& context) const {
        ProgramMachine::end_block(view, header, context);
        const auto jobs = header.height % every == 0 ? 4 * every : 0;
        static_cast<void>(view.add(kDueKey, static_cast<std::int64_t>(jobs), {}));
    }
};
static_assert(kMakesTransactions<DueMachine> && !kMakesTransactions<ProgramMachine>);

}  // namespace lockstep::test
