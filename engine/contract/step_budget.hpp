#pragma once

#include <cstdint>

#include "engine/contract/execution.hpp"

namespace lockstep {

/// The steps that a transaction may still take, counted as SerialView counts them.
///
/// Role:    says no as soon as they are used up, or as soon as the view halts the execution for a
///          reason of its own, and however often it is asked from then on.
/// Threads: one.
class StepBudget {
  public:
    explicit StepBudget(const TxnLimits& limits) noexcept
        : limit_(limits.steps), left_(limits.steps) {}

    /// For the next execution.
    void begin() noexcept {
        left_ = limit_;
        stopped_ = exceeded_ = false;
    }
    /// Charges one step; false when it is refused.
    [[nodiscard]] bool step() noexcept {
        if (left_ == 0) [[unlikely]] {
            return refuse();
        }
        --left_;
        return true;
    }
    /// Charges several steps, or none when they are refused.
    [[nodiscard]] bool charge(std::uint64_t steps) noexcept {
        if (stopped() || steps > left_) [[unlikely]] {
            return refuse();
        }
        left_ -= steps;
        return true;
    }
    /// Refuses everything from here on; the budget does not count as exceeded for it.
    void halt() noexcept {
        stopped_ = true;
        left_ = 0;
    }
    [[nodiscard]] bool exceeded() const noexcept { return exceeded_; }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

  private:
    [[gnu::noinline]] bool refuse() noexcept {
        exceeded_ = exceeded_ || !stopped_;
        halt();
        return false;
    }

    const std::uint64_t limit_;
    std::uint64_t left_;  ///< 0 as soon as the execution has to stop
    bool stopped_ = false;
    bool exceeded_ = false;
};

}  // namespace lockstep
