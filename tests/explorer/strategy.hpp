#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.hpp"

namespace lockstep::test {

using WorkerMask = std::uint32_t;
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max() / 2;

/// A place where the schedule may change hands.
struct Situation {
    enum class Reason : std::uint8_t {
        kPoint,  ///< before or after an atomic operation; the current worker could go on
        kYield,  ///< the current worker spins and offers its core
        kGone,   ///< the current worker sleeps or has ended
    };
    Reason reason = Reason::kPoint;
    std::uint64_t step = 0;  ///< operations of all workers so far
    WorkerMask runnable = 0;
    std::uint32_t current = 0;

    /// What happens when nobody decides: the current worker goes on if it can and wants to, else
    /// the next one in cyclic order.
    [[nodiscard]] std::uint32_t usual_choice() const noexcept;
};

/// One decision that was not the usual one.
struct Switch {
    std::uint64_t step = 0;
    std::uint32_t to = 0;
};
using Trace = std::vector<Switch>;

/// Decides which worker runs. Deterministic: the same seed meets the same situations.
class Strategy {
  public:
    virtual ~Strategy() = default;
    /// One of `situation.runnable`, which is not empty.
    virtual std::uint32_t choose(const Situation& situation) = 0;
    /// The next step, after `step`, at which it wants to be asked though the worker could go on.
    virtual std::uint64_t next_question(std::uint64_t step) = 0;
    [[nodiscard]] virtual std::string name() const = 0;
};

/// Changes hands at random, on average every `mean` steps; sometimes it stops a worker for long,
/// as an operating system would.
class RandomWalk final : public Strategy {
  public:
    RandomWalk(std::uint64_t seed, std::uint64_t mean, bool stops)
        : random_(seed), mean_(mean), stops_(stops) {}
    std::uint32_t choose(const Situation& situation) override;
    std::uint64_t next_question(std::uint64_t step) override;
    [[nodiscard]] std::string name() const override;

  private:
    Random random_;
    std::uint64_t mean_;
    bool stops_;
    std::uint32_t stopped_ = 32;  ///< the stopped worker, 32 when there is none
    std::uint64_t stopped_until_ = 0;
};

/// Probabilistic concurrency testing (Burckhardt et al. 2010): the runnable worker of the highest
/// priority runs; at `changes` random steps the running one falls to the bottom. A worker that
/// yields falls to the bottom too, so that spinning ends.
class PriorityChanges final : public Strategy {
  public:
    PriorityChanges(std::uint64_t seed, std::uint32_t changes, std::uint64_t length);
    std::uint32_t choose(const Situation& situation) override;
    std::uint64_t next_question(std::uint64_t step) override;
    [[nodiscard]] std::string name() const override;

  private:
    std::int64_t priority_[32] = {};
    std::int64_t bottom_ = 0;
    std::vector<std::uint64_t> change_at_;
    std::size_t changed_ = 0;
    std::uint32_t changes_;
};

/// Follows a list of decisions and is usual otherwise.
class Replay final : public Strategy {
  public:
    explicit Replay(Trace trace) : trace_(std::move(trace)) {}
    std::uint32_t choose(const Situation& situation) override;
    std::uint64_t next_question(std::uint64_t step) override;
    [[nodiscard]] std::string name() const override { return "replay"; }
    /// Entries of the list that made a difference.
    [[nodiscard]] std::size_t effective() const noexcept { return effective_; }

  private:
    Trace trace_;
    std::size_t at_ = 0;
    std::size_t effective_ = 0;
};

/// A random walk or changing priorities, with random parameters.
[[nodiscard]] std::unique_ptr<Strategy> random_strategy(Random& random);

}  // namespace lockstep::test
