#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/explorer/session.hpp"
#include "tests/support/test_scale.hpp"

namespace lockstep::test {
namespace {

struct Mutation {
    int number;
    std::string_view kind;  ///< "wrong", "rare" or "harmless"
    std::string_view name;
    bool applies;  ///< its pattern was found exactly once
};
#include "mutation_table.hpp"  // tidy: allow(levels) made by the build

enum class Fate : int {
    kSurvived,
    kOtherResult,
    kInvariant,
    kDeadlock,
    kLivelock,
    kStopped,
    kOutOfTime
};
constexpr const char* kFateNames[] = {"-",        "differs from serial", "invariant",  "deadlock",
                                      "livelock", "check or crash",      "out of time"};

struct Outcome {
    Fate fate = Fate::kSurvived;
    std::uint64_t sessions = 0;
};

/// Sessions under a mutation until one goes wrong.
Outcome explore_mutant(int number, std::uint64_t sessions) {
    active_mutant = number;
    ExplorationCount count;
    for (std::uint64_t seed = 1; seed <= sessions; ++seed) {
        const auto finding = explore_session(seed, count);
        if (!finding.has_value()) {
            continue;
        }
        const std::string_view what = finding->what;
        const Fate fate = what.starts_with("deadlock")    ? Fate::kDeadlock
                          : what.starts_with("livelock")  ? Fate::kLivelock
                          : what.starts_with("invariant") ? Fate::kInvariant
                                                          : Fate::kOtherResult;
        return {.fate = fate, .sessions = seed};
    }
    return {.fate = Fate::kSurvived, .sessions = sessions};
}

/// The same in a process of its own: a mutant may crash, or spin where no schedule reaches it.
Outcome fate_of(int number, std::uint64_t sessions) {
    constexpr unsigned kSecondsMax = 120;
    int ends[2] = {};
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        std::freopen("/dev/null", "w", stderr);
        alarm(kSecondsMax);
        const Outcome outcome = explore_mutant(number, sessions);
        const ssize_t written = write(ends[1], &outcome, sizeof outcome);
        std::_Exit(written == ssize_t{sizeof outcome} ? 0 : 1);
    }
    close(ends[1]);
    Outcome outcome{.fate = Fate::kStopped};
    if (read(ends[0], &outcome, sizeof outcome) != ssize_t{sizeof outcome}) {
        outcome = {.fate = Fate::kStopped};
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        outcome.fate = Fate::kOutOfTime;
    }
    return outcome;
}

TEST(Mutations, AreCaughtByTheExplorerWhenWrongAndSurviveWhenHarmless) {
    for (const Mutation& mutation : kMutations) {
        if (!mutation.applies) {
            ADD_FAILURE() << "\"" << mutation.name
                          << "\" no longer fits the code: bring tests/explorer/mutations.cmake "
                             "up to date";
            continue;
        }
        if (mutation.kind == "rare" && test_scale_percent() < 100) {
            continue;
        }
        const bool wrong = mutation.kind != "harmless";
        const std::uint64_t sessions = mutation.kind == "rare" ? scaled(600'000)
                                       : wrong                 ? scaled(20'000, 5'000)
                                                               : scaled(2'000);
        const Outcome outcome = fate_of(mutation.number, sessions);
        std::printf("%-8s %-56s %-20s %llu sessions\n", mutation.kind.data(), mutation.name.data(),
                    kFateNames[static_cast<int>(outcome.fate)],
                    static_cast<unsigned long long>(outcome.sessions));
        std::fflush(stdout);
        EXPECT_EQ(outcome.fate != Fate::kSurvived, wrong) << mutation.name;
        EXPECT_NE(outcome.fate, Fate::kOutOfTime) << mutation.name << " says nothing";
    }
}

}  // namespace
}  // namespace lockstep::test
