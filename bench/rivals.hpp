#pragma once

#include <cstdint>
#include <memory>

#include "bench/baselines/baselines.hpp"
#include "bench/contestants.hpp"
#include "engine/base/check.hpp"
#include "engine/state_store.hpp"
#include "engine/worker_pool.hpp"

namespace lockstep::bench {

/// A rival way to execute blocks (bench/baselines).
template <Machine M, class Executor>
class RivalContestant final : public Contestant<M> {
  public:
    template <class Workload>
    RivalContestant(const Workload& workload, std::uint32_t workers)
        : machine_(workload.machine), pool_(workers), executor_(machine_, store_, pool_) {
        workload.populate(store_);
    }
    Digest execute(const Block<typename M::Transaction>& block) override {
        const auto result = executor_.execute(block);
        LOCKSTEP_CHECK(result.has_value());
        return result->block;
    }
    [[nodiscard]] ExecutionMetrics metrics() const override { return executor_.metrics(); }

  private:
    const M machine_;
    StateStore<M> store_;
    WorkerPool pool_;
    Executor executor_;
};

template <class Workload>
[[nodiscard]] auto make_rival(const Workload& workload, const Entrant& entrant) {
    using M = typename Workload::Machine;
    std::unique_ptr<Contestant<M>> out;
    const auto make = [&]<class Executor>() {
        return std::make_unique<RivalContestant<M, Executor>>(workload, entrant.workers);
    };
    switch (entrant.rival) {
        case Rival::kOrderedLocks:
            out = make.template operator()<OrderedLocksExecutor<M>>();
            break;
        case Rival::kBlockStm:
            out = make.template operator()<BlockStmExecutor<M>>();
            break;
        case Rival::kOrderedMerge:
            out = make.template operator()<OrderedMergeExecutor<M>>();
            break;
        case Rival::kChunkRestart:
            out = make.template operator()<ChunkRestartExecutor<M>>();
            break;
        case Rival::kReservations:
            out = make.template operator()<ReservationsExecutor<M>>();
            break;
    }
    return out;
}

/// Any contestant, rivals included; costs whoever includes this the compilation of all of them.
template <class Workload>
[[nodiscard]] auto make_any_contestant(const Workload& workload, const Entrant& entrant) {
    return entrant.kind == Kind::kRival ? make_rival(workload, entrant)
                                        : make_contestant(workload, entrant);
}

}  // namespace lockstep::bench
