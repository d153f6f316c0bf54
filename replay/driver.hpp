#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/error.hpp"
#include "engine/base/result.hpp"
#include "engine/contract/access_list.hpp"
#include "engine/parallel/worker_pool.hpp"
#include "engine/parallel_executor.hpp"
#include "engine/serial/serial_executor.hpp"
#include "engine/state/state_store.hpp"
#include "replay/result_difference.hpp"

namespace lockstep {

struct ReplayOptions {
    std::uint32_t workers = 1;  ///< of the parallel executor; 0: the serial executor alone
    bool verify = false;        ///< execute serially too and compare every block
    std::uint64_t blocks_max = std::numeric_limits<std::uint64_t>::max();
};

/// What a replay did. Counts and digests follow from the blocks; times and metrics do not.
struct ReplaySummary {
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
    std::uint64_t applied = 0;
    std::uint64_t rejected = 0;
    std::uint64_t skipped = 0;
    std::uint64_t faulted = 0;
    std::map<std::uint16_t, std::uint64_t> rejections;  ///< by status
    std::map<std::uint16_t, std::uint64_t> faults;      ///< by Fault
    Digest state;                                       ///< after the last block
    Digest block;                                       ///< chained over all blocks
    std::uint64_t cells = 0;                            ///< present in the state

    std::chrono::nanoseconds executing{0};         ///< inside the executor under test
    std::chrono::nanoseconds executing_serial{0};  ///< inside the serial one, when verifying
    ExecutionMetrics metrics;
    std::uint64_t blocks_listed = 0;  ///< executed with a recorded access list

    std::optional<bool> verified;          ///< nothing: verification was not asked for
    std::optional<Difference> difference;  ///< the first one; ends the replay
};

/// Replays blocks through an executor, from the empty state or that behind a block.
///
/// Role:    takes blocks from a source, executes them, optionally checks each against the serial
///          executor on a state of its own, and hands results to sinks. Knows no files.
/// Threads: run and the accessors from one thread; the executor has its own workers.
/// Errors:  kDivergence when verification fails; the error of source, executor or sink otherwise.
///          The summary then covers the blocks before the failing one.
template <Machine M>
class ReplayDriver {
  public:
    using Transaction = typename M::Transaction;
    /// The next block, or nothing at the end.
    using Source = std::function<Result<std::optional<Block<Transaction>>, Error>()>;
    using Sink = std::function<Result<void, Error>(const Block<Transaction>&, const BlockResult&)>;

    using Accesses = AccessList<typename M::Key>;
    /// The access list recorded for the block of a height, null when there is none. Valid until the
    /// next call.
    using AccessSource = std::function<Result<const Accesses*, Error>(std::uint64_t height)>;
    using AccessSink = std::function<Result<void, Error>(std::uint64_t height, const Accesses&)>;

    /// The machine outlives the driver.
    ReplayDriver(const M& machine, ReplayOptions options);
    ReplayDriver(const ReplayDriver&) = delete;
    ReplayDriver& operator=(const ReplayDriver&) = delete;
    ~ReplayDriver();

    /// Sinks see every block that passed verification, in order.
    void add_sink(Sink sink) { sinks_.push_back(std::move(sink)); }
    /// Executes with recorded access lists as knowledge, and names where they are wrong.
    void use_accesses(AccessSource source) { access_source_ = std::move(source); }
    /// Records what each block touched; otherwise as add_sink.
    void add_access_sink(AccessSink sink) { access_sinks_.push_back(std::move(sink)); }

    /// Goes on behind a block instead of beginning with the empty state. `fill` makes a state that
    /// of the block, whose digest in the chain is `block`. Call before run. Errors: those of
    /// `fill`.
    template <class Fill>
    [[nodiscard]] Result<void, Error> begin_behind(const Digest& block, Fill&& fill) {
        StateStore<M>& first = parallel_ != nullptr ? store_ : serial_store_;
        if (auto filled = fill(first); !filled) {
            return filled;
        }
        serial_.set_previous_block_digest(block);
        if (parallel_ != nullptr) {
            parallel_->set_previous_block_digest(block);
        }
        if (parallel_ != nullptr && options_.verify) {
            store_.for_each_unordered(
                [this](const auto& key, const auto& value) { serial_store_.set(key, &value); });
        }
        summary_.state = first.digest();
        summary_.block = block;
        summary_.cells = first.size();
        return {};
    }

    [[nodiscard]] Result<void, Error> run(const Source& source);

    [[nodiscard]] const ReplaySummary& summary() const noexcept { return summary_; }
    /// Where recorded lists and blocks differ, over all blocks so far.
    [[nodiscard]] const AccessMismatches<typename M::Key>& mismatches() const noexcept {
        return mismatches_;
    }
    /// The state after the last block.
    [[nodiscard]] const StateStore<M>& store() const noexcept {
        return parallel_ != nullptr ? store_ : serial_store_;
    }

  private:
    [[nodiscard]] Result<void, Error> replay_block(const Block<Transaction>& block);
    void count(const BlockResult& result);

    const ReplayOptions options_;
    StateStore<M> store_;
    StateStore<M> serial_store_;
    SerialExecutor<M> serial_;
    std::unique_ptr<WorkerPool> pool_;
    std::unique_ptr<ParallelExecutor<M>> parallel_;
    std::vector<Sink> sinks_;
    AccessSource access_source_;
    std::vector<AccessSink> access_sinks_;
    Accesses recorded_;
    AccessMismatches<typename M::Key> mismatches_;
    ReplaySummary summary_;
};

// Not inline, so that a translation unit which only uses the instantiation of another does not
// compile the machine and both executors once more.

template <Machine M>
ReplayDriver<M>::ReplayDriver(const M& machine, ReplayOptions options)
    : options_(options), serial_(machine, serial_store_) {
    if (options.workers > 0) {
        pool_ = std::make_unique<WorkerPool>(options.workers);
        // A verified replay compares the parallel path, so it never takes the other one.
        parallel_ = std::make_unique<ParallelExecutor<M>>(
            machine, store_, *pool_, TxnLimits{}, ParallelOptions{.adaptive = !options.verify});
    }
    if (options.verify) {
        summary_.verified = true;
    }
}

template <Machine M>
ReplayDriver<M>::~ReplayDriver() = default;

template <Machine M>
Result<void, Error> ReplayDriver<M>::run(const Source& source) {
    while (summary_.blocks < options_.blocks_max) {
        auto block = source();
        if (!block) {
            return failure(std::move(block.error()));
        }
        if (!*block) {
            break;
        }
        if (auto done = replay_block(**block); !done) {
            return done;
        }
    }
    return {};
}

template <Machine M>
Result<void, Error> ReplayDriver<M>::replay_block(const Block<Transaction>& block) {
    using Clock = std::chrono::steady_clock;
    AccessMismatches<typename M::Key> mismatches;
    AccessOptions<typename M::Key> accesses{
        .known = nullptr,
        .recorded = access_sinks_.empty() ? nullptr : &recorded_,
        .mismatches = &mismatches};
    if (access_source_) {
        const auto known = access_source_(block.header.height);
        if (!known) {
            return failure(known.error());
        }
        accesses.known = *known;
        summary_.blocks_listed += *known != nullptr ? 1U : 0U;
    }
    const auto start = Clock::now();
    auto result = parallel_ != nullptr ? parallel_->execute(block, {}, accesses)
                                       : serial_.execute(block, {}, accesses);
    if (!result) {
        return failure(std::move(result.error()));
    }
    summary_.executing += Clock::now() - start;
    if (options_.verify && parallel_ != nullptr) {
        const auto serial_start = Clock::now();
        Accesses expected_accesses;
        accesses = {.known = nullptr,
                    .recorded = accesses.recorded != nullptr ? &expected_accesses : nullptr,
                    .mismatches = nullptr};
        const auto expected = serial_.execute(block, {}, accesses);
        if (!expected) {
            return failure(expected.error());
        }
        summary_.executing_serial += Clock::now() - serial_start;
        summary_.difference = first_difference(*expected, *result);
        if (!summary_.difference && accesses.recorded != nullptr &&
            expected_accesses != recorded_) {
            summary_.difference = Difference{
                .block = block.header.height, .transaction = {}, .what = "access lists differ"};
        }
        if (summary_.difference) {
            summary_.verified = false;
            return failure(summary_.difference->error());
        }
    }
    count(*result);
    mismatches_.add(mismatches);
    for (const AccessSink& sink : access_sinks_) {
        if (auto taken = sink(block.header.height, recorded_); !taken) {
            return taken;
        }
    }
    for (const Sink& sink : sinks_) {
        if (auto taken = sink(block, *result); !taken) {
            return taken;
        }
    }
    return {};
}

template <Machine M>
void ReplayDriver<M>::count(const BlockResult& result) {
    ++summary_.blocks;
    summary_.transactions += result.receipts.size();
    for (const Receipt& receipt : result.receipts) {
        if (receipt.disposition == Disposition::kSkipped) {
            ++summary_.skipped;
        } else if (receipt.disposition == Disposition::kFaulted) {
            ++summary_.faulted;
            ++summary_.faults[receipt.status];
        } else if (receipt.status != 0) {
            ++summary_.rejected;
            ++summary_.rejections[receipt.status];
        } else {
            ++summary_.applied;
        }
    }
    summary_.state = result.state;
    summary_.block = result.block;
    summary_.cells = store().size();
    if (parallel_ != nullptr) {
        summary_.metrics = parallel_->metrics();
    } else {
        summary_.metrics.transactions = summary_.transactions;
        summary_.metrics.executions = summary_.transactions - summary_.skipped;
    }
}

}  // namespace lockstep
