#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "scheduler/scheduler.hpp"

namespace lockstep {

/// A way in which the transactions of a block can run: PlannedWay, SpeculativeWay.
///
/// | call                       | by                       | does                                 |
/// |----------------------------|--------------------------|--------------------------------------|
/// | prepare(shards)            | leader                   | empties what the last block left     |
/// | link_stage()               | all workers              | declared keys to cells, and in order |
/// | width()                    | leader                   | workers that the block pays          |
/// | execute, revalidate        | holder of a transaction  | runs it, looks at it again           |
/// | trusts_hints()             | holder of the frontier   | whether a CommitHint counts          |
/// | make_final                 | holder of the frontier   | final effects; false: commits end    |
/// | exceed_weight, add_effects | holder of the frontier   | see Committer                        |
/// | close(complete)            | leader                   | decides BlockRun::keep; what to do   |
/// | install                    | all workers              | gives the cells what they keep       |
/// | changed(worker)            | leader                   | cells it changed, as they were       |
/// | forget_emptied()           | leader                   | takes absent cells out of the index  |
/// | restore()                  | leader                   | or undoes the install, but for sums  |
///
/// A worker of a way has what all ways need in `common`.
template <class W, class Sync>
concept Way = requires(W way, typename W::Worker& worker, TxnIndex txn, std::size_t item,
                       typename Scheduler<Sync>::Candidate candidate) {
    way.prepare(std::uint32_t{});
    way.link_stage();
    { way.width() } -> std::same_as<TxnIndex>;
    { way.worker(std::uint32_t{}) } -> std::same_as<typename W::Worker&>;
    worker.common.arena;
    { way.revalidates() } -> std::same_as<bool>;
    way.execute(worker, txn);
    way.revalidate(worker, txn);
    { way.trusts_hints() } -> std::same_as<bool>;
    { way.make_final(worker, candidate) } -> std::same_as<bool>;
    way.exceed_weight(txn);
    { way.add_effects(txn) } -> std::same_as<bool>;
    { way.events_of(txn) } -> std::same_as<std::span<const std::byte>>;
    { way.close(true) } -> std::same_as<std::size_t>;
    { W::kInstallChunk } -> std::convertible_to<std::size_t>;
    way.install(worker, item, item);
    way.changed(std::uint32_t{});
    way.forget_emptied();
    way.restore();
};

}  // namespace lockstep
