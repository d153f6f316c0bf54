#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <utility>

#include "bench/baselines/block_frame.hpp"
#include "engine/base/error.hpp"
#include "engine/contract/system_transactions.hpp"
#include "engine/serial/serial_commit.hpp"
#include "engine/serial/serial_view.hpp"

namespace lockstep::bench {

/// Executes blocks the way some other engine does; results equal SerialExecutor's byte for byte.
///
/// Role:    phases, receipts and digests around a `Strategy`, which executes the transactions:
///            explicit Strategy(BlockFrame<M>&)
///            std::uint32_t run()   fills outputs and changes; returns how many transactions the
///                                  weight limit lets in. May return early when the block is halted
/// Threads: execute from one thread at a time; it works as worker 0 of the pool.
/// Errors:  a cancelled or failed block leaves state and chained digest as they were.
/// Callback: on_commit comes in block order, after the last transaction.
template <template <Machine> class Strategy, Machine M>
class BaselineExecutor {
  public:
    using Transaction = typename M::Transaction;

    BaselineExecutor(const M& machine, StateStore<M>& store, WorkerPool& pool,
                     TxnLimits limits = {})
        : frame_(machine, store, pool, limits),
          strategy_(frame_),
          begin_commit_(store),
          end_commit_(store) {}

    [[nodiscard]] Result<BlockResult, Error> execute(const Block<Transaction>& block,
                                                     const ExecuteOptions& options = {}) {
        begin_commit_.begin_block();
        end_commit_.begin_block();
        frame_.changes.begin_block();
        std::string message = "cancelled";
        try {
            frame_.begin(block.header, transactions_.collect(frame_.machine, frame_.store, block),
                         options);
            BlockResult result;
            result.system_transactions = transactions_.made();
            if (run(result)) {
                previous_ = result.block;
                return result;
            }
        } catch (const std::exception& broken) {
            message = broken.what();
        }
        end_commit_.restore();
        frame_.changes.restore();
        begin_commit_.restore();
        return failure(Error{.code = ErrorCode::kEnvironment,
                             .message = std::move(message),
                             .block = block.header.height});
    }
    /// Digest of the last executed block; the chain continues from it.
    [[nodiscard]] const Digest& previous_block_digest() const noexcept { return previous_; }

    /// Sums over all blocks so far.
    [[nodiscard]] const ExecutionMetrics& metrics() const noexcept { return metrics_; }

  private:
    /// False when the block was cancelled.
    bool run(BlockResult& result) {
        result.header = frame_.header;
        SerialView<M> phase(frame_.store, kPhaseLimits);
        frame_.context.emplace(
            frame_.machine.begin_block(phase, frame_.header, frame_.transactions));
        result.begin_effects =
            begin_commit_.apply(phase, kBeginPhaseIndex, Receipt{}, result.events).effects;

        const std::uint32_t committed = strategy_.run();
        if (frame_.failure != nullptr) {
            std::rethrow_exception(frame_.failure);
        }
        if (frame_.halted()) {
            return false;
        }
        frame_.changes.settle(frame_.pool);
        put_together(committed, result);

        frame_.machine.end_block(phase, frame_.header, *frame_.context);
        result.end_effects =
            end_commit_.apply(phase, kEndPhaseIndex, Receipt{}, result.events).effects;
        result.state = frame_.store.digest();
        result.modules = frame_.store.sums().modules();
        result.block = chain_block_digest(previous_, result);
        for (auto& worker : frame_.workers) {
            metrics_ += std::exchange(worker.metrics, {});
        }
        metrics_.transactions += frame_.size();
        return true;
    }
    void put_together(std::uint32_t committed, BlockResult& result) {
        result.receipts.reserve(frame_.size());
        for (std::uint32_t i = 0; i < frame_.size(); ++i) {
            Receipt receipt{.disposition = Disposition::kSkipped};
            std::span<const std::byte> events;
            if (i < committed) {
                receipt = frame_.outputs[i].receipt;
                events = frame_.outputs[i].events;
            } else {
                effects_.begin(i, receipt.disposition, receipt.status, receipt.weight);
                receipt.effects = effects_.finish({});
            }
            receipt.events_begin = result.events.size();
            result.events.insert(result.events.end(), events.begin(), events.end());
            receipt.events_end = result.events.size();
            result.receipts.push_back(receipt);
            if (frame_.options->on_commit) {
                frame_.options->on_commit(i, receipt, events);
            }
        }
    }

    BlockTransactions<M> transactions_;
    BlockFrame<M> frame_;
    Strategy<M> strategy_;
    SerialCommit<M> begin_commit_;
    SerialCommit<M> end_commit_;
    EffectDigest<M> effects_;
    Digest previous_;
    ExecutionMetrics metrics_;
};

}  // namespace lockstep::bench
