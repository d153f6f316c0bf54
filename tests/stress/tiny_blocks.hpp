#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "tests/support/random_blocks.hpp"

namespace lockstep::test {

/// Sums over sessions of tiny blocks.
struct TinyBlockCount {
    std::uint64_t blocks = 0;
    std::uint64_t cancelled = 0;
    ExecutionMetrics metrics = {};
};

/// Tiny blocks over few keys on real threads, each checked against the serial executor: the load
/// under which races between the end of a block and a late worker show.
///
/// Everything but the threads' timing follows from the seed. Sessions of one pool follow each
/// other, so that a pool sees blocks of many shapes without new threads.
class TinyBlocks {
  public:
    explicit TinyBlocks(std::uint32_t workers) : pool_(workers) {}

    /// Runs `blocks` blocks on a fresh state; what is wrong, nothing when all is well.
    [[nodiscard]] std::optional<std::string> run_session(std::uint64_t seed, std::uint64_t blocks,
                                                         TinyBlockCount& count) {
        Random random(mix64(seed));
        BlockShape shape;
        shape.transactions_max = random.chance(2, 3) ? 8 : 32;
        shape.universe = static_cast<std::uint32_t>(random.between(2, 8));
        shape.steps_max = static_cast<std::uint32_t>(random.between(1, 8));
        shape.delay_max = static_cast<std::uint32_t>(random.between(0, 200));
        shape.hints = static_cast<Hints>(random.below(5));
        shape.hostile = random.chance(1, 2);
        shape.scans = random.chance(1, 3);
        ParallelOptions options;
        options.chunk_max = static_cast<std::uint32_t>(random.between(1, 8));
        options.claims_min = random.chance(1, 2) ? 1 : 8;
        options.window = random.chance(1, 3) ? 4 : 4096;
        options.revalidate = random.chance(3, 4);
        options.plan = random.chance(1, 2);
        options.adaptive = false;

        const ProgramMachine machine{.universe = shape.universe};
        StateStore<ProgramMachine> serial_store;
        StateStore<ProgramMachine> parallel_store;
        SerialExecutor<ProgramMachine> serial(machine, serial_store, kLimits);
        ParallelExecutor<ProgramMachine> parallel(machine, parallel_store, pool_, kLimits, options);
        const std::string place = "session " + std::to_string(seed) + " on " +
                                  std::to_string(pool_.workers()) + " workers, block ";
        for (std::uint64_t i = 0; i < blocks; ++i) {
            const Block<Program> block = random_block(random, shape, i + 1);
            std::uint64_t tries = 1;
            std::optional<std::uint64_t> stop_after;
            if (random.chance(1, 20)) {
                stop_after = random.below(block.transactions.size());
                tries = 2;
            }
            for (; tries > 0; --tries) {
                const Digest before = parallel_store.digest();
                const auto actual = run_block(parallel, block, stop_after);
                stop_after.reset();
                ++count.blocks;
                if (!actual.has_value()) {
                    ++count.cancelled;
                    if (tries == 1) {
                        return place + std::to_string(i) + ": " + actual.error().message;
                    }
                    if (parallel_store.digest() != before ||
                        parallel_store.recompute_digest() != before) {
                        return place + std::to_string(i) + ": a cancelled block left traces";
                    }
                    continue;
                }
                tries = 1;
                const auto expected = serial.execute(block);
                if (!expected.has_value() || *expected != *actual) {
                    return place + std::to_string(i) + ": results differ";
                }
            }
        }
        if (parallel_store.recompute_digest() != parallel_store.digest() ||
            parallel_store.size() != serial_store.size()) {
            return place + "end: the store does not match its digest";
        }
        const ExecutionMetrics& metrics = parallel.metrics();
        if (metrics.executions >
                metrics.transactions * (Scheduler<>::kIncarnationsMax + 1) + metrics.waits ||
            metrics.fallbacks != 0) {
            return place + "end: more incarnations than allowed";
        }
        count.metrics += metrics;
        return std::nullopt;
    }

  private:
    static constexpr TxnLimits kLimits{.steps = 60, .event_bytes = 60};

    /// `stop_after`: the host cancels when this transaction has become final.
    static Result<BlockResult, Error> run_block(ParallelExecutor<ProgramMachine>& parallel,
                                                const Block<Program>& block,
                                                std::optional<std::uint64_t> stop_after) {
        std::stop_source stop;
        ExecuteOptions options{.stop = stop.get_token()};
        if (stop_after.has_value()) {
            options.on_commit = [&](std::uint32_t index, const Receipt&,
                                    std::span<const std::byte>) {
                if (index == *stop_after) {
                    stop.request_stop();
                }
            };
        }
        return parallel.execute(block, options);
    }

    WorkerPool pool_;
};

}  // namespace lockstep::test
