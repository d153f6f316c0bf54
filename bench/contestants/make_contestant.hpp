#pragma once

#include <cstdint>
#include <memory>

#include "bench/baselines/baselines.hpp"
#include "bench/contestants/contestant.hpp"
#include "engine/base/check.hpp"
#include "engine/parallel/worker_pool.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "replay/stress/serial_loop.hpp"

namespace lockstep::bench {

/// SerialLoop, with or without digests.
template <Machine M, bool kDigests>
class LoopContestant final : public Contestant<M> {
  public:
    using typename Contestant<M>::Key;
    using typename Contestant<M>::Value;

    explicit LoopContestant(const M& machine) : machine_(machine), loop_(machine_, state_) {}
    void set(const Key& key, const Value* value) override { state_.set(key, value); }
    BlockResult execute(const Block<typename M::Transaction>& block) override {
        if (kDigests && !started_) {
            loop_.take_up_state();
            started_ = true;
        }
        return loop_.execute(block);
    }
    [[nodiscard]] Digest state_digest() const override { return state_.sums().total(); }

  private:
    const M machine_;
    FlatState<M> state_;
    SerialLoop<M, kDigests> loop_;
    bool started_ = false;
};

template <Machine M>
class SerialContestant final : public Contestant<M> {
  public:
    using typename Contestant<M>::Key;
    using typename Contestant<M>::Value;

    explicit SerialContestant(const M& machine) : machine_(machine), executor_(machine_, store_) {}
    void set(const Key& key, const Value* value) override { store_.set(key, value); }
    BlockResult execute(const Block<typename M::Transaction>& block) override {
        auto result = executor_.execute(block);
        LOCKSTEP_CHECK(result.has_value());
        return std::move(*result);
    }
    [[nodiscard]] Digest state_digest() const override { return store_.recompute_digest(); }

  private:
    const M machine_;
    StateStore<M> store_;
    SerialExecutor<M> executor_;
};

/// What runs on a pool: our executor or a rival.
template <Machine M, class Executor>
class PoolContestant final : public Contestant<M> {
  public:
    using typename Contestant<M>::Key;
    using typename Contestant<M>::Value;

    template <class... Options>
    PoolContestant(const M& machine, std::uint32_t workers, const Options&... options)
        : machine_(machine),
          pool_(workers),
          executor_(machine_, store_, pool_, TxnLimits{}, options...) {}
    void set(const Key& key, const Value* value) override { store_.set(key, value); }
    BlockResult execute(const Block<typename M::Transaction>& block) override {
        auto result = executor_.execute(block);
        LOCKSTEP_CHECK(result.has_value());
        return std::move(*result);
    }
    BlockResult execute_with(const Block<typename M::Transaction>& block,
                             const AccessOptions<Key>& accesses) override {
        if constexpr (requires { executor_.execute(block, {}, accesses); }) {
            auto result = executor_.execute(block, {}, accesses);
            LOCKSTEP_CHECK(result.has_value());
            return std::move(*result);
        } else {
            return Contestant<M>::execute_with(block, accesses);
        }
    }
    [[nodiscard]] Digest state_digest() const override { return store_.recompute_digest(); }
    [[nodiscard]] ExecutionMetrics metrics() const override { return executor_.metrics(); }

  private:
    const M machine_;
    StateStore<M> store_;
    WorkerPool pool_;
    Executor executor_;
};

template <Machine M>
std::unique_ptr<Contestant<M>> make_rival(const M& machine, const Entrant& entrant) {
    const auto make = [&]<class Executor>() -> std::unique_ptr<Contestant<M>> {
        return std::make_unique<PoolContestant<M, Executor>>(machine, entrant.workers);
    };
    switch (entrant.rival) {
        case Rival::kOrderedLocks:
            return make.template operator()<OrderedLocksExecutor<M>>();
        case Rival::kBlockStm:
            return make.template operator()<BlockStmExecutor<M>>();
        case Rival::kReservations:
            break;
    }
    return make.template operator()<ReservationsExecutor<M>>();
}

template <Machine M>
std::unique_ptr<Contestant<M>> make_contestant(const M& machine, const Entrant& entrant) {
    switch (entrant.kind) {
        case Kind::kSerialTwin:
            return std::make_unique<LoopContestant<M, true>>(machine);
        case Kind::kBareTwin:
            return std::make_unique<LoopContestant<M, false>>(machine);
        case Kind::kSerialExecutor:
            return std::make_unique<SerialContestant<M>>(machine);
        case Kind::kRival:
            return make_rival(machine, entrant);
        case Kind::kParallelExecutor:
            break;
    }
    return std::make_unique<PoolContestant<M, ParallelExecutor<M>>>(machine, entrant.workers,
                                                                    entrant.options);
}

}  // namespace lockstep::bench
