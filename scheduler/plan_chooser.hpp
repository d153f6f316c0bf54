#pragma once

#include <algorithm>
#include <cstdint>

namespace lockstep {

/// Something worth trying again after a failure, but not at once: after twice as many blocks as
/// after the failure before, half as many for each success since.
class Retry {
  public:
    /// Whether to try it in the next block.
    [[nodiscard]] bool tries() noexcept {
        if (pause_ == 0) {
            return true;
        }
        --pause_;
        return false;
    }
    void note_success() noexcept { penalty_ = std::max(penalty_ / 2, kPenaltyMin); }
    void note_failure() noexcept {
        pause_ = penalty_;
        penalty_ = std::min(penalty_ * 2, kPenaltyMax);
    }

  private:
    static constexpr std::uint32_t kPenaltyMin = 2;
    static constexpr std::uint32_t kPenaltyMax = 1024;

    std::uint32_t pause_ = 0;  ///< blocks without
    std::uint32_t penalty_ = kPenaltyMin;
};

/// How to run a block as planned.
struct PlanOptions {
    bool guards = false;  ///< guard cells against readers that did not declare them
    bool early = true;    ///< undeclared writes do not wait for the frontier
};

/// Learns whether blocks go as planned. Changes speed only.
///
/// Rule: a block that had to be taken back costs two executions, so the next ones are not planned.
///       A block that needs guards is planned again with guards. Where a read was stale because of
///       an undeclared change, undeclared writes wait in the next blocks; where they did so
///       already, the next ones are not planned. Where many writers waited for readers, who do not
///       stop writers in multi-version memory, or many transactions for the frontier, since they
///       change what they did not declare, the plan was no success either.
class PlanChooser {
  public:
    [[nodiscard]] bool plans() noexcept { return plan_.tries(); }
    /// Of a block that is planned.
    [[nodiscard]] PlanOptions options() noexcept {
        early_now_ = early_.tries();
        return {.guards = guards_, .early = early_now_};
    }

    void note_success(std::uint64_t transactions, std::uint64_t setbacks) noexcept {
        if (setbacks > transactions / kSetbacksShare) {
            plan_.note_failure();
        } else {
            plan_.note_success();
        }
        if (early_now_) {
            early_.note_success();
        }
    }
    void note_failure() noexcept { plan_.note_failure(); }
    void note_unguarded() noexcept {
        if (guards_) {
            plan_.note_failure();
        }
        guards_ = true;
    }
    void note_stale() noexcept { (early_now_ ? early_ : plan_).note_failure(); }

  private:
    static constexpr std::uint64_t kSetbacksShare = 8;

    Retry plan_;
    Retry early_;
    bool early_now_ = true;  ///< in the block planned last
    bool guards_ = false;
};

}  // namespace lockstep
