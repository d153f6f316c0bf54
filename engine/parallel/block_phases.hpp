#pragma once

#include <cstdint>
#include <span>

#include "engine/contract/effects.hpp"
#include "engine/contract/step_budget.hpp"
#include "engine/in_place/cell_cache.hpp"
#include "engine/in_place/in_place_commit.hpp"
#include "engine/in_place/in_place_view.hpp"
#include "engine/parallel/block_run.hpp"
#include "engine/state/changed_cells.hpp"
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
          begin_commit_(run.store, run.phase_arena),
          end_commit_(run.store, run.phase_arena) {}

    void prepare() {
        run_.store.begin_block();
        view_.reset();
        run_.phase_arena.reset();
        begin_commit_.begin();
        end_commit_.begin();
    }
    void begin(const BlockHeader& header) {
        WorkSpan<Sync> span(Work::kPhase);
        cells_.begin_block();
        run_.context.emplace(run_.machine.begin_block(view_, header, run_.transactions));
        run_.result.begin_effects = commit(begin_commit_, kBeginPhaseIndex);
        span.done(1);
    }
    /// REQUIRES: what the transactions have done is in the cells.
    void end(const BlockHeader& header) {
        WorkSpan<Sync> span(Work::kPhase);
        cells_.begin_block();
        end_commit_.begin();
        run_.machine.end_block(view_, header, *run_.context);
        run_.result.end_effects = commit(end_commit_, kEndPhaseIndex);
        span.done(1);
    }
    /// Cells that a phase has changed, as they were before it.
    [[nodiscard]] ChangedCells<M, Sync>& changed_at_begin() noexcept {
        return begin_commit_.changed();
    }
    [[nodiscard]] ChangedCells<M, Sync>& changed_at_end() noexcept { return end_commit_.changed(); }
    /// Takes cells that became absent out of the index. After StateStore::commit_new_keys.
    void forget_emptied() {
        begin_commit_.forget_emptied();
        end_commit_.forget_emptied();
    }
    /// Takes the end-of-block phase back, wherever it has stopped.
    void take_back_end() {
        view_.rollback({});
        end_commit_.restore();
    }
    /// The same of the begin-of-block phase, after all that came behind it.
    void take_back_begin() {
        view_.rollback({});
        begin_commit_.restore();
    }

  private:
    using Commit = InPlaceCommit<M, Sync>;

    /// Commits what a phase has done; its effect digest.
    [[nodiscard]] Digest commit(Commit& commit, std::uint32_t index) {
        Receipt receipt;
        commit.apply(view_, index, receipt, run_.result);
        commit.fold();
        return receipt.effects;
    }

    Run& run_;
    CellCache<M, Sync> cells_;
    InPlaceView<M, Sync> view_;
    Commit begin_commit_;
    Commit end_commit_;
};

}  // namespace lockstep
