#pragma once

#include <cstdint>

#include "engine/parallel/worker_pool.hpp"

namespace lockstep::bench {

/// How much faster `workers` threads run a fixed amount of work than one does when they share
/// nothing: the most that any speed-up can be on this machine at this moment.
///
/// Role:    sampled between the turns of a race, so that it sees the same neighbours.
/// Threads: sample from one thread at a time; the others are resident.
class Ceiling {
  public:
    explicit Ceiling(std::uint32_t workers);

    [[nodiscard]] std::uint32_t workers() const noexcept { return pool_.workers(); }
    /// One measurement; takes about two milliseconds.
    [[nodiscard]] double sample();

    /// Pieces of work per second that all threads get done together for `seconds`, each taking the
    /// next small piece when it has finished one: a thread without a core costs its share only.
    [[nodiscard]] double throughput(double seconds);

  private:
    WorkerPool pool_;
    const std::uint32_t rounds_;  ///< of mix_rounds, by each thread in a sample
};

}  // namespace lockstep::bench
