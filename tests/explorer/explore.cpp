#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/explorer/session.hpp"

namespace {

constexpr const char* kUsage =
    "Usage: explore [--session N] [--sessions COUNT] [--shrink]\n"
    "       explore --case NAME [--switches \"STEP:WORKER ...\"]\n"
    "Runs sessions N, N + 1, ... (default 1, COUNT 1000) of explored schedules until one goes\n"
    "wrong; or one schedule of a tiny case. Exit code 0: all well, 2: something went wrong,\n"
    "1: wrong usage.\n";

lockstep::test::Trace parse_switches(const char* text) {
    lockstep::test::Trace trace;
    for (char* end = nullptr; *text != '\0'; text = end) {
        const std::uint64_t step = std::strtoull(text, &end, 10);
        if (end == text || *end != ':') {
            break;
        }
        const std::uint64_t to = std::strtoull(end + 1, &end, 10);
        trace.push_back({.step = step, .to = static_cast<std::uint32_t>(to)});
    }
    return trace;
}

int run_case(std::string_view name, const char* switches) {
    using namespace lockstep::test;
    for (const TinyCase& tiny : tiny_cases()) {
        if (name == tiny.name) {
            const auto finding = explore_once(tiny, parse_switches(switches));
            std::printf("%s\n", finding ? describe(*finding).c_str() : "all well");
            return finding.has_value() ? 2 : 0;
        }
    }
    std::fputs(kUsage, stderr);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace lockstep::test;
    std::uint64_t first = 1;
    std::uint64_t sessions = 0;
    bool named = false;
    bool shrinks = false;
    std::string_view tiny;
    const char* switches = "";
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--shrink") {
            shrinks = true;
        } else if (option == "--case" && i + 1 < argc) {
            tiny = argv[++i];
        } else if (option == "--switches" && i + 1 < argc) {
            switches = argv[++i];
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
    if (!tiny.empty()) {
        return run_case(tiny, switches);
    }
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
        "%llu schedules, %llu steps, %llu checks, %llu given up, %llu executions, %llu aborts, "
        "%llu waits, %llu deferred\n",
        static_cast<unsigned long long>(count.schedules),
        static_cast<unsigned long long>(count.steps), static_cast<unsigned long long>(count.checks),
        static_cast<unsigned long long>(count.cancelled + count.out_of_memory),
        static_cast<unsigned long long>(count.metrics.executions),
        static_cast<unsigned long long>(count.metrics.aborts),
        static_cast<unsigned long long>(count.metrics.waits),
        static_cast<unsigned long long>(count.metrics.deferred));
    return 0;
}
