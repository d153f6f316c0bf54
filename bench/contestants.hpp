#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/baselines/rival.hpp"
#include "engine/base/check.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial_executor.hpp"
#include "engine/worker_pool.hpp"
#include "replay/stress/serial_loop.hpp"

namespace lockstep::bench {

/// One way to execute the blocks of a workload, with a state of its own.
template <Machine M>
class Contestant {
  public:
    virtual ~Contestant() = default;
    /// Executes a block and returns its digest (zero for contestants that make none).
    virtual Digest execute(const Block<typename M::Transaction>& block) = 0;
    /// Sums over all blocks so far; zero for serial contestants.
    [[nodiscard]] virtual ExecutionMetrics metrics() const { return {}; }
};

template <Machine M, bool kDigests>
class LoopContestant final : public Contestant<M> {
  public:
    template <class Workload>
    explicit LoopContestant(const Workload& workload)
        : machine_(workload.machine), loop_(machine_, state_) {
        workload.populate(state_);
        if constexpr (kDigests) {
            loop_.start_from(state_digest());
        }
    }
    Digest execute(const Block<typename M::Transaction>& block) override {
        return loop_.execute(block).block;
    }

  private:
    Digest state_digest() const {
        Digest sum;
        ByteWriter scratch;
        for (const auto& cell : state_.cells()) {
            if (cell.present) {
                sum += cell_digest<M>(scratch, cell.key, cell.value);
            }
        }
        return sum;
    }

    const M machine_;
    FlatState<M> state_;
    SerialLoop<M, kDigests> loop_;
};

template <Machine M>
class SerialContestant final : public Contestant<M> {
  public:
    template <class Workload>
    explicit SerialContestant(const Workload& workload)
        : machine_(workload.machine), executor_(machine_, store_) {
        workload.populate(store_);
    }
    Digest execute(const Block<typename M::Transaction>& block) override {
        const auto result = executor_.execute(block);
        LOCKSTEP_CHECK(result.has_value());
        return result->block;
    }

  private:
    const M machine_;
    StateStore<M> store_;
    SerialExecutor<M> executor_;
};

template <Machine M>
class ParallelContestant final : public Contestant<M> {
  public:
    template <class Workload>
    ParallelContestant(const Workload& workload, std::uint32_t workers,
                       ParallelOptions options = {})
        : machine_(workload.machine),
          pool_(workers),
          executor_(machine_, store_, pool_, {}, options) {
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
    ParallelExecutor<M> executor_;
};

/// Which contestant: `workers` is 0 for the serial ones.
enum class Kind : std::uint8_t {
    kSerialTwin,
    kBareTwin,
    kSerialExecutor,
    kRival,
    kParallelExecutor,
};
struct Entrant {
    Kind kind = Kind::kSerialTwin;
    std::uint32_t workers = 0;
    Rival rival = {};  ///< with kRival only

    [[nodiscard]] std::string name() const {
        switch (kind) {
            case Kind::kSerialTwin:
                return "serial_twin";
            case Kind::kBareTwin:
                return "bare_twin";
            case Kind::kSerialExecutor:
                return "serial";
            case Kind::kRival:
                return std::string(name_of(rival)) + ":" + std::to_string(workers);
            case Kind::kParallelExecutor:
                break;
        }
        return "workers:" + std::to_string(workers);
    }
    friend bool operator==(const Entrant&, const Entrant&) = default;
};

/// The serial ones, with `rivals` every rival at the largest number of workers, then ours.
[[nodiscard]] inline std::vector<Entrant> entrants(const std::vector<std::uint32_t>& workers,
                                                   bool rivals = false) {
    std::vector<Entrant> out = {
        {Kind::kSerialTwin, 0}, {Kind::kBareTwin, 0}, {Kind::kSerialExecutor, 0}};
    if (rivals && !workers.empty()) {
        for (const Rival rival : kRivals) {
            out.push_back({Kind::kRival, *std::max_element(workers.begin(), workers.end()), rival});
        }
    }
    for (const std::uint32_t count : workers) {
        out.push_back({Kind::kParallelExecutor, count});
    }
    return out;
}

/// Null for rivals: bench/rivals.hpp makes those.
template <class Workload>
[[nodiscard]] auto make_contestant(const Workload& workload, const Entrant& entrant) {
    using M = typename Workload::Machine;
    std::unique_ptr<Contestant<M>> out;
    switch (entrant.kind) {
        case Kind::kSerialTwin:
            out = std::make_unique<LoopContestant<M, true>>(workload);
            break;
        case Kind::kBareTwin:
            out = std::make_unique<LoopContestant<M, false>>(workload);
            break;
        case Kind::kSerialExecutor:
            out = std::make_unique<SerialContestant<M>>(workload);
            break;
        case Kind::kRival:
            break;
        case Kind::kParallelExecutor:
            out = std::make_unique<ParallelContestant<M>>(workload, entrant.workers);
            break;
    }
    return out;
}

}  // namespace lockstep::bench
