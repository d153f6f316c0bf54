#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/explorer/session.hpp"

namespace {

constexpr const char* kUsage =
    "Usage: explore [--session N] [--sessions COUNT] [--shrink]\n"
    "Runs sessions N, N + 1, ... (default 1, COUNT 1000) of explored schedules until one goes\n"
    "wrong. Exit code 0: all well, 2: something went wrong, 1: wrong usage.\n";

}  // namespace

int main(int argc, char** argv) {
    using namespace lockstep::test;
    std::uint64_t first = 1;
    std::uint64_t sessions = 0;
    bool named = false;
    bool shrinks = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--shrink") {
            shrinks = true;
        } else if (option == "--session" && i + 1 < argc) {
            first = std::strtoull(argv[++i], nullptr, 10);
            named = true;
        } else if (option == "--sessions" && i + 1 < argc) {
            sessions = std::strtoull(argv[++i], nullptr, 10);
        } else {
            std::fputs(kUsage, stderr);
            return 1;
        }
    }
    if (sessions == 0) {
        sessions = named ? 1 : 1000;
    }
    report_session_on_abort();
    ExplorationCount count;
    for (std::uint64_t seed = first; seed < first + sessions; ++seed) {
        if (const auto finding = explore_session(seed, count)) {
            std::fputs(describe(*finding).c_str(), stdout);
            if (shrinks) {
                std::printf("\nshrunk: %s", describe(shrink(*finding)).c_str());
            }
            return 2;
        }
    }
    std::printf(
        "%llu schedules, %llu steps, %llu given up, %llu executions, %llu aborts, "
        "%llu waits, %llu deferred\n",
        static_cast<unsigned long long>(count.schedules),
        static_cast<unsigned long long>(count.steps),
        static_cast<unsigned long long>(count.given_up),
        static_cast<unsigned long long>(count.metrics.executions),
        static_cast<unsigned long long>(count.metrics.aborts),
        static_cast<unsigned long long>(count.metrics.waits),
        static_cast<unsigned long long>(count.metrics.deferred));
    return 0;
}
