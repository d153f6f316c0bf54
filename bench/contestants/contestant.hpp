#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/baselines/rival.hpp"
#include "engine/base/check.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/contract/block.hpp"
#include "engine/contract/machine.hpp"
#include "engine/parallel_executor.hpp"

namespace lockstep::bench {

/// One way to execute the blocks of a machine, with a state of its own. One thread.
template <Machine M>
class Contestant {
  public:
    using Key = typename M::Key;
    using Value = typename M::Value;

    virtual ~Contestant() = default;
    /// Gives a cell its value before the first block; null makes room for one that is absent.
    virtual void set(const Key& key, const Value* value) = 0;
    /// Executes a block that is accepted.
    virtual BlockResult execute(const Block<typename M::Transaction>& block) = 0;
    /// The same with access lists. REQUIRES: the parallel executor, nobody else knows them.
    virtual BlockResult execute_with(const Block<typename M::Transaction>&,
                                     const AccessOptions<Key>&) {
        LOCKSTEP_CHECK(!"access lists are for the parallel executor");
        return {};
    }
    /// Digest of all cells as they are, added up anew.
    [[nodiscard]] virtual Digest state_digest() const = 0;
    /// Sums over all blocks so far; zero for serial contestants.
    [[nodiscard]] virtual ExecutionMetrics metrics() const { return {}; }
};

enum class Kind : std::uint8_t {
    kSerialTwin,  ///< SerialLoop: the yardstick
    kBareTwin,    ///< the same without digests
    kSerialExecutor,
    kRival,
    kParallelExecutor,
};

/// Which contestant; `workers` is 0 for the serial ones.
struct Entrant {
    Kind kind = Kind::kSerialTwin;
    std::uint32_t workers = 0;
    Rival rival = {};                               ///< with kRival only
    ParallelOptions options = {.adaptive = false};  ///< with kParallelExecutor only

    [[nodiscard]] std::string name() const;
    /// The yardstick.
    [[nodiscard]] static Entrant twin() { return {}; }
    /// Figures are those of the parallel way unless they say otherwise.
    [[nodiscard]] static Entrant engine(std::uint32_t workers,
                                        const ParallelOptions& options = {.adaptive = false}) {
        return {.kind = Kind::kParallelExecutor, .workers = workers, .options = options};
    }
};

/// The serial ones, with `rivals` every rival at the largest number of workers, then ours.
[[nodiscard]] std::vector<Entrant> entrants(const std::vector<std::uint32_t>& workers,
                                            bool rivals = false);

/// For the machines that the files of this folder name: each file compiles every executor for its
/// machines, which takes longer than all else that is built here.
template <Machine M>
[[nodiscard]] std::unique_ptr<Contestant<M>> make_contestant(const M& machine,
                                                             const Entrant& entrant);

/// A contestant with the cells that a workload starts from.
template <class Workload>
[[nodiscard]] auto populated_contestant(const Workload& workload, const Entrant& entrant) {
    auto out = make_contestant(workload.machine, entrant);
    workload.populate(*out);
    return out;
}

}  // namespace lockstep::bench
