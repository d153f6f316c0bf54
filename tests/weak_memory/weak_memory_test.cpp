#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_scale.hpp"
#include "tests/weak_memory/simulation.hpp"

namespace lockstep::test {
namespace {

struct Mutation {
    int number;
    std::string_view kind;  ///< "watch", "wrong" or "unshown"
    std::string_view name;
    bool applies;  ///< its pattern was found exactly once
};
#include "mutation_table.hpp"  // tidy: allow(levels) made by the build

/// A simulation in a process of its own, since a process survives one only.
Verdict run_apart(const Simulation& simulation, int mutation, std::uint64_t iterations) {
    int ends[2] = {};
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        alarm(300);
        active_mutant = mutation;
        const Verdict verdict = simulation.run(iterations);
        const ssize_t written = write(ends[1], &verdict, sizeof verdict);
        std::_Exit(written == ssize_t{sizeof verdict} ? 0 : 1);
    }
    close(ends[1]);
    Verdict verdict;
    const bool answered = read(ends[0], &verdict, sizeof verdict) == ssize_t{sizeof verdict};
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(answered) << simulation.name << " crashed, mutation " << mutation << ", status "
                          << status;
    return verdict;
}

std::vector<Simulation> simulations() {
    std::vector<Simulation> all = simulations_of_parts();
    for (const Simulation& block : simulations_of_blocks()) {
        all.push_back(block);
    }
    return all;
}

class WeakMemory : public testing::TestWithParam<std::size_t> {};

TEST_P(WeakMemory, NothingGoesWrong) {
    const Simulation simulation = simulations()[GetParam()];
    const Verdict verdict = run_apart(simulation, 0, scaled(simulation.iterations));
    std::printf("%-28s %8llu iterations, %s\n", simulation.name,
                static_cast<unsigned long long>(verdict.iterations), verdict.what);
    EXPECT_FALSE(verdict.wrong) << verdict.what;
}
INSTANTIATE_TEST_SUITE_P(Simulations, WeakMemory,
                         testing::Range<std::size_t>(0, simulations().size()),
                         [](const testing::TestParamInfo<std::size_t>& row) {
                             return std::string(simulations()[row.param].id);
                         });

TEST(WeakMemoryMutations, EveryWeakenedOrderIsFound) {
    for (const Mutation& mutation : kMutations) {
        if (!mutation.applies) {
            ADD_FAILURE() << "\"" << mutation.name
                          << "\" no longer fits the code: bring tests/weak_memory/mutations.cmake "
                             "up to date";
            continue;
        }
        if (mutation.kind == "watch") {
            continue;
        }
        bool found = false;
        for (const Simulation& simulation : simulations()) {
            const Verdict verdict = run_apart(simulation, mutation.number, simulation.iterations);
            if (verdict.wrong) {
                std::printf("%-44s %-28s %-20s iteration %llu\n", mutation.name.data(),
                            simulation.name, verdict.what,
                            static_cast<unsigned long long>(verdict.iterations));
                std::fflush(stdout);
                found = true;
                break;
            }
        }
        if (!found) {
            std::printf("%-44s -\n", mutation.name.data());
            std::fflush(stdout);
        }
        EXPECT_TRUE(found || mutation.kind == "unshown") << mutation.name;
    }
}

}  // namespace
}  // namespace lockstep::test
