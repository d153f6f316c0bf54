#pragma once

#include <cstdint>
#include <span>

#include "engine/contract/effects.hpp"
#include "engine/contract/step_budget.hpp"
#include "engine/in_place/cell_cache.hpp"
#include "engine/in_place/in_place_commit.hpp"
#include "engine/in_place/in_place_view.hpp"
#include "engine/parallel/block_run.hpp"
#include "scheduler/work_span.hpp"

namespace lockstep {

/// The begin- and end-of-block phases of a block that runs in parallel.
///
/// Role:    what a machine does before and behind the transactions, in place.
/// Threads: the leader, while no worker runs.
template <Machine M, class Sync>
class BlockPhases {
  public:
    using Run = BlockRun<M, Sync>;

    explicit BlockPhases(Run& run)
        : run_(run),
          cells_(run.store),
          view_(cells_, kPhaseLimits),
          commit_(run.store, run.phase_arena) {}

    void prepare() {
        run_.store.release_keys();
        view_.reset();
        run_.phase_arena.reset();
        commit_.begin();
    }
    void begin(const BlockHeader& header) {
        WorkSpan<Sync> span(Work::kPhase);
        cells_.begin_block();
        run_.context.emplace(run_.machine.begin_block(view_, header, run_.transactions));
        run_.result.begin_effects = commit(kBeginPhaseIndex);
        span.done(1);
    }
    /// REQUIRES: what the transactions have done is in the cells.
    void end(const BlockHeader& header) {
        commit_.forget_emptied();
        WorkSpan<Sync> span(Work::kPhase);
        cells_.begin_block();
        commit_.begin();
        run_.machine.end_block(view_, header, *run_.context);
        run_.result.end_effects = commit(kEndPhaseIndex);
        run_.store.commit_new_keys();
        commit_.forget_emptied();
        span.done(1);
    }
    /// Takes the begin-of-block phase back, wherever it has stopped.
    void take_back() {
        view_.rollback({});
        commit_.restore();
        run_.store.commit_new_keys();
    }

  private:
    /// Commits what a phase has done; its effect digest.
    [[nodiscard]] Digest commit(std::uint32_t index) {
        Receipt receipt;
        commit_.apply(view_, index, receipt, run_.result);
        commit_.fold();
        return receipt.effects;
    }

    Run& run_;
    CellCache<M, Sync> cells_;
    InPlaceView<M, Sync> view_;
    InPlaceCommit<M, Sync> commit_;
};

}  // namespace lockstep
