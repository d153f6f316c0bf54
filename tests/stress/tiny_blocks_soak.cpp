#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/stress/tiny_blocks.hpp"

namespace {

constexpr const char* kUsage =
    "Usage: tiny_blocks_soak [--seconds N] [--seed S] [--workers W]\n"
    "Runs sessions of tiny blocks from seed S on (default 1) against the serial executor until N\n"
    "seconds have passed (default 60) or one goes wrong; on 2, 3 and 4 workers in turn unless W "
    "is\n"
    "given. Exit code 0: all well, 2: results differ, 1: wrong usage.\n";

}  // namespace

int main(int argc, char** argv) {
    using namespace lockstep::test;
    std::uint64_t seconds = 60;
    std::uint64_t seed = 1;
    std::uint32_t workers = 0;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view option = argv[i];
        const std::uint64_t number = i + 1 < argc ? std::strtoull(argv[i + 1], nullptr, 10) : 0;
        if (option == "--seconds" && i + 1 < argc) {
            seconds = number;
        } else if (option == "--seed" && i + 1 < argc) {
            seed = number;
        } else if (option == "--workers" && number >= 1 && number <= 64) {
            workers = static_cast<std::uint32_t>(number);
        } else {
            std::fputs(kUsage, stderr);
            return 1;
        }
    }
    constexpr std::uint64_t kSessionsPerPool = 50;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    TinyBlockCount count;
    for (std::uint32_t turn = 0; std::chrono::steady_clock::now() < end; ++turn) {
        TinyBlocks tiny(workers != 0 ? workers : 2 + turn % 3);
        for (std::uint64_t i = 0; i < kSessionsPerPool && std::chrono::steady_clock::now() < end;
             ++i, ++seed) {
            if (const auto wrong = tiny.run_session(seed, 100, count)) {
                std::printf("%s\n", wrong->c_str());
                return 2;
            }
        }
    }
    std::printf("%llu blocks equal, %llu cancelled, %llu transactions, next seed %llu\n",
                static_cast<unsigned long long>(count.blocks - count.cancelled),
                static_cast<unsigned long long>(count.cancelled),
                static_cast<unsigned long long>(count.metrics.transactions),
                static_cast<unsigned long long>(seed));
    return 0;
}
