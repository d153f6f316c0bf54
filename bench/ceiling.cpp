#include "bench/ceiling.hpp"

#include <atomic>
#include <chrono>

#include "replay/stress/work_kernel.hpp"

namespace lockstep::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint32_t kSampleNs = 1'000'000;
constexpr std::uint32_t kPieceNs = 5'000;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Ceiling::Ceiling(std::uint32_t workers) : pool_(workers), rounds_(rounds_for(kSampleNs)) {}

double Ceiling::sample() {
    // relaxed: the sum keeps the work alive, the pool orders it.
    std::atomic<std::uint64_t> sum{0};
    const auto work = [&](std::uint32_t worker) {
        // relaxed: as above.
        sum.fetch_add(mix_rounds(worker, rounds_), std::memory_order_relaxed);
    };
    auto start = Clock::now();
    work(0);
    const double one = seconds_since(start);
    start = Clock::now();
    // Everybody takes shares until all are done, so that nobody waits for a thread that sleeps.
    std::atomic<std::uint32_t> shares{0};
    const std::uint32_t count = workers() * 8;
    pool_.run([&](std::uint32_t) {
        // relaxed: hands out numbers; the results are ordered by the pool.
        while (shares.fetch_add(1, std::memory_order_relaxed) < count) {
            // relaxed: as in `work`.
            sum.fetch_add(mix_rounds(count, rounds_ / 8), std::memory_order_relaxed);
        }
    });
    return workers() * one / seconds_since(start);
}

double Ceiling::throughput(double seconds) {
    // relaxed: a count read after the pool has finished.
    std::atomic<std::uint64_t> pieces{0};
    std::atomic<std::uint64_t> sum{0};
    const std::uint32_t rounds = rounds_for(kPieceNs);
    const auto start = Clock::now();
    pool_.run([&](std::uint32_t worker) {
        std::uint64_t mine = 0;
        std::uint64_t value = worker;
        for (; seconds_since(start) < seconds; ++mine) {
            value = mix_rounds(value, rounds);
        }
        // relaxed: as above.
        pieces.fetch_add(mine, std::memory_order_relaxed);
        sum.fetch_add(value, std::memory_order_relaxed);
    });
    // relaxed: every worker has left the pool's job.
    return static_cast<double>(pieces.load(std::memory_order_relaxed)) / seconds_since(start);
}

}  // namespace lockstep::bench
