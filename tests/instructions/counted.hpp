#pragma once

#include <cstdint>
#include <cstdio>

namespace lockstep::bench {

/// What the counted function runs.
struct Counted {
    virtual ~Counted() = default;
    virtual void run() = 0;
};

}  // namespace lockstep::bench

/// A name that callgrind finds without demangling.
extern "C" [[gnu::noinline]] inline void lockstep_counted_blocks(
    lockstep::bench::Counted* counted) {
    counted->run();
}

namespace lockstep::bench {

inline constexpr std::uint32_t kTxns = 1'000;  ///< of a block
inline constexpr int kBlocks = 4;              ///< that are counted

/// Counts, and prints the number of transactions that were counted; the exit code.
inline int count(Counted& counted, std::uint64_t transactions) {
    lockstep_counted_blocks(&counted);
    std::printf("%llu\n", static_cast<unsigned long long>(transactions));
    return 0;
}
/// The exit code for a name that no cell has.
inline int no_such_cell() {
    std::fprintf(stderr, "there is no such cell\n");
    return 1;
}

}  // namespace lockstep::bench
