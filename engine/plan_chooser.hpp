#pragma once

#include <algorithm>
#include <cstdint>

namespace lockstep {

/// Learns whether blocks go as planned. Changes speed only.
///
/// Rule: a block that had to be taken back costs two executions, so the next ones are not planned:
///       twice as many as after the failure before, half as many for each success since. A block
///       that needs guards is planned again with guards. Where many writers waited for readers,
///       who do not stop writers in multi-version memory, or many transactions for the frontier,
///       since they change what they did not declare, the plan was no success either.
class PlanChooser {
  public:
    [[nodiscard]] bool plans() noexcept {
        if (pause_ == 0) {
            return true;
        }
        --pause_;
        return false;
    }
    [[nodiscard]] bool guards() const noexcept { return guards_; }

    void note_success(std::uint64_t transactions, std::uint64_t setbacks) noexcept {
        if (setbacks > transactions / kSetbacksShare) {
            note_failure();
        } else {
            penalty_ = std::max(penalty_ / 2, kPenaltyMin);
        }
    }
    void note_failure() noexcept {
        pause_ = penalty_;
        penalty_ = std::min(penalty_ * 2, kPenaltyMax);
    }
    void note_unguarded() noexcept {
        if (guards_) {
            note_failure();
        }
        guards_ = true;
    }

  private:
    static constexpr std::uint64_t kSetbacksShare = 8;
    static constexpr std::uint32_t kPenaltyMin = 2;
    static constexpr std::uint32_t kPenaltyMax = 1024;

    std::uint32_t pause_ = 0;  ///< blocks that are not planned
    std::uint32_t penalty_ = kPenaltyMin;
    bool guards_ = false;
};

}  // namespace lockstep
