#pragma once

#include <algorithm>
#include <cstdint>

namespace lockstep {

/// Learns whether blocks go as planned. Changes speed only.
///
/// Rule: a block whose plan was abandoned costs two executions, so the next ones are not planned:
///       twice as many as after the failure before, half as many for each success since. A plan
///       that stalled was no success either: many of its writers waited for readers, who do not
///       stop writers in multi-version memory.
class PlanChooser {
  public:
    /// Whether to plan the next block.
    [[nodiscard]] bool plans() noexcept {
        if (pause_ == 0) {
            return true;
        }
        --pause_;
        return false;
    }
    /// `stalls`: of writers that waited for readers.
    void record_success(std::uint64_t transactions, std::uint64_t stalls) noexcept {
        if (stalls > transactions / kStallsShare) {
            record_failure();
        } else {
            penalty_ = std::max(penalty_ / 2, kPenaltyMin);
        }
    }
    void record_failure() noexcept {
        pause_ = penalty_;
        penalty_ = std::min(penalty_ * 2, kPenaltyMax);
    }

  private:
    static constexpr std::uint64_t kStallsShare = 8;
    static constexpr std::uint32_t kPenaltyMin = 2;
    static constexpr std::uint32_t kPenaltyMax = 1024;

    std::uint32_t pause_ = 0;  ///< blocks that are not planned
    std::uint32_t penalty_ = kPenaltyMin;
};

}  // namespace lockstep
